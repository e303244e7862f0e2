"""An exception that nobody catches: the card over the program's last picture, without `kmsblit run`."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Daemon, kmsblit

EDGE = 0xE5484D  # the card's
DIMMED, BLUE = 0x102040, 0x3060C0
HANG_SECONDS = 60

BEGIN = """
import sys, kmsblit
def show(display):
    window = display.window((320, 240), base="#3060C0")
    window.clear()
    window.flip()
    window.flip()  # it returns once the first one is shown
    return window
"""
WITH = BEGIN + """
with kmsblit.connect() as display:
    window = show(display)
    {'red': 1}['bl' + 'ue']
"""
OPEN = BEGIN + """
display = kmsblit.connect()
window = show(display)
window.fill((255, 0, 0))  # of a frame that never comes
{'red': 1}['bl' + 'ue']
"""
CAUGHT = BEGIN + """
try:
    with kmsblit.connect() as display:
        window = show(display)
        raise ValueError
except ValueError:
    pass
"""


class Game:
    """A program that runs, and another that looks."""

    def __init__(self, daemon: Daemon, code: str, **more: str) -> None:
        env = {**os.environ, "KMSBLIT_SOCKET": daemon.socket, "KMSBLIT_CRASH_CARD": "1", "KMSBLIT_LAUNCH": "", **more}
        self.display = daemon.connect("looker")
        self.process = subprocess.Popen([sys.executable, "-B", "-c", code], env=env, stderr=subprocess.PIPE, text=True)

    def see(self) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
        try:
            picture = np.frombuffer(self.display.screenshot().pixels, np.uint32)
        except kmsblit.RequestError:
            return np.zeros((240, 320), np.uint32)
        return picture.reshape(240, 320) & np.uint32(0xFFFFFF)

    def card(self) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
        """Waits for it; once something was shown there is never nothing."""
        end, something = time.monotonic() + HANG_SECONDS, False
        while time.monotonic() < end and self.process.poll() is None:
            picture = self.see()
            if (picture == EDGE).sum() > 100:
                return picture
            assert not (something and not picture.any()), "there was nothing on the display"
            something |= bool(picture.any())
        raise AssertionError("there is no card")

    def ended(self, press: bool = False) -> tuple[int, str]:
        """Its exit status, and what it said."""
        end = time.monotonic() + HANG_SECONDS
        while press and self.process.poll() is None:
            assert time.monotonic() < end
            for value in (1, 0):
                self.display.inject(1, 57, value)
                self.display.inject(0)
            self.display.sync()
        said = self.process.communicate(timeout=HANG_SECONDS)[1]
        return self.process.returncode, said


@pytest.fixture(name="real")
def fixture_real(start: object) -> Iterator[Daemon]:
    """On the real clock."""
    yield start("--output", "headless:320x240@60")  # type: ignore[operator]


@pytest.mark.parametrize("code", [WITH, OPEN], ids=["with", "open"])
def test_a_card_over_the_last_picture(real: Daemon, code: str) -> None:
    """Any key closes it; traceback and status are as usual."""
    game = Game(real, code)
    picture = game.card()
    top = int(np.argwhere(picture == EDGE)[:, 0].min())
    assert top > 20 and set(np.unique(picture[:top])) == {DIMMED}
    status, said = game.ended(press=True)
    assert status == 1
    assert said.endswith("KeyError: 'blue'\n") and said.count("Traceback") == 1
    end = time.monotonic() + HANG_SECONDS
    while game.see().any():
        assert time.monotonic() < end


@pytest.mark.parametrize("code, status, said", [
    (CAUGHT, 0, ""),
    (WITH.replace("{'red': 1}['bl' + 'ue']", "sys.exit(3)"), 3, ""),
    (WITH.replace("{'red': 1}['bl' + 'ue']", "raise KeyboardInterrupt"), -signal.SIGINT, "KeyboardInterrupt"),
    (WITH.replace("    window = show(display)\n", ""), 1, "KeyError"),
    (BEGIN + "raise ValueError('early')", 1, "early"),
    (BEGIN + "sys.excepthook = lambda *_: print('mine', file=sys.stderr)\n" + WITH, 1, "mine"),
    (CAUGHT + "with kmsblit.connect() as display:\n    window = show(display)\n", 0, ""),
    (CAUGHT + "raise ValueError('after it was caught')", 1, "after it was caught")],
                         ids=["caught", "exit", "interrupt", "unseen", "early", "hook", "again", "later"])
def test_no_card(real: Daemon, code: str, status: int, said: str) -> None:
    """Where nothing crashed, was shown, or somebody else looks after it."""
    if "after it was caught" in code:
        game = Game(real, code)
        game.card()  # what was shown last is still there
        assert game.ended(press=True)[0] == status
        return
    ended, text = Game(real, code).ended()
    assert ended == status and said in text


@pytest.mark.parametrize("variable", ["0", ""])
def test_no_card_that_nobody_sees(real: Daemon, variable: str) -> None:
    """On virtual displays it must be asked for."""
    assert Game(real, WITH, KMSBLIT_CRASH_CARD=variable).ended()[0] == 1


def test_who_launched_it_looks_after_it(real: Daemon) -> None:
    """`kmsblit run` shows a card of its own."""
    assert Game(real, WITH, KMSBLIT_LAUNCH="1234").ended()[0] == 1


def test_interrupted(real: Daemon) -> None:
    """Ctrl-C at the terminal closes it as well."""
    game = Game(real, WITH)
    game.card()
    game.process.send_signal(signal.SIGINT)
    status, said = game.ended()
    assert status == 1 and said.endswith("KeyError: 'blue'\n")


def test_a_private_daemon_ends_with_the_card(tmp_path: Path) -> None:
    """It is kept for as long as the card is shown, and no longer."""
    env = {key: value for key, value in os.environ.items() if key not in ("KMSBLIT_SOCKET", "KMSBLIT_AUTOSTART")}
    env.update(XDG_RUNTIME_DIR=str(tmp_path), TMPDIR=str(tmp_path), KMSBLIT_CRASH_CARD="")
    done = subprocess.run([sys.executable, "-B", "-c", WITH], env=env, capture_output=True, text=True,
                          timeout=HANG_SECONDS, check=False)
    assert done.returncode == 1 and done.stderr.endswith("KeyError: 'blue'\n")
    end = time.monotonic() + HANG_SECONDS
    while list(tmp_path.iterdir()):
        assert time.monotonic() < end, "the private daemon is still there"
