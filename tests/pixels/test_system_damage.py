"""What was redrawn is tinted: on the display only, for one frame, and nothing else."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import raw
from model import Pixels
from raw import List, Stage, kb

WIDTH, HEIGHT = 200, 150
TINT = np.array([127, 0, 127], np.uint8)


def tinted(pixels: Pixels) -> Pixels:
    """Half of it magenta."""
    out = pixels.copy()
    out[..., :3] = pixels[..., :3] // 2 + TINT
    return out


def show(stage: Stage, frame: List) -> Pixels:
    """Shows a frame; the window is not tinted; returns the output's picture."""
    serial = frame.commit(stage)
    stage.client.refresh()
    stage.client.expect(kb.EvtPresented, serial=serial)
    np.testing.assert_array_equal(stage.shown(frame.target), frame.target.pixels)
    return raw.as_pixels(stage.client.see_output())


@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_what_was_redrawn_is_tinted(tmp_path: Path, buffers: int) -> None:
    """Once all buffers have been drawn, only what differs from the one in turn is."""
    daemon = raw.Daemon(tmp_path, "--output", f"headless:{WIDTH}x{HEIGHT}@60", "--clock", "virtual",
                        "--buffers", str(buffers), "--debug-damage", "on")
    try:
        stage = Stage(daemon.client())
        window = stage.window(WIDTH, HEIGHT)
        image = stage.image(np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8))
        before: list[Pixels] = []
        for step in range(8):
            frame = List(window)
            frame.blit(image, 0, 0, blend="replace")
            frame.fill(0xFF00FF00, (20 + 3 * step, 40, 16, 16))
            got = show(stage, frame)
            want = window.pixels
            changed = np.ones((HEIGHT, WIDTH), bool)
            if step >= buffers:
                changed = np.any(want != before[-buffers], axis=2)
            is_tinted = np.any(got != want, axis=2)
            np.testing.assert_array_equal(got[is_tinted], tinted(want)[is_tinted])
            assert is_tinted[changed].all()
            if step >= buffers:  # two places of the square, in at most two tiles
                assert is_tinted.sum() <= (16 + 3 * buffers) * 16
            before.append(want.copy())
    finally:
        daemon.stop()
