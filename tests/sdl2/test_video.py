"""What programs draw in software comes to the display, pixel by pixel, and no more of it than changed."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import Daemon
from game import PAINTER, Game, Picture, expect, python_game, shown, solid

WIDTH, HEIGHT = 320, 240
FULLSCREEN, FULLSCREEN_DESKTOP, OPENGL, VULKAN, HIDDEN = 0x1, 0x1001, 0x2, 0x10000000, 0x8
ACCELERATED, VSYNC, SOFTWARE = 2, 4, 1
ARGB8888, ABGR8888, RGB565, RGB888 = 0x16362004, 0x16762004, 0x15151002, 0x16161804


@pytest.fixture
def painter(daemon: Daemon, tmp_path: Path) -> Iterator[Game]:
    """painter.c on a display of 320x240."""
    with Game(daemon.socket, PAINTER, stats=tmp_path / "stats.json") as game:
        assert game.read() == "ok"
        yield game


@pytest.fixture
def display(daemon: Daemon) -> Any:
    """A connection for looking."""
    return daemon.connect("looks")


def gradient(width: int, height: int) -> Picture:
    """What painter.c draws into textures."""
    y, x = np.mgrid[0:height, 0:width].astype(np.uint32)
    return ((x * 7 & 255) << 16 | (y * 5 & 255) << 8 | (x + y & 255)).astype(np.uint32)


# ---- Window surfaces ------------------------------------------------------------------------

def test_surface(painter: Game, display: Any) -> None:
    """A surface as it is, and again after a change at its edge, which no whole tile covers."""
    painter.tell("window 320 240 0", "fill 0 0 320 240 0x102030", "fill 10 20 30 40 0xff8000", "update")
    wanted = solid(WIDTH, HEIGHT, 0x102030)
    wanted[20:60, 10:40] = 0xFF8000
    expect(display, wanted)
    painter.tell("fill 319 239 1 1 0xabcdef", "update")
    wanted[239, 319] = 0xABCDEF
    expect(display, wanted)
    assert painter.end() == 0
    stats = painter.stats()
    assert (stats["presents"], stats["frames"], stats["tiles_sent"]) == (2, 2, 80 + 1)


def test_only_the_rectangles_passed(painter: Game, display: Any) -> None:
    """What was drawn outside of them is not shown, not even in the same tile."""
    painter.tell("window 320 240 0", "fill 0 0 320 240 0", "update")
    expect(display, solid(WIDTH, HEIGHT, 0))
    painter.tell("fill 0 0 320 240 0xffffff", "rects 33 34 5 6 64 0 64 32 -10 230 20 100 400 0 10 10")
    wanted = solid(WIDTH, HEIGHT, 0)
    wanted[34:40, 33:38] = wanted[0:32, 64:128] = wanted[230:, 0:10] = 0xFFFFFF
    expect(display, wanted)
    painter.tell("update")
    expect(display, solid(WIDTH, HEIGHT, 0xFFFFFF))
    assert painter.end() == 0


def test_every_odd_rectangle(painter: Game, display: Any) -> None:
    """Rectangles at random places and of random sizes, against the same copied in numpy."""
    random = np.random.default_rng(8)
    picture, wanted = solid(WIDTH, HEIGHT, 0), solid(WIDTH, HEIGHT, 0)
    painter.tell("window 320 240 0", "fill 0 0 320 240 0", "update")
    for _ in range(200):
        x, y = int(random.integers(0, WIDTH)), int(random.integers(0, HEIGHT))
        w, h = int(random.integers(1, 80)), int(random.integers(1, 80))
        color = int(random.integers(0, 1 << 24))
        picture[y:y + h, x:x + w] = color
        painter.tell(f"fill {x} {y} {w} {h} {color}")
        x, y = x - int(random.integers(0, 9)), y - int(random.integers(0, 9))
        top, left = max(y, 0), max(x, 0)
        wanted[top:max(y + h, 0), left:max(x + w, 0)] = picture[top:max(y + h, 0), left:max(x + w, 0)]
        painter.tell(f"rects {x} {y} {w} {h}")
    expect(display, wanted)
    assert painter.end() == 0


def test_nothing_changed(painter: Game, display: Any) -> None:
    """Then no frame is sent, whatever is presented; one pixel is one tile."""
    painter.tell("window 320 240 0", "fill 0 0 320 240 0x336699", *["update"] * 20, "rects 0 0 320 240 5 5 9 9")
    expect(display, solid(WIDTH, HEIGHT, 0x336699))
    painter.tell("fill 100 100 1 1 0x336698", "update", "update")
    assert painter.end() == 0
    stats = painter.stats()
    assert (stats["presents"], stats["identical"], stats["frames"]) == (23, 21, 2)
    assert stats["tiles_sent"] == stats["tiles_changed"] == 81
    assert stats["pixels_sent"] == WIDTH * HEIGHT + 32 * 32


def test_resized(painter: Game, display: Any) -> None:
    """A window that gets another size is another picture, scaled to the same display."""
    painter.tell("window 100 100 0", "fill 0 0 100 100 0xff0000", "update", "resize 160 120", "fill 0 0 160 120 0x00ff00",
                 "fill 80 60 80 60 0x0000ff", "update")
    wanted = solid(WIDTH, HEIGHT, 0x00FF00)
    wanted[120:, 160:] = 0x0000FF
    expect(display, wanted)
    assert painter.end() == 0


def test_one_window_after_the_other(painter: Game, display: Any) -> None:
    """As when a game chooses a mode again, or sets SDL up again."""
    painter.tell("window 64 48 0", "fill 0 0 64 48 0xff", "update", "destroy", "window 320 240 0",
                 "fill 0 0 320 240 0xff00ff", "update")
    expect(display, solid(WIDTH, HEIGHT, 0xFF00FF))
    painter.tell("restart", "window 320 240 0", "fill 0 0 320 240 0x00ffff", "update")
    expect(display, solid(WIDTH, HEIGHT, 0x00FFFF))
    assert painter.end() == 0


def test_hidden(painter: Game, display: Any) -> None:
    """A hidden window is not shown, and what it presents meanwhile is not lost."""
    painter.tell("window 320 240 0", "fill 0 0 320 240 0x111111", "update")
    expect(display, solid(WIDTH, HEIGHT, 0x111111))
    painter.tell("hide", "fill 0 0 320 240 0x222222", "update")
    expect(display, solid(WIDTH, HEIGHT, 0))
    painter.tell("show", "update")
    expect(display, solid(WIDTH, HEIGHT, 0x222222))
    assert painter.end() == 0


# ---- Renderers ------------------------------------------------------------------------------

@pytest.mark.parametrize("flags", [0, SOFTWARE, ACCELERATED | VSYNC, ACCELERATED])
def test_renderer(painter: Game, display: Any, flags: int) -> None:
    """Every renderer that is asked for is there, and what it draws is shown."""
    painter.tell("window 320 240 0", f"renderer {flags} -1", "clear 0x404040", "rect 10 10 50 60 0xffee00", "present")
    wanted = solid(WIDTH, HEIGHT, 0x404040)
    wanted[10:70, 10:60] = 0xFFEE00
    expect(display, wanted)
    assert painter.tell("info")[0] & (ACCELERATED | VSYNC) == ACCELERATED | VSYNC
    assert painter.end() == 0


@pytest.mark.parametrize("format", [ARGB8888, ABGR8888, RGB888])
def test_texture(painter: Game, display: Any, format: int) -> None:
    """A texture that covers the window, as programs do that draw by themselves; and a part of the window."""
    painter.tell("both 320 240 0", f"texture 320 240 {format}", "clear 0", "copy", "present")
    expect(display, gradient(WIDTH, HEIGHT))
    painter.tell("clear 0", "copy 160 120 320 240", "present")
    wanted = solid(WIDTH, HEIGHT, 0)
    wanted[120:, 160:] = gradient(160, 120)
    expect(display, wanted)
    assert painter.end() == 0


def test_logical_size(painter: Game, display: Any) -> None:
    """A program that draws at a logical size sends no more pixels than that has; the daemon scales."""
    painter.tell(f"window 320 240 {FULLSCREEN_DESKTOP}", "renderer 0 -1", "logical 160 120", "clear 0x101010",
                 "rect 80 60 10 10 0xffffff", "present")
    wanted = solid(WIDTH, HEIGHT, 0x101010)
    wanted[120:140, 160:180] = 0xFFFFFF
    expect(display, wanted)
    assert painter.end() == 0
    assert painter.stats()["pixels_sent"] == 160 * 120


def test_logical_size_of_another_shape(painter: Game, display: Any) -> None:
    """Bars are black."""
    painter.tell(f"window 320 240 {FULLSCREEN_DESKTOP}", "renderer 0 -1", "logical 160 60", "clear 0xff0000", "present")
    wanted = solid(WIDTH, HEIGHT, 0)
    wanted[60:180] = 0xFF0000
    expect(display, wanted)
    assert painter.end() == 0


# ---- What programs are told -----------------------------------------------------------------

def test_full_screen(painter: Game, display: Any) -> None:
    """It is reported; the game keeps its size, or gets the display's if it wants that."""
    painter.tell(f"window 160 120 {FULLSCREEN}", "fill 0 0 160 120 0x00ff00", "update")
    assert painter.tell("size") == [160, 120]
    assert painter.tell("flags")[0] & FULLSCREEN_DESKTOP == FULLSCREEN
    expect(display, solid(WIDTH, HEIGHT, 0x00FF00))
    painter.tell("fullscreen 0")
    assert painter.tell("flags")[0] & FULLSCREEN_DESKTOP == 0
    painter.tell(f"fullscreen {FULLSCREEN_DESKTOP}")
    assert painter.tell("size") == [WIDTH, HEIGHT]
    assert painter.tell("flags")[0] & FULLSCREEN_DESKTOP == FULLSCREEN_DESKTOP
    painter.tell("fullscreen 0")
    assert painter.tell("size") == [160, 120]
    assert painter.end() == 0


def test_modes(start: Callable[..., Daemon]) -> None:
    """The display's own mode is the first; then the usual sizes that it can show, each once, the largest first."""
    daemon = start("--output", "headless:800x600@50")
    with Game(daemon.socket, PAINTER) as painter:
        painter.read()
        modes = [painter.tell(f"mode {i}") for i in range(painter.tell("modes")[0])]
        assert modes[0] == [800, 600, 50]
        assert [640, 480, 50] in modes and [320, 240, 50] in modes
        assert len({tuple(mode) for mode in modes}) == len(modes)
        assert all(w <= 800 and h <= 600 for w, h, _ in modes)
        assert painter.tell("closest 600 450") == [640, 480]
        assert painter.tell("closest 700 500") == [800, 600]
        assert painter.tell("closest 1024 768") == [0, 0]
        assert "range" in painter.refused("mode 99")
        assert painter.end() == 0


def test_grab(painter: Game) -> None:
    """A grab is reported as such."""
    painter.tell("window 320 240 0")
    assert painter.tell("grabbed") == [0, 0]
    assert painter.tell("grab 1", "grabbed") == [1, 1]
    assert painter.tell("grab 0", "grabbed") == [0, 0]
    assert painter.end() == 0


@pytest.mark.parametrize("flag, name", [(OPENGL, "OpenGL"), (VULKAN, "Vulkan")])
def test_refused(painter: Game, flag: int, name: str) -> None:
    """OpenGL is a clear no, that a program can read, and a person too."""
    assert painter.refused(f"window 320 240 {flag}") == f"kmsblit has no {name}"
    assert painter.end() == 0
    assert painter.process.stderr is not None
    said = painter.process.stderr.read().decode()
    assert f"asks for {name}" in said and "could not be shown" in said
    assert painter.stats()["refusals"] == 1


# ---- pygame ---------------------------------------------------------------------------------

def test_pygame(daemon: Daemon, display: Any) -> None:
    """A mode, and another one, as Pygame Zero sets them; flip() and update()."""
    code = """
import pygame
pygame.display.init()
answer(pygame.display.get_driver() == "kmsblit")
screen = pygame.display.set_mode((100, 100))
screen = pygame.display.set_mode((320, 240))
pygame.display.set_caption("a game")
screen.fill((1, 2, 3))
pygame.display.flip()
answer(*screen.get_size()); ask()
screen.fill((255, 0, 0))
pygame.display.update((10, 10, 20, 20))
answer(); ask()
pygame.display.update()
answer(); ask()
"""
    with python_game(daemon.socket, code) as game:
        assert game.read() == "ok True"
        assert game.read() == "ok 320 240"
        wanted = solid(WIDTH, HEIGHT, 0x010203)
        expect(display, wanted)
        game.tell("go on")
        wanted[10:30, 10:30] = 0xFF0000
        expect(display, wanted)
        game.tell("go on")
        expect(display, solid(WIDTH, HEIGHT, 0xFF0000))
        assert game.end("end") == 0


@pytest.mark.parametrize("flags", ["0", "pygame.FULLSCREEN"])
def test_pygame_scaled(daemon: Daemon, display: Any, tmp_path: Path, flags: str) -> None:
    """SCALED goes out at its own size, and pygame has nothing to warn of."""
    code = f"""
import pygame, warnings
warnings.simplefilter("error")
pygame.display.init()
screen = pygame.display.set_mode((160, 120), pygame.SCALED | {flags}, vsync=1)
screen.fill((0, 0, 255))
screen.fill((255, 255, 0), (0, 0, 40, 30))
pygame.display.flip()
answer(int(bool(screen.get_flags() & pygame.FULLSCREEN))); ask()
"""
    with python_game(daemon.socket, code, stats=tmp_path / "stats.json") as game:
        assert game.read() == f"ok {int(flags != '0')}"
        wanted = solid(WIDTH, HEIGHT, 0x0000FF)
        wanted[:60, :80] = 0xFFFF00
        expect(display, wanted)
        assert game.end() == 0
        stats = game.stats()
        assert (stats["width"], stats["height"]) == (160, 120)
        assert stats["pixels_sent"] == stats["frames"] * 160 * 120  # pygame presents a black one first


def test_pygame_depths(daemon: Daemon, display: Any) -> None:
    """Modes of 8 and 16 bits."""
    code = """
import pygame
pygame.display.init()
for depth in 8, 16, 32:
    screen = pygame.display.set_mode((320, 240), 0, depth)
    screen.fill((depth, 0, 255))
    pygame.display.flip()
    answer(); ask()
"""
    with python_game(daemon.socket, code) as game:
        for depth in 8, 16, 32:
            assert game.read() == "ok"
            expect(display, solid(WIDTH, HEIGHT, depth << 16 | 0xFF))
            game.say("go on")
        assert game.process.wait(60) == 0


def test_pygame_full_screen(daemon: Daemon, display: Any) -> None:
    """What games ask of a display, and toggle_fullscreen(), which SDL's dummy driver refuses."""
    code = """
import pygame, warnings
warnings.simplefilter("error")
pygame.display.init()
info = pygame.display.Info()
answer(info.current_w, info.current_h, *pygame.display.get_desktop_sizes()[0])
answer(*pygame.display.set_mode((0, 0)).get_size())
for flags in 0, pygame.SCALED:
    screen = pygame.display.set_mode((160, 120), flags)
    for _ in range(3):
        pygame.display.toggle_fullscreen()
        screen = pygame.display.get_surface()
        answer(*screen.get_size(), int(bool(screen.get_flags() & pygame.FULLSCREEN)))
    screen.fill((0, 90, 0))
    pygame.display.flip()
    answer(); ask()
answer(len(pygame.display.get_wm_info()) > 0)
pygame.display.quit()
pygame.display.init()
pygame.display.set_mode((320, 240)).fill((0, 0, 90))
pygame.display.flip()
if os.fork() == 0:
    pygame.display.flip()
    os._exit(0)
os.wait()
pygame.display.flip()
answer(); ask()
"""
    with python_game(daemon.socket, code) as game:
        assert game.read() == "ok 320 240 320 240"
        assert game.read() == "ok 320 240"
        for _ in range(2):
            assert [game.read() for _ in range(3)] == ["ok 160 120 1", "ok 160 120 0", "ok 160 120 1"]
            assert game.read() == "ok"
            expect(display, solid(WIDTH, HEIGHT, 0x005A00))
            game.say("go on")
        assert game.read() == "ok True"
        assert game.read() == "ok"
        expect(display, solid(WIDTH, HEIGHT, 0x00005A))
        assert game.end() == 0


def test_cursors(daemon: Daemon) -> None:
    """All that pygame can do with cursors, which SDL's dummy driver refuses."""
    code = """
import pygame
pygame.display.init()
screen = pygame.display.set_mode((320, 240))
before = pygame.mouse.set_visible(False), pygame.mouse.get_visible(), pygame.mouse.set_visible(True)
pygame.mouse.set_cursor(*pygame.cursors.tri_left)
pygame.mouse.set_cursor(pygame.SYSTEM_CURSOR_HAND)
pygame.mouse.set_cursor((3, 4), pygame.Surface((16, 16)))
pygame.mouse.set_cursor(*pygame.cursors.arrow)
pygame.display.flip()
answer(*before)
"""
    with python_game(daemon.socket, code) as game:
        assert game.read() == "ok True False False"
        assert game.process.wait(60) == 0


def test_restarted_daemon(start: Callable[..., Daemon], tmp_path: Path) -> None:
    """The game goes on, and what it shows is shown again."""
    daemon = start("--output", "headless:320x240@0")
    with Game(daemon.socket, PAINTER) as painter:
        painter.read()
        painter.tell("window 320 240 0", "fill 0 0 320 240 0x654321", "update")
        expect(daemon.connect(), solid(WIDTH, HEIGHT, 0x654321))
        daemon.stop()
        again = Daemon(Path(daemon.socket).parent, "--output", "headless:320x240@0")
        try:
            # The library finds the new daemon in one call and goes on in the next, as in the next frame of a game.
            painter.tell("fill 0 0 10 10 0xffffff", "update", "update")
            wanted = solid(WIDTH, HEIGHT, 0x654321)
            wanted[:10, :10] = 0xFFFFFF
            expect(again.connect(), wanted)
            assert painter.end() == 0
        finally:
            again.stop()


def test_daemon_gone_for_good(start: Callable[..., Daemon]) -> None:
    """The game is asked to quit, and it is said why."""
    daemon = start("--output", "headless:320x240@0")
    code = """
import pygame
pygame.init()
screen = pygame.display.set_mode((320, 240))
answer(); ask()
while not pygame.event.get(pygame.QUIT):
    screen.fill((1, 2, 3))
    pygame.display.flip()
sys.exit(6)
"""
    with python_game(daemon.socket, code, KMSBLIT_RECONNECT="0") as game:
        assert game.read() == "ok"
        daemon.stop()
        assert game.end("go on") == 6
        assert game.process.stderr is not None
        said = game.process.stderr.read().decode()
        assert said.count("kmsblit run: ") == 1 and "daemon" in said


def test_pace(start: Callable[..., Daemon]) -> None:
    """Two frames are under way at most: the next one is presented when the display has shown one."""
    daemon = start("--output", "headless:320x240@60", "--clock", "virtual")
    display = daemon.connect("clock")
    code = """
import pygame
pygame.display.init()
screen = pygame.display.set_mode((320, 240))
answer()
for i in range(6):
    screen.fill((i + 1, i, 0))
    pygame.display.flip()
    answer(i)
"""
    with python_game(daemon.socket, code) as game:
        assert game.read() == "ok"
        said = steps = 0
        while said < 6 and steps < 1000:
            if game.answers(0.02):
                assert game.read() == f"ok {said}"
                said += 1
                assert said <= steps + 2
            else:
                display.step(16_666_667)
                steps += 1
        assert said == 6
        assert game.process.wait(60) == 0


@pytest.mark.parametrize("waits", ["pygame.event.wait()", "pygame.display.update((99, 9, 1, 1))", "pass"])
def test_parts_of_a_frame(start: Callable[..., Daemon], waits: str) -> None:
    """A game may present many parts for one frame, faster than the display: it is not held back for them, and all of
    them are shown, also if it then does nothing but load its next level."""
    daemon = start("--output", "headless:320x240@60", "--clock", "virtual")
    display = daemon.connect("clock")
    code = f"""
import pygame
pygame.display.init()
screen = pygame.display.set_mode((320, 240))
pygame.event.get()
for i in range(10):
    screen.fill((i + 1, 0, 0), (i * 32, 0, 32, 240))
    pygame.display.update((i * 32, 0, 32, 240))
answer()
while True:
    {waits}
"""
    with python_game(daemon.socket, code) as game:
        assert game.read() == "ok"  # though the clock stands still
        wanted = np.repeat(np.arange(1, 11, dtype=np.uint32) << 16, 32)[None, :].repeat(HEIGHT, axis=0)
        for _ in range(500):
            display.step(16_666_667)
            if bool((shown(display) == wanted).all()):
                break
            display.dispatch(0.01)
        expect(display, wanted)
