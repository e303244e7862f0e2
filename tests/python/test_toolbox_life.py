"""Fonts, masks, shapes, parts of images, animations and clocks leave nothing behind, also when they fail."""
from __future__ import annotations

import contextlib
import gc
import sys

import kmsblit
from kmsblit import draw
from test_life import resident_bytes

TURNS = 400
TYPES = (kmsblit.Font, kmsblit.Mask, kmsblit.SubImage, kmsblit.SpriteSheet, kmsblit.Animation, kmsblit.Clock, kmsblit.Rect,
         kmsblit.Image, kmsblit.Transformed)


def fails(function, *arguments, **keywords):
    with contextlib.suppress(Exception):
        function(*arguments, **keywords)
        raise AssertionError("that should have failed")


def write(display, window, font, turn):
    font.render(f"turn {turn % 50}", True, "red", "blue", wrap=20, display=display)
    window.draw_text(font, "text", (1, 2), "white")
    font.size("two\nlines")
    fails(font.render, "x", align="no", display=display)
    fails(window.draw_text, font, 5, (0, 0))
    fails(kmsblit.Font, "/no/font.ttf")
    kmsblit.Font("mono", 9).size("x")


def mask(display, image):
    one, other = kmsblit.Mask.from_image(image), kmsblit.Mask((70, 9), fill=True)
    one.overlap(other, (1, 1)), one.overlap_area(other, offset=(2, 2)), one.overlap_mask(other, (0, 0))
    one.overlap_normal(other, (3, 3)), one.draw(other, (1, 1)), one.erase(one, (4, 4)), one.convolve(other)
    other.outline(), other.get_bounding_rects(), other.connected_components(), other.connected_component((1, 1))
    other.scale((5, 5)), other.copy().to_image(display=display), other.centroid(), other.angle(), other.get_rect()
    fails(one.overlap, other)
    fails(one.get_at, (1000, 0))
    fails(kmsblit.Mask.from_image, 5)
    fails(kmsblit.Mask, (-1, 0))


def shapes(window, memory):
    for target in (window, memory):
        draw.line(target, "red", (0, 0), (30, 20), 3)
        draw.lines(target, "red", True, [(0, 0), (5, 9), (20, 1)])
        draw.polygon(target, (1, 2, 3, 4), [(0, 0), (5, 9), (20, 1)])
        draw.circle(target, 0xFF00FF, (20, 20), 9, 2, draw_top_left=True)
        draw.ellipse(target, "red", (0, 0, 30, 9), 2)
        draw.arc(target, "red", (0, 0, 30, 20), 1, 4, 5)
        draw.rect(target, "red", (0, 0, 30, 20), 2, 5)
        draw.aalines(target, "red", True, [(0, 0), (5.5, 9), (20, 1)])
        fails(draw.polygon, target, "red", [(0, 0), (1, 1), "a"])
        fails(draw.aalines, target, "red", True, [(0, 0), "a"])
        fails(draw.rect, target, "red", "a")


def rects():
    rect = kmsblit.Rect(0, 0, 10, 10)
    rect.collidedict({(1, 2, 3, 4): 5}), rect.collidedictall({1: (1, 2, 3, 4)}, True), rect.clipline(0, 0, 99, 99)
    rect.collideobjects([(1, 2, 3, 4)]), rect.collideobjectsall([1], key=lambda _: (0, 0, 1, 1)), rect.fit((0, 0, 5, 9))
    rect.unionall_ip([(1, 2, 3, 4)]), rect.scale_by_ip(0.5), rect.scale_by(2, 3)
    fails(rect.collidedict, {5: 5})
    fails(rect.collideobjectsall, [5])


def parts(window, image, turn):
    sheet = kmsblit.SpriteSheet(image, (4, 4), margin=1)
    animation = kmsblit.Animation(sheet[0:3], 10)
    window.blit(animation.update(0.1), (0, 0), angle=turn % 360)
    window.blit(sheet[1, 1].rotated(30), (3, 3))
    window.blits([(part, (i, i)) for i, part in enumerate(sheet)])
    clock = kmsblit.Clock(window)
    clock.tick(1000), clock.get_fps(), clock.dt
    image.subsurface(0, 0, 1, 1), image.get_at((0, 0))
    fails(sheet.__getitem__, (9, 9))
    fails(kmsblit.SpriteSheet, image, (100, 100))
    fails(kmsblit.Animation, [])
    fails(image.subsurface, 0, 0, 100, 1)


def test_nothing_is_left(display):
    window, memory = display.window((64, 48)), display.shared_image((40, 40))
    image = display.image(bytes(range(256)) * 4, size=(16, 16))
    font = kmsblit.Font("sans", 12)

    def play(turns):
        for turn in range(turns):
            write(display, window, font, turn)
            mask(display, image)
            shapes(window, memory)
            rects()
            parts(window, image, turn)
            window.flip(wait=turn % 10 == 0)

    play(60)
    display.sync()
    gc.collect()
    resident, blocks = resident_bytes(), sys.getallocatedblocks()
    references = [sys.getrefcount(cls) for cls in TYPES]
    images = display.statistics()["images"]
    play(TURNS)
    display.sync()
    gc.collect()
    assert sys.getallocatedblocks() - blocks < TURNS * 0.9  # what is left in every turn counts as many as these
    assert resident_bytes() - resident < 3 << 20
    assert display.statistics()["images"] <= images + 2
    for cls, count in zip(TYPES, references):
        assert sys.getrefcount(cls) <= count + 5, cls
