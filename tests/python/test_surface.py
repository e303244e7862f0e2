"""pygame Surfaces as images: what kmsblit shows is what pygame shows."""
from __future__ import annotations

import os
import random

import numpy
import pytest

from pixels import rgb, shown

pygame = pytest.importorskip("pygame")
BACK = (90, 150, 210)


@pytest.fixture(autouse=True, scope="module")
def video():
    """Palettes need it."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    pygame.display.init()
    yield
    pygame.display.quit()


def make_surface(depth: int, flags: int = 0, masks=None) -> pygame.Surface:
    surface = pygame.Surface((13, 9), flags, depth, masks) if masks else \
        pygame.Surface((13, 9), flags, depth)
    rng = random.Random(depth)
    if depth == 8:
        surface.set_palette([(rng.randrange(256), rng.randrange(256), rng.randrange(256))
                             for _ in range(256)])
    for y in range(9):
        for x in range(13):
            surface.set_at((x, y), tuple(rng.randrange(256) for _ in range(4)))
    return surface


def compare(display, window, surface, levels):
    image = display.image(surface)
    assert image.size == surface.get_size()
    window.fill(BACK)
    window.blit(image, (2, 3))
    target = pygame.Surface(window.size, 0, 32)
    target.fill(BACK)
    target.blit(surface, (2, 3))
    expected = pygame.surfarray.array3d(target).transpose(1, 0, 2).astype(int)
    difference = numpy.abs(rgb(shown(window)) - expected)
    assert difference.max() <= levels, difference.max()
    assert len(numpy.unique(expected.reshape(-1, 3), axis=0)) > 1, "the picture shows something"


SURFACES = {
    "8": (8, 0, None), "12": (12, 0, None), "15": (15, 0, None), "16": (16, 0, None),
    "24": (24, 0, None), "24 bgr": (24, 0, (0xFF, 0xFF00, 0xFF0000, 0)), "32": (32, 0, None),
    "32 bgr": (32, 0, (0xFF, 0xFF00, 0xFF0000, 0)),
}
# SDL's fast path from 5-6-5 rounds otherwise than its get_at() does, which is followed here.
LEVELS = {"16": 1}
ALPHA = {
    "argb": (32, pygame.SRCALPHA, None),
    "abgr": (32, pygame.SRCALPHA, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
    "bgra": (32, pygame.SRCALPHA, (0xFF00, 0xFF0000, 0xFF000000, 0xFF)),
    "argb4444": (16, pygame.SRCALPHA, (0xF00, 0xF0, 0xF, 0xF000)),
}


@pytest.mark.parametrize("name", SURFACES)
def test_opaque(display, window, name):
    compare(display, window, make_surface(*SURFACES[name]), LEVELS.get(name, 0))


@pytest.mark.parametrize("name", SURFACES)
def test_colour_key(display, window, name):
    surface = make_surface(*SURFACES[name])
    surface.set_colorkey(surface.get_at((4, 5)))
    compare(display, window, surface, LEVELS.get(name, 0))


@pytest.mark.parametrize("name", SURFACES)
def test_surface_alpha(display, window, name):
    surface = make_surface(*SURFACES[name])
    surface.set_alpha(100)
    compare(display, window, surface, 2)


@pytest.mark.parametrize("name", ALPHA)
def test_pixel_alpha(display, window, name):
    compare(display, window, make_surface(*ALPHA[name]), 1)


def test_both_alphas(display, window):
    surface = make_surface(*ALPHA["argb"])
    surface.set_alpha(140)
    compare(display, window, surface, 2)


def test_alpha_and_colour_key(display, window):
    surface = make_surface(*SURFACES["32"])
    surface.set_colorkey(surface.get_at((4, 5)))
    surface.set_alpha(50)
    compare(display, window, surface, 2)


def test_subsurface(display, window):
    for name in SURFACES:
        part = make_surface(*SURFACES[name]).subsurface((3, 2, 7, 5))
        compare(display, window, part, LEVELS.get(name, 0))


def test_alpha_turned_off(display, window):
    surface = make_surface(*ALPHA["argb"])
    surface.set_alpha(None)
    compare(display, window, surface, 0)


def test_wrong(display):
    surface = make_surface(32)
    with pytest.raises(TypeError, match="own format"):
        display.image(surface, "argb8888")
    with pytest.raises(ValueError, match="1 to 16384"):
        display.image(pygame.Surface((0, 5)))


def test_drawn_without_becoming_an_image(window):
    with pytest.raises(TypeError, match=r"display\.image\(surface\)"):
        window.blit(make_surface(32), (0, 0))


def test_broken_surfaces(display):
    class Broken:
        def get_view(self, kind):
            raise KeyError(kind)

        get_masks = get_flags = get_colorkey = get_view

    with pytest.raises(KeyError):
        display.image(Broken())

    class Odd(Broken):
        def get_view(self, kind):
            return memoryview(bytes(8)).cast("B", (2, 2, 2))

    with pytest.raises(ValueError):
        display.image(Odd())
