"""What a program that asks SDL sees of the daemon's input: event by event, and what is held after each step, what it sees on a
real display (real_display.json, made by record_x11.py)."""
from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import scenes
from conftest import Daemon, kmsblit

HERE = Path(__file__).resolve().parent
TOOL = os.environ.get("KMSBLIT_TOOL", str(HERE.parents[1] / "build/kmsblit"))
EV_SYN, EV_KEY, EV_REL, EV_ABS = 0, 1, 2, 3
REL_X, REL_Y, REL_HWHEEL, REL_WHEEL = 0, 1, 6, 8
WIDTH, HEIGHT = 320, 240
Told = list[dict[str, Any]]


class Hand:
    """Acts as keyboard and mouse, and later as touch screen and gamepad."""

    def __init__(self, daemon: Daemon) -> None:
        self.display = daemon.connect("hand")

    def say(self, *events: tuple[int, int, int], device: str = "seat") -> None:
        for type, code, value in events:
            self.display.inject(type, code, value, device)
        self.display.inject(EV_SYN, device=device)
        self.display.sync()

    def act(self, action: scenes.Action) -> None:
        kind, one, two = action
        if kind in ("key", "button"):
            self.say((EV_KEY, one, two))
        elif kind == "move":
            self.say((EV_ABS, 0, (one * 65536 + 32768) // WIDTH), (EV_ABS, 1, (two * 65536 + 32768) // HEIGHT))
        elif kind == "by":
            self.say((EV_REL, REL_X, one), (EV_REL, REL_Y, two))
        elif kind == "wheel":
            self.say((EV_REL, REL_WHEEL, -two) if two else (EV_REL, REL_HWHEEL, one))

    def touch(self, slot: int, x: int, y: int, moves: bool = False) -> None:
        """A finger comes down at a place of the window, or moves there; -1: it is lifted."""
        abs_slot, position_x, position_y, tracking = 0x2F, 0x35, 0x36, 0x39
        events = [(EV_ABS, abs_slot, slot)] + ([] if moves else [(EV_ABS, tracking, -1 if x < 0 else 100 + slot)])
        if x >= 0:
            events += [(EV_ABS, position_x, (x * 65536 + 32768) // WIDTH), (EV_ABS, position_y, (y * 65536 + 32768) // HEIGHT)]
        self.say(*events, device="touch_screen")


class Witness:
    """witness.py under `kmsblit run`."""

    def __init__(self, daemon: Daemon, **more: str) -> None:
        env = {**os.environ, "KMSBLIT_SOCKET": daemon.socket, **more}
        self.process = subprocess.Popen([TOOL, "run", "/usr/bin/python3", "-B", str(HERE / "witness.py")], env=env,
                                        stdout=subprocess.PIPE, text=True)
        self.hand = Hand(daemon)
        self.daemon = daemon
        said = self.line()
        while "ready" not in said:
            said = self.line()
        assert said["driver"] == "kmsblit"

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                said: dict[str, Any] = json.loads(line)
                return said
        raise AssertionError("the witness ended")

    def step(self, *actions: scenes.Action) -> Told:
        """What it says of these actions."""
        for action in [*actions, *scenes.tap(scenes.F12)]:
            self.hand.act(action)
        told = [self.line()]
        while "held" not in told[-1]:
            told.append(self.line())
        return told

    def stop(self) -> None:
        self.hand.act(("key", scenes.F8, 1))
        assert self.process.wait(120) == 0


@pytest.fixture
def witness(start: Callable[..., Daemon], tmp_path: Path) -> Iterator[Callable[..., Witness]]:
    """Starts a daemon with this layout, and the witness, whose window has the focus, with the pointer at (50, 60)."""
    started: list[Witness] = []

    def begin(layout: str = "us", size: str = f"{WIDTH}x{HEIGHT}", **more: str) -> Witness:
        config = tmp_path / "kmsblit.conf"
        name, _, variant = layout.rstrip(")").partition("(")
        config.write_text(f"[keyboard]\nlayout = {name}\n" + (f"variant = {variant}\n" if variant else ""))
        daemon = start("--config", str(config), "--output", f"headless:{size}@0")
        started.append(Witness(daemon, **more))
        started[-1].step(("move", 50, 60))
        return started[-1]

    yield begin
    for one in started:
        one.stop()


def plain(told: Told) -> Told:
    """Without what a real display does not say."""
    return [{**said, "held": {name: value for name, value in said["held"].items() if name not in ("sticks", "fingers")}}
            if "held" in said else said
            for said in told]


@pytest.mark.parametrize("name", scenes.SCENES)
def test_as_on_a_real_display(witness: Callable[..., Witness], name: str) -> None:
    layout, steps = scenes.SCENES[name]
    recorded = json.loads((HERE / "real_display.json").read_text())[name]
    assert len(recorded) == len(steps)
    hidden = {"WITNESS_CURSOR": "hidden"} if name in scenes.HIDDEN else {}
    running = witness(layout, **hidden)
    for number, (actions, expected) in enumerate(zip(steps, recorded)):
        assert plain(running.step(*actions)) == plain(expected), (number, actions)


def names(told: Told) -> list[str]:
    return [said["event"] for said in told if "event" in said]


def test_held_key_repeats_as_text(witness: Callable[..., Witness]) -> None:
    """pygame hides SDL's repeated presses, and shows what they type."""
    running = witness()
    running.hand.act(("key", 30, 1))
    told = [running.line()]
    while names(told).count("TextInput") < 4:
        told.append(running.line())
    assert names(told) == ["KeyDown", *["TextInput"] * 4] and {said.get("text", "a") for said in told} == {"a"}
    running.step(("key", 30, 0))


def test_fingers(witness: Callable[..., Witness]) -> None:
    """The first finger is the mouse's left button, too."""
    running = witness()

    def touched(*fingers: tuple[int, int, int], moves: bool = False) -> Told:
        for slot, x, y in fingers:
            running.hand.touch(slot, x, y, moves)
        return running.step()

    *told, held = touched((0, 160, 60))
    assert names(told) == ["MouseMotion", "MouseButtonDown", "FingerDown"]
    assert told[0]["pos"] == told[1]["pos"] == [160, 60] and told[0]["rel"] == [0, 0]
    assert told[0]["touch"] and told[1]["touch"] and told[1]["button"] == 1
    assert (told[2]["x"], told[2]["y"]) == (pytest.approx(0.5, abs=0.004), pytest.approx(0.25, abs=0.004))
    assert held["held"]["buttons"][0] and held["held"]["pos"] == [160, 60]
    assert held["held"]["fingers"] == [[[told[2]["x"], told[2]["y"]]]]
    *told, held = touched((1, 80, 180))
    assert names(told) == ["FingerDown"] and len(held["held"]["fingers"][0]) == 2
    *told, held = touched((0, 176, 60), (1, 80, 120), moves=True)
    assert names(told) == ["MouseMotion", "FingerMotion", "FingerMotion"] and told[0]["rel"] == [16, 0]
    assert told[1]["dx"] == pytest.approx(0.05, abs=0.004) and told[2]["dy"] == pytest.approx(-0.25, abs=0.004)
    *told, held = touched((0, -1, -1))
    assert names(told) == ["MouseButtonUp", "FingerUp"] and not any(held["held"]["buttons"])
    *told, held = touched((1, -1, -1))
    assert names(told) == ["FingerUp"] and held["held"]["fingers"] == [[]]


def test_gamepad(witness: Callable[..., Witness]) -> None:
    """As the commonest gamepad is under Linux: events and what is held agree, a press and its release that come together, too."""
    running = witness()
    btn_south, btn_start, abs_x, abs_z, abs_hat0x, abs_hat0y = 0x130, 0x13B, 0, 2, 0x10, 0x11

    def did(*events: tuple[int, int, int]) -> tuple[Told, dict[str, Any]]:
        for event in events:
            running.hand.say(event, device="gamepad")
        *told, held = running.step()
        (stick,) = held["held"]["sticks"].values()
        return told, stick

    told, stick = did((EV_KEY, btn_south, 1))
    assert names(told)[-1] == "JoyButtonDown" and told[-1]["button"] == 0
    assert stick["buttons"] == [0] and stick["hats"] == [[0, 0]] and stick["axes"] == [0, 0, -1, 0, 0, -1]
    told, stick = did((EV_KEY, btn_south, 0), (EV_KEY, btn_start, 1), (EV_KEY, btn_start, 0))
    assert [(said["event"], said["button"]) for said in told] == [("JoyButtonUp", 0), ("JoyButtonDown", 7), ("JoyButtonUp", 7)]
    assert stick["buttons"] == []
    told, stick = did((EV_ABS, abs_x, -32768))
    assert [(said["event"], said["axis"], said["value"]) for said in told] == [("JoyAxisMotion", 0, -1)]
    assert stick["axes"][0] == -1
    told, stick = did((EV_ABS, abs_x, 0), (EV_ABS, abs_z, 32767))
    assert names(told) == ["JoyAxisMotion"] * 2 and stick["axes"] == [0, 0, 1, 0, 0, -1]
    told, stick = did((EV_ABS, abs_hat0x, -1), (EV_ABS, abs_hat0y, -1))
    assert [(said["event"], said["value"]) for said in told] == [("JoyHatMotion", [-1, 0]), ("JoyHatMotion", [-1, 1])]
    assert stick["hats"] == [[-1, 1]]
    running.hand.display.close()
    running.hand = Hand(running.daemon)
    told = running.step()
    assert "JoyDeviceRemoved" in names(told)


def test_focus_and_quit(witness: Callable[..., Witness]) -> None:
    """Who loses the focus is told that everything is up; who is to end is told to quit."""
    running = witness()
    running.step(("key", 30, 1), ("button", scenes.LEFT, 1))
    with running.daemon.connect("other") as other, other.window((32, 32)) as window:
        window.fill("white")
        window.flip(wait=True)
        while not window.focused:
            kmsblit.wait_event(display=other)
        told = [running.line()]
        while names(told)[-1:] != ["WindowFocusLost"]:
            told.append(running.line())
    while names(told)[-1:] != ["WindowFocusGained"]:
        told.append(running.line())
    assert {"KeyUp", "MouseButtonUp", "WindowFocusLost"} <= set(names(told))
    held = running.step()[-1]["held"]
    assert held["keys"] == [] and not any(held["buttons"]) and held["focused"]
    for code in (29, 56, 14):
        running.hand.act(("key", code, 1))
    told = [running.line()]
    while names(told)[-1:] != ["Quit"]:
        told.append(running.line())
    assert "WindowClose" in names(told)
    for code in (29, 56, 14):
        running.hand.act(("key", code, 0))


@pytest.mark.parametrize("flags,size", [("SHOWN", "640x480"), ("SCALED", "640x480"), ("FULLSCREEN", "640x480")])
def test_places_in_a_window_that_is_scaled(witness: Callable[..., Witness], flags: str, size: str) -> None:
    """The mouse's places are those of the program's own pixels."""
    running = witness(size=size, WITNESS_FLAGS=flags)
    *told, held = running.step(("move", 200, 100))
    assert held["held"]["pos"] == [200, 100] and told[-1]["pos"] == [200, 100]
    running.hand.touch(0, 160, 60)
    *told, held = running.step()
    running.hand.touch(0, -1, -1)
    assert held["held"]["pos"] == [160, 60] and (told[-1]["x"], told[-1]["y"]) == (pytest.approx(0.5, abs=0.01),
                                                                                 pytest.approx(0.25, abs=0.01))
