"""Small games of different kinds. All draw everything anew in every frame, as beginners do."""
from __future__ import annotations

import importlib.util
import math
import random
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from daemon import HERE, add_package

add_package()
import kmsblit  # noqa: E402

WIDTH, HEIGHT = 640, 360


class Game(Protocol):
    """What is drawn frame after frame; what happens depends on the number of calls only."""

    name: str

    def __init__(self, display: kmsblit.Display, window: kmsblit.Window) -> None: ...

    def frame(self) -> None:
        """Plays and draws the next frame, and does not commit it."""


def load_meteors() -> ModuleType:
    """The example game: beside this file where that is built or installed, else in the sources."""
    places = [HERE / "meteors.py", HERE.parent.parent / "clients/python/examples/meteors.py"]
    path = next((place for place in places if place.exists()), places[0])
    spec = importlib.util.spec_from_file_location("meteors", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ball(size: int, color: tuple[int, int, int]) -> bytes:
    """A disc with a soft edge, bytes R, G, B, A."""
    out = bytearray()
    for y in range(size):
        for x in range(size):
            distance = math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2)
            out += bytes((*color, max(0, min(255, int((size / 2 - distance) * 128)))))
    return bytes(out)


class Meteors:
    """The demo: many turning rocks, lights that add up, a fixed background."""

    name = "meteors (the demo)"

    def __init__(self, display: kmsblit.Display, window: kmsblit.Window) -> None:
        module: Any = load_meteors()
        self.game = module.Game(window, module.Art(display, 1), 1)

    def frame(self) -> None:
        self.game.update()
        self.game.draw()


class Scroller:
    """A map of tiles that scrolls, and a figure in its middle: everything changes."""

    name = "scrolling map"

    def __init__(self, display: kmsblit.Display, window: kmsblit.Window) -> None:
        rng = random.Random(2)
        self.window, self.count = window, 0
        self.tiles = [display.image(bytes(min(255, channel + rng.randrange(24))
                                          for _ in range(32 * 32) for channel in color),
                                    "RGB", (32, 32))
                      for color in ((40, 120, 50), (60, 140, 60), (40, 70, 160), (130, 110, 70))]
        self.map = [[rng.choices(range(4), (8, 4, 2, 2))[0] for _ in range(64)] for _ in range(12)]
        self.hero = display.image(ball(40, (230, 200, 60)), "RGBA", (40, 40))

    def frame(self) -> None:
        self.count += 1
        left = self.count * 2
        for row, line in enumerate(self.map):
            for column in range(left // 32, (left + WIDTH) // 32 + 1):
                self.window.blit(self.tiles[line[column % 64]], (column * 32 - left, row * 32))
        jump = abs(math.sin(self.count / 12)) * 60
        self.window.blit(self.hero, (300, 250 - jump))


class Particles:
    """A fountain of sparks over black: small changes all over."""

    name = "particles"

    def __init__(self, display: kmsblit.Display, window: kmsblit.Window) -> None:
        self.window, self.rng = window, random.Random(3)
        self.images = [display.image(ball(size, (255, 160 - size * 6, 40)), "RGBA", (size, size))
                       for size in (4, 6, 8, 10)]
        self.sparks: list[list[float]] = []

    def frame(self) -> None:
        for _ in range(6):
            self.sparks.append([WIDTH / 2, HEIGHT - 30, self.rng.uniform(-3, 3),
                                self.rng.uniform(-9, -5), self.rng.randrange(4)])
        self.window.fill("black")
        for spark in self.sparks:
            spark[0] += spark[2]
            spark[1] += spark[3]
            spark[3] += 0.15
            self.window.blit(self.images[int(spark[4])], (spark[0], spark[1]),
                             special_flags=kmsblit.BLEND_ADD)
        self.sparks = [spark for spark in self.sparks if spark[1] < HEIGHT]


class Menu:
    """Text, a bar that marks a line and moves now and then, and a clock: hardly anything changes."""

    name = "menu with text"
    LINES = ("CHOOSE A GAME", "", "PLACES", "SPACESHIP", "LAVA CAVE", "ARCHER", "GO HOME")

    def __init__(self, display: kmsblit.Display, window: kmsblit.Window) -> None:
        module: Any = load_meteors()
        self.window, self.count = window, 0
        self.letters = {letter: module.make_letter(display, rows)
                        for letter, rows in module.FONT.items()}

    def write(self, text: str, x: int, y: int, tint: str) -> None:
        """Letters, one after the other."""
        for letter in text:
            if letter in self.letters:
                self.window.blit(self.letters[letter], (x, y), tint=tint)
            x += 13

    def frame(self) -> None:
        self.count += 1
        chosen = 2 + self.count // 15 % 5
        self.window.fill((24, 28, 44))
        self.window.fill((60, 80, 150), (180, 66 + chosen * 34, 280, 28))
        for number, line in enumerate(self.LINES):
            self.write(line, 200, 72 + number * 34, "white" if number == chosen else "lightblue")
        self.write(f"{self.count // 6:06}", 540, 12, "gold")


GAMES: tuple[type[Game], ...] = (Meteors, Scroller, Particles, Menu)

if __name__ == "__main__":
    print(f"{Path(__file__).name}: run redrawn.py")
