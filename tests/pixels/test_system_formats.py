"""Every format of images through a daemon: drawn one to one, mirrored, filtered, with colour keys and
palettes of any length, updated. The model's pixels to the bit.
"""
from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

import model_transform
import raw
from model_transform import ONE
from raw import List, Picture, Stage, kb
from samples import assert_close, random_color, random_pixels

WIDTH, HEIGHT = 97, 81
FORMATS = pytest.mark.parametrize("name", model_transform.FORMATS)


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


def random_bytes(rng: np.random.Generator, name: str, height: int,
                 width: int) -> npt.NDArray[np.uint8]:
    """Any bytes of a format; those of whole pixels are often extreme."""
    if model_transform.bytes_per_px(name) == 4:
        return random_pixels(rng, height, width)
    return rng.integers(0, 256, (height, width, model_transform.bytes_per_px(name)), np.uint8)


def palette_for(rng: np.random.Generator, name: str) -> list[int]:
    """Colours for p8, often fewer than there are indices."""
    count = int(rng.choice((1, 2, 17, 255, 256))) if name == "p8" else 0
    return [random_color(rng) for _ in range(count)]


def check(stage: Stage, frame: List) -> None:
    """Shows a frame and compares."""
    serial = frame.commit(stage)
    stage.client.refresh()
    stage.client.expect(kb.EvtPresented, serial=serial)
    assert_close(stage.shown(frame.target), frame.target.pixels)


def draw_all_ways(stage: Stage, window: Picture, image: Picture, rng: np.random.Generator) -> None:
    """Over something random: copied, blended, mirrored, tinted, turned and filtered."""
    frame = List(window)
    frame.blit(stage.image(random_pixels(rng, HEIGHT, WIDTH), "xrgb8888"), 0, 0, blend="replace")
    frame.blit(image, 1, 2, blend="replace")
    frame.blit(image, 40, 3, flip_x=True, flip_y=True)
    frame.blit(image, 5, 40, tint=0xFF4080C0, alpha=200)
    frame.blit(image, 30, 30, blend="rgba_add")
    for bilinear in (False, True):
        frame.transformed(image, (ONE // 2, ONE // 3, -20 * ONE, -ONE // 3, ONE // 2, 5 * ONE),
                          bilinear=bilinear)
    check(stage, frame)


@FORMATS
@pytest.mark.parametrize("padding", [0, 3])
def test_any_bytes(stage: Stage, window: Picture, rng: np.random.Generator, name: str,
                   padding: int) -> None:
    for height, width in ((1, 1), (33, 29), (70, 90)):
        image = stage.image(random_bytes(rng, name, height, width), name, palette_for(rng, name),
                            padding=padding)
        draw_all_ways(stage, window, image, rng)
        stage.destroy(image)


@FORMATS
def test_color_key(stage: Stage, window: Picture, rng: np.random.Generator, name: str) -> None:
    """Pixels of the key's colour, whatever their alpha, draw nothing; neighbours of it do."""
    colors = random_bytes(rng, name, 1, 4)
    picked = colors[0][rng.integers(0, 4, (31, 37))]
    palette = palette_for(rng, name)
    plain = model_transform.decoded(picked, name, palette)
    key = int.from_bytes(plain[0, 0, :3].tobytes(), "little")
    image = stage.image(picked, name, palette, key)
    assert (image.pixels[0, 0] == 0).all()
    draw_all_ways(stage, window, image, rng)
    # a key that no pixel has: nothing is transparent that was not before
    unused = next(color for color in range(100) if not (
        plain[..., :3] == np.array([color, 0, 0], np.uint8)).all(axis=-1).any())
    draw_all_ways(stage, window, stage.image(picked, name, palette, unused), rng)


def test_all_of_rgb565(stage: Stage) -> None:
    """Each of the 65536 values; black and white are whole."""
    words = np.arange(1 << 16, dtype="<u2").reshape(256, 256)
    image = stage.image(words.view(np.uint8).reshape(256, 256, 2), "rgb565")
    window = stage.window(256, 256)
    frame = List(window)
    frame.blit(image, 0, 0)
    check(stage, frame)
    assert window.pixels[0, 0].tolist() == [0, 0, 0, 255]
    assert window.pixels[255, 255].tolist() == [255, 255, 255, 255]
    assert window.pixels[1 << 3, 0].tolist() == [0, 0, 8, 255]  # 0x0800: one step of red
    stage.client.request(kb.encode_window_destroy, object=window.id)


def test_indices_past_the_palette(stage: Stage, window: Picture) -> None:
    """They are transparent, not black."""
    indices = np.array([[0, 1, 2, 255]], np.uint8)[..., None]
    frame = List(window)
    frame.fill(0xFF102030, (0, 0, WIDTH, HEIGHT), "replace")
    frame.blit(stage.image(indices, "p8", [0xFF445566, 0x80FFFFFF]), 0, 0)
    check(stage, frame)
    assert window.pixels[0, 0, :3].tolist() == [0x66, 0x55, 0x44]
    assert window.pixels[0, 2, :3].tolist() == window.pixels[0, 3, :3].tolist() == [48, 32, 16]


@FORMATS
def test_updates(stage: Stage, window: Picture, rng: np.random.Generator, name: str) -> None:
    """Shared images: rectangles are read again, the rest stays as it was read before."""
    size = model_transform.bytes_per_px(name)
    height, width = 70, 90
    palette = palette_for(rng, name)
    memory = random_bytes(rng, name, height, width)
    fd = raw.harness.memfd(memory)
    image = Picture(stage.new_id(), memory, model_transform.kind_of(name, False))
    serial = stage.client.create_image(
        image.id, fd, width, height, format=raw.FORMATS[name], stride=width * size,
        flags=kb.ImageFlag.SHARED, palette=palette)
    stage.client.expect(kb.EvtReleased, serial=serial)
    known = memory.copy()
    for _ in range(5):
        memory = random_bytes(rng, name, height, width)
        x, y = int(rng.integers(-10, width)), int(rng.integers(-10, height))
        left, top = max(0, x), max(0, y)
        right, bottom = x + int(rng.integers(1, 60)), y + int(rng.integers(1, 60))
        known[top:max(0, bottom), left:max(0, right)] = memory[top:max(0, bottom),
                                                              left:max(0, right)]
        os.pwrite(fd, memory.tobytes(), 0)
        serial = stage.client.update(image.id, (x, y, right - x, bottom - y))
        stage.client.expect(kb.EvtReleased, serial=serial)
        image.pixels = model_transform.decoded(known, name, palette)
        draw_all_ways(stage, window, image, rng)
    os.close(fd)
    stage.destroy(image)
