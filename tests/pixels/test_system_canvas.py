"""Canvases through a daemon: frames of windows and of other canvases see them as of their place in the
socket, whatever is drawn into them or destroyed afterwards. The model's pixels to the bit.
"""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import model
import raw
from model import Pixels
from model_transform import ONE
from raw import List, Picture, Stage, kb
from samples import assert_close, random_color, random_pixels

WIDTH, HEIGHT = 97, 81


@pytest.fixture(scope="module", params=[1, 4], ids=["1 thread", "4 threads"])
def stage(request: pytest.FixtureRequest,
          tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A client of a daemon whose clock these tests step."""
    daemon = raw.Daemon(tmp_path_factory.mktemp("daemon"), "--output", "headless:203x149@60",
                        "--clock", "virtual", "--threads", str(request.param))
    yield Stage(daemon.client())
    daemon.stop()


@pytest.fixture
def window(stage: Stage) -> Iterator[Picture]:
    """A window larger than a tile, with odd sides."""
    made = stage.window(WIDTH, HEIGHT)
    yield made
    stage.client.request(kb.encode_window_destroy, object=made.id)
    stage.client.sync()


def noise(rng: np.random.Generator, most: int = 100) -> Pixels:
    """Pixels of a random size."""
    return random_pixels(rng, int(rng.integers(1, most)), int(rng.integers(1, most)))


def show(stage: Stage, *serials: int) -> None:
    """Lets frames be presented."""
    for serial in serials:
        stage.client.refresh()
        stage.client.expect(kb.EvtPresented, serial=serial)


def whole(stage: Stage, window: Picture, canvas: Picture) -> None:
    """What a canvas holds, alpha and all: its colours, then its alpha as a colour, in the window."""
    frame = List(window)
    frame.blit(canvas, 0, 0, blend="replace")
    show(stage, frame.commit(stage, clear=True))
    assert_close(stage.shown(window), window.pixels)
    frame = List(window)
    frame.fill(0xFFFFFFFF, (0, 0, WIDTH, HEIGHT))
    frame.blit(canvas, 0, 0, tint=0xFF000000)
    show(stage, frame.commit(stage))
    assert_close(stage.shown(window), window.pixels)


def test_begins_transparent(stage: Stage, window: Picture) -> None:
    canvas = stage.canvas(70, 70)
    frame = List(window)
    frame.fill(0xFF123456, (0, 0, WIDTH, HEIGHT))
    frame.blit(canvas, 0, 0)
    show(stage, frame.commit(stage))
    assert_close(stage.shown(window), window.pixels)
    assert window.pixels[5, 5].tolist() == [0x56, 0x34, 0x12, 255]


@pytest.mark.parametrize("blend", model.BLENDS)
def test_every_blend(stage: Stage, window: Picture, rng: np.random.Generator, blend: str) -> None:
    """Fills, blits and transformed blits of all kinds of images over what the canvas holds."""
    canvas = stage.canvas(WIDTH, HEIGHT)
    frame = List(canvas)
    frame.blit(stage.image(random_pixels(rng, HEIGHT, WIDTH)), 0, 0, blend="replace")
    frame.fill(random_color(rng), (3, 4, 50, 20), blend, int(rng.integers(256)))
    for x, name in enumerate(("argb8888", "argb8888_premultiplied", "xrgb8888")):
        image = stage.image(noise(rng), name)
        frame.blit(image, 20 * x, 10 * x, blend=blend, alpha=int(rng.integers(256)), flip_x=x == 1)
        frame.transformed(image, (ONE // 2, ONE // 5, -ONE * 3 * x, -ONE // 5, ONE // 2, ONE),
                          None, x == 2, blend)
    serial = frame.commit(stage)
    stage.client.expect(kb.EvtDone, object=canvas.id, serial=serial)
    whole(stage, window, canvas)
    stage.destroy(canvas)


def test_clear_and_append(stage: Stage, window: Picture, rng: np.random.Generator) -> None:
    canvas = stage.canvas(90, 70)
    for clear in (False, False, True, False):
        frame = List(canvas)
        frame.fill(random_color(rng), (int(rng.integers(90)), 0, 30, 60))
        frame.commit(stage, clear)
        whole(stage, window, canvas)
    List(canvas).commit(stage, clear=True)
    assert (canvas.pixels == 0).all()
    whole(stage, window, canvas)


def test_each_frame_has_its_version(stage: Stage, window: Picture,
                                    rng: np.random.Generator) -> None:
    """Queued frames show the canvas as it was when they were sent."""
    canvas = stage.canvas(120, 90)
    serials, wants = [], []
    for _ in range(2):
        change = List(canvas)
        change.blit(stage.image(noise(rng)), 5, 5)
        change.commit(stage)
        frame = List(window)
        frame.blit(canvas, -3, -4, blend="replace")
        serials.append(frame.commit(stage))
        wants.append(window.pixels)
    List(canvas).commit(stage, clear=True)
    for serial, want in zip(serials, wants):
        show(stage, serial)
        assert_close(stage.shown(window), want)


def test_destroyed_in_mid_queue(stage: Stage, window: Picture, rng: np.random.Generator) -> None:
    """A canvas and what was drawn into it may go at once; its id may be another canvas's next."""
    image, canvas = stage.image(noise(rng)), stage.canvas(100, 100)
    draw = List(canvas)
    draw.blit(image, 0, 0)
    serial = draw.commit(stage)
    stage.destroy(image)
    frame = List(window)
    frame.blit(canvas, 0, 0)
    shown = frame.commit(stage)
    stage.destroy(canvas)
    again = raw.ident(canvas.id, 1)
    stage.client.request(kb.encode_canvas_create, object=again, width=5, height=5)
    stage.client.expect(kb.EvtDone, object=canvas.id, serial=serial)
    show(stage, shown)
    assert_close(stage.shown(window), window.pixels)
    stage.client.request(kb.encode_image_destroy, object=again)


def test_canvas_in_canvas(stage: Stage, window: Picture, rng: np.random.Generator) -> None:
    """Two draw each other in turn: each sees the other as it was."""
    canvases = [stage.canvas(80, 60), stage.canvas(61, 75)]
    for canvas in canvases:
        frame = List(canvas)
        frame.blit(stage.image(noise(rng)), 0, 0)
        frame.commit(stage)
    for i in range(6):
        frame = List(canvases[i % 2])
        frame.transformed(canvases[1 - i % 2], (ONE, ONE // 4, 0, -ONE // 4, ONE, 9 * ONE),
                          bilinear=i > 2, alpha=180)
        frame.commit(stage)
    for canvas in canvases:
        whole(stage, window, canvas)


def test_refused(stage: Stage) -> None:
    """A canvas cannot draw itself, and refused frames change nothing."""
    canvas = stage.canvas(10, 10)
    frame = List(canvas)
    frame.fill(0xFFFFFFFF, (0, 0, 10, 10))
    frame.blit(canvas, 0, 0)
    serial = frame.commit(stage)
    stage.client.refused(kb.ErrorCode.BAD_VALUE, serial)
    window = stage.window(WIDTH, HEIGHT)
    canvas.pixels = np.zeros_like(canvas.pixels)
    whole(stage, window, canvas)


def test_in_windows_all_kinds_of_ways(stage: Stage, window: Picture,
                                      rng: np.random.Generator) -> None:
    """Mirrored, tinted, turned, in every blend, and a part of it."""
    canvas = stage.canvas(90, 70)
    draw = List(canvas)
    draw.blit(stage.image(random_pixels(rng, 70, 90)), 0, 0)
    draw.commit(stage)
    frame = List(window)
    frame.blit(stage.image(random_pixels(rng, HEIGHT, WIDTH)), 0, 0, blend="replace")
    for i, blend in enumerate(model.BLENDS):
        frame.blit(canvas, 3 * i - 20, 2 * i - 10, (60 - i, i, 50, 40), blend, flip_x=i % 2 == 0,
                   flip_y=i % 3 == 0, tint=0xFF80FF40 if i % 4 else 0xFFFFFFFF)
        frame.transformed(canvas, (ONE, i * 3000, -i * ONE, -i * 3000, ONE, 0), None, i % 2 == 0,
                          blend, alpha=255 - 9 * i)
    show(stage, frame.commit(stage))
    assert_close(stage.shown(window), window.pixels)
