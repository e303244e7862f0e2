"""Outputs that are turned, reflected, or have a border: what clients are told, and what people see."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from harness import Daemon, blit, fill, ident, kb, noise

Start = Callable[..., Daemon]

RED = 0xFFFF0000

WINDOW = ident(1)
IMAGE = ident(2)
TURNS = [kb.Rotation.NORMAL, kb.Rotation.ROTATE90, kb.Rotation.ROTATE180, kb.Rotation.ROTATE270]


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.name.lower())
def test_sizes_are_those_after_rotation(start: Start, turn: kb.Rotation) -> None:
    degrees = 90 * TURNS.index(turn)
    client = start("--clock", "virtual",
                   "--output", f"headless:320x200@60,rotate={degrees},overscan=1:2:3:4",
                   "--output", "headless:64x48@60").client()
    width, height = (194, 316) if degrees % 180 else (316, 194)
    first, second = client.outputs[1], client.outputs[2]
    assert (first.width, first.height, first.rotation) == (width, height, turn)
    assert (second.x, second.y, second.rotation) == (width, 0, kb.Rotation.NORMAL)


def test_a_window_stands_upright_on_a_turned_output(start: Start) -> None:
    client = start("--clock", "virtual", "--output",
                   "headless:320x240@60,rotate=90,reflect=y").client()
    picture = noise(100, 30)
    client.window(WINDOW, 100, 30, place=(120, 250, 100, 30))
    client.image(IMAGE, picture)
    client.show(WINDOW, blit(IMAGE, 0, 0))
    state = client.expect(kb.EvtWindowState, object=WINDOW)
    assert tuple(state.place) == tuple(state.picture) == (120, 250, 100, 30)
    screen = client.see_output()
    assert screen.shape == (320, 240)
    assert (screen[250:280, 120:220] == picture & 0xFFFFFF).all()
    assert np.count_nonzero(screen) == np.count_nonzero(picture & 0xFFFFFF)


def test_a_window_over_two_outputs_of_which_one_is_turned(start: Start) -> None:
    """It goes on where the other ends."""
    client = start("--clock", "virtual", "--output", "headless:240x100@60,rotate=270",
                   "--output", "headless:80x240@60").client()
    picture = noise(120, 200)
    client.window(WINDOW, 120, 200, place=(50, 20, 120, 200))
    client.image(IMAGE, picture)
    client.show(WINDOW, blit(IMAGE, 0, 0))
    client.step(100_000_000)
    both = np.concatenate([client.see_output(1), client.see_output(2)], axis=1)
    assert (both[20:220, 50:170] == picture & 0xFFFFFF).all()


def test_a_small_change_is_a_small_change(start: Start) -> None:
    """Tiles of the buffer that are not touched are not drawn again."""
    client = start("--clock", "virtual", "--output", "headless:320x240@60,rotate=90",
                   "--buffers", "1").client()
    client.window(WINDOW, 240, 320)
    client.show(WINDOW, fill(RED, (0, 0, 240, 320)))
    before = client.statistics(kb.StatisticsScope.OUTPUT, 1)
    client.show(WINDOW, fill(RED ^ 0xFF, (200, 10, 32, 32)))
    after = client.statistics(kb.StatisticsScope.OUTPUT, 1)
    assert after["tiles_drawn"] - before["tiles_drawn"] == 1
    assert client.see_output()[10, 200] == 0xFF00FF
