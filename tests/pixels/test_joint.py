"""Every optimisation, number of threads and buffers, set of kernels and way in which a display hangs, in
any combination: random scenes (joint_scene.py) must look the same to the bit on all of them, and as the
model says.

A scene is played on several daemons at once. `make check` tries all pairs of two choices a few times
over, KMSBLIT_LONG=1 every combination of switches, threads, buffers and kernels; PIXELS_JOINT=N plays N
times as many scenes. A scene that fails is left in build/scenes; joint_shrink.py makes it small, and
what is worth keeping is stored in tests/pixels/scenes, which is played every time.
"""
from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import model
from conftest import SEED
from joint_scene import Maker
from joint_setup import CHOICES, CPU_SWITCHES, SWITCHES, Setup, all_combinations, all_pairs, kernels, setup_of
from joint_shrink import text_of
from joint_world import Differs, play
from system import ROOT

LONG = os.environ.get("KMSBLIT_LONG") == "1" and not os.environ.get("PIXELS_JOINT_SHORT")
PARTS = 6 * int(os.environ.get("PIXELS_JOINT") or 1)
LOOKS = 80  # refreshes of a scene
TOGETHER = 4  # daemons that play a scene at once
LEFT = ROOT / "build/scenes"
KEPT = sorted((Path(__file__).parent / "scenes").glob("*.json"))


def check(folder: Path, seed: list[object], setups: list[Setup], looks: int) -> None:
    """Plays a scene; leaves it where it can be found if it fails."""
    scene = Maker(seed).scene(looks)
    try:
        assert play(folder, scene, setups) > 0
    except Exception as error:
        how = error.stage.setup if isinstance(error, Differs) else setups[0]
        name = "-".join(map(str, seed))
        LEFT.mkdir(parents=True, exist_ok=True)
        left = LEFT / f"{name}.json"
        left.write_text(text_of(scene, how, ""))
        raise AssertionError(
            f"PIXELS_SEED={SEED}: scene {name}: {error}\n  To make it small: "
            f"tests/pixels/joint_shrink.py {left} {LEFT}/small.json") from error


def groups(setups: list[Setup]) -> Iterator[list[Setup]]:
    """Those that play together."""
    for at in range(0, len(setups), TOGETHER):
        yield setups[at:at + TOGETHER]


@pytest.mark.parametrize("part", range(PARTS))
def test_all_pairs(tmp_path: Path, part: int) -> None:
    """Each two choices meet."""
    for number, setups in enumerate(groups(all_pairs([SEED, part]))):
        check(tmp_path / str(number), [SEED, "pairs", part, number], setups, LOOKS)


def test_long_scenes(tmp_path: Path) -> None:
    """Daemons that run for long: nothing that they remember becomes old."""
    for number, setups in enumerate(itertools.islice(groups(all_pairs([SEED, "long"])), 2)):
        check(tmp_path / str(number), [SEED, "long", number], setups, 5000 if LONG else 400)


if LONG:
    @pytest.mark.parametrize("part", range(36))
    def test_every_combination(tmp_path: Path, part: int) -> None:
        """Of switches and kernels."""
        setups = list(all_combinations([SEED, "every"]))[part::36]
        for number, some in enumerate(groups(setups)):
            check(tmp_path / str(number), [SEED, "every", part, number], some, LOOKS // 2)


@pytest.mark.parametrize("file", KEPT, ids=[file.stem for file in KEPT])
def test_kept_scenes(tmp_path: Path, file: Path) -> None:
    """What once was wrong: as it was set up then, and with all and nothing switched off."""
    scene = json.loads(file.read_text())
    first = setup_of(scene["setup"])
    best = kernels()[-1]
    play(tmp_path, scene, [first, Setup(pix=best, threads=3), Setup(off=SWITCHES, buffers=3)])


def test_samples_have_all_there_is() -> None:
    """What scenes are made of, and that every two choices meet; the whole product is whole."""
    found: Counter[str] = Counter()
    for number in range(20):
        for name, *values in Maker(["all", number]).scene(LOOKS)["actions"]:
            found[name] += 1
            if name == "frame":
                found.update(command_names(values[3]))
            elif name == "set":
                found.update(list(values[1]))
    names = {"image", "update", "canvas", "destroy", "window", "set", "close", "frame", "look",
             "switch", "fill", "blit", "turn", "clip", "turn bilinear", "size", "base", "hidden",
             "scale", "filter", "z", "place", "output", *model.BLENDS}
    assert not names - set(found)
    pairs = {(a, getattr(one, a), b, getattr(one, b)) for one in all_pairs(1)
             for a, b in itertools.combinations(("threads", "buffers", "pix", "renderer"), 2)}
    assert len(pairs) == sum(len(CHOICES[a]) * len(CHOICES[b]) for a, b in
                             itertools.combinations(("threads", "buffers", "pix", "renderer"), 2))
    every = {(tuple(name for name in one.off if name in CPU_SWITCHES), one.pix)
             for one in all_combinations(1)}
    assert len(every) == 2**len(CPU_SWITCHES) * len(kernels())


def command_names(commands: list[list[Any]]) -> Iterator[str]:
    """What there is in a frame."""
    for name, *values in commands:
        yield name
        if name == "fill":
            yield values[2]
        elif name == "blit":
            yield values[4]
        elif name == "turn":
            yield values[4]
            if values[3]:
                yield "turn bilinear"
