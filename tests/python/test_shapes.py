"""kmsblit.draw: the same pixels as pygame.draw where that is claimed, and what else can be said."""
from __future__ import annotations

import inspect
import math
import os
import random

import kmsblit
import numpy
import pytest
from kmsblit import draw
from pixels import shown

pygame = pytest.importorskip("pygame")

SEED = int(os.environ.get("KMSBLIT_SEED", "30"))
SIZE = 120


class Pair:
    """A shared image and a Surface that the same is drawn into."""

    def __init__(self, display):
        self.ours = display.shared_image((SIZE, SIZE), "xrgb8888")
        self.theirs = pygame.Surface((SIZE, SIZE), 0, 32)
        self.pixels = numpy.asarray(self.ours)

    def both(self, name, *arguments, **keywords):
        """Draws both; returns whether pixels and rectangles are the same."""
        self.pixels[:] = 0
        self.theirs.fill(0)
        color = (10, 200, 30)
        rect = getattr(draw, name)(self.ours, color, *arguments, **keywords)
        expected = getattr(pygame.draw, name)(self.theirs, color, *arguments, **keywords)
        theirs = pygame.surfarray.array2d(self.theirs).T & 0xFFFFFF
        self.differ = int(((self.pixels & 0xFFFFFF) != theirs).sum())
        return self.differ == 0 and rect == expected


@pytest.fixture
def pair(display):
    return Pair(display)


def rng_of(test: int) -> random.Random:
    print(f"KMSBLIT_SEED={SEED}")
    return random.Random(SEED * 1000 + test)


def point(rng: random.Random, margin: int = 0) -> tuple[int, int]:
    return rng.randrange(margin, SIZE - margin), rng.randrange(margin, SIZE - margin)


def box(rng: random.Random, least: int = 1) -> tuple[int, int, int, int]:
    x, y = rng.randrange(SIZE - least), rng.randrange(SIZE - least)
    return x, y, rng.randint(least, SIZE - x), rng.randint(least, SIZE - y)


def test_lines(pair):
    rng = rng_of(1)
    for _ in range(1500):
        start, end = point(rng), point(rng)
        assert pair.both("line", start, end), (start, end)
    for _ in range(1500):
        width = rng.randint(2, 15)
        start, end = point(rng, 8), point(rng, 8)
        assert pair.both("line", start, end, width), (start, end, width)
        points = [point(rng, 8) for _ in range(rng.randint(2, 6))]
        closed = rng.random() < 0.5
        assert pair.both("lines", closed, points, width), (closed, points, width)
    assert pair.both("line", (5, 6), (50, 6), 0)


def test_polygons(pair):
    rng = rng_of(2)
    for i in range(2500):
        # With few heights and columns many edges are level, upright or the same.
        most = rng.choice((4, 12, SIZE))
        points = [(rng.randrange(most), rng.randrange(most)) for _ in range(rng.randint(3, 9))]
        assert pair.both("polygon", points), points
    points = [point(rng, 8) for _ in range(5)]
    assert pair.both("polygon", points, 3)


def test_circles(pair):
    for radius in range(1, 59):
        assert pair.both("circle", (60, 60), radius), radius
        assert pair.both("circle", (60, 60), radius, 1), radius
        assert pair.both("circle", (60, 60), radius, radius + 1), radius
        for width in range(2, radius):
            assert pair.both("circle", (60, 60), radius, width), (radius, width)
    for nothing in ((60, 60), 0), ((60, 60), 5, -1):
        assert pair.both("circle", *nothing)


def test_quarters(display):
    image = display.shared_image((SIZE, SIZE))
    pixels = numpy.asarray(image)
    names = ("draw_top_right", "draw_top_left", "draw_bottom_left", "draw_bottom_right")
    for radius in (1, 7, 30):
        for width in (0, 1, 5):
            draw.circle(image, "white", (60, 60), radius, width)
            whole = pixels.copy()
            joined = numpy.zeros_like(whole)
            for i, name in enumerate(names):
                pixels[:] = 0
                draw.circle(image, "white", (60, 60), radius, width, **{name: True})
                part = (slice(0, 60) if "top" in name else slice(60, None),
                        slice(60, None) if "right" in name else slice(0, 60))
                assert (pixels != 0).sum() == (pixels[part] != 0).sum() > 0
                if width < 2:
                    assert (pixels[part] == whole[part]).all(), (radius, width, name)
                joined |= pixels
            assert abs(int((joined != 0).sum()) - int((whole != 0).sum())) <= radius * 4
            pixels[:] = 0


def test_ellipses(pair):
    rng = rng_of(3)
    for _ in range(1500):
        rect = box(rng)
        assert pair.both("ellipse", rect), rect
        width = rng.randint(0, 20)
        assert pair.both("ellipse", rect, width), (rect, width)


def test_rectangles(pair):
    rng = rng_of(4)
    for _ in range(1500):
        rect, width = box(rng), rng.randint(0, 9)
        assert pair.both("rect", rect), rect
        assert pair.both("rect", rect, width), (rect, width)
        radius = rng.randint(0, 40)
        assert pair.both("rect", rect, 0, radius), (rect, radius)
        radii = [rng.randint(1, 40) for _ in range(4)]
        assert pair.both("rect", rect, 0, -1, *radii) or pair.differ <= 6, (rect, radii)


def test_thin_arcs(pair):
    rng = rng_of(5)
    for _ in range(1500):
        rect = box(rng, 4)
        start, stop = rng.uniform(-7, 7), rng.uniform(-7, 7)
        stop = min(max(stop, start - 6), start + 6.2)
        assert pair.both("arc", rect, start, stop), (rect, start, stop)


def covered(display, name, *arguments, **keywords) -> numpy.ndarray:
    image = display.shared_image((SIZE, SIZE))
    getattr(draw, name)(image, "white", *arguments, **keywords)
    return numpy.asarray(image) != 0


def test_wide_arcs_have_no_holes(display):
    """pygame's have: here it is the ring's sector, to about a pixel."""
    y, x = numpy.mgrid[0:SIZE, 0:SIZE]
    angle = numpy.arctan2(60 - y, x - 60) % (2 * math.pi)
    distance = numpy.hypot(x - 60, y - 60)
    for start, stop in ((0.3, 1.2), (0, 2 * math.pi), (1, 4), (2, 1)):
        drawn = covered(display, "arc", (10, 10, 100, 100), start, stop, 12)
        end = stop if stop > start else stop + 2 * math.pi
        inside = ((angle > start + 0.05) & (angle < end - 0.05)) | (angle + 2 * math.pi < end - 0.05)
        outside = (angle < start - 0.05) & (angle + 2 * math.pi > end + 0.05) | (angle > end + 0.05)
        ring = (distance > 41) & (distance < 48)
        assert drawn[ring & inside].all(), (start, stop)
        assert not drawn[outside].any(), (start, stop)
        assert not drawn[(distance > 51.5) | (distance < 37)].any()


def test_round_frames(display):
    """What lies within the rounded rectangle and not within the smaller one in it; pygame's corners have holes."""
    for rect, width, radius in (((10, 10, 60, 40), 4, 15), ((5, 5, 80, 80), 3, 3), ((20, 20, 30, 50), 9, 20)):
        drawn = covered(display, "rect", rect, width, radius)
        full = covered(display, "rect", rect, 0, radius)
        x, y, w, h = rect
        inner = covered(display, "rect", (x + width, y + width, w - 2 * width, h - 2 * width), 0, max(radius - width, 0))
        assert (drawn ^ (full & ~inner)).sum() <= 8
    assert (covered(display, "rect", (10, 10, 20, 20), 10, 5) == covered(display, "rect", (10, 10, 20, 20), 0, 5)).all()


def test_smooth_lines(display):
    image = display.shared_image((SIZE, SIZE), "xrgb8888")
    pixels = numpy.asarray(image)
    rng = rng_of(6)
    for _ in range(300):
        start, end = point(rng, 2), point(rng, 2)
        pixels[:] = 0
        rect = draw.aaline(image, "white", start, end)
        grey = pixels & 255
        assert grey[start[1], start[0]] == grey[end[1], end[0]] == 255
        # Each step along the line gets as much as one pixel.
        steps = max(abs(start[0] - end[0]), abs(start[1] - end[1])) + 1
        assert abs(int(grey.sum()) - 255 * steps) <= 2 * steps
        assert rect.contains(min(start[0], end[0]), min(start[1], end[1]), 1, 1)
    pixels[:] = 0xFF0000
    draw.aaline(image, "blue", (10.5, 10), (10.5, 20))
    assert abs((pixels[15, 10] & 255) - 128) <= 1 and abs((pixels[15, 10] >> 16 & 255) - 128) <= 1
    pixels[:] = 0
    draw.aalines(image, "white", True, [(5, 5), (50, 5), (50, 40)])
    assert pixels[5, 30] & 255 == pixels[20, 50] & 255 == 255 and (pixels & 255)[5:40, 5:50].any(axis=1).all()


@pytest.mark.parametrize("form", ["argb8888", "argb8888_premultiplied", "abgr8888", "abgr8888_premultiplied", "xbgr8888"])
def test_formats(display, window, form):
    image = display.shared_image((8, 8), form)
    draw.rect(image, (200, 100, 50, 128 if "a" in form[:2] else 255), (0, 0, 8, 8))
    red, green, blue, alpha = image.get_at((3, 3))
    assert abs(red - 200) <= 1 and abs(green - 100) <= 1 and abs(blue - 50) <= 1
    assert alpha == (255 if form.startswith("x") else 128)
    draw.aaline(image, (0, 0, 255), (0.5, 0), (0.5, 8))
    red, green, blue, alpha = image.get_at((0, 4))
    assert blue > red and alpha > 127


def test_frames_and_memory_agree(display):
    """A window's and a canvas's pixels are a shared image's."""
    window, canvas, image = display.window((SIZE, SIZE)), display.canvas((SIZE, SIZE)), display.shared_image((SIZE, SIZE), "xrgb8888")
    rng = rng_of(7)
    for _ in range(60):
        image.pixels.cast("B")[:] = bytes(SIZE * SIZE * 4)
        window.fill("black")
        canvas.fill("black")
        for _ in range(5):
            color = tuple(rng.randrange(256) for _ in range(3))
            name, arguments = rng.choice((
                ("line", (point(rng), point(rng), rng.randint(1, 9))), ("circle", (point(rng), rng.randint(1, 70), rng.randint(0, 9))),
                ("ellipse", (box(rng), rng.randint(0, 9))), ("polygon", ([point(rng) for _ in range(5)],)),
                ("rect", (box(rng), rng.randint(0, 9), rng.randint(0, 30))), ("arc", (box(rng), 1, 5, rng.randint(1, 9))),
                ("lines", (True, [point(rng) for _ in range(5)], 2))))
            rects = [getattr(draw, name)(target, color, *arguments) for target in (window, canvas, image)]
            assert rects[0] == rects[1] == rects[2]
        picture = shown(window)
        assert (picture == (numpy.asarray(image) & 0xFFFFFF)).all()
        window.blit(canvas, (0, 0))
        assert (shown(window) == picture).all()


def test_clip(display, window):
    window.fill("black")
    window.set_clip((10, 10, 20, 20))
    assert draw.circle(window, "red", (20, 20), 100) == (10, 10, 20, 20)
    assert draw.line(window, "red", (0, 0), (5, 5)) == (0, 0, 0, 0)
    picture = shown(window)
    assert (picture != 0).sum() == 400 and picture[10, 10] == 0xFF0000


def test_alpha(display, window):
    canvas = display.canvas((10, 10))
    draw.rect(canvas, (255, 0, 0, 128), (0, 0, 5, 10))
    window.fill("white")
    window.blit(canvas, (0, 0))
    draw.rect(window, (0, 0, 255, 0), (8, 8, 1, 1))  # a window has no alpha
    picture = shown(window)
    assert picture[0, 6] == 0xFFFFFF and abs(int(picture[0, 0] & 255) - 127) <= 1 and picture[8, 8] == 255


def test_few_commands(display, window):
    """As many fills as stretches, those that are equal below each other as one."""
    for shape, most in (((draw.circle, (20, 20), 18), 40), ((draw.rect, (2, 2, 30, 30)), 1), ((draw.rect, (2, 2, 30, 30), 3), 4),
                        ((draw.line, (0, 0), (40, 0), 5), 1)):
        window.fill("black")
        before = window.statistics()["commands"]
        shape[0](window, "red", *shape[1:])
        window.flip(wait=True)
        assert window.statistics()["commands"] - before <= most + 1


def test_names_are_pygames():
    for name in draw.__all__:
        ours = inspect.signature(getattr(draw, name))
        arguments = getattr(pygame.draw, name).__doc__.split("->")[0].split(name + "(")[1].split(")")[0]
        assert list(ours.parameters)[:3] == [part.split("=")[0].strip() for part in arguments.split(",")][:3], name


def test_wrong_arguments(display, window):
    image = display.image(b"\0\0\0\0", size=(1, 1))
    for call in (lambda: draw.rect(image, "red", (0, 0, 1, 1)), lambda: draw.rect(pygame.Surface((2, 2)), "red", (0, 0, 1, 1)),
                 lambda: draw.line(window, "red", (0, 0), 5), lambda: draw.polygon(window, "red", 5),
                 lambda: draw.rect(window, "red", 7), lambda: draw.arc(window, "red", (0, 0, 5, 5), "a", 2)):
        with pytest.raises(TypeError):
            call()
    for call in (lambda: draw.polygon(window, "red", [(0, 0), (1, 1)]), lambda: draw.lines(window, "red", False, [(0, 0)]),
                 lambda: draw.rect(window, "no colour", (0, 0, 1, 1)), lambda: draw.circle(window, "red", (0, 0), 10**6),
                 lambda: draw.line(window, "red", (0, 0), (2**31 - 1, 0)), lambda: draw.aalines(window, "red", True, [(0, 0)]),
                 lambda: draw.arc(window, "red", (0, 0, 5, 5), float("nan"), 2), lambda: draw.aaline(window, "red", (0, 0), (1e9, 0))):
        with pytest.raises(ValueError):
            call()
    window.close()
    with pytest.raises(kmsblit.Error):
        draw.rect(window, "red", (0, 0, 1, 1))
