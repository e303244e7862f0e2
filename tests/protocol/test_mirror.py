"""Displays that show what another one shows."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import Client, Daemon, blit, fill, ident, kb, noise

Start = Callable[..., Daemon]

RED = 0xFFFF0000

WINDOW = ident(1)
IMAGE = ident(2)


@pytest.fixture
def mirrored(start: Start) -> Client:
    """Output 2 shows what output 1 does, twice as large between two bars; output 3 is beside them."""
    return start("--clock", "virtual", "--output", "headless:100x80@60",
                 "--output", "headless:240x160@50,mirror=HEADLESS-1",
                 "--output", "headless:64x48@60").client()


def test_a_mirror_lies_where_its_source_does(mirrored: Client) -> None:
    places = [(output.x, output.y, output.width, output.height)
              for output in mirrored.outputs.values()]
    assert places == [(0, 0, 100, 80), (0, 0, 240, 160), (100, 0, 64, 48)]


@pytest.mark.parametrize("output", [0, 1, 2])
def test_a_window_is_on_the_source_and_paced_by_it(mirrored: Client, output: int) -> None:
    """Whichever of the two it is put on; the larger mirror shows more of its pixels and does not
    count."""
    picture = noise(100, 80)
    mirrored.window(WINDOW, 100, 80, output=output)
    mirrored.image(IMAGE, picture)
    serial = mirrored.frame(WINDOW, blit(IMAGE, 0, 0))
    mirrored.step(100_000_000)
    (answer,) = mirrored.take(kb.EvtPresented)
    assert (answer.serial, answer.output) == (serial, 1)
    state = mirrored.expect(kb.EvtWindowState, object=WINDOW)
    assert (state.output, tuple(state.place)) == (1, (0, 0, 100, 80))
    assert (mirrored.see_output(1) == picture & 0xFFFFFF).all()
    mirror = mirrored.see_output(2)
    assert (mirror[:, 20:220] == (picture & 0xFFFFFF).repeat(2, 0).repeat(2, 1)).all()
    assert (mirror[:, :20] == 0).all() and (mirror[:, 220:] == 0).all()


def test_what_hangs_over_the_edge_is_cut_off(mirrored: Client) -> None:
    """It goes on where the neighbour of the source begins, and not in the mirror's bar."""
    mirrored.window(WINDOW, 50, 50, place=(80, 0, 50, 50))
    mirrored.frame(WINDOW, fill(RED, (0, 0, 50, 50)))
    mirrored.step(100_000_000)
    mirror = mirrored.see_output(2)
    assert (mirror[:100, 180:220] == RED & 0xFFFFFF).all()
    assert (mirror == RED & 0xFFFFFF).sum() == 100 * 40
    assert (mirrored.see_output(3) == RED & 0xFFFFFF).sum() == 30 * 48


def test_a_still_picture_costs_a_mirror_nothing(mirrored: Client) -> None:
    mirrored.window(WINDOW, 100, 80)
    mirrored.frame(WINDOW, fill(RED, (0, 0, 100, 80)))
    mirrored.step(100_000_000)
    before = mirrored.statistics(kb.StatisticsScope.OUTPUT, 2)
    mirrored.frame(WINDOW, fill(RED, (0, 0, 100, 80)))
    mirrored.step(100_000_000)
    after = mirrored.statistics(kb.StatisticsScope.OUTPUT, 2)
    assert before["commits"] == after["commits"] and before["frames_presented"] == 0
