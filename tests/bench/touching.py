"""Which pictures are tried on which, for masks."""
from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

PAIRS = 2000


def offsets(pictures: list[list[int]]) -> list[list[int]]:
    """Pairs of pictures that are not opaque, as two numbers of them and where the second one lies in the first: so that
    their rectangles overlap, as a game would have found out before it looks at masks.
    """
    rng = random.Random(9)
    shaped = [index for index, (width, height, opaque) in enumerate(pictures) if not opaque and width < 200]
    found = []
    for _ in range(PAIRS):
        a, b = rng.choice(shaped), rng.choice(shaped)
        found.append([a, b, rng.randint(1 - pictures[b][0], pictures[a][0] - 1),
                      rng.randint(1 - pictures[b][1], pictures[a][1] - 1)])
    return found


def overlaps(pairs: list[list[int]], masks: dict[int, Any]) -> Callable[[], None]:
    """Whether pairs touch, all those of one mask in a row: what calls it takes as little time as possible."""
    rows = [(masks[index].overlap, [masks[b] for a, b, _, _ in pairs if a == index],
             [(x, y) for a, _, x, y in pairs if a == index]) for index in masks]

    def touch() -> None:
        for overlap, others, places in rows:
            deque(map(overlap, others, places), 0)
    return touch
