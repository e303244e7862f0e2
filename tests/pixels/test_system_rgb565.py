"""Outputs of 16 bits: drawn with 8 bits a channel, rounded once. The model's rounding to the bit, and
pygame drawing onto a Surface of 16 bits within one step of 5 or 6 bits.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pygame
import pytest

import model
import model_transform
import pygame_oracle as oracle
import raw
from model import Pixels
from model_transform import ONE
from raw import List, Picture, Stage, kb
from samples import assert_close, random_pixels

WIDTH, HEIGHT = 203, 149
Starter = Callable[..., Stage]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Starts daemons with an output of 16 bits and these options."""
    daemons = []

    def starter(*options: str) -> Stage:
        daemons.append(raw.Daemon(tmp_path, "--output", f"headless:{WIDTH}x{HEIGHT}@60,"
                                  "format=rgb565", "--clock", "virtual", *options))
        return Stage(daemons[-1].client())

    yield starter
    for daemon in daemons:
        daemon.stop()


def covered(stage: Stage) -> Picture:
    """A window over all of the output."""
    return stage.window(WIDTH, HEIGHT)


def show(stage: Stage, frame: List) -> Pixels:
    """Shows a frame; the window itself keeps its 8 bits; returns the output's picture."""
    serial = frame.commit(stage)
    stage.client.refresh()
    stage.client.expect(kb.EvtPresented, serial=serial)
    assert_close(stage.shown(frame.target), frame.target.pixels)
    return raw.as_pixels(stage.client.see_output())


@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_random_frames(start: Starter, rng: np.random.Generator, buffers: int) -> None:
    """Frames over frames: nothing is rounded twice, and what did not change stays."""
    stage = start("--buffers", str(buffers))
    window = covered(stage)
    for _ in range(12):
        frame = List(window)
        for _ in range(int(rng.integers(1, 6))):
            image = stage.image(random_pixels(rng, *(int(side) for side in rng.integers(1, 99, 2))))
            x, y = int(rng.integers(-40, WIDTH)), int(rng.integers(-40, HEIGHT))
            frame.blit(image, x, y, blend=str(rng.choice(model.BLENDS)), alpha=200)
            frame.transformed(image, (ONE // 2, 9999, -ONE * x // 2, -9999, ONE // 2, 0),
                              bilinear=True)
        assert_close(show(stage, frame), model_transform.rgb565(window.pixels))


def test_every_level(start: Starter) -> None:
    """All 256 of each channel."""
    stage = start()
    window = covered(stage)
    ramps = np.full((4, 128, 4), 255, np.uint8)
    ramps[..., :3] = 0
    for channel in range(3):
        ramps[channel, :, channel] = ramps[3, :, channel] = np.arange(128) * 2 + channel % 2
    frame = List(window)
    frame.blit(stage.image(ramps), 0, 0)
    assert_close(show(stage, frame), model_transform.rgb565(window.pixels))
    frame = List(window)
    frame.blit(stage.image(255 - ramps, "xrgb8888"), 60, 60)
    assert_close(show(stage, frame), model_transform.rgb565(window.pixels))


def surface16(pixels: Pixels) -> pygame.Surface:
    """A Surface of 16 bits with these pixels."""
    made = pygame.Surface(pixels.shape[1::-1], 0, 16, (0xF800, 0x07E0, 0x001F, 0))
    made.blit(oracle.surface(pixels, False), (0, 0))
    return made


def words(surface: pygame.Surface) -> npt.NDArray[np.int64]:
    """Blue, green, red in steps of 5, 6 and 5 bits."""
    raw_words = pygame.surfarray.array2d(surface).T.astype(np.int64)
    return np.stack([raw_words & 31, raw_words >> 5 & 63, raw_words >> 11], axis=-1)


def steps(pixels: Pixels) -> npt.NDArray[np.int64]:
    """The same of a screenshot, which is widened."""
    return np.stack([pixels[..., channel].astype(np.int64) >> 8 - bits
                     for channel, bits in ((0, 5), (1, 6), (2, 5))], axis=-1)


def test_as_pygame(start: Starter, rng: np.random.Generator) -> None:
    """Fills, copies, translucent images and additions, each drawn onto what both have."""
    stage = start()
    for round_number in range(16):
        window = covered(stage)
        ground = model_transform.rgb565(random_pixels(rng, HEIGHT, WIDTH, 255))
        frame = List(window)
        frame.blit(stage.image(ground), 0, 0, blend="replace")
        theirs = surface16(ground)
        assert (words(theirs) == steps(ground)).all()
        pixels = random_pixels(rng, 90, 120)
        x, y = (int(place) for place in rng.integers(-30, 100, 2))
        kind = round_number % 4
        if kind == 0:
            color = 0xFF000000 | int(rng.integers(1 << 24))
            frame.fill(color, (10, 10, 100, 90), "replace")
            theirs.fill(oracle.color_of(color), (10, 10, 100, 90))
        elif kind == 1:
            frame.blit(stage.image(pixels, "xrgb8888"), x, y)
            theirs.blit(oracle.surface(pixels, False), (x, y))
        elif kind == 2:
            frame.blit(stage.image(pixels), x, y)
            theirs.blit(oracle.surface(pixels, True), (x, y))
        else:
            frame.blit(stage.image(pixels), x, y, blend="add")
            theirs.blit(oracle.surface(pixels, True), (x, y), special_flags=pygame.BLEND_RGB_ADD)
        off = np.abs(steps(show(stage, frame)) - words(theirs))
        assert off.max() <= 1, (kind, off.max())
        stage.client.request(kb.encode_window_destroy, object=window.id)


def test_window_is_smaller(start: Starter, rng: np.random.Generator) -> None:
    """Bars and a scaled picture."""
    stage = start()
    window = stage.window(50, 70, base=0xFF214365, scale=kb.Scale.FIT, filter=kb.Filter.BILINEAR,
                          place=(20, 7, 170, 133))
    frame = List(window)
    frame.blit(stage.image(random_pixels(rng, 70, 50)), 0, 0, blend="replace")
    got = show(stage, frame)
    want = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    want[..., 3] = 255
    model_transform.show(want, (20, 7, 170, 133), window.pixels, 0xFF214365, "fit")
    assert_close(got, model_transform.rgb565(want))
