"""A daemon, a game on it, and a hand that plays."""
from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy

from games import ROOT, Game, environment

sys.path.insert(0, str(ROOT / "build/python"))
import kmsblit  # noqa: E402

KMSBLITD = os.environ.get("KMSBLITD", str(ROOT / "build/kmsblitd"))
TOOL = os.environ.get("KMSBLIT_TOOL", str(ROOT / "build/kmsblit"))
EV_SYN, EV_KEY, EV_ABS = 0, 1, 3
BTN_LEFT = 0x110
KEYS = {"ctrl": 29, "alt": 56, "backspace": 14, "return": 28, "space": 57, "up": 103, "left": 105, "right": 106, "down": 108, "escape": 1, "y": 21, "a": 30, "s": 31,
        "d": 32, "w": 17, "z": 44, "x": 45}


class Daemon:
    """A kmsblitd with one virtual display."""

    def __init__(self, folder: Path, size: tuple[int, int], refresh: int = 0) -> None:
        self.socket = folder / "kmsblit.sock"
        self.log = folder / "kmsblitd.log"
        ready, says_ready = os.pipe()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [KMSBLITD, "--socket", str(self.socket), "--ready-fd", str(says_ready), "--output",
                 f"headless:{size[0]}x{size[1]}@{refresh}"], pass_fds=[says_ready], stderr=log)
        os.close(says_ready)
        readable, _, _ = select.select([ready], [], [], 120)
        if not readable or not os.read(ready, 1):
            raise RuntimeError(self.log.read_text())
        os.close(ready)
        self.size = size
        self.pointer: tuple[int, int] | None = None
        self.hand = kmsblit.connect(str(self.socket), "hand")

    def say(self, *events: tuple[int, int, int]) -> None:
        for type, code, value in events:
            self.hand.inject(type, code, value)
        self.hand.inject(EV_SYN)
        self.hand.sync()

    def key(self, name: str, down: bool) -> None:
        self.say((EV_KEY, KEYS[name], down))

    def move(self, x: float, y: float) -> None:
        """To a place of the display, from 0 to 1."""
        self.pointer = int(x * self.size[0]), int(y * self.size[1])
        self.say((EV_ABS, 0, int(x * 65535)), (EV_ABS, 1, int(y * 65535)))

    def button(self, down: bool) -> None:
        self.say((EV_KEY, BTN_LEFT, down))

    def screenshot(self) -> Any:
        """What the display shows: 0xFFRRGGBB by row and column."""
        return numpy.asarray(self.hand.screenshot())

    def stop(self) -> None:
        self.hand.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)


def start(game: Game, daemon: Daemon, folder: Path, *options: str, **more: str) -> subprocess.Popen[bytes]:
    """The game through `kmsblit run`, with its output in the folder."""
    env = {**environment(game, folder / "home"), "KMSBLIT_SOCKET": str(daemon.socket), "KMSBLIT_CRASH_CARD": "0",
           **more}
    with (folder / "game.log").open("wb") as log:
        return subprocess.Popen([TOOL, "run", *options, *game.command], cwd=game.folder, env=env, stdin=subprocess.DEVNULL,
                                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)


def place(click: str) -> tuple[float, float]:
    """Of "click 0.2 0.7"; of "click" the middle."""
    x, y = (float(word) for word in click.split()[1:] or ("0.5", "0.5"))
    return x, y


def end(process: subprocess.Popen[bytes]) -> int:
    """Ends a game, and lets `kmsblit run` say what there is to say. Not every game minds SIGTERM."""
    if process.poll() is None:
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if Path(f"/proc/{child}/comm").read_text().strip() != "kmsblit":
                    os.kill(int(child), signal.SIGKILL)
    return process.wait(60)


def play(game: Game, daemon: Daemon, seconds: float, wait: Any = time.sleep) -> None:
    """The keys of the game's menu, and then its keys at random, the same in every run."""
    chance = random.Random(7)

    def tap(name: str) -> None:
        daemon.key(name, True)
        wait(0.12)
        daemon.key(name, False)
        wait(0.15)

    def click(x: float, y: float) -> None:
        daemon.move(x, y)
        wait(0.05)
        daemon.button(True)
        wait(0.1)
        daemon.button(False)
        wait(0.1)

    for what in game.menu:
        if what.startswith("click"):
            click(*place(what))
        elif what in KEYS:
            tap(what)
        else:
            wait(1)
    end = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < end:
        name = chance.choice(game.keys)
        daemon.key(name, True)
        wait(0.35)
        daemon.key(name, False)
        if turn % 4 == 1:
            tap("space")
        if turn % 5 == 2:
            click(chance.random(), chance.random())
        if turn % 3 == 0:
            daemon.move(chance.random(), chance.random())
        if turn % 11 == 10:
            tap("return")
        wait(0.1)
        turn += 1


def measure(game: Game, folder: Path, seconds: float, wait: Any = time.sleep) -> dict[str, Any]:
    """What a game costs at its own pace on a display of 60 Hz; pictures of it lie in the folder."""
    daemon = Daemon(folder, game.size, 60)
    process = start(game, daemon, folder, f"--stats={folder / 'stats.json'}")
    wait(4)  # for whoever looks at its pictures
    shots = 0

    def shot() -> None:
        nonlocal shots
        daemon.hand.screenshot().save(folder / f"shot{shots}.png")
        shots += 1

    try:
        shot()
        play(game, daemon, seconds / 2)
        shot()
        play(Game(game.name, (), game.size, keys=game.keys), daemon, seconds / 2)
        shot()
        ended = process.poll()
    finally:
        end(process)
        daemon.stop()
    stats: dict[str, Any] = json.loads((folder / "stats.json").read_text())
    return {**stats, "ended": ended}


def main(arguments: list[str]) -> int:
    """play.py FOLDER SECONDS GAME...: measures games, and prints what they cost."""
    import games
    top, seconds = Path(arguments[0]), float(arguments[1])
    for name in arguments[2:] or list(games.BY_NAME):
        folder = top / name
        folder.mkdir(parents=True, exist_ok=True)
        print(name, json.dumps(measure(games.BY_NAME[name], folder, seconds)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
