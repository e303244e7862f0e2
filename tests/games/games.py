"""Debian's games that are run unmodified, and where their files are: unpacked below build/games/cache (fetch.py)."""
from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHES = ROOT / "build" / "games" / "cache"
CACHE = CACHES / ("all" if (CACHES / "all").exists() else "few")
GAMES = CACHE / "usr/share/games"
EXAMPLES = CACHE / "usr/share/doc/python-pygame-doc/examples"
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Game:
    """One program. What its launcher in /usr/games does is said here, since it names folders of an installed game."""

    name: str
    command: tuple[str, ...]
    size: tuple[int, int]
    folder: Path = ROOT
    packages: tuple[str, ...] = ()
    menu: tuple[str, ...] = ()  # that lead into the game: keys, "wait", "click" (with a place from 0 to 1)
    keys: tuple[str, ...] = ("left", "right", "up", "down", "space")  # that play it
    stops: tuple[int, ...] = tuple(range(40, 480, 40))  # presents at which it is looked at while it is played
    frame: int = 150  # the present that is compared with the same run under SDL's dummy driver; 0: chance rules, or threads do
    why: str = ""  # it is not compared
    always: bool = False  # in `make check`, too
    environment: dict[str, str] = field(default_factory=dict)


# For games that present only when something has changed.
SELDOM = (1, 2, 3, 5, 8, 12, 16, 20)


def python(name: str, *more: str) -> tuple[str, ...]:
    return ("python3", "-B", name, *more)


def example(name: str, size: tuple[int, int], **more: object) -> Game:
    return Game(f"example-{name}", python(f"{name}.py"), size, EXAMPLES, ("python-pygame-doc",), **more)  # type: ignore[arg-type]


def zero(name: str, size: tuple[int, int], **more: object) -> Game:
    """Programs of our own, as beginners write them."""
    return Game(f"zero-{name}", python("-m", "pgzero", str(HERE / "zero" / f"{name}.py")), size,  # type: ignore[arg-type]
                packages=("python3-pgzero", "python3-pkg-resources"), always=True, **more)


# pygame's own examples that show something without being asked for more: those that any key ends, those that draw when
# something is pressed, and those that ask for another chance in each run.
EXAMPLES_MOVING = {"liquid": (640, 480), "moveit": (640, 480), "testsprite": (640, 480)}
EXAMPLES_STILL = {"fonty": (400, 200), "arraydemo": (128, 128), "blend_fill": (640, 480), "scroll": (400, 320)}
EXAMPLES_BY_CHANCE = {"stars": (640, 480), "vgrade": (600, 400)}

SOLARWOLF = CACHE / "solarwolf"  # put together by fetch.py as in a source tree

ALL = (
    Game("solarwolf", python("solarwolf.py"), (800, 600), SOLARWOLF, ("solarwolf",), ("return", "wait", "return", "wait", "return"),
         frame=0, why="it loads in a thread", always=True),
    Game("funnyboat", python("main.py"), (400, 300), GAMES / "funnyboat", ("funnyboat",), ("return", "wait", "return")),
    Game("pathological", python("pathological.py"), (800, 600), GAMES / "pathological", ("pathological",),
         ("return", "wait", "return", "wait", "click")),
    Game("oneisenough", python("run_game.py"), (640, 480), GAMES / "oneisenough", ("oneisenough",), ("return", "wait", "return"),
         always=True),
    Game("freealchemist", python("freealchemist.py"), (446, 435), GAMES / "freealchemist", ("freealchemist",),
         ("return", "wait", "return"), stops=SELDOM, frame=1),
    Game("lightyears", python("-c", "import sys; sys.path[0] = '.'; from lib20k import Main, Events; "
                              "Main(data_dir='data', args=[], event=Events())"), (1024, 768), GAMES / "lightyears", ("lightyears",),
         ("click 0.78 0.42", "wait", "click 0.78 0.42"), stops=SELDOM, frame=1),
    Game("whichwayisup", python("run_game.py"), (520, 520), GAMES / "whichwayisup", ("whichwayisup",),
         ("return", "wait", "return", "wait", "return"), always=True),
    Game("angrydd", python("angrydd.py"), (800, 600), GAMES / "angrydd", ("angrydd",), ("return", "wait", "return", "wait", "return")),
    Game("seahorse-adventures", python("run_game.py"), (640, 480), GAMES / "seahorse-adventures",
         ("seahorse-adventures", "fonts-aenigma", "fonts-dejavu-core"), ("return", "wait", "return", "wait", "return")),
    Game("ardentryst", python("ardentryst.py"), (640, 480), GAMES / "ardentryst", ("ardentryst", "python3-future", "fonts-freefont-ttf"),
         ("return", "wait", "return", "wait", "return")),
    zero("bounce", (320, 240)), zero("clicks", (400, 300), menu=("click", "space"), stops=(1, 2, 3, 4), frame=1), zero("turning", (480, 320)),
    example("aliens", (640, 480), stops=(15, 30)), example("chimp", (1280, 480)),
    *(example(name, size, stops=(40,)) for name, size in EXAMPLES_MOVING.items()),
    *(example(name, size, stops=(1,), frame=0, why="chance") for name, size in EXAMPLES_BY_CHANCE.items()),
    *(example(name, size, stops=(1,), frame=1) for name, size in EXAMPLES_STILL.items()),
)
BY_NAME = {game.name: game for game in ALL}


def environment(game: Game, home: Path) -> dict[str, str]:
    """Its own folder for what it writes, and modules of packages that are not installed."""
    home.mkdir(exist_ok=True)
    env = {**os.environ, **game.environment, "HOME": str(home), "SDL_AUDIODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1",
           "PYTHONPATH": str(CACHE / "usr/lib/python3/dist-packages")}
    for name in ("SDL_VIDEODRIVER", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        env.pop(name, None)
    return env
