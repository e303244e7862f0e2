"""Each operation alone through the whole system (package, library, socket, daemon, screenshot): the
model's pixels to the bit, and pygame's within the limits that docs/pixels.md gives reasons for.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pygame
import pytest

import model
import pygame_oracle as oracle
import system
from model import Pixels, Rect
from samples import COLORS, assert_close, premultiplied, random_color, random_pixels
from system import FLAGS, Board, Sprite, sprite

import kmsblit

WIDTH, HEIGHT = 133, 97
ROUNDS = 8

BLENDS = pytest.mark.parametrize("blend", model.BLENDS)
KINDS = pytest.mark.parametrize("kind", model.KINDS)

# Most levels of difference from pygame: see docs/pixels.md.
MULTIPLY = 2
OVER = 1
OVER_WITH_ALPHA = 2


def allowed(blend: str) -> int:
    """How many levels pygame may be away."""
    if blend in ("over", "premultiplied"):
        return OVER
    return MULTIPLY if blend.endswith("mult") else 0


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kmsblit.Display]:
    """A daemon whose clock these tests step."""
    folder = tmp_path_factory.mktemp("daemon")
    with (system.Daemon(folder, "--output", "headless:150x110@60", "--clock", "virtual") as daemon,
          daemon.connect() as connected):
        yield connected


@pytest.fixture
def board(display: kmsblit.Display) -> Iterator[Board]:
    """A window larger than a tile, with odd sides."""
    made = Board(display, WIDTH, HEIGHT)
    with made.window:
        yield made


def cover(board: Board, rng: np.random.Generator) -> Pixels:
    """The window's picture becomes a random one, which is returned."""
    board.set_clip(None)
    pixels = random_pixels(rng, HEIGHT, WIDTH, alpha=255)
    board.blit(sprite(board.display, pixels, "opaque"), blend="replace")
    shown = board.shown()
    assert_close(shown, pixels)
    return pixels


def between(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return int(rng.integers(low, high + 1))


def random_sprite(board: Board, rng: np.random.Generator, kind: str) -> Sprite:
    """An image of random size; colours of premultiplied ones may be above their alpha."""
    width, height = between(rng, 1, 90), between(rng, 1, 90)
    return sprite(board.display, random_pixels(rng, height, width), kind)


def random_area(rng: np.random.Generator, width: int, height: int) -> Rect:
    """A rectangle that may lie anywhere about something of this size."""
    x, y = between(rng, -20, width + 5), between(rng, -20, height + 5)
    return x, y, between(rng, 0, width + 30), between(rng, 0, height + 30)


def about(rng: np.random.Generator) -> tuple[int, int]:
    """A position in the window or outside of it."""
    return between(rng, -100, WIDTH + 10), between(rng, -100, HEIGHT + 10)


# ---- Against the model: equal ----


@KINDS
@BLENDS
def test_blit(board: Board, rng: np.random.Generator, blend: str, kind: str) -> None:
    """All of an image, in the middle of the window, over its borders and beyond them."""
    for _ in range(ROUNDS):
        cover(board, rng)
        board.blit(random_sprite(board, rng, kind), *about(rng), blend=blend)
        assert_close(board.shown(), board.want)


@KINDS
@BLENDS
def test_blit_with_everything(board: Board, rng: np.random.Generator, blend: str,
                              kind: str) -> None:
    """Alpha, tint, flips, a source rectangle partly outside, and a clip, at once."""
    for _ in range(ROUNDS):
        cover(board, rng)
        source = random_sprite(board, rng, kind)
        more: dict[str, Any] = {}
        if rng.random() < 0.7:
            more["alpha"] = int(rng.choice([0, 1, 127, 128, 254, 255, between(rng, 0, 255)]))
        if rng.random() < 0.7:
            more["tint"] = random_color(rng) | 0xFF000000
        if rng.random() < 0.7:
            more["flip_x"], more["flip_y"] = bool(rng.random() < 0.6), bool(rng.random() < 0.6)
        if rng.random() < 0.5:
            board.set_clip(random_area(rng, WIDTH, HEIGHT))
        area = None
        if rng.random() < 0.7:
            area = random_area(rng, source.pixels.shape[1], source.pixels.shape[0])
        board.blit(source, *about(rng), area, blend, **more)
        assert_close(board.shown(), board.want)


@BLENDS
def test_fill(board: Board, rng: np.random.Generator, blend: str) -> None:
    for number in range(ROUNDS):
        cover(board, rng)
        if number % 3 == 0:
            board.set_clip(random_area(rng, WIDTH, HEIGHT))
        rect = random_area(rng, WIDTH, HEIGHT) if number % 4 else None
        board.fill(random_color(rng), rect, blend)
        assert_close(board.shown(), board.want)


@pytest.mark.parametrize("far", [2**31 - 1, -2**31 + 1, 2**31 - 50, 32768, -32769])
def test_positions_far_outside(board: Board, rng: np.random.Generator, far: int) -> None:
    """Sums beyond 32 bits neither draw nor wrap around."""
    cover(board, rng)
    source = random_sprite(board, rng, "straight")
    for x, y in ((far, 10), (10, far), (far, far)):
        board.blit(source, x, y)
        board.blit(source, x, y, (-10, -10, 300, 300), flip_x=True)
        board.blit(source, 10, 10, (x, y, 50, 50))
        board.fill(0xFF123456, (x, y, 100, 100))
    assert_close(board.shown(), board.want)


@KINDS
def test_large_images(board: Board, rng: np.random.Generator, kind: str) -> None:
    """Images that are larger than the window, sampled from their far corners."""
    source = sprite(board.display, random_pixels(rng, 700, 900), kind)
    for _ in range(4):
        cover(board, rng)
        x, y = between(rng, -900, 0), between(rng, -700, 0)
        board.blit(source, x, y, alpha=between(rng, 0, 255), flip_x=bool(rng.random() < 0.5))
        board.blit(source, 60, 40, (between(rng, 700, 890), between(rng, 500, 690), 400, 400))
        assert_close(board.shown(), board.want)


def test_ten_thousand_blits(board: Board, rng: np.random.Generator) -> None:
    """One call, one frame: before its refresh nothing of it is seen, then all of it."""
    before = cover(board, rng)
    sprites = [sprite(board.display, random_pixels(rng, between(rng, 1, 40), between(rng, 1, 40)),
                      str(rng.choice(model.KINDS))) for _ in range(20)]
    items: list[tuple[Any, ...]] = []
    for _ in range(10_000):
        source = sprites[between(rng, 0, 19)]
        blend = "over" if rng.random() < 0.6 else str(rng.choice(model.BLENDS))
        area = random_area(rng, 40, 40) if rng.random() < 0.3 else None
        x, y = between(rng, -40, WIDTH), between(rng, -40, HEIGHT)
        items.append((source.image, (x, y), area, FLAGS[blend]))
        model.blit(board.want, source.pixels, source.kind, area, x, y, blend)
    board.window.blits(items, False)
    serial = board.window.commit()
    board.display.sync()
    board.display.step(0)
    assert_close(system.pixels_of(board.window.screenshot()), before)
    board.display.step(board.display.outputs[0].refresh_ns)
    answer = board.window.wait(serial)
    assert answer is not None and answer.serial == serial
    assert_close(system.pixels_of(board.window.screenshot()), board.want)


# ---- Against pygame: within the limits of docs/pixels.md ----


def random_spot(rng: np.random.Generator) -> dict[str, Any]:
    """Where to draw, in the arguments that both blits have: dest, area."""
    return {"dest": about(rng), "area": random_area(rng, 50, 50) if rng.random() < 0.5 else None}


@pytest.mark.parametrize("kind", ["straight", "opaque"])
@pytest.mark.parametrize("blend", oracle.FLAGS)
def test_pygame_blit(board: Board, rng: np.random.Generator, blend: str, kind: str) -> None:
    """The same call on both: image made of the surface, position, area, clip, flags."""
    for number in range(ROUNDS):
        screen = oracle.surface(cover(board, rng), False)
        pixels = random_pixels(rng, between(rng, 1, 90), between(rng, 1, 90))
        surface = oracle.surface(premultiplied(pixels) if blend == "premultiplied" else pixels,
                                 kind == "straight")
        where = random_spot(rng)
        clip = random_area(rng, WIDTH, HEIGHT) if number % 2 else None
        board.window.set_clip(clip)
        screen.set_clip(clip)
        drawn = board.window.blit(board.display.image(surface), **where,
                                  special_flags=oracle.FLAGS[blend])
        expected = screen.blit(surface, **where, special_flags=oracle.FLAGS[blend])
        assert drawn.size == expected.size and (not drawn or drawn == expected)
        assert_close(board.shown(), oracle.pixels_of(screen), allowed(blend), COLORS)


@pytest.mark.parametrize("kind", ["straight", "opaque"])
def test_pygame_surface_alpha(board: Board, rng: np.random.Generator, kind: str) -> None:
    """Our alpha argument, and an image made of a surface that has an alpha."""
    for alpha in (0, 1, 2, 64, 100, 127, 128, 200, 253, 254, 255):
        for from_surface in (False, True):
            screen = oracle.surface(cover(board, rng), False)
            surface = oracle.surface(random_pixels(rng, 60, 70), kind == "straight")
            where = random_spot(rng)
            plain = board.display.image(surface)
            surface.set_alpha(alpha)
            if from_surface:
                board.window.blit(board.display.image(surface), **where)
            else:
                board.window.blit(plain, **where, alpha=alpha)
            screen.blit(surface, **where)
            assert_close(board.shown(), oracle.pixels_of(screen), OVER_WITH_ALPHA, COLORS)


def test_pygame_color_key(board: Board, rng: np.random.Generator) -> None:
    screen = oracle.surface(cover(board, rng), False)
    pixels = random_pixels(rng, 60, 70, alpha=0)
    pixels[rng.random((60, 70)) < 0.5, :3] = 77, 88, 99
    surface = oracle.surface(pixels, False)
    surface.set_colorkey((99, 88, 77))
    board.window.blit(board.display.image(surface), (20, 10))
    screen.blit(surface, (20, 10))
    assert_close(board.shown(), oracle.pixels_of(screen), 0, COLORS)


@pytest.mark.parametrize("flip_x, flip_y", [(True, False), (False, True), (True, True)])
def test_pygame_flip(board: Board, rng: np.random.Generator, flip_x: bool, flip_y: bool) -> None:
    """pygame flips a copy first; ours mirrors the source rectangle in itself."""
    for blend in ("over", "add", "sub"):
        screen = oracle.surface(cover(board, rng), False)
        surface = oracle.surface(random_pixels(rng, 60, 70), True)
        image = board.display.image(surface)
        area = (between(rng, 0, 30), between(rng, 0, 30), between(rng, 1, 30), between(rng, 1, 30))
        for part, dest in (((0, 0, 70, 60), about(rng)), (area, (40, 30))):
            mirrored = pygame.transform.flip(surface.subsurface(part), flip_x, flip_y)
            # one over the other would add up two differences
            if part == area:
                screen.blit(mirrored, dest, None, oracle.FLAGS["max"])
                board.window.blit(image, dest, part, oracle.FLAGS["max"], flip_x=flip_x,
                                  flip_y=flip_y)
            else:
                screen.blit(mirrored, dest, None, oracle.FLAGS[blend])
                board.window.blit(image, dest, None, oracle.FLAGS[blend], flip_x=flip_x,
                                  flip_y=flip_y)
        assert_close(board.shown(), oracle.pixels_of(screen), allowed(blend), COLORS)


@pytest.mark.parametrize("blend", [blend for blend in oracle.FLAGS
                                   if blend not in ("over", "premultiplied")] + ["replace"])
def test_pygame_fill(board: Board, rng: np.random.Generator, blend: str) -> None:
    """Rectangles begin in the surface: pygame moves those that do not (docs/pixels.md)."""
    flags = oracle.FLAGS.get(blend, 0)
    for number in range(ROUNDS):
        screen = oracle.surface(cover(board, rng), False)
        color = oracle.color_of(random_color(rng))
        rect = (between(rng, 0, WIDTH), between(rng, 0, HEIGHT), between(rng, 1, WIDTH),
                between(rng, 1, HEIGHT)) if number % 4 else None
        board.window.fill(color, rect, flags)
        screen.fill(color, rect, flags)
        assert_close(board.shown(), oracle.pixels_of(screen), allowed(blend), COLORS)


def test_pygame_ten_thousand_blits(board: Board, rng: np.random.Generator) -> None:
    """Blends that are equal one by one are equal after ten thousand."""
    screen = oracle.surface(cover(board, rng), False)
    surfaces = [oracle.surface(random_pixels(rng, between(rng, 1, 40), between(rng, 1, 40)), False)
                for _ in range(20)]
    images = [board.display.image(surface) for surface in surfaces]
    flags = [0] + [oracle.FLAGS[blend] for blend in oracle.FLAGS if allowed(blend) == 0]
    plan = [(between(rng, 0, 19), about(rng), random_area(rng, 40, 40), int(rng.choice(flags)))
            for _ in range(10_000)]
    ours = board.window.blits([(images[i], *rest) for i, *rest in plan])
    theirs = screen.blits([(surfaces[i], *rest) for i, *rest in plan])
    assert [rect.size for rect in ours] == [rect.size for rect in theirs]
    assert_close(board.shown(), oracle.pixels_of(screen), 0, COLORS)
