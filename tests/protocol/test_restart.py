"""The daemon is killed again and again under three clients: one in C, one in Python, and one that is
nothing but a socket. Each goes on. KMSBLIT_LONG=1 kills it more often.
"""
from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import kmsblit
import pytest
from harness import Client, Daemon, Gone, Picture, blit, fill, ident, noise
from kmsblit import protocol as kb

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/release/pixels/restarted"
KILLS = 50 if os.environ.get("KMSBLIT_LONG") == "1" else 5
VIRTUAL = ("--clock", "virtual", "--output", "headless:320x240@60")


class InC:
    """The client in C: one line is one thing to do, and one answer."""

    def __init__(self, path: str) -> None:
        env = dict(os.environ, KMSBLIT_SOCKET=path)
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=env)
        self.answer()

    def answer(self) -> list[str]:
        """What it lost, and then the serial of its last answered frame."""
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        assert words, f"it ended with status {self.process.wait()}"
        return words

    def do(self, what: str, number: int = 0) -> list[str]:
        """Asks for something; returns the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what} {number}\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """Lets it end by itself."""
        self.process.communicate(timeout=120)
        assert self.process.returncode == 0


class InPython:
    """The client of the Python package."""

    def __init__(self, path: str) -> None:
        self.display = kmsblit.connect(path, "python")
        self.image = self.display.image(noise(12, 12))
        self.window = self.display.window((100, 80), place=(100, 0, 100, 80))

    def draw(self, number: int) -> None:
        """A whole new picture."""
        self.window.fill((number % 256, 40, 90))
        self.window.blit(self.image, (number % 80, 30))
        self.window.commit()


class Raw:
    """A client that says everything itself, and again after each restart."""

    WINDOW, IMAGE = ident(1), ident(2, 7)

    def __init__(self, path: str) -> None:
        self.path = path
        self.number = 0
        self.client = Client(path, "raw")
        self.token = self.client.welcome.token
        self.announce()

    def announce(self) -> None:
        """What only a client library would do by itself."""
        self.client.image(self.IMAGE, noise(20, 20, 5))
        self.client.window(self.WINDOW, 100, 80, place=(200, 0, 100, 80))

    def draw(self, number: int) -> None:
        """A whole new picture."""
        self.number = number
        self.client.frame(self.WINDOW, fill(0xFF000000 | number * 999, (0, 0, 60, 80)),
                          blit(self.IMAGE, number % 80, 9), clear=True)

    def again(self) -> None:
        """Notices that the daemon is gone, and tells the next one."""
        with pytest.raises(Gone):
            while True:
                self.client.receive()
        self.client.close()
        self.client = Client(self.path, "raw", hello=False)
        welcome = self.client.hello("raw", token=self.token)
        assert not welcome.flags & kb.WelcomeFlag.RESUMED and welcome.token != self.token
        self.token = welcome.token
        self.announce()
        self.draw(self.number)


class Stage:
    """A daemon that can be killed, with the three clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemon = Daemon(folder, *VIRTUAL)
        self.in_c, self.in_python = InC(self.daemon.path), InPython(self.daemon.path)
        self.raw = Raw(self.daemon.path)

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon.stopped = True

    def start(self) -> None:
        """The next daemon, at the same place."""
        self.daemon = Daemon(self.folder, *VIRTUAL)

    def see(self, refreshes: int = 3) -> Picture:
        """What the output shows once everything has been drawn."""
        self.raw.client.refresh(refreshes)
        return self.raw.client.see_output()

    def close(self) -> None:
        """Everything ends well."""
        self.in_c.close()
        self.in_python.display.close()
        self.raw.client.close()
        self.daemon.stop()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The daemon and its clients."""
    monkeypatch.setenv("KMSBLIT_RECONNECT", "120")
    tmp_path.chmod(0o755)
    one = Stage(tmp_path)
    yield one
    one.close()


def come_back(stage: Stage) -> list[str]:
    """All three find the next daemon; returns what the one in C says."""
    said = stage.in_c.do("sync")
    stage.in_python.display.sync()
    stage.raw.again()
    return said


def different(a: Picture, b: Picture) -> tuple[bool, bool, bool]:
    """Whether the windows of the three clients differ."""
    parts = [(a[:80, x:x + 100] != b[:80, x:x + 100]).any() for x in (0, 100, 200)]
    return bool(parts[0]), bool(parts[1]), bool(parts[2])


def test_pictures_come_back(stage: Stage) -> None:
    for number in range(1, KILLS + 1):
        assert len(stage.in_c.do("whole", number)) == 1
        stage.in_python.draw(number)
        stage.raw.draw(number)
        stage.in_python.display.sync()
        stage.in_c.do("sync")
        before = stage.see()
        assert before[:80, :300].any()
        serial = stage.in_c.do("sync")
        stage.kill()
        stage.start()
        assert come_back(stage) == serial, "something was lost, or answered again"
        after = stage.see()
        assert different(before, after) == (False, False, False)
        assert (before == after).all()
        assert stage.in_c.do("sync") == serial


def test_frames_that_were_never_answered(stage: Stage) -> None:
    """They are drawn into the air, and shown by the next daemon."""
    for number in range(1, KILLS + 1):
        stage.in_c.do("whole", 2 * number)
        stage.in_python.draw(2 * number)
        stage.kill()
        if number % 2:
            stage.in_c.do("on", number)  # while nobody is there
            stage.in_python.draw(2 * number + 1)
        stage.start()
        assert len(come_back(stage)) == 1
        after = stage.see()
        # The same, by a daemon that was always there.
        stage.in_c.do("whole", 2 * number)
        stage.in_python.draw(2 * number + number % 2)
        if number % 2:
            stage.in_c.do("on", number)
        stage.in_c.do("sync")
        stage.in_python.display.sync()
        again = stage.see(4)
        assert different(after, again)[:2] == (False, False)


def test_what_only_the_daemon_had_is_lost(stage: Stage) -> None:
    in_use = False  # the canvas, since the last restart
    for number in range(1, KILLS + 1):
        kind = ("on", "canvas", "whole")[number % 3]
        stage.in_c.do("whole", number)
        stage.in_c.do("sync")
        stage.see()
        stage.in_c.do(kind, number)
        stage.in_c.do("sync")
        before = stage.see()
        stage.in_c.do("sync")  # it has read the answers
        stage.kill()
        stage.start()
        in_use |= kind == "canvas"
        lost = ["canvas"] if in_use else []
        assert come_back(stage)[:-1] == lost + ([] if kind == "whole" else ["window"])
        in_use = kind == "canvas"
        assert len(stage.in_c.do("sync")) == 1, "it was told twice"
        # The program draws again, and all is as it was.
        if kind != "whole":
            stage.in_c.do("whole", number)
            stage.in_c.do("sync")
            stage.see()
            stage.in_c.do(kind, number)
            stage.in_c.do("sync")
        assert different(before, stage.see())[0] is False


def test_killed_at_any_moment(stage: Stage) -> None:
    """Nobody waits for anything before the daemon is killed; in the end all is as it should be."""
    for number in range(1, KILLS + 1):
        stage.in_c.do("whole", number)
        stage.in_python.draw(number)
        stage.kill()
        stage.start()
        stage.raw.again()
        stage.raw.client.refresh(number % 3)
        stage.raw.draw(number)
        stage.kill()
        stage.start()
        come_back(stage)
        stage.raw.client.refresh(2)
    stage.in_c.do("whole", 1000)
    stage.in_python.draw(1000)
    stage.in_c.do("sync")
    stage.in_python.display.sync()
    end = stage.see(4)
    stage.in_c.do("whole", 1000)
    stage.in_python.draw(1000)
    stage.in_c.do("sync")
    stage.in_python.display.sync()
    assert different(end, stage.see(4)) == (False, False, False)


def test_disabled(start: Callable[..., Daemon], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMSBLIT_RECONNECT", "0")
    daemon = start(*VIRTUAL)
    one = InPython(daemon.path)
    daemon.process.terminate()
    daemon.process.wait()
    with pytest.raises(kmsblit.ConnectionLostError):
        one.display.sync()
    one.display.close()
