"""fill, blit, clear and the clip: arguments, returned rectangles and pixels."""
from __future__ import annotations

import random

import numpy
import pytest

import kmsblit
from kmsblit import Rect
from pixels import mul, rgb, shown

pygame = pytest.importorskip("pygame")

COLORS = {
    "red": 0xFF0000, "Light Blue": 0xADD8E6, "#102030": 0x102030, "#10203040": 0x102030,
    "#f80": 0xFF8800, "0x102030": 0x102030, 0x102030: 0x102030, 0x80102030: 0x102030, 0: 0,
    (1, 2, 3): 0x010203, (1, 2, 3, 4): 0x010203,
}


@pytest.mark.parametrize("color", COLORS)
def test_colors(window, color):
    window.fill(color)
    assert shown(window)[0, 0] == COLORS[color]


def test_more_colors(window):
    for color in ([1, 2, 3], pygame.Color(1, 2, 3), numpy.array([1, 2, 3], numpy.uint8),
                  numpy.uint32(0x010203), bytes((1, 2, 3))):
        window.fill("white")
        window.fill(color)
        assert shown(window)[0, 0] == 0x010203


def test_names_are_pygames(display):
    """All of them, but those that say how opaque they are."""
    names = [name for name, color in pygame.color.THECOLORS.items() if color[3] == 255]
    assert len(names) > 600
    window = display.window((len(names), 1))
    window.clear()
    for x, name in enumerate(names):
        window.fill(name, (x, 0, 1, 1))
    row = rgb(shown(window))[0]
    assert {name: tuple(row[x]) for x, name in enumerate(names)} == {name: tuple(pygame.Color(name))[:3] for name in names}


@pytest.mark.parametrize("color, error", [
    ("nocolour", ValueError), ("", ValueError), ("#12345", ValueError), ("#1234567890", ValueError),
    ("#gg0000", ValueError), (-1, ValueError), (2**32, ValueError), (2**70, ValueError),
    ((1, 2), ValueError), ((1, 2, 3, 4, 5), ValueError), ((1, 2, 256), ValueError),
    ((-1, 2, 3), ValueError), (("a", 2, 3), TypeError), (None, ValueError), (1.5, ValueError),
    ("re\0d", ValueError), ("x" * 1000, ValueError), ({}, ValueError)])
def test_wrong_colors(window, color, error):
    with pytest.raises(error):
        window.fill(color)


def test_fill_returns_what_it_fills(window):
    assert window.fill("red") == (0, 0, 64, 48)
    assert window.fill("red", (-5, -5, 10, 10)) == (0, 0, 5, 5)
    assert window.fill("red", pygame.Rect(60, 40, 10, 10)) == (60, 40, 4, 8)
    assert window.fill("red", ((1, 2), (3, 4))) == (1, 2, 3, 4)
    for nothing in ((100, 0, 1, 1), (0, 0, 0, 5), (5, 5, -3, 3), (-5, 0, 5, 5)):
        assert not window.fill("blue", nothing)
    assert (shown(window) == 0xFF0000).all()
    for wrong in ((1, 2, 3), 5, "abcd"):
        with pytest.raises(TypeError, match="rect"):
            window.fill("red", wrong)
    with pytest.raises(TypeError):
        window.fill()


DESTS = [(5, 5), (-3, -4), (60, 45), (1000, 1000), (-50, 2), (64, 0), (0, -10), (5.9, -0.9)]
AREAS = [None, (0, 0, 10, 10), (2, 3, 4, 5), (-2, -2, 6, 6), (8, 8, 6, 6), (20, 20, 6, 6), (0, 0, 0, 0),
         (2, 2, -1, 3), (-20, 0, 5, 5), (3, 3, 100, 100)]
CLIPS = [None, (10, 10, 20, 20), (-5, -5, 12, 12), (50, 40, 100, 100)]


@pytest.fixture
def pair(display, window):
    """The same 10x10 picture for both, and a pygame target of the window's size."""
    source = pygame.Surface((10, 10), pygame.SRCALPHA)
    rng = random.Random(3)
    for y in range(10):
        for x in range(10):
            source.set_at((x, y), [rng.randrange(256) for _ in range(4)])
    target = pygame.Surface(window.size, 0, 32)
    target.fill((60, 120, 180))
    window.fill((60, 120, 180))
    return display.image(source), source, target


def same(window, target, levels=1):
    theirs = pygame.surfarray.array3d(target).transpose(1, 0, 2).astype(int)
    return numpy.abs(rgb(shown(window)) - theirs).max() <= levels


@pytest.mark.parametrize("clip", CLIPS)
def test_blits_like_pygame(window, pair, clip):
    image, source, target = pair
    window.set_clip(clip)
    target.set_clip(clip)
    for area in AREAS:
        for dest in DESTS:
            ours, theirs = window.blit(image, dest, area), target.blit(source, dest, area)
            assert ours == theirs, (dest, area, clip)
    assert same(window, target, 4)


def test_forms_of_dest(window, pair):
    image = pair[0]

    class Sprite:
        rect = pygame.Rect(7, 8, 1, 1)

    for dest in ((7, 8), [7, 8], (7.5, 8.5), pygame.Rect(7, 8, 99, 99), Rect(7, 8, 0, 0), (7, 8, 5, 5),
                 pygame.Vector2(7, 8), numpy.array([7, 8]), numpy.array([7.0, 8.0], numpy.float32),
                 (numpy.int64(7), numpy.float64(8)), ((7, 8), (1, 1)), Sprite(), (True * 7, 8)):
        assert window.blit(image, dest) == (7, 8, 10, 10), dest
    for dest in ((7,), (7, 8, 9), 7, None, "78", ("7", "8"), (None, 8), object()):
        with pytest.raises(TypeError, match="dest"):
            window.blit(image, dest)
    with pytest.raises(ValueError, match="out of range"):
        window.blit(image, (2**40, 0))


def test_arguments_of_blit(window, pair):
    image = pair[0]
    assert window.blit(image, (0, 0), None) == (0, 0, 10, 10)
    assert window.blit(image, (0, 0), (1, 1, 2, 2), 0) == (0, 0, 2, 2)
    assert window.blit(source=image, dest=(0, 0), area=Rect(1, 1, 2, 2), special_flags=1, alpha=5,
                       tint="red", flip_x=True, flip_y=True) == (0, 0, 2, 2)
    for arguments, error in (((image,), TypeError), ((image, (0, 0), 5), TypeError),
                             ((image, (0, 0), None, 77), ValueError),
                             ((image, (0, 0), None, 2**70), ValueError),
                             ((image, (0, 0), None, "x"), TypeError),
                             ((image, (0, 0), None, 0, 5), TypeError), (("x", (0, 0)), TypeError),
                             ((None, (0, 0)), TypeError)):
        with pytest.raises(error):
            window.blit(*arguments)
    for keywords in ({"alpha": 256}, {"alpha": -1}, {"tint": "nocolour"}):
        with pytest.raises(ValueError):
            window.blit(image, (0, 0), **keywords)
    with pytest.raises(TypeError):
        window.blit(image, (0, 0), turn=3)


def test_images_of_other_displays_and_closed_ones(daemon, window, pair):
    image = pair[0]
    with daemon.connect() as other:
        foreign = other.image(bytes(4), size=(1, 1))
        with pytest.raises(ValueError, match="another display"):
            window.blit(foreign, (0, 0))
    image.close()
    with pytest.raises(kmsblit.Error, match="closed"):
        window.blit(image, (0, 0))


@pytest.mark.parametrize("flag", [name for name in dir(kmsblit) if name.startswith("BLEND_")])
def test_flags(display, window, pair, flag):
    """pygame's values, and pygame's results."""
    image, source, target = pair
    if flag != "BLEND_REPLACE":
        assert getattr(kmsblit, flag) == getattr(pygame, flag)
    if flag == "BLEND_PREMULTIPLIED":  # pygame's sum wraps where a colour is more than its alpha
        pixels = pygame.surfarray.pixels3d(source)
        pixels[:] = numpy.minimum(pixels, pygame.surfarray.array_alpha(source)[:, :, None])
        del pixels
        image = display.image(source)
    window.blit(image, (3, 3), None, getattr(kmsblit, flag))
    if flag == "BLEND_REPLACE":
        source.set_alpha(None)
        target.blit(source, (3, 3))
    else:
        target.blit(source, (3, 3), None, getattr(pygame, flag))
    # pygame shifts where it multiplies, and SDL's own blend is off by up to 3.
    assert same(window, target, {"BLEND_ALPHA_SDL2": 3}.get(flag, 2 if "MULT" in flag else 1))


def test_alpha_sdl2_is_plain(window, pair):
    window.blit(pair[0], (3, 3))
    plain = shown(window)
    window.fill((60, 120, 180))
    window.blit(pair[0], (3, 3), special_flags=kmsblit.BLEND_ALPHA_SDL2)
    assert (shown(window) == plain).all()


@pytest.mark.parametrize("flag", ["ADD", "SUB", "MULT", "MIN", "MAX"])
def test_fill_with_flags(window, pair, flag):
    target = pair[2]
    where = (5, 5, 20, 20)
    for name in (f"BLEND_{flag}", f"BLEND_RGB_{flag}", f"BLEND_RGBA_{flag}"):
        window.fill((200, 100, 50), where, getattr(kmsblit, name))
        target.fill((200, 100, 50), where, getattr(pygame, name))
        assert same(window, target, 2 if flag == "MULT" else 0)


def test_fill_with_alpha(window):
    window.fill("white")
    window.fill((255, 0, 0, 51), special_flags=kmsblit.BLEND_ALPHA_SDL2)
    assert shown(window)[0, 0] == 0xFFCCCC


def test_alpha_tint_and_flips(display, window):
    rng = numpy.random.default_rng(8)
    words = rng.integers(0, 1 << 32, (6, 5), dtype=numpy.uint64).astype(numpy.uint32)
    image = display.image(words)
    window.fill((10, 20, 30))
    window.blit(image, (0, 0), alpha=100, tint=(200, 100, 255, 7), flip_x=True, flip_y=True)
    source = rgb(words)[::-1, ::-1]
    alpha = mul((words >> 24).astype(int)[::-1, ::-1, None], 100)
    back = numpy.array([10, 20, 30])
    expected = mul(mul(source, numpy.array([200, 100, 255])), alpha) + mul(back, 255 - alpha)
    assert (rgb(shown(window))[:6, :5] == numpy.minimum(255, expected)).all()


@pytest.mark.parametrize("area", [(1, 1, 3, 3), (-2, -1, 5, 4), (2, 3, 9, 9), (-2, -2, 20, 20)])
@pytest.mark.parametrize("flip_x", [False, True])
@pytest.mark.parametrize("flip_y", [False, True])
def test_flipped_areas(display, window, area, flip_x, flip_y):
    """The area is mirrored in itself; what of it lies outside of the image draws and moves
    nothing.
    """
    words = (numpy.arange(30, dtype=numpy.uint32) + 1).reshape(6, 5) | 0xFF000000
    image = display.image(words)
    window.fill(0)
    window.blit(image, (20, 10), area, flip_x=flip_x, flip_y=flip_y)
    big = numpy.zeros((60, 60), numpy.uint32)
    big[20:26, 20:25] = words & 0xFFFFFF
    x, y, w, h = area
    part = big[20 + y:20 + y + h, 20 + x:20 + x + w]
    part = part[::-1 if flip_y else 1, ::-1 if flip_x else 1]
    expected = numpy.zeros((48, 64), numpy.uint32)
    expected[10:10 + h, 20:20 + w] = part
    assert (shown(window) == expected).all()


def test_clip(window):
    assert window.get_clip() == window.clip == (0, 0, 64, 48)
    window.set_clip((10, 10, 5, 5))
    assert window.fill("red") == (10, 10, 5, 5)
    picture = shown(window)
    assert (picture == 0xFF0000).sum() == 25 and picture[10, 10] == 0xFF0000
    window.fill("lime")
    assert (shown(window) == 0x00FF00).sum() == 25, "the clip stays for later frames"
    window.clip = Rect(-5, -5, 7, 7)
    assert window.clip == (0, 0, 2, 2)
    window.clear()
    window.fill("blue")
    assert (shown(window) == 0x0000FF).sum() == 4, "clear() clears all, and the clip stays"
    window.fill("white")
    window.clip = None
    window.fill("red", (0, 0, 1, 1))
    picture = shown(window)
    assert picture[0, 0] == 0xFF0000 and picture[1, 1] == 0xFFFFFF and picture[2, 2] == 0
    window.clip = (500, 0, 5, 5)
    assert not window.fill("red") and not window.get_clip()
    with pytest.raises(TypeError):
        window.set_clip(5)


def test_clear(display):
    window = display.window((8, 8), base=(1, 2, 3))
    window.fill("red")
    window.clear()
    assert (shown(window) == 0x010203).all()
    window.fill("red", (0, 0, 1, 1))
    assert shown(window)[0, 0] == 0xFF0000
    assert shown(window)[0, 0] == 0xFF0000, "without clear() the picture stays"
    window.clear()
    assert (shown(window) == 0x010203).all()
