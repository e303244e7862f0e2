"""Parts of images, sprite sheets, animations, and the clock."""
from __future__ import annotations

import gc
import itertools
import random
import signal
import time

import kmsblit
import numpy
import pytest
from kmsblit import Animation, Clock, Mask, Rect, SpriteSheet
from pixels import shown

FRAME_NS = 16_666_667


@pytest.fixture
def picture(display):
    """48x32 pixels, all different."""
    y, x = numpy.mgrid[0:32, 0:48].astype(numpy.uint32)
    return display.image(0xFF000000 | (x * 5) << 16 | (y * 7) << 8 | 99)


def drawn(window, *arguments, **keywords):
    window.fill("black")
    rect = window.blit(*arguments, **keywords)
    return rect, shown(window)


def test_a_part_is_drawn_as_the_area(window, picture):
    """In every way that an image can be drawn."""
    part = picture.subsurface(8, 4, 20, 10)
    assert (part.size, part.area, part.image) == ((20, 10), (8, 4, 20, 10), picture)
    assert part.get_rect(topleft=(3, 4)) == (3, 4, 20, 10)
    for options in ({}, {"alpha": 90}, {"tint": "orange", "flip_x": True}, {"angle": 30}, {"scale": (2, 0.5), "flip_y": True},
                    {"angle": 200, "pivot": (3, 4), "smooth": True}):
        rect, pixels = drawn(window, part, (7, 9), **options)
        expected_rect, expected = drawn(window, picture, (7, 9), (8, 4, 20, 10), **options)
        assert rect == expected_rect and (pixels == expected).all(), options
        assert pixels.any()
    window.fill("black")
    assert window.blits([(part, (1, 2)), (picture, (30, 20), (0, 0, 3, 3))])[0] == (1, 2, 20, 10)
    assert shown(window)[2, 1] == drawn(window, picture, (1, 2), (8, 4, 20, 10))[1][2, 1] != 0


def test_area_of_a_part(window, picture):
    """It is cut to the part, as an area is to an image."""
    rng = random.Random(8)
    part = picture.subsurface((8, 4, 20, 10))
    copy = window.display.image(numpy.array([[picture.get_at((x, y))[:3] for x in range(8, 28)] for y in range(4, 14)], dtype="u1"))
    for _ in range(200):
        area = (rng.randint(-9, 25), rng.randint(-9, 15), rng.randint(0, 30), rng.randint(0, 20))
        options = {"flip_x": rng.random() < 0.5, "flip_y": rng.random() < 0.5}
        rect, pixels = drawn(window, part, (15, 12), area, **options)
        expected_rect, expected = drawn(window, copy, (15, 12), area, **options)
        assert (pixels == expected).all(), (area, options)
        assert rect.size == expected_rect.size and (rect == expected_rect or not rect)


def test_a_part_turned_and_scaled(window, picture):
    part = picture.subsurface(8, 4, 20, 10)
    copy = window.display.image(numpy.array([[picture.get_at((x, y))[:3] for x in range(8, 28)] for y in range(4, 14)], dtype="u1"))
    for make in (lambda image: image.rotated(90), lambda image: image.scaled((40, 20)), lambda image: image.rotated(35, 1.5)):
        ours, theirs = make(part), make(copy)
        assert ours.size == theirs.size
        assert (drawn(window, ours, (2, 2))[1] == drawn(window, theirs, (2, 2))[1]).all()


def test_parts_of_canvases_shared_images_and_masks(display, window, picture):
    canvas = display.canvas((20, 20))
    canvas.fill("red")
    canvas.fill("blue", (10, 10, 10, 10))
    assert drawn(window, canvas.subsurface(10, 10, 5, 5), (0, 0))[1][0, 0] == 0x0000FF
    with pytest.raises(ValueError, match="itself"):
        canvas.blit(canvas.subsurface(0, 0, 5, 5), (0, 0))
    alpha = display.image(numpy.array([[0, 255, 255], [0, 0, 255]], dtype="u1"), "a8")
    assert Mask.from_image(alpha.subsurface(1, 0, 2, 2)).count() == 3
    with kmsblit.connect(display_socket(display)) as other:
        with pytest.raises(ValueError, match="another display"):
            window.blit(other.image(b"\0\0\0\0", size=(1, 1)).subsurface(0, 0, 1, 1), (0, 0))


def display_socket(display) -> str:
    return repr(display).split("'")[1]


def test_sprites_of_parts(window, picture):
    group = kmsblit.Group()
    for i in range(3):
        sprite = kmsblit.Sprite(group)
        sprite.image = picture.subsurface(i * 10, 0, 10, 10)
        sprite.rect = sprite.image.get_rect(topleft=(i * 20, 5))
    window.fill("black")
    group.draw(window)
    pixels = shown(window)
    for i in range(3):
        assert pixels[5, i * 20] & 0xFF0000 == (i * 10 * 5) << 16


@pytest.mark.parametrize("wrong", [(-1, 0, 5, 5), (0, 0, 49, 5), (0, 0, 0, 5), (44, 0, 5, 5), (0, 28, 4, 5)])
def test_parts_lie_within(picture, wrong):
    with pytest.raises(ValueError, match="within"):
        picture.subsurface(wrong)


def test_a_part_keeps_the_image(display, window):
    part = display.image(b"\xff\0\0", "RGB", (1, 1)).subsurface(0, 0, 1, 1)
    gc.collect()
    assert drawn(window, part, (0, 0))[1][0, 0] == 0xFF0000
    part.image.close()
    with pytest.raises(kmsblit.Error):
        window.blit(part, (0, 0))


def test_sheets(picture):
    sheet = SpriteSheet(picture, (16, 8))
    assert (sheet.columns, sheet.rows, len(sheet), sheet.size) == (3, 4, 12, (16, 8))
    assert [part.area for part in sheet] == [Rect(x, y, 16, 8) for y in range(0, 32, 8) for x in range(0, 48, 16)]
    assert sheet[5] is sheet[2, 1] is sheet[-7] and sheet[2:4] == (sheet[2], sheet[3])
    assert sheet.image is picture
    for wrong in (12, -13, (3, 0), (0, 4), (-1, 0)):
        with pytest.raises(IndexError):
            sheet[wrong]
    for wrong in ("a", 1.5, (1, 2, 3)):
        with pytest.raises(TypeError):
            sheet[wrong]


def test_margins_and_counts(picture):
    sheet = SpriteSheet(picture, (10, 8), margin=2, spacing=1)
    assert (sheet.columns, sheet.rows) == (4, 3)
    assert sheet[1, 1].area == (13, 11, 10, 8) and sheet[3, 2].area == (35, 20, 10, 8)
    few = SpriteSheet(picture, (16, 16), count=4)
    assert len(few) == 4 and few[0, 1].area == (0, 16, 16, 16)
    with pytest.raises(IndexError):
        few[1, 1]
    for wrong in ({"size": (49, 1)}, {"size": (0, 1)}, {"size": (16, 16), "count": 7}, {"size": (16, 16), "count": 0},
                  {"size": (16, 16), "margin": -1}, {"size": (16, 16), "spacing": -1}):
        with pytest.raises(ValueError):
            SpriteSheet(picture, **wrong)
    with pytest.raises(TypeError):
        SpriteSheet("picture", (1, 1))


def test_pygames_types_are_taken(window, picture):
    """Rects, Vector2s and Colors, by everything here; floats lose their fraction."""
    pygame = pytest.importorskip("pygame")
    vector, color, rect = pygame.Vector2, pygame.Color, pygame.Rect
    font, mask = kmsblit.Font(), Mask(vector(5, 5), fill=True)
    assert window.draw_text(font, "hi", vector(3.7, 4), color("red")).topleft == (3, 4)
    assert font.render("x", True, color("red"), color(0, 0, 255), display=window.display).get_at((0, 0)) == (0, 0, 255, 255)
    assert kmsblit.draw.line(window, color("red"), vector(1, 2), vector(3.9, 4)) == (1, 2, 3, 3)
    assert kmsblit.draw.polygon(window, "red", [vector(0, 0), vector(9, 0), vector(4, 5)]).size == (10, 6)
    assert kmsblit.draw.rect(window, color("red"), rect(1, 2, 3, 4)) == rect(1, 2, 3, 4)
    assert mask.overlap(mask, vector(1, 1)) == (1, 1) and mask.get_at(vector(1, 1)) == 1
    assert picture.subsurface(rect(1, 2, 3, 4)).area == rect(1, 2, 3, 4) and picture.get_at(vector(0, 0))[2] == 99
    assert len(SpriteSheet(picture, vector(24, 16))) == 4
    assert Rect(0, 0, 9, 9).clipline(vector(0, 0), vector(20, 20)) == ((0, 0), (8, 8))


def test_animations():
    animation = Animation("abcd", fps=4)
    assert [animation.at(i / 4) for i in range(9)] == list("abcdabcda")
    assert [animation.update(0.25) for _ in range(5)] == list("bcdab")
    assert (animation.image, animation.index, animation.time) == ("b", 1, 1.25)
    assert (animation.duration, animation.finished, len(animation), animation.frames) == (1.0, False, 4, tuple("abcd"))
    assert animation.at(-0.25) == "d" and animation.at(1e9) == "a"
    animation.time = 0.5
    assert animation.image == "c"
    animation.restart()
    assert animation.image == "a"
    once = Animation([1, 2, 3], 10, loop=False)
    assert [once.update(0.1) for _ in range(2)] == [2, 3] and not once.finished
    assert once.update(0.1) == 3 and once.finished and once.update(100) == 3 and once.at(-5) == 1
    # Thirds of a second that do not add up exactly are still frame by frame.
    thirds = Animation(range(30), fps=30)
    assert [thirds.update(1 / 30) for _ in range(29)] == list(range(1, 30))
    for wrong in ((), ([],), ([1], 0), ([1], -1), ([1], float("nan")), ([1], float("inf"))):
        with pytest.raises((ValueError, TypeError)):
            Animation(*wrong)
    with pytest.raises(TypeError):
        animation.update("a")
    with pytest.raises(ValueError):
        animation.update(float("nan"))


def test_clock():
    """Nothing is said about how long anything may take."""
    clock = Clock()
    assert clock.get_fps() == 0 == clock.get_time() == clock.dt
    before = time.monotonic()
    for _ in range(12):
        passed = clock.tick(200)
        assert passed == clock.get_time() >= 5 and abs(clock.dt * 1000 - passed) <= 0.5
        assert 0 <= clock.get_rawtime() <= passed
    assert time.monotonic() - before >= 12 * 0.005
    assert 0 < clock.get_fps() <= 200
    assert clock.tick() >= 0 and clock.tick_busy_loop(1000) >= 1
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(ValueError):
            clock.tick(wrong)
    with pytest.raises(TypeError):
        Clock(3)


def test_clock_goes_by_frames(start):
    """A virtual display shows frames when the test says: time between ticks is that between frames."""
    daemon = start("--output", "headless:64x48@60", "--clock", "virtual")
    with daemon.connect() as display:
        window = display.window((8, 8))
        clock, steps = Clock(window), itertools.cycle((1, 2, 1, 3))
        serial, shown_at = 0, []
        for i in range(15):
            window.fill((i, 0, 0))
            serial = window.commit()
            for _ in range(next(steps)):
                display.step(FRAME_NS)
            answer = window.wait(serial)
            shown_at.append(answer.time_ns)
            clock.tick()
            if i > 0:
                assert round(clock.dt * 1e9) == shown_at[-1] - shown_at[-2] > 0
                assert clock.get_time() == round((shown_at[-1] - shown_at[-2]) / 1e6)
        assert clock.get_fps() == pytest.approx(9e9 / (shown_at[-1] - shown_at[-10]))
        window.close()
        assert clock.tick() >= 0


def test_clock_can_be_interrupted():
    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Stop):
            Clock().tick(0.01)  # 100 seconds
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
