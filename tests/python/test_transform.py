"""Turned and scaled: where things go and how large they are, as in pygame."""
from __future__ import annotations

import math

import numpy
import pytest

import kmsblit
from kmsblit import Rect
from pixels import rgb, shown

pygame = pytest.importorskip("pygame")


def picture(width=7, height=5, seed=1):
    rng = numpy.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=numpy.uint8)


def words(array):
    array = array.astype(int)
    return array[:, :, 0] << 16 | array[:, :, 1] << 8 | array[:, :, 2]


@pytest.mark.parametrize("quarters", range(-5, 9))
def test_quarter_turns_are_exact(display, window, quarters):
    pixels = picture()
    turned = display.image(pixels).rotated(90 * quarters)
    expected = numpy.rot90(words(pixels), quarters)
    assert turned.size == expected.shape[::-1]
    assert window.blit(turned, (3, 4)) == (3, 4, *turned.size)
    seen = shown(window)
    assert (seen[4:4 + turned.height, 3:3 + turned.width] == expected).all()
    assert (seen != 0).sum() == (expected != 0).sum()


@pytest.mark.parametrize("angle", [0, 1, 15, 30, 45, 61.5, 89, 91, 135, 179, 181, 200, 269.9, 359, -30, 765])
def test_sizes_are_pygames(display, angle):
    image = display.image(picture(40, 23))
    expected = pygame.transform.rotate(pygame.Surface((40, 23)), angle).get_size()
    turned = image.rotated(angle)
    assert turned.size == turned.get_size() == (turned.get_width(), turned.get_height()) == expected
    assert turned.get_rect(center=(50, 60)).center == (50, 60)


def centre_of(mask):
    y, x = numpy.nonzero(mask)
    return x.mean(), y.mean()


@pytest.mark.parametrize("angle", [20, 45, 110, -70])
def test_counter_clockwise_as_in_pygame(display, window, angle):
    """A red spot right of the middle goes where pygame's goes."""
    surface = pygame.Surface((41, 41), 0, 32)
    surface.fill("white")
    surface.fill("red", (31, 18, 5, 5))
    turned = pygame.transform.rotate(surface, angle)
    back = pygame.Surface((64, 64), 0, 32)
    back.blit(turned, turned.get_rect(center=(32, 32)))
    expected = pygame.surfarray.array3d(back).transpose(1, 0, 2).astype(int)
    window.size = (64, 64)
    image = display.image(surface)
    ours = image.rotated(angle)
    window.blit(ours, ours.get_rect(center=(32, 32)))
    one = shown(window)
    window.clear()
    window.blit(image, (12, 12), angle=angle)
    two = shown(window)
    x, y = centre_of((expected[:, :, 0] == 255) & (expected[:, :, 1] == 0))
    for seen in (one, two):
        ours_x, ours_y = centre_of(seen == 0xFF0000)
        assert math.hypot(ours_x - x, ours_y - y) < 1
        assert abs(int((seen != 0).sum()) - 41 * 41) < 100


def test_in_its_place(display, window):
    """Without a pivot the middle stays, with one that point."""
    image = display.image(numpy.full((10, 20, 3), 255, numpy.uint8))
    assert window.blit(image, (20, 20), angle=90) == (25, 15, 10, 20)
    assert window.blit(image, (20, 20), scale=2) == (10, 15, 40, 20)
    assert window.blit(image, (20, 20), scale=(0.5, 1)) == (25, 20, 10, 10)
    assert window.blit(image, (20, 20), angle=90, pivot=(0, 0)) == (20, 0, 10, 20)
    assert window.blit(image, (20, 20), angle=-90, pivot=(0, 0)) == (10, 20, 10, 20)
    assert window.blit(image, (20, 20), scale=2, pivot=(20, 10)) == (0, 10, 40, 20)
    assert window.blit(image, (20, 20), angle=180, pivot=(20, 5)) == (40, 20, 20, 10)
    assert window.blit(image, (20, 20), (0, 0, 4, 4), angle=90, scale=2) == (18, 18, 8, 8)
    assert window.blit(image, (20, 20), angle=0.0, scale=1, pivot=(3, 3), smooth=True) == (20, 20, 20, 10)
    window.clear()
    window.blit(image, (20, 20), angle=90, pivot=(0, 0))
    assert Rect(20, 0, 10, 20) == bounds(shown(window))


def bounds(seen):
    y, x = numpy.nonzero(seen)
    return x.min(), y.min(), x.max() - x.min() + 1, y.max() - y.min() + 1


@pytest.mark.parametrize("size", [(14, 10), (7, 5), (21, 20), (3, 2), (1, 1), (40, 5)])
def test_scaled(display, window, size):
    pixels = picture()
    scaled = display.image(pixels).scaled(size)
    assert scaled.size == size
    assert window.blit(scaled, (2, 3)) == (2, 3, *size)
    columns = ((2 * numpy.arange(size[0]) + 1) * 7) // (2 * size[0])
    rows = ((2 * numpy.arange(size[1]) + 1) * 5) // (2 * size[1])
    expected = words(pixels)[rows][:, columns]
    seen = shown(window)
    assert (seen[3:3 + size[1], 2:2 + size[0]] == expected).all()
    assert bounds(seen | 0) == (2, 3, *size)


def test_smooth(display, window):
    pixels = numpy.zeros((1, 2, 3), numpy.uint8)
    pixels[0, 1] = 255
    image = display.image(pixels)
    window.blit(image.scaled((16, 8)), (0, 0))
    window.blit(image.scaled((16, 8), smooth=True), (0, 8))
    window.blit(image, (7, 20), scale=8, smooth=True)
    seen = rgb(shown(window))[:, :, 0]
    assert set(seen[0, :16]) == {0, 255} and len(set(seen[8, :16])) > 6
    assert (numpy.diff(seen[8, :16]) >= 0).all()
    assert len(set(seen[20, :16])) > 6


def test_options(display, window):
    image = display.image(numpy.full((4, 4, 3), 255, numpy.uint8))
    window.blit(image, (0, 0), angle=90, tint="red", alpha=128)
    window.blit(image.rotated(90), (8, 0), None, kmsblit.BLEND_ADD, tint="blue")
    half = numpy.zeros((2, 4, 3), numpy.uint8)
    half[:, 2:] = 255
    window.blit(display.image(half), (20, 10), flip_x=True, scale=2)
    window.clip = (40, 0, 2, 2)
    assert window.blit(image.rotated(180), (38, 0)) == (40, 0, 2, 2)
    assert window.blit(image.rotated(180), (50, 0)).size == (0, 0)
    seen = shown(window)
    assert seen[0, 0] == 0x800000 and seen[0, 8] == 0xFF
    assert (seen[9:13, 18:22] == 0xFFFFFF).all() and (seen[9:13, 22:26] == 0).all()
    assert (seen[:4, 40:42] != 0).sum() == 4


def test_in_blits(display, window):
    image = display.image(picture())
    items = []
    for i in range(900):
        source = (image, image.rotated(i), image.scaled((1 + i % 9, 3)))[i % 3]
        items.append((source, (i % 60, i % 40)))
    rects = [window.blit(*item) for item in items]
    expected = shown(window)
    for form in (items, iter(items)):
        window.clear()
        assert window.blits(form) == rects
        assert (shown(window) == expected).all()
    with pytest.raises(TypeError, match="item 900"):
        window.blits([*items, (image.rotated(3), (0, 0), (0, 0, 1, 1))])


def test_wrong(display, window):
    image = display.image(picture())
    for wrong in (0, -1, float("nan"), (1, 0), (1, float("inf")), 1e6):
        with pytest.raises(ValueError, match="scale"):
            image.rotated(3, wrong)
        with pytest.raises(ValueError, match="scale"):
            window.blit(image, (0, 0), scale=wrong)
    for wrong in ("x", (1,), None):
        with pytest.raises(TypeError):
            window.blit(image, (0, 0), scale=wrong)
        with pytest.raises(TypeError):
            window.blit(image, (0, 0), angle=3, pivot=wrong or "none")
    for angle in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="angle"):
            image.rotated(angle)
        with pytest.raises(ValueError, match="angle"):
            window.blit(image, (0, 0), angle=angle)
    for size in ((0, 1), (1, 70000)):
        with pytest.raises(ValueError):
            image.scaled(size)
    with pytest.raises(ValueError, match="pixels wide"):
        image.rotated(3, 60000)
    turned = image.rotated(3)
    for keywords in ({"angle": 3}, {"scale": 2}, {"area": (0, 0, 1, 1)}):
        with pytest.raises(TypeError, match="rotated"):
            window.blit(turned, (0, 0), **keywords)
    with pytest.raises(ValueError, match="16.16"):
        window.blit(image, (30000, 0), scale=0.01)
    assert (shown(window) == 0).all()
    image.close()
    with pytest.raises(kmsblit.Error, match="closed|drawn"):
        window.blit(turned, (0, 0))
    with pytest.raises(TypeError):
        kmsblit.Transformed()
    assert turned.image is image and turned.angle == 3 and not turned.smooth and "Transformed" in repr(turned)
