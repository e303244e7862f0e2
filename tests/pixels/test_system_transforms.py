"""Transformed blits and bilinear filtering through a daemon: the model's pixels to the bit."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import model
import model_transform
import raw
from model import Rect
from model_transform import IDENTITY, ONE, Matrix
from raw import List, Picture, Stage, kb
from samples import assert_close, random_color, random_pixels

WIDTH, HEIGHT = 141, 103
MOST = 2**31 - 1
FILTERS = pytest.mark.parametrize("bilinear", [False, True], ids=["nearest", "bilinear"])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A client of a daemon whose clock these tests step."""
    daemon = raw.Daemon(tmp_path_factory.mktemp("daemon"), "--output", "headless:203x149@60",
                        "--clock", "virtual")
    yield Stage(daemon.client())
    daemon.stop()


@pytest.fixture
def window(stage: Stage) -> Iterator[Picture]:
    """A window larger than a tile, with odd sides."""
    made = stage.window(WIDTH, HEIGHT)
    yield made
    stage.client.request(kb.encode_window_destroy, object=made.id)
    stage.client.sync()


def between(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return int(rng.integers(low, high + 1))


def some_image(stage: Stage, rng: np.random.Generator, most: int = 90) -> Picture:
    """An image of a random kind and size."""
    pixels = random_pixels(rng, between(rng, 1, most), between(rng, 1, most))
    return stage.image(pixels, ("argb8888", "argb8888_premultiplied", "xrgb8888")[
        int(rng.integers(3))])


def turned(rng: np.random.Generator, width: int, height: int) -> Matrix:
    """A rotation, scaling and shear that puts an image of this size about the middle."""
    angle, shear = rng.uniform(0, 7), rng.choice((0, rng.normal(0, 0.5)))
    scale_x, scale_y = np.exp(rng.normal(0, 1, 2))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = np.diag((scale_x, scale_y)) @ np.array([[1, shear], [0, 1]]) @ turn
    middle = np.array([rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)])
    offset = np.array([width / 2, height / 2]) - matrix @ middle
    rows = np.column_stack([matrix, offset]) * ONE
    return tuple(int(value) for value in rows.round().ravel())  # type: ignore[return-value]


def extreme(rng: np.random.Generator, width: int, height: int) -> Matrix:
    """Anything: huge, tiny, flat, mirrored, nothing at all."""
    near = turned(rng, width, height)
    odd = (0, 1, -1, ONE, -ONE, MOST, -MOST - 1, MOST - 1, ONE // 2, between(rng, -MOST, MOST))
    return tuple(int(rng.choice(odd)) if rng.random() < 0.4 else one  # type: ignore[return-value]
                 for one in near)


def random_rect(rng: np.random.Generator, width: int, height: int) -> Rect:
    """A rectangle anywhere about something of this size."""
    return (between(rng, -width, width), between(rng, -height, height),
            between(rng, 0, 2 * width), between(rng, 0, 2 * height))


def random_more(rng: np.random.Generator) -> dict[str, Any]:
    """What else a blit may have."""
    more: dict[str, Any] = {}
    if rng.random() < 0.5:
        more = {"flip_x": bool(rng.integers(2)), "flip_y": bool(rng.integers(2))}
    if rng.random() < 0.3:
        more |= {"alpha": between(rng, 0, 255), "tint": random_color(rng) | 0xFF000000}
    return more


def check(stage: Stage, frame: List, **more: Any) -> None:
    """Shows a frame and compares."""
    serial = frame.commit(stage, **more)
    stage.client.refresh()
    stage.client.expect(kb.EvtPresented, serial=serial)
    assert_close(stage.shown(frame.target), frame.target.pixels)


@FILTERS
@pytest.mark.parametrize("matrices", [turned, extreme])
def test_random(stage: Stage, window: Picture, rng: np.random.Generator, matrices: Any,
                bilinear: bool) -> None:
    for _ in range(12):
        frame = List(window)
        images = [some_image(stage, rng) for _ in range(3)]
        for _ in range(8):
            image = images[int(rng.integers(3))]
            height, width = image.pixels.shape[:2]
            if rng.random() < 0.3:
                frame.clip(random_rect(rng, WIDTH, HEIGHT))
            area = random_rect(rng, width, height) if rng.random() < 0.5 else None
            blend = str(rng.choice(model.BLENDS)) if rng.random() < 0.5 else "over"
            frame.transformed(image, matrices(rng, width, height), area, bilinear, blend,
                              **random_more(rng))
        check(stage, frame, clear=bool(rng.integers(2)))
        for image in images:
            stage.destroy(image)


def test_identity_is_a_blit(stage: Stage, window: Picture, rng: np.random.Generator) -> None:
    """At whole pixels a transformed blit, filtered or not, is a plain one."""
    for kind in ("xrgb8888", "argb8888_premultiplied"):
        image = stage.image(random_pixels(rng, 50, 40), kind)
        for bilinear in (False, True):
            frame = List(window)
            frame.transformed(image, (ONE, 0, -7 * ONE, 0, ONE, 5 * ONE), bilinear=bilinear)
            check(stage, frame, clear=True)
            plain = np.zeros_like(window.pixels)
            plain[..., 3] = 255
            model.blit(plain, image.pixels, image.kind, None, 7, -5)
            assert_close(window.pixels, plain)


@FILTERS
def test_singular(stage: Stage, window: Picture, rng: np.random.Generator, bilinear: bool) -> None:
    """Matrices that map the target to a line or a point of the image."""
    image = stage.image(random_pixels(rng, 30, 20))
    half = ONE // 2
    for matrix in ((0, 0, 5 * ONE, 0, 0, 7 * ONE), (0, 0, -1, 0, 0, 0), (0, 0, 0, 0, 0, 0),
                   (ONE, 0, 0, ONE, 0, 0), (half, half, 0, half, half, 0), (0, 0, ONE, 0, 1, 0),
                   (ONE, -ONE, 9 * ONE, ONE, -ONE, 9 * ONE), (1, 0, 3, 0, 0, 0),
                   (MOST, -MOST, 3 * ONE, MOST, -MOST, 4 * ONE),
                   (MOST, -MOST, 3 * ONE, MOST, -MOST + 1, 4 * ONE),
                   (MOST, -MOST, 3 * ONE, MOST - 1, -MOST + 1, 4 * ONE)):
        frame = List(window)
        frame.transformed(image, matrix, bilinear=bilinear)
        check(stage, frame, clear=True)


def test_edges_are_included_left_and_excluded_right(stage: Stage, window: Picture) -> None:
    """A pixel whose centre lies on the source's edge is drawn on the left and not on the right."""
    image = stage.image(np.full((4, 4, 4), 255, np.uint8))
    frame = List(window)
    frame.transformed(image, (ONE, 0, -ONE // 2 - 9 * ONE, 0, ONE, 0))
    check(stage, frame, clear=True)
    assert np.flatnonzero(window.pixels[0, :, 0]).tolist() == [9, 10, 11, 12]
    frame = List(window)
    frame.transformed(image, (ONE, 0, -ONE // 2 - 9 * ONE - 1, 0, ONE, 0))
    check(stage, frame, clear=True)
    assert np.flatnonzero(window.pixels[0, :, 0]).tolist() == [10, 11, 12, 13]


def test_filter_stays_in_the_source_rectangle(stage: Stage, window: Picture) -> None:
    """Beside a sprite on a sheet stands another one: nothing of it bleeds in."""
    sheet = np.zeros((8, 24, 4), np.uint8)
    sheet[...] = (0, 0, 255, 255)
    sheet[:, 8:16] = (0, 255, 0, 255)
    image = stage.image(sheet)
    frame = List(window)
    frame.transformed(image, (ONE // 9, 0, 8 * ONE, 0, ONE // 9, 0), (8, 0, 8, 8), True)
    check(stage, frame, clear=True)
    assert (window.pixels[:70, :70, :3] == (0, 255, 0)).all()


@pytest.mark.parametrize("scale", model.SCALES)
def test_bilinear_windows(stage: Stage, rng: np.random.Generator, scale: str) -> None:
    """Windows of many sizes in places of many sizes, over the output's borders too."""
    width, height = 203, 149
    for _ in range(10):
        size = between(rng, 1, 150), between(rng, 1, 150)
        place = (between(rng, -80, width - 1), between(rng, -80, height - 1), between(rng, 81, 300),
                 between(rng, 81, 300))
        window = stage.window(*size, base=0xFF204060, filter=kb.Filter.BILINEAR, place=place,
                              scale=kb.Scale[scale.upper()])
        frame = List(window)
        frame.blit(stage.image(random_pixels(rng, size[1], size[0])), 0, 0, blend="replace")
        check(stage, frame)
        output = np.zeros((height, width, 4), np.uint8)
        output[..., 3] = 255
        model_transform.show(output, place, window.pixels, 0xFF204060, scale)
        assert_close(raw.as_pixels(stage.client.see_output()), output)
        # the filter alone is another picture, although nothing was drawn
        stage.client.set(window.id, scale=kb.Scale[scale.upper()], filter=kb.Filter.NEAREST)
        stage.client.refresh(2)
        model.show(output, place, window.pixels, 0xFF204060, scale)
        assert_close(raw.as_pixels(stage.client.see_output()), output)
        stage.client.request(kb.encode_window_destroy, object=window.id)
    stage.client.sync()


def test_model_of_identity(rng: np.random.Generator) -> None:
    """The model itself: without scaling, filtering changes nothing."""
    picture = random_pixels(rng, 13, 17, 255)
    assert_close(model_transform.scale_bilinear(picture, 17, 13), picture)
    target = np.zeros_like(picture)
    model_transform.transformed_blit(target, picture, "opaque", (0, 0, 17, 13), IDENTITY, True)
    assert_close(target, picture)
