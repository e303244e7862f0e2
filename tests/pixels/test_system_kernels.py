"""The daemon with the kernels of each instruction set that this machine has (KMSBLIT_PIX): random
programs, turned pictures, filtering and displays of 16 bits, always the model's pixels to the bit.

Where a machine lacks an instruction set, the daemon goes on with what else is allowed.
"""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import raw
import test_system_rgb565 as rgb565
import test_system_scenes as scenes
import test_system_transforms as transforms
from raw import Stage

SETS = ["ref", "sse2", "avx2", "neon"]


@pytest.fixture(params=SETS, autouse=True)
def _allowed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the daemons of this test may use."""
    monkeypatch.setenv("KMSBLIT_PIX", request.param)


def test_programs(tmp_path: Path) -> None:
    """Windows, canvases, clips, tints, all blends."""
    scenes.test_every_refresh(tmp_path, 2, 3)


def test_turned_displays(tmp_path: Path) -> None:
    """The same on a display that is turned."""
    scenes.test_turned(tmp_path, 90, "x")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A client of a daemon whose clock is stepped."""
    daemon = raw.Daemon(tmp_path, "--output", "headless:203x149@60", "--clock", "virtual")
    yield Stage(daemon.client())
    daemon.stop()


@pytest.mark.parametrize("bilinear", [False, True], ids=["nearest", "bilinear"])
def test_transformed(stage: Stage, rng: np.random.Generator, bilinear: bool) -> None:
    """Images in any position."""
    window = stage.window(transforms.WIDTH, transforms.HEIGHT)
    transforms.test_random(stage, window, rng, transforms.turned, bilinear)
    transforms.test_random(stage, window, rng, transforms.extreme, bilinear)


def test_filtered_windows(stage: Stage, rng: np.random.Generator) -> None:
    """Windows of any size."""
    transforms.test_bilinear_windows(stage, rng, "fit")


def test_16_bits(tmp_path: Path, rng: np.random.Generator) -> None:
    """Narrowed, once, where a frame is shown."""
    daemon = raw.Daemon(tmp_path, "--output", f"headless:{rgb565.WIDTH}x{rgb565.HEIGHT}@60,"
                        "format=rgb565", "--clock", "virtual")
    rgb565.test_random_frames(lambda *_: Stage(daemon.client()), rng, 2)
    daemon.stop()
