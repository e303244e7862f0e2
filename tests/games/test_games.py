"""Debian's games, unmodified, through `kmsblit run`: what the display shows is what they draw, with and without somebody who
plays; and as long as nobody plays, what they draw is what they draw under SDL's own dummy driver."""
from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
import numpy.typing
import pytest

import games
import play

Pixels = numpy.typing.NDArray[numpy.uint8]
HANG_SECONDS = 120
LONG = "KMSBLIT_LONG" in os.environ
CHOSEN = [game for game in games.ALL if LONG or game.always]


def skip_reason() -> str:
    """Why there are no games."""
    file = games.CACHES.parent / ("skip-all" if LONG else "skip-few")
    return file.read_text() if file.exists() else ""


pytestmark = pytest.mark.skipif(bool(skip_reason()), reason=skip_reason())


class Stopped:
    """A game that waits at some of its presents (hook/usercustomize.py)."""

    def __init__(self, game: games.Game, folder: Path, stops: list[int], **more: str) -> None:
        self.game, self.folder = game, folder
        folder.mkdir()
        for name in ("told", "go"):
            os.mkfifo(folder / name)
        # Open at both ends, so that neither waits for the other to open it.
        self.told, self.go = (os.open(folder / name, os.O_RDWR | os.O_CLOEXEC) for name in ("told", "go"))
        path = f"{games.HERE / 'hook'}:{games.environment(game, folder / 'home')['PYTHONPATH']}"
        self.more = {"GAMES_HOOK": str(folder), "GAMES_STOPS": ",".join(map(str, stops)), "PYTHONPATH": path,
                     "PYTHONHASHSEED": "0", **more}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, daemon: play.Daemon | None) -> None:
        """On a daemon, or under SDL's dummy driver."""
        if daemon is not None:
            self.process = play.start(self.game, daemon, self.folder, **self.more)
            return
        env = {**games.environment(self.game, self.folder / "home"), **self.more, "SDL_VIDEODRIVER": "dummy",
               "PATH": f"/usr/bin:{os.environ['PATH']}"}
        with (self.folder / "game.log").open("wb") as log:
            self.process = subprocess.Popen(self.game.command, cwd=self.game.folder, env=env, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)

    def stopped(self) -> tuple[int, Pixels]:
        """Waits for the next stop: the number of the present, and what the game has presented."""
        end = time.monotonic() + HANG_SECONDS
        while not select.select([self.told], [], [], 0.5)[0]:
            ended = self.process is None or self.process.poll() is not None
            assert not ended and time.monotonic() < end, (self.folder / "game.log").read_text()
        count, width, height = (int(word) for word in os.read(self.told, 100).split())
        picture = numpy.frombuffer((self.folder / "picture").read_bytes(), numpy.uint8).reshape(height, width, 3)
        return count, picture

    def go_on(self) -> None:
        os.write(self.go, b"g")

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            if Path(f"/proc/{self.process.pid}/comm").read_text().strip() == "kmsblit":
                play.end(self.process)
            else:
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(60)
        os.close(self.told)
        os.close(self.go)


@pytest.fixture
def stopped(tmp_path: Path, daemon: object) -> Iterator[Callable[..., Stopped]]:
    made: list[Stopped] = []

    def make(game: games.Game, stops: list[int], **more: str) -> Stopped:
        made.append(Stopped(game, tmp_path / f"run{len(made)}", stops, **more))
        return made[-1]

    yield make
    for one in made:
        one.end()  # before the daemon


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[[games.Game], play.Daemon]]:
    made: list[play.Daemon] = []

    def make(game: games.Game) -> play.Daemon:
        made.append(play.Daemon(tmp_path, game.size))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def shown(daemon: play.Daemon) -> Pixels:
    """The display as red, green, blue."""
    words = daemon.screenshot()
    return numpy.stack([words >> 16 & 255, words >> 8 & 255, words & 255], axis=-1).astype(numpy.uint8)


def difference(one: Pixels, other: Pixels) -> str:
    """Where two pictures differ; nothing if they do not."""
    if one.shape != other.shape:
        return f"{one.shape} is not {other.shape}"
    rows, columns = (one != other).any(axis=2).nonzero()
    return f"{len(rows)} pixels in ({columns.min()}, {rows.min()}) to ({columns.max()}, {rows.max()})" if len(rows) else ""


def wait_shown(daemon: play.Daemon, drawn: Pixels) -> None:
    """What was presented is on the way: the display shows it after the frames before it. What never comes hangs, and is told."""
    for _ in range(200):
        now = shown(daemon)
        if daemon.pointer is not None and now.shape == drawn.shape:
            # The cursor lies over the picture.
            x, y = (max(0, place - 2) for place in daemon.pointer)
            now[y:y + 28, x:x + 20] = drawn[y:y + 28, x:x + 20]
        if now.shape == drawn.shape and (now == drawn).all():
            return
    raise AssertionError(f"not shown: {difference(now, drawn)}")


@pytest.mark.parametrize("game", [game for game in CHOSEN if game.frame], ids=lambda game: game.name)
def test_nobody_plays(game: games.Game, stopped: Callable[..., Stopped], daemon: Callable[..., play.Daemon]) -> None:
    """Frame by frame what SDL's dummy driver gets."""
    stops = sorted({min(2, game.frame), (game.frame + 1) // 2, game.frame})
    alone, ours = (stopped(game, stops, GAMES_WINDOWED="1") for _ in range(2))
    running = daemon(game)
    alone.start(None)
    ours.start(running)
    for _ in stops:
        count, expected = alone.stopped()
        our_count, drawn = ours.stopped()
        assert our_count == count
        assert difference(drawn, expected) == "", f"present {count} is another one"
        wait_shown(running, drawn)
        alone.go_on()
        ours.go_on()


@pytest.mark.parametrize("game", CHOSEN, ids=lambda game: game.name)
def test_played(game: games.Game, stopped: Callable[..., Stopped], daemon: Callable[..., play.Daemon]) -> None:
    """Whoever plays sees what the game draws, and it minds what is played."""
    stops = list(game.stops)
    ours = stopped(game, stops)
    running = daemon(game)
    ours.start(running)
    pictures = []
    held = ""
    actions = iter([*game.menu, *game.keys * 20])
    for _ in stops:
        _, drawn = ours.stopped()
        wait_shown(running, drawn)
        pictures.append(drawn)
        what = next(actions)
        if held in play.KEYS:
            running.key(held, False)
        elif held.startswith("click"):
            running.button(False)
        if what in play.KEYS:
            running.key(what, True)
        elif what.startswith("click"):
            running.move(*play.place(what))
            running.button(True)
        held = what
        ours.go_on()
    assert len(stops) == 1 or len({picture.tobytes() for picture in pictures}) > 1, "nothing ever changed"
