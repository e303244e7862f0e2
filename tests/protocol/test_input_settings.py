"""What is configured of input, what changes without a restart, recordings, and what is said of it all."""
from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
from harness import Client, Daemon, kb, run_daemon
from players import (A, B, PAD, TOUCH, Player, absolute, finger, key, keymap_text, point, short,
                     tap)

Start = Callable[..., Daemon]
ONE = ("--clock", "virtual", "--output", "headless:320x240@60")
Y_KEY, CAPS = 21, 58


def described(client: Client) -> list[str]:
    """The daemon's own words."""
    serial = client.request(kb.encode_describe)
    return client.expect(kb.EvtDescription, serial=serial).text.splitlines()


def test_layouts_change_on_hangup(start: Start, tmp_path: Path) -> None:
    """Clients get the new keymap; keys that are held stay held."""
    config = tmp_path / "conf"
    config.write_text("[keyboard]\nlayout = us\n")
    daemon = start("--config", str(config), *ONE)
    client, player = daemon.client(), Player(daemon)
    key(client, 42, True)
    key(client, Y_KEY, True)
    key(client, Y_KEY, False)
    assert [event.text for event in player.input() if isinstance(event, kb.EvtKey)] == [
        "", "Y", ""]
    keymap_text(player.client.take(kb.EvtKeymap)[0])
    config.write_text("[keyboard]\nlayout = de\nrepeat_delay_ms = 300\nrepeat_rate = 40\n")
    os.kill(daemon.pid, signal.SIGHUP)
    keymap = player.client.expect(kb.EvtKeymap)
    assert (keymap.repeat_delay_ms, keymap.repeat_rate) == (300, 40)
    assert "German" in keymap_text(keymap)
    tap(client, Y_KEY)
    assert player.input()[0].text == "Z"
    key(client, 42, False)
    tap(client, Y_KEY)
    assert [event.text for event in player.input()] == ["", "z", ""]
    assert "keymap: de" in described(client)


def test_a_layout_that_does_not_exist(start: Start, tmp_path: Path) -> None:
    """Is said, and keys are those of another one."""
    config = tmp_path / "conf"
    config.write_text("[keyboard]\nlayout = atlantis\n")
    daemon = start("--config", str(config), *ONE)
    player = Player(daemon)
    tap(daemon.client(), A)
    assert player.input()[1].text == "a"
    assert "atlantis" in daemon.text()
    assert any("atlantis" in line for line in described(player.client))


def test_what_is_said_of_devices(start: Start) -> None:
    """Number, name, what each can do, where it lies; who has the focus."""
    client = start(*ONE).client()
    lines = described(client)
    assert "focus: nobody's" in lines
    assert any(line.startswith("input: devices are not used") for line in lines)
    tap(client, A)
    finger(client, 0, (0, 0), True)
    key(client, 0x130, True, PAD)
    lines = described(client)
    assert "device 1: injected keyboard and mouse: keyboard, pointer, injected by a client" in lines
    assert "device 2: injected touch screen: touch screen, on HEADLESS-1, injected by a client" in lines
    assert any(line.startswith("device 3: injected gamepad: gamepad (6 axes") for line in lines)


def test_a_touch_screen_of_another_output(start: Start, tmp_path: Path) -> None:
    """By the device's name; while the output is not there its touches go nowhere."""
    config = tmp_path / "conf"
    config.write_text("[input *touch*]\noutput = SECOND\n")
    daemon = start("--config", str(config), *ONE, "--output", "headless:100x200@60,name=SECOND")
    client = daemon.client()
    player = Player(daemon, size=(100, 200), output=2)
    finger(client, 0, (32768, 32768), True)
    assert player.told()[1:] == [("touch", 0, "down", 50.0, 100.0)]
    config.write_text("[input *touch*]\noutput = THIRD\n")
    os.kill(daemon.pid, signal.SIGHUP)
    while "was read again" not in daemon.text():
        pass
    finger(client, 0, None)
    finger(client, 1, (32768, 32768), True)
    assert [one[:3] for one in player.told()] == [("touch", 0, "up")]


def test_recorded_and_played_again(start: Start, tmp_path: Path) -> None:
    """A game is told the same things at the same times."""
    recording = tmp_path / "recording"
    size = "headless:320x240@60"
    first = start("--record-input", str(recording), "--clock", "virtual", "--output", size)
    player, client = Player(first), first.client()
    client.step(100_000_000)
    tap(client, A, B)
    client.step(1_000_000_000)
    point(client, 100, 50)
    finger(client, 0, absolute(client, 7, 8), True)
    client.step(500_000_000)
    finger(client, 0, None)
    key(client, 0x130, True, PAD)
    key(client, 0x130, False, PAD)
    before = player.input()
    first.stop()
    assert os.stat(recording).st_mode & 0o777 == 0o600
    assert recording.read_text().startswith("kmsblit-input 1\n")
    second = start("--replay-input", str(recording), "--clock", "virtual", "--output", size)
    player = Player(second)
    player.client.step(2_000_000_000)
    after = player.input()

    assert [short(event) for event in after] == [
        *(short(event) for event in before), ("over", False)]  # the first daemon's end is in it
    touches = [event for event in after if isinstance(event, kb.EvtTouch)]
    assert np.diff([touch.time_ns for touch in touches]).tolist() == [500_000_000]


def test_a_recording_that_is_none(tmp_path: Path) -> None:
    """The daemon does not start, and says which line is wrong."""
    recording = tmp_path / "recording"
    recording.write_text("kmsblit-input 1\nnonsense\n")
    ended = run_daemon("--socket", str(tmp_path / "socket"), *ONE, "--replay-input",
                       str(recording))
    assert ended.returncode == 1
    assert ":2:" in ended.stderr


def test_mistakes_in_the_file(tmp_path: Path) -> None:
    """Each is said with its line and with what is allowed."""
    config = tmp_path / "conf"
    for text, said in [
            ("[keyboard]\nrepeat_rate = 1001\n", ":2: [keyboard] repeat_rate = 1001: must be"),
            ("[input]\nspeed = fast\n", ":2: [input] speed = fast: must be a number from -1"),
            ("[input]\nspeed = nan\n", ":2: [input] speed = nan: must be"),
            ("[input]\nend_game = backspace\n", ":2: [input] end_game = backspace: must be none"),
            ("[input]\nend_game = ctrl-a-b\n", ":2: [input] end_game = ctrl-a-b: must be none"),
            ("[input x]\nmatrix = 1 2 3 4 5\n", ":2: [input x] matrix = 1 2 3 4 5: must be six"),
            ("[input x]\ncolour = red\n", ":2: [input x] colour: unknown key; there are output"),
            ("[input x]\ntap = on\n[input x]\n", ":3: [input x]: there is such a section"),
            ("[input " + "x" * 129 + "]\n", ": a device's name has at most 128 bytes"),
            ("[input]\ndevices = maybe\n", ":2: [input] devices = maybe: must be auto, on or off"),
    ]:
        config.write_text(text)
        ended = run_daemon("--check-config", "--config", str(config))
        assert ended.returncode == 1
        assert said in ended.stderr, ended.stderr
    config.write_text("[keyboard]\nlayout = de,us\nvariant = nodeadkeys,\nmodel = pc105\n"
                      "options = compose:menu\nrepeat_delay_ms = 1\nrepeat_rate = 0\n[input]\n"
                      "devices = on\nacceleration = off\nspeed = -0.5\nend_game = alt-f4\n"
                      "focus_click = on\nrecord = /a\nreplay = /b\ngamepad_mappings = /c\n"
                      "[input *]\noutput = DSI-1\nmatrix = 0 -1 1, 1 0 .5\nspeed = 1\n"
                      "acceleration = on\nnatural_scroll = on\nleft_handed = on\ntap = on\n"
                      "ignore = off\n")
    assert run_daemon("--check-config", "--config", str(config)).returncode == 0
    assert TOUCH
