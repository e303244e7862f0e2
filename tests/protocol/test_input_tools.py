"""kmsblit events and kmsblit devices: what they print of a daemon whose devices a client plays."""
from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import HANG_SECONDS, ROOT, Client, Daemon, Picture, Refused, fill, kb
from players import (A, ABS, BACKSPACE, C, KEY, LEFT, LEFTCTRL, LEFTSHIFT, PAD, REL, Player, events, finger, key,
                     point, tap)

TOOL = os.environ.get("KMSBLIT_TOOL", str(ROOT / "build/kmsblit"))


@pytest.fixture(name="real")
def fixture_real(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon whose time goes by, so that the tool's frames are shown."""
    daemon = Daemon(tmp_path, "--output", "headless:640x360@60,name=LEFT",
                    "--output", "headless:320x200@60,name=RIGHT,x=640")
    yield daemon
    daemon.stop()


class Events:
    """`kmsblit events` that has the focus."""

    def __init__(self, daemon: Daemon, *options: str) -> None:
        self.process = subprocess.Popen([TOOL, "--socket", daemon.path, "events", *options], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines: list[str] = []
        while "focus" not in self.line():
            pass

    def line(self) -> str:
        """The next line; "": it has ended."""
        assert self.process.stdout is not None
        self.lines.append(self.process.stdout.readline())
        return self.lines[-1]

    def event(self, name: str) -> dict[str, Any]:
        """The next event of this name."""
        while True:
            found: dict[str, Any] = json.loads(self.line())
            if found["event"] == name:
                return found

    def wait(self) -> int:
        """It ends by itself."""
        out, err = self.process.communicate(timeout=HANG_SECONDS)
        self.lines += out.splitlines(keepends=True)
        assert err == ""
        return self.process.returncode


def devices(daemon: Daemon, *options: str) -> str:
    """What `kmsblit devices` prints."""
    done = subprocess.run([TOOL, "--socket", daemon.path, "devices", *options], text=True,
                          capture_output=True, timeout=HANG_SECONDS, check=True)
    assert done.stderr == ""
    return done.stdout


def test_keys(real: Daemon) -> None:
    """With the kernel's name of the key, and what it means; a game that was there is told nothing."""
    player = Player(real, size=(0, 0))
    player.client.window(player.id, 64, 48)
    player.client.frame(player.id, fill(0xFF102030, (0, 0, 64, 48)))
    player.client.expect(kb.EvtFocus, gained=1)
    client = real.client("hand")
    tool = Events(real, "--json")
    assert player.told() == [("focus", False)]
    key(client, LEFTSHIFT, True)
    tap(client, A)
    key(client, LEFTSHIFT, False)
    said = [tool.event("key") for _ in range(4)]
    assert [(event["code_name"], event["state"], event["text"]) for event in said] == [
        ("KEY_LEFTSHIFT", "down", ""), ("KEY_A", "down", "A"), ("KEY_A", "up", ""),
        ("KEY_LEFTSHIFT", "up", "")]
    assert (said[1]["keysym_name"], said[1]["keysym"], said[1]["modifiers"]) == ("A", 65, ["shift"])
    assert said[0]["time_ns"] <= said[3]["time_ns"] and said[0]["device"] > 0
    key(client, LEFTCTRL, True)
    tap(client, C)
    assert tool.wait() == 0
    assert player.told() == [("focus", True)]


def test_everything_else(real: Daemon) -> None:
    """Positions are the output's pixels; axes and buttons have SDL's names."""
    client = real.client("hand")
    tool = Events(real, "--json")
    point(client, 100, 50)
    motion = tool.event("pointer_motion")
    assert (int(motion["x"]), int(motion["y"])) == (100, 50)
    events(client, (REL, 0, 3), (REL, 1, -2))
    motion = tool.event("pointer_motion")
    assert (int(motion["x"]), int(motion["y"]), motion["dx"], motion["dy"]) == (103, 48, 3, -2)
    key(client, LEFT, True)
    assert tool.event("pointer_button")["button_name"] == "BTN_LEFT"
    events(client, (REL, 8, 1))
    assert tool.event("pointer_wheel")["vertical"] == -120
    finger(client, 3, (32768, 32768), new=True)
    touch = tool.event("touch")
    assert (touch["finger"], touch["phase"], int(touch["x"]), int(touch["y"])) == (3, "down", 320, 180)
    finger(client, 3, None)
    assert tool.event("touch")["phase"] == "up"
    events(client, (ABS, 0, -32768), (KEY, 0x130, 1), device=PAD)
    axis = tool.event("gamepad_axis")
    assert (axis["axis_name"], axis["value"]) == ("leftx", -32768)
    assert tool.event("gamepad_button")["button_name"] == "a"
    client.close()
    assert tool.event("gamepad_button")["state"] == "up"  # its devices are gone
    tool.process.kill()
    tool.process.communicate()


def test_what_it_shows(real: Daemon) -> None:
    """A square where the pointer is, under the cursor."""
    client = real.client("hand")
    tool = Events(real)
    point(client, 200, 100)
    tool.line()

    def seen() -> Picture | None:
        """The output; None: nothing has been shown yet."""
        try:
            return client.see_output() & np.uint32(0xFFFFFF)
        except Refused:
            return None

    while (picture := seen()) is None or picture[90, 190] != 0xFFC000:
        pass
    assert picture[100, 250] == 0x203040
    tool.process.kill()
    tool.process.communicate()


def test_text(real: Daemon) -> None:
    """A line each; it ends after so many, which devices and focus are not."""
    client = real.client("hand")
    tool = Events(real, "--count", "2")
    tap(client, A)
    assert tool.wait() == 0
    *_, down, up = [line.split() for line in tool.lines]
    assert down[1:] == ["key", down[2], "code=KEY_A(30)", "keysym=a(97)", "state=down", "modifiers=none",
                        'text="a"']
    assert "state=up" in up


def test_an_output(real: Daemon) -> None:
    """By its name; one that is not there is said."""
    client = real.client("hand")
    point(client, 639, 50)
    tool = Events(real, "--json", "--output", "RIGHT", "--lock", "--grab", "--seconds", "100")
    tap(client, A)
    assert tool.event("key")["code_name"] == "KEY_A"
    tool.process.kill()
    tool.process.communicate()
    done = subprocess.run([TOOL, "--socket", real.path, "events", "--output", "MIDDLE"], text=True,
                          capture_output=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 1 and 'no output "MIDDLE"' in done.stderr


def test_the_daemon_ends(tmp_path: Path) -> None:
    """It says so, and does not wait for another one."""
    daemon = Daemon(tmp_path, "--output", "headless:64x48@60")
    tool = Events(daemon)
    daemon.stop()
    out, err = tool.process.communicate(timeout=HANG_SECONDS)
    assert tool.process.returncode == 1 and "closed the connection" in err


def test_devices_of_a_daemon(real: Daemon) -> None:
    """By their numbers; those that go are gone."""
    assert "none" in devices(real)
    client = real.client("hand")
    tap(client, BACKSPACE)
    found = json.loads(devices(real, "--json"))
    assert found["daemon"].startswith("kmsblitd ")
    device, = found["devices"]
    assert device["capabilities"] == ["keyboard", "pointer"] and device["device"] == 1
    assert '1    "injected keyboard and mouse": keyboard, pointer (0006:' in devices(real)
    client.close()
    real.client("other").sync()
    assert json.loads(devices(real, "--json"))["devices"] == []


def test_devices_without_a_daemon(tmp_path: Path) -> None:
    """The system's own."""
    command = [TOOL, "--socket", str(tmp_path / "none"), "devices"]
    done = subprocess.run(command, text=True, capture_output=True, check=True, timeout=HANG_SECONDS)
    assert "No daemon answers" in done.stdout and "This system has these devices" in done.stdout
    done = subprocess.run([*command, "--json"], text=True, capture_output=True, check=True,
                          timeout=HANG_SECONDS)
    assert json.loads(done.stdout)["daemon"] is None


def test_a_game_that_is_asked_to_end(real: Daemon) -> None:
    """The tool ends, too, as window_close asks."""
    assert kb.EvtWindowClose.NAME == "window_close"
    client: Client = real.client("hand")
    tool = Events(real)
    for code in (LEFTCTRL, 56):
        key(client, code, True)
    key(client, BACKSPACE, True)
    assert tool.wait() == 0
