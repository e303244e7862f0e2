"""The short examples: each shows a picture, takes notice of what the player does, and ends by Escape."""
from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from test_examples import start_example

HANG_SECONDS = 60
ESCAPE, RIGHT, DOWN, RETURN = 1, 106, 108, 28
KEY, ABS = 1, 3

# What is done, and how long: each event of (type, code, value, device), again and again until the picture differs.
DONE = {
    "move.py": [(KEY, RIGHT, 1, "seat")],
    "catch.py": [(KEY, RIGHT, 1, "seat")],
    "masks.py": [(KEY, RIGHT, 1, "seat")],
    "tiles.py": [(KEY, DOWN, 1, "seat"), (KEY, RIGHT, 1, "seat")],
    "fountain.py": [(ABS, 0, 10000, "seat"), (ABS, 1, 30000, "seat")],
    "menu.py": [(KEY, DOWN, 1, "seat"), (KEY, DOWN, 0, "seat")],
    "pads.py": [(ABS, 0, 32767, "gamepad")],
    "plasma.py": [],
    "trails.py": [(ABS, 0, 30000, "seat"), (ABS, 1, 30000, "seat")],
    "walk.py": [(KEY, RIGHT, 1, "seat")],
}


def picture(display) -> np.ndarray:
    return np.asarray(display.screenshot()).copy()


@pytest.mark.parametrize("name", DONE)
def test_an_example(start, name: str) -> None:
    daemon = start("--output", "headless:640x480@60")
    game = start_example(daemon, name)
    end = time.monotonic() + HANG_SECONDS
    with daemon.connect() as display:
        while display.statistics("output").get("frames_presented", 0) < 3:
            assert game.poll() is None and time.monotonic() < end, game.communicate()
        before = picture(display)
        assert len(np.unique(before)) > 1
        after, frames = before, 0
        while np.array_equal(before, after) or frames < 30:
            assert game.poll() is None and time.monotonic() < end
            for type, code, value, device in DONE[name]:
                display.inject(type, code, value, device)
                display.inject(0, device=device)
            display.sync()
            after = picture(display)
            frames = display.statistics("output")["frames_presented"]
        if folder := os.environ.get("KMSBLIT_PICTURES"):
            display.screenshot().save(Path(folder) / f"{name}.png")
        display.inject(KEY, ESCAPE, 1)
        display.inject(0)
        display.sync()
        output, errors = game.communicate(timeout=HANG_SECONDS)
    assert (game.returncode, output, errors) == (0, "", "")
