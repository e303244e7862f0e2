"""Programs that end their window, their joysticks or all of SDL and begin them anew, as games do between menu and game."""
from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import Daemon
from test_input import EV_ABS, EV_KEY, HERE, TOOL, Hand

# Only against something that hangs for ever.
HANG_SECONDS = 60
KEY_A, BTN_LEFT, BTN_SOUTH = 30, 0x110, 0x130


class Program:
    """again.py under `kmsblit run`."""

    def __init__(self, daemon: Daemon) -> None:
        self.process = subprocess.Popen([TOOL, "run", "/usr/bin/python3", "-B", str(HERE / "again.py")],
                                        env={**os.environ, "KMSBLIT_SOCKET": daemon.socket}, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.hand = Hand(daemon)
        self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                said: dict[str, Any] = json.loads(line)
                return said
        raise AssertionError("the program ended")

    def do(self, word: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.answer()

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Looks until it is so; the events of all looks."""
        events: list[str] = []
        end = time.monotonic() + HANG_SECONDS
        while True:
            assert time.monotonic() < end, events
            said = self.do("look")
            events += said["events"]
            if condition(said):
                return {**said, "events": events}

    def stop(self) -> str:
        self.hand.display.close()
        _, errors = self.process.communicate(timeout=120)
        assert self.process.returncode == 0
        return str(errors)


@pytest.fixture
def program(daemon: Daemon) -> Iterator[Program]:
    running = Program(daemon)
    running.until(lambda said: said["focused"])
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.mark.parametrize("word", ["window", "all"])
def test_what_was_held_when_the_window_went(program: Program, word: str) -> None:
    """A game's menu is left by a click: the button is up in the next window, and can be pressed again."""
    program.hand.act(("move", 50, 60))
    program.hand.say((EV_KEY, BTN_LEFT, 1), (EV_KEY, KEY_A, 1))
    program.until(lambda said: said["buttons"][0] and said["a"])
    program.do(word)
    program.hand.say((EV_KEY, BTN_LEFT, 0), (EV_KEY, KEY_A, 0))
    program.until(lambda said: not said["buttons"][0] and not said["a"])
    program.hand.say((EV_KEY, BTN_LEFT, 1))
    assert "MouseButtonDown" in program.until(lambda said: said["buttons"][0])["events"]


def test_a_finger_that_touched_when_the_window_went(program: Program) -> None:
    program.hand.touch(0, 100, 100)
    program.until(lambda said: said["buttons"][0])
    program.do("window")
    program.hand.touch(0, -1, -1)
    program.until(lambda said: not said["buttons"][0])
    program.hand.touch(0, 120, 100)
    events = program.until(lambda said: said["buttons"][0])["events"]
    assert "MouseButtonDown" in events and "FingerDown" in events
    program.hand.touch(0, -1, -1)


@pytest.mark.parametrize("word", ["sticks", "all"])
def test_gamepads_come_again(program: Program, word: str) -> None:
    """Games look for joysticks that were plugged in by ending them and beginning anew."""
    program.hand.say((EV_ABS, 0, 100), device="gamepad")
    program.until(lambda said: said["sticks"] == 1)
    assert program.do(word)["sticks"] == 1
    program.hand.say((EV_KEY, BTN_SOUTH, 1), device="gamepad")
    program.until(lambda said: "JoyButtonDown" in said["events"])


def test_window_of_another_thread(program: Program) -> None:
    """The input is that thread's from then on."""
    program.do("thread")
    program.hand.say((EV_KEY, KEY_A, 1))
    assert "KeyDown" in program.until(lambda said: said["a"])["events"]


def test_child_that_ends_sdl(program: Program, daemon: Daemon) -> None:
    """After fork() the windows are the parent's, whatever the child does with its SDL."""
    for _ in range(3):
        program.do("fork")
    with daemon.connect("looks") as display:
        assert display.screenshot().get_at((10, 10)) == (255, 255, 0)
    assert "kmsblit run:" not in program.stop()
