"""The whole system where a GPU draws, here Mesa's software driver: what outputs show is within a level of the
model for each operation that lies above another one, and within 4 levels at most. Windows' own pictures are
the processor's, and equal to the bit. (tests/unit/test_gles*.c look closer, also at transformed blits.)
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

import model
import kmsblit
from samples import COLORS, assert_close, random_color, random_pixels
from scene_model import Scene
from scene_player import Program
from system import Board, Daemon, pixels_of, sprite
from test_system_blits import random_area, random_sprite
from test_system_scenes import (FRAMES, OUTPUT, REFRESH_NS, compare_windows, connections, option,
                                scenes, turned)

GLES = ("--renderer", "gles", "--clock", "virtual")
MOST = 4  # levels, however many operations lie above each other

WIDTH, HEIGHT = 133, 97


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kmsblit.Display]:
    """A daemon that draws with GLES, and says so."""
    folder = tmp_path_factory.mktemp("daemon")
    with Daemon(folder, "--output", f"headless:{WIDTH}x{HEIGHT}@60", *GLES) as daemon:
        log = daemon.log.read_text()
        if "the renderer is gles" not in log:
            pytest.skip(f"there is no driver for GLES here: {log}")
        with daemon.connect() as connected:
            yield connected


def shown(board: Board) -> None:
    """A frame, and the output's pixels against the model's."""
    equal = board.shown()
    assert np.array_equal(equal, board.want)
    output = board.display.outputs[0]
    assert_close(pixels_of(board.display.screenshot(output)), board.want, 1, COLORS)


@pytest.fixture
def board(display: kmsblit.Display) -> Iterator[Board]:
    """A window that covers the output."""
    made = Board(display, WIDTH, HEIGHT)
    with made.window:
        yield made


@pytest.mark.parametrize("blend", model.BLENDS)
@pytest.mark.parametrize("kind", model.KINDS)
def test_blit(board: Board, rng: np.random.Generator, blend: str, kind: str) -> None:
    """Each blend of each kind, flipped and cut, above noise; tinted or faded, not both."""
    noise = sprite(board.display, random_pixels(rng, HEIGHT, WIDTH, 255), "opaque")
    for number in range(6):
        drawn = random_sprite(board, rng, kind)
        more = [{}, {"alpha": int(rng.integers(256))}, {"tint": random_color(rng) | 0xFF000000}]
        board.blit(noise, 0, 0, blend="replace")
        board.blit(drawn, int(rng.integers(-30, WIDTH)), int(rng.integers(-30, HEIGHT)),
                   random_area(rng, drawn.pixels.shape[1], drawn.pixels.shape[0]), blend,
                   flip_x=bool(number & 1), flip_y=bool(number & 2), **more[number % 3])
        shown(board)


@pytest.mark.parametrize("blend", model.BLENDS)
def test_fill(board: Board, rng: np.random.Generator, blend: str) -> None:
    """Fills above noise."""
    noise = sprite(board.display, random_pixels(rng, HEIGHT, WIDTH, 255), "opaque")
    board.blit(noise, 0, 0, blend="replace")
    for y in range(0, HEIGHT, 9):
        board.fill(random_color(rng), (5, y, WIDTH - 20, 9), blend)
    shown(board)


@pytest.mark.parametrize("more", [
    option(OUTPUT, 60), [*option(OUTPUT, 60), "--off", "all"],
    [*option(OUTPUT, 60), "--off", "direct"], [*option(OUTPUT, 60), "--off", "gpu-cells,gpu-batches"],
    turned(OUTPUT, 90, "none", (0, 0, 0, 0)), turned(OUTPUT, 180, "x", (7, 0, 30, 64))],
    ids=["plain", "all-off", "pictures", "gpu-off", "turned", "half"])
def test_scenes(tmp_path: Path, more: list[str]) -> None:
    """Random programs: windows of two connections, queues, updates, scales."""
    with Daemon(tmp_path, *more, *GLES) as daemon:
        if "the renderer is gles" not in daemon.log.read_text():
            pytest.skip("there is no driver for GLES here")
        for text, seed in scenes("every_refresh"):
            scene = Scene([OUTPUT])
            with ExitStack() as stack:
                displays = connections(daemon, stack)
                program = Program(displays, scene, [*seed, 5], True)
                for frame in range(FRAMES):
                    program.act()
                    for connection in displays:
                        connection.sync()
                    if scene.discards():
                        scene.settle()
                        displays[0].step(4 * REFRESH_NS)
                    else:
                        scene.refresh()
                        displays[0].step(REFRESH_NS)
                    got = pixels_of(displays[0].screenshot(displays[0].outputs[0]))
                    assert_close(got, scene.output(0), MOST, COLORS)
                    for window in scene.windows:
                        window.take_changes()
                    compare_windows(program, f"{text}: refresh {frame}")
