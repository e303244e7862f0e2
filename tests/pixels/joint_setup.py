"""The ways in which a daemon can be set up that must not change a pixel, and samples of them: all pairs
of two choices (a covering array), or every combination of switches and kernels.
"""
from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from model import Rect

CPU_SWITCHES = ("sections", "cover", "difference", "bounds", "alone", "transforms", "runs", "stack",
                "reuse", "direct")
SWITCHES = (*CPU_SWITCHES, "gpu-cells", "gpu-batches")
RENDERERS = ("cpu", "gles")
REFLECTIONS = ("none", "x", "y", "xy")
BORDERS = ((0, 0, 0, 0), (7, 64, 0, 21))


def kernels() -> tuple[str, ...]:
    """What $KMSBLIT_PIX can choose on this machine."""
    machine = os.uname().machine
    if machine != "x86_64":
        return "ref", "neon"
    return "ref", "sse2", "avx2"


@dataclass(frozen=True)
class Setup:
    """One way."""

    off: tuple[str, ...] = ()
    threads: int = 1
    buffers: int = 2
    pix: str = "ref"
    turn: int = 0  # degrees
    reflect: str = "none"
    border: Rect = BORDERS[0]
    format: str = "xrgb8888"
    renderer: str = "cpu"

    def options(self, outputs: list[Rect]) -> list[str]:
        """The daemon's options, with outputs that look like these: people see the same, however
        displays hang."""
        found = ["--clock", "virtual", "--buffers", str(self.buffers), "--threads",
                 str(self.threads), "--simulate-direct", "on", "--renderer", self.renderer, "--off", ",".join(self.off)]
        for x, y, *size in outputs:
            width, height = size[::-1] if self.turn % 180 else size
            left, top, right, bottom = self.border
            found += ["--output", f"headless:{width + left + right}x{height + top + bottom}@60,"
                      f"x={x},y={y},rotate={self.turn},reflect={self.reflect},"
                      f"overscan={left}:{top}:{right}:{bottom},format={self.format}"]
        return found

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def setup_of(data: dict[str, Any]) -> Setup:
    """From JSON."""
    left, top, right, bottom = data["border"]
    return Setup(**{**data, "off": tuple(data["off"]), "border": (left, top, right, bottom)})


# Each choice by itself; a setup is one value of each.
CHOICES: dict[str, tuple[Any, ...]] = {
    **{name: (False, True) for name in SWITCHES}, "threads": (1, 2, 3, 4), "buffers": (1, 2, 3),
    "pix": kernels(), "turn": (0, 90, 180, 270), "reflect": REFLECTIONS, "border": BORDERS,
    "format": ("xrgb8888", "rgb565"), "renderer": RENDERERS,
}


def chosen(values: dict[str, Any]) -> Setup:
    """The setup with a value of each choice."""
    rest = {name: value for name, value in values.items() if name not in SWITCHES}
    return Setup(tuple(name for name in SWITCHES if values[name]), **rest)


def pairs(values: dict[str, Any]) -> set[tuple[str, Any, str, Any]]:
    """The pairs of values that a setup tries."""
    return {(a, values[a], b, values[b]) for a, b in itertools.combinations(CHOICES, 2)}


def all_pairs(seed: object) -> list[Setup]:
    """Few setups in which each two values of two choices meet."""
    rng = random.Random(repr(seed))
    missing = {(a, x, b, y) for a, b in itertools.combinations(CHOICES, 2)
               for x in CHOICES[a] for y in CHOICES[b]}
    found = []
    while missing:
        # begins with a pair that is missing, so that each setup is worth something
        a, x, b, y = rng.choice(sorted(missing, key=repr))
        tries = []
        for _ in range(40):
            values = {name: rng.choice(some) for name, some in CHOICES.items()} | {a: x, b: y}
            tries.append((len(missing & pairs(values)), len(tries), values))
        best = max(tries)[2]
        missing -= pairs(best)
        found.append(chosen(best))
    return found


def all_combinations(seed: object) -> Iterator[Setup]:
    """Every combination of the processor's switches and kernels; the rest is drawn."""
    rng = random.Random(repr(seed))
    names = [*CPU_SWITCHES, "pix"]
    every = list(itertools.product(*(CHOICES[name] for name in names)))
    rng.shuffle(every)
    for values in every:
        rest = {name: rng.choice(some) for name, some in CHOICES.items() if name not in names}
        yield chosen(dict(zip(names, values)) | rest)
