"""The model's geometry, against pygame's and against what is known by hand. (Its formulas are
compared with the kernels in test_kernels.py, and those with pixman and pygame.)
"""
from __future__ import annotations

import numpy as np
import pygame
import pytest

import model
import pygame_oracle as oracle
from samples import assert_close, random_color, random_pixels


def random_rect(rng: np.random.Generator) -> model.Rect:
    """A rectangle that reaches out of 40x30 pixels more often than not, and may be empty."""
    x, y = (int(value) for value in rng.integers(-30, 50, 2))
    width, height = (int(value) for value in rng.integers(0, 60, 2))
    return x, y, width, height


def clipped(onto: pygame.Surface, clip: model.Rect | None) -> pygame.Surface:
    """The surface, limited to a clip."""
    onto.set_clip(None if clip is None else pygame.Rect(clip))
    return onto


def test_blit_places_and_clips_as_pygame(rng: np.random.Generator) -> None:
    for _ in range(300):
        target, image = random_pixels(rng, 30, 40, 255), random_pixels(rng, 25, 35, 255)
        source, clip = random_rect(rng), random_rect(rng) if rng.random() < 0.7 else None
        x, y = (int(value) for value in rng.integers(-40, 60, 2))
        # pygame cuts the source rectangle by moving what is left; "move nothing" is ours
        inside = model.intersection(source, (0, 0, 35, 25))
        onto = clipped(oracle.surface(target, False), clip)
        if inside[2] and inside[3]:
            onto.blit(oracle.surface(image, False), (x + inside[0] - source[0],
                                                     y + inside[1] - source[1]), inside)
        model.blit(target, image, "opaque", source, x, y, clip=clip)
        assert_close(target, with_alpha(oracle.pixels_of(onto)))


def with_alpha(pixels: model.Pixels) -> model.Pixels:
    """What a surface without alpha holds, as a window does."""
    result = pixels.copy()
    result[..., 3] = 255
    return result


@pytest.mark.parametrize("flip_y", [False, True], ids=["", "y"])
@pytest.mark.parametrize("flip_x", [False, True], ids=["", "x"])
def test_flips_as_pygame(rng: np.random.Generator, flip_x: bool, flip_y: bool) -> None:
    for _ in range(50):
        target, image = random_pixels(rng, 30, 40, 255), random_pixels(rng, 25, 35, 255)
        source = model.intersection(random_rect(rng), (0, 0, 35, 25))
        x, y = (int(value) for value in rng.integers(-40, 60, 2))
        part = oracle.surface(image, False).subsurface(source) if source[2] and source[3] else None
        onto = oracle.surface(target, False)
        if part is not None:
            onto.blit(pygame.transform.flip(part, flip_x, flip_y), (x, y))
        model.blit(target, image, "opaque", source, x, y, flip_x=flip_x, flip_y=flip_y)
        assert_close(target, with_alpha(oracle.pixels_of(onto)))


def test_flip_mirrors_the_rectangle_not_the_image() -> None:
    """Columns 2, 3, 4 of an image that has only 0..3: column 4 draws nothing and moves nothing."""
    image = np.arange(4, dtype=np.uint8).repeat(4).reshape(1, 4, 4)
    target = np.full((1, 3, 4), 99, np.uint8)
    model.blit(target, image, "opaque", (2, 0, 3, 1), flip_x=True, blend="replace")
    assert target[0, :, 0].tolist() == [99, 3, 2]
    target = np.full((1, 3, 4), 99, np.uint8)
    model.blit(target, image, "opaque", (-1, 0, 3, 1), blend="replace")
    assert target[0, :, 0].tolist() == [99, 0, 1]


def test_fill_as_pygame(rng: np.random.Generator) -> None:
    for _ in range(300):
        target, rect, color = random_pixels(rng, 30, 40, 255), random_rect(rng), random_color(rng)
        clip = random_rect(rng) if rng.random() < 0.7 else None
        onto = clipped(oracle.surface(target, False), clip)
        # left and above, pygame moves a rectangle where we cut it: see the test below
        onto.fill(oracle.color_of(color), model.intersection(rect, (0, 0, 99, 99)))
        model.fill(target, rect, color, "replace", clip=clip)
        assert_close(target, with_alpha(oracle.pixels_of(onto)))


def test_pygame_moves_fills_that_begin_outside() -> None:
    """pygame 2.1 sets a negative left or top edge to 0 and keeps the width: a slip, we think."""
    target = np.zeros((1, 10, 4), np.uint8)
    onto = oracle.surface(target, False)
    onto.fill((255, 255, 255), (-3, 0, 5, 1))
    model.fill(target, (-3, 0, 5, 1), 0xFFFFFFFF)
    assert target[0, :, 0].tolist() == [255] * 2 + [0] * 8
    assert oracle.pixels_of(onto)[0, :, 0].tolist() == [255] * 5 + [0] * 5


def test_far_away(rng: np.random.Generator) -> None:
    """The largest numbers of the protocol neither wrap nor draw."""
    before = random_pixels(rng, 4, 4, 255)
    target = before.copy()
    for x in (-1 << 31, (1 << 31) - 1):
        model.blit(target, random_pixels(rng), "opaque", (0, 0, 65535, 65535), x, x)
        model.fill(target, (x, x, 100, 100), 0xFFFFFFFF)
    assert_close(target, before)
    model.fill(target, (-1 << 31, -1 << 31, (1 << 32) - 1, (1 << 32) - 1), 0xFF102030, "replace")
    assert (target == [0x30, 0x20, 0x10, 255]).all()


def test_nearest_takes_the_pixel_under_the_centre() -> None:
    assert model.nearest(3, 3).tolist() == [0, 1, 2]
    assert model.nearest(2, 6).tolist() == [0, 0, 0, 1, 1, 1]
    assert model.nearest(6, 2).tolist() == [1, 4]
    assert model.nearest(2, 3).tolist() == [0, 1, 1]  # a tie goes to the right
    assert model.nearest(1, 5).tolist() == [0] * 5
    assert model.nearest(4, 1).tolist() == [2]


def test_whole_factors_as_pygame(rng: np.random.Generator) -> None:
    picture = random_pixels(rng, 7, 9, 255)
    for factor in range(1, 5):
        size = (9 * factor, 7 * factor)
        shown = pygame.Surface(size, 0, 32)
        pygame.transform.scale(oracle.surface(picture, False), size, shown)
        assert_close(model.scale_nearest(picture, *size), with_alpha(oracle.pixels_of(shown)))


@pytest.mark.parametrize("scale, room, picture, where", [
    ("none", (100, 50), (40, 20), (30, 15, 40, 20)),
    ("none", (10, 10), (13, 13), (-2, -2, 13, 13)),  # -1.5 rounds down
    ("integer", (1920, 1080), (320, 240), (320, 60, 1280, 960)),
    ("integer", (639, 479), (320, 240), (159, 119, 320, 240)),
    ("integer", (300, 200), (320, 240), (-10, -20, 320, 240)),  # at least 1, cropped
    ("fit", (1920, 1080), (320, 240), (240, 0, 1440, 1080)),
    ("fit", (1080, 1920), (320, 240), (0, 555, 1080, 810)),
    ("fit", (100, 100), (3, 7), (29, 0, 42, 100)),  # 42.86 rounds down
    ("fit", (5, 5), (1000, 1), (0, 2, 5, 1)),  # at least 1
    ("stretch", (123, 45), (320, 240), (0, 0, 123, 45)),
])
def test_place(scale: str, room: tuple[int, int], picture: tuple[int, int],
               where: model.Rect) -> None:
    assert model.place(scale, room, picture) == where


def test_show_fills_the_bars(rng: np.random.Generator) -> None:
    output, picture = random_pixels(rng, 40, 60, 255), random_pixels(rng, 5, 10, 255)
    before = output.copy()
    model.show(output, (4, 6, 30, 20), picture, 0x102030, "fit")
    inside = output[6:26, 4:34]
    assert_close(inside[2:17], model.scale_nearest(picture, 30, 15))
    assert (inside[:2] == [0x30, 0x20, 0x10, 255]).all()
    assert (inside[17:] == [0x30, 0x20, 0x10, 255]).all()
    output[6:26, 4:34] = before[6:26, 4:34]
    assert_close(output, before)
