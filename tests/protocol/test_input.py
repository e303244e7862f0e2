"""Input to the window that has the focus, and to nobody else."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Client, Daemon, Gone, Refused, child, fill, ident, kb
from players import (A, ABS, B, BACKSPACE, C, KEY, LEFT, LEFTALT, LEFTCTRL, LEFTSHIFT, MT_ID,
                     MT_SLOT, PAD, REL, RIGHT, SEAT, SPACE, SYN, TOUCH, Player, absolute, events,
                     finger, inject, key, keymap_text, point, tap)

Start = Callable[..., Daemon]
OTHER = ident(2)


# ---- Keys -----------------------------------------------------------------------------------

def test_keys_reach_the_focused_window(daemon: Daemon, client: Client) -> None:
    """With their meaning, once each."""
    player = Player(daemon)
    assert player.told() == [("focus", True)]
    key(client, A, True)
    key(client, A, False)
    down, up = player.input()
    assert (down.object, down.code, down.state, down.keysym, down.text) == (
        player.id, A, kb.KeyState.DOWN, ord("a"), "a")
    assert (up.code, up.state, up.keysym, up.text) == (A, kb.KeyState.UP, ord("a"), "")
    assert down.device == up.device > 0
    assert up.time_ns >= down.time_ns > 0
    key(client, LEFTSHIFT, True)
    tap(client, A, SPACE, BACKSPACE)
    key(client, LEFTSHIFT, False)
    shift, press, *_ = events = player.input()
    assert shift.modifiers == press.modifiers == kb.Modifier.SHIFT
    assert press.keysym == ord("A")
    assert [event.text for event in events if event.state] == ["", "A", " ", ""]
    assert events[-1].modifiers == 0


def test_the_keymap(daemon: Daemon) -> None:
    """It comes before the first focus, once."""
    player = Player(daemon)
    player.client.sync()
    kinds = [type(event) for event in player.client.events]
    assert kinds.index(kb.EvtKeymap) < kinds.index(kb.EvtFocus)
    keymap, = player.client.take(kb.EvtKeymap)
    assert keymap_text(keymap).startswith("xkb_keymap {")
    assert (keymap.repeat_delay_ms, keymap.repeat_rate) == (500, 25)


def test_ten_thousand_keys(daemon: Daemon, client: Client) -> None:
    """One of two clients sees them all, in order; the other one none."""
    below = Player(daemon, "below")
    above = Player(daemon, "above")
    assert below.told() == [("focus", True), ("focus", False)]
    assert above.told() == [("focus", True)]
    codes = [30 + n % 8 for n in range(5000)]
    seen = []
    for first in range(0, len(codes), 250):
        for code in codes[first:first + 250]:
            for value in (1, 0):
                inject(client, KEY, code, value)
                inject(client, SYN, 0, 0)
        client.sync()
        seen += above.told()
    assert seen == [("key", code, down) for code in codes for down in (True, False)]
    assert below.told() == []
    counters = client.server()
    assert counters["input_events"] == 10000
    assert counters["events_dropped"] == 0
    assert counters["devices"] == 1


def test_a_client_that_wants_no_input(daemon: Daemon, client: Client) -> None:
    """It is told of devices, and of nothing else; windows above of it do not take the focus."""
    player = Player(daemon)
    quiet = daemon.client("quiet")
    quiet.window(ident(1), 64, 48, z=5, place=(0, 0, 100, 100))
    quiet.show(ident(1), fill(0xFF00FF00, (0, 0, 64, 48)))
    quiet.refused(kb.ErrorCode.NOT_POSSIBLE, quiet.request(kb.encode_window_focus, object=ident(1)))
    tap(client, A)
    quiet.sync()
    assert [type(event).__name__ for event in quiet.take(
        kb.EvtDevice, kb.EvtKey, kb.EvtFocus, kb.EvtKeymap)] == ["EvtDevice"]
    assert player.told() == [("focus", True), ("key", A, True), ("key", A, False)]


def test_what_nobody_sees_gets_nothing(daemon: Daemon, client: Client) -> None:
    """A game that is covered by a program without input."""
    player = Player(daemon)
    quiet = daemon.client("quiet")
    quiet.window(ident(1), 64, 48, scale=kb.Scale.STRETCH)
    quiet.show(ident(1), fill(0xFF00FF00, (0, 0, 64, 48)))
    tap(client, A)
    told = player.told()
    assert told == [("focus", True), ("focus", False)]
    quiet.close()
    player.client.expect(kb.EvtFocus, gained=1)
    tap(client, B)
    assert player.told() == [("key", B, True), ("key", B, False)]


# ---- Focus ----------------------------------------------------------------------------------

def test_focus_by_stacking(daemon: Daemon, client: Client) -> None:
    """Windows that come, are hidden, raised, destroyed; what does not come above changes nothing."""
    player = Player(daemon)
    player.told()

    def focused() -> list[tuple[int, bool]]:
        player.client.refresh(2)
        return [(event.object, bool(event.gained)) for event in player.input()]

    player.window(OTHER, z=-1)
    assert focused() == []
    player.client.set(OTHER, z=1)
    assert focused() == [(player.id, False), (OTHER, True)]
    player.client.set(OTHER, flags=kb.WindowFlag.HIDDEN)
    assert focused() == [(OTHER, False), (player.id, True)]
    player.client.set(OTHER, flags=0)
    assert focused() == [(player.id, False), (OTHER, True)]
    player.client.request(kb.encode_window_focus, object=player.id)
    assert focused() == [(OTHER, False), (player.id, True)]
    player.client.set(OTHER, title="another")  # it was above all the time
    player.client.show(OTHER, fill(0xFF00FF00, (0, 0, 9, 9)))
    assert focused() == []
    player.client.request(kb.encode_window_destroy, object=player.id)
    assert focused() == [(player.id, False), (OTHER, True)]
    player.client.request(kb.encode_window_destroy, object=OTHER)
    assert focused() == [(OTHER, False)]
    tap(client, A)
    assert player.input() == []


def test_window_state_says_who_has_it(daemon: Daemon) -> None:
    """The flag comes and goes."""
    player = Player(daemon)
    player.client.sync()
    flag = kb.WindowStateFlag
    assert player.client.take(kb.EvtWindowState)[-1].flags == flag.FOCUSED | flag.VISIBLE
    Player(daemon, "above")
    player.client.sync()
    assert player.client.take(kb.EvtWindowState)[-1].flags == flag.VISIBLE


def test_who_may_ask_for_the_focus(daemon: Daemon) -> None:
    """Not a client while another has it, and no window that cannot be seen."""
    one = Player(daemon, "one")
    two = Player(daemon, "two", z=-1)

    def ask(player: Player, id: int) -> int:
        return player.client.request(kb.encode_window_focus, object=id)

    two.client.refused(kb.ErrorCode.NOT_POSSIBLE, ask(two, two.id))
    one.client.refused(kb.ErrorCode.BAD_OBJECT, ask(one, OTHER))
    one.client.window(OTHER, 8, 8)
    one.client.refused(kb.ErrorCode.NOT_POSSIBLE, ask(one, OTHER))
    ask(one, one.id)
    assert one.told() == [("focus", True)]
    assert two.told() == []


def test_focus_changes_in_mid_press(daemon: Daemon, client: Client) -> None:
    """Everything that was down is up for the old window; nothing is for the new one."""
    old = Player(daemon, "old")
    point(client, 100, 100)
    key(client, LEFTSHIFT, True)
    key(client, A, True)
    key(client, LEFT, True)
    events(client, (KEY, 0x130, 1), (ABS, 0, 20000), (ABS, 5, 7), device=PAD)
    finger(client, 3, (30000, 30000), True)
    old.told()
    new = Player(daemon, "new")
    gone = old.told()
    assert gone[-1] == ("focus", False)
    assert sorted(one[:2] for one in gone[:-2]) == sorted([
        ("key", LEFTSHIFT), ("key", A), ("button", LEFT), ("pad", 0), ("axis", 0), ("axis", 5),
        ("touch", 3)])
    assert gone[-2] == ("over", False)
    assert not any(one[2] for one in gone[:-2] if one[0] in ("key", "button", "pad", "axis"))
    gained, over = new.input()
    assert (gained.gained, gained.modifiers) == (1, kb.Modifier.SHIFT)
    assert over.inside == 1
    key(client, A, False)
    key(client, LEFT, False)
    events(client, (KEY, 0x130, 0), (ABS, 0, 0), device=PAD)
    finger(client, 3, None)
    tap(client, B)
    key(client, LEFTSHIFT, False)
    told = new.input()
    assert [(event.code, event.state, event.text) for event in told] == [(B, 1, "B"), (B, 0, "")]
    assert old.told() == []


def test_a_click_gives_the_focus(daemon: Daemon, client: Client) -> None:
    """First, and then the click is told."""
    left = Player(daemon, "left", place=(0, 0, 160, 240))
    right = Player(daemon, "right", place=(160, 0, 160, 240))
    assert (left.told(), right.told()) == ([("focus", True), ("focus", False)], [("focus", True)])
    point(client, 40, 40)
    assert (left.told(), right.told()) == ([], [])
    key(client, LEFT, True)
    assert right.told() == [("focus", False)]
    assert left.told() == [("focus", True), ("over", True), ("button", LEFT, True)]
    point(client, 240, 40)  # the button is held: it stays the left one's
    key(client, RIGHT, True)
    assert left.told() == [("motion", 64 - 2**-16, 8.0, 0, 0), ("button", RIGHT, True)]
    key(client, RIGHT, False)
    key(client, LEFT, False)
    assert left.told() == [("button", RIGHT, False), ("button", LEFT, False), ("over", False)]
    assert right.told() == []
    finger(client, 0, absolute(client, 200, 100), True)
    assert left.told() == [("focus", False)]
    assert [one[:3] for one in right.told()] == [("focus", True), ("over", True),
                                                 ("touch", 0, "down")]


def test_clicks_that_give_no_focus(start: Start, tmp_path: Path) -> None:
    """By configuration: then they are nobody's."""
    config = tmp_path / "conf"
    config.write_text("[input]\nfocus_click = off\n")
    daemon = start("--config", str(config), "--clock", "virtual", "--output",
                   "headless:320x240@60")
    client = daemon.client()
    left = Player(daemon, "left", place=(0, 0, 160, 240))
    right = Player(daemon, "right", place=(160, 0, 160, 240))
    point(client, 40, 40)
    tap(client, LEFT)
    finger(client, 0, absolute(client, 40, 40), True)
    assert left.told() == [("focus", True), ("focus", False)]
    assert right.told() == [("focus", True)]


# ---- Devices --------------------------------------------------------------------------------

def test_devices_come_and_go(daemon: Daemon) -> None:
    """Everybody is told, with what they can do."""
    watcher = daemon.client()
    assert watcher.take(kb.EvtDevice) == []
    first = daemon.client("first")
    for device in (SEAT, TOUCH, PAD):
        inject(first, SYN, 0, 0, device)
    first.sync()
    assert first.take(kb.EvtDevice) == []  # nothing was done on one
    tap(first, A)
    finger(first, 0, (1, 1), True)
    events(first, (KEY, 0x130, 1), device=PAD)
    late = daemon.client()
    for client in (watcher, first, late):
        client.sync()
        seat, screen, pad = client.take(kb.EvtDevice)
        flag = kb.DeviceCapability
        assert seat.capabilities == flag.KEYBOARD | flag.POINTER
        assert screen.capabilities == flag.TOUCH
        assert pad.capabilities == flag.GAMEPAD | flag.MAPPED
        assert (pad.axes, pad.buttons) == (6, 15)
        assert 0 < seat.object < screen.object < pad.object
    first.close()
    gone = [watcher.expect(kb.EvtDeviceGone).object for _ in range(3)]
    assert sorted(gone) == [seat.object, screen.object, pad.object]
    again = daemon.client()
    tap(again, A)
    assert watcher.expect(kb.EvtDevice).object > pad.object


def test_two_keyboards(daemon: Daemon) -> None:
    """The same key on both is one key; what is held on one goes with it."""
    player = Player(daemon)
    one, two = daemon.client("one"), daemon.client("two")
    key(one, A, True)
    key(two, A, True)
    key(one, A, False)
    assert player.told() == [("focus", True), ("key", A, True)]
    key(two, A, False)
    key(two, B, True)
    key(one, B, True)
    key(one, C, True)
    assert player.told() == [("key", A, False), ("key", B, True), ("key", C, True)]
    one.close()
    player.client.expect(kb.EvtDeviceGone)
    assert player.told() == [("key", C, False)]
    two.close()
    player.client.expect(kb.EvtDeviceGone)
    assert player.told() == [("key", B, False)]


def test_modifiers_go_with_their_keyboard(daemon: Daemon) -> None:
    """No shift is left behind."""
    player = Player(daemon)
    one, two = daemon.client("one"), daemon.client("two")
    key(one, LEFTSHIFT, True)
    key(two, A, True)
    assert player.input()[-1].text == "A"
    one.close()
    player.client.expect(kb.EvtDeviceGone)
    key(two, B, True)
    assert player.input()[-1].text == "b"


def test_the_cursor_goes_with_the_last_pointer(daemon: Daemon) -> None:
    """And the window hears that the pointer left."""
    player = Player(daemon)
    one, two = daemon.client("one"), daemon.client("two")
    before = player.client.see_output()
    point(one, 100, 100)
    tap(two, A)
    player.client.refresh(2)
    shown = player.client.see_output()
    assert (shown != before).any()
    assert ("over", True) in player.told()
    two.close()
    player.client.expect(kb.EvtDeviceGone)
    player.client.refresh(2)
    assert (player.client.see_output() == shown).all()
    one.close()
    player.client.expect(kb.EvtDeviceGone)
    player.client.refresh(2)
    assert (player.client.see_output() == before).all()
    assert player.told() == [("over", False)]


# ---- Permissions and nonsense -----------------------------------------------------------------

def test_only_those_who_may_inject(daemon: Daemon) -> None:
    """Another user's client may not."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to connect as somebody else")
    os.chmod(daemon.path, 0o666)
    folder = tempfile.mkdtemp()  # where others may go
    os.chmod(folder, 0o755)
    path = f"{folder}/socket"
    os.link(daemon.path, path)

    def work() -> Client:
        os.setgid(65534)
        os.setuid(65534)
        stranger = Client(path, flags=kb.HelloFlag.WANTS_INPUT)
        assert stranger.welcome.permissions == 0
        stranger.refused(kb.ErrorCode.PERMISSION, inject(stranger, KEY, A, 1))
        stranger.sync()
        return stranger

    try:
        with child(work):
            pass
    finally:
        shutil.rmtree(folder)
    player = Player(daemon)
    assert player.client.take(kb.EvtDevice) == []


def test_those_who_inject_leave_room(start: Start, tmp_path: Path) -> None:
    """Whatever is held by clients, a keyboard that is plugged in types, and its shortcuts work."""
    recording = tmp_path / "recording"
    keys = [(1.0, LEFTCTRL), (1.1, LEFTALT), (1.2, BACKSPACE)]
    recording.write_text("\n".join([
        "kmsblit-input 1", '0.5 device 7 keyboard 0 0 0 0 0 0 "plugged in"',
        *(f"{at} 7 key {code} down" for at, code in keys), ""]))
    daemon = start("--replay-input", str(recording), "--clock", "virtual", "--output",
                   "headless:320x240@60")
    client = daemon.client()
    player = Player(daemon)
    inject(client, REL, 0, 1)
    refused = 0
    for one in [daemon.client(f"pads {n}") for n in range(44)]:
        for device, event in {SEAT: (REL, 0, 1), TOUCH: (ABS, MT_SLOT, 0), PAD: (ABS, 1, 0)}.items():
            inject(one, *event, device)
        try:
            one.sync()
        except Refused:
            refused += 1
    assert refused == 23
    codes = [*range(2, 11), *range(16, 26), *range(30, 39), *range(44, 51), *range(0x110, 0x118),
             *range(0x160, 0x21f), *range(0x224, 0x250)]
    for first in range(0, len(codes), 60):
        events(client, *((KEY, code, 1) for code in codes[first:first + 60]))
    player.told()
    client.step(2_000_000_000)
    assert player.told()[-3:] == [("key", LEFTCTRL, True), ("key", LEFTALT, True), ("close",)]


def test_nonsense(daemon: Daemon, client: Client) -> None:
    """Values that no device has are refused, and do nothing."""
    player = Player(daemon)
    bad, unknown = kb.ErrorCode.BAD_VALUE, kb.ErrorCode.NOT_IMPLEMENTED
    for device, type, code, value, error in [
            (SEAT, KEY, 30, -1, bad), (SEAT, KEY, 0, 1, unknown), (SEAT, KEY, 0x2FF + 1, 1, unknown),
            (SEAT, KEY, 0xFFFF, 1, unknown), (SEAT, KEY, 0x14A, 1, unknown),
            (SEAT, REL, 3, 1, unknown), (SEAT, 4, 4, 4, unknown), (SEAT, ABS, 2, 1, unknown),
            (TOUCH, ABS, MT_SLOT, -1, bad), (TOUCH, ABS, MT_SLOT, 16, bad),
            (TOUCH, ABS, 53, -1, bad), (TOUCH, ABS, 54, 65536, bad), (TOUCH, KEY, 30, 1, unknown),
            (PAD, ABS, 0, 32768, bad), (PAD, ABS, 2, -1, bad), (PAD, ABS, 16, 2, bad),
            (PAD, KEY, 30, 1, unknown), (PAD, SYN, 1, 0, unknown)]:
        client.refused(error, inject(client, type, code, value, device))
    inject(client, KEY, A, 2)  # a repetition
    for device in (SEAT, TOUCH, PAD):
        inject(client, SYN, 0, 0, device)
    inject(client, REL, 0, -2**31)
    inject(client, REL, 0, -2**31)
    inject(client, REL, 11, 2**31 - 1)
    inject(client, SYN, 0, 0)
    finger(client, 0, None)
    events(client, (ABS, MT_ID, -1), device=TOUCH)
    client.sync()
    assert player.told()[0] == ("focus", True)
    for code in range(64):
        inject(client, KEY, 2 + code, 1)
    client.refused(kb.ErrorCode.QUOTA, inject(client, KEY, 80, 1))
    inject(client, SYN, 0, 0)
    client.sync()
    assert len([one for one in player.told() if one[0] == "key"]) == 64


# ---- The shortcut that ends a game --------------------------------------------------------------

def shortcut(client: Client) -> None:
    """Ctrl, Alt and Backspace."""
    for code in (LEFTCTRL, LEFTALT, BACKSPACE):
        key(client, code, True)
    for code in (BACKSPACE, LEFTALT, LEFTCTRL):
        key(client, code, False)


def test_a_game_is_asked_to_end(daemon: Daemon, client: Client) -> None:
    """Its window hears of it; of the shortcut it sees nothing but modifiers, which are released."""
    other = Player(daemon, "other")
    player = Player(daemon)
    shortcut(client)
    assert player.told() == [
        ("focus", True), ("key", LEFTCTRL, True), ("key", LEFTALT, True), ("close",),
        ("key", LEFTALT, False), ("key", LEFTCTRL, False)]
    assert other.told() == [("focus", True), ("focus", False)]
    player.client.request(kb.encode_window_destroy, object=player.id)
    player.client.sync()
    assert other.told() == [("focus", True)]


PROCESS = """
import signal, sys
from harness import Client, Gone, fill, ident, kb
signal.signal(signal.SIGTERM, lambda *_: print("told", flush=True))
client = Client(sys.argv[1], "game", flags=kb.HelloFlag.WANTS_INPUT)
client.window(ident(1), 8, 8)
client.frame(ident(1), fill(0xFF00FF00, (0, 0, 8, 8)))
client.sync()
print("ready", flush=True)
try:
    while True:
        event = client.receive()
        if isinstance(event, kb.EvtError):
            print(kb.ErrorCode(event.code).name, flush=True)
        if isinstance(event, kb.EvtWindowClose):
            print("asked", flush=True)
except Gone:
    print("gone", flush=True)
"""


@pytest.mark.parametrize("again", [True, False])
def test_a_game_that_does_not_end_is_ended(daemon: Daemon, client: Client, again: bool) -> None:
    """When it is asked again, or after three seconds: its process is told, and it is cut off."""
    with subprocess.Popen([sys.executable, "-c", PROCESS, daemon.path], stdout=subprocess.PIPE,
                          text=True, env={**os.environ, "PYTHONPATH": ":".join(sys.path)}) as game:
        assert game.stdout
        assert game.stdout.readline() == "ready\n"
        client.refresh(2)
        shortcut(client)
        assert game.stdout.readline() == "asked\n"
        if again:
            shortcut(client)
        else:
            client.step(2_900_000_000)
            assert client.server()["clients"] == 2
            client.step(100_000_000)
        lines = [line.strip() for line in game.stdout]
        assert sorted(lines) == ["ENDED", "gone", "told"]
        assert lines[-1] == "gone"
    client.alone()


def test_no_keymap(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without xkb-data the daemon starts and says so; keys have codes, and the shortcut ends a game."""
    monkeypatch.setenv("XKB_CONFIG_ROOT", "/nonexistent")
    daemon = start("--clock", "virtual", "--output", "headless:320x240@60")
    assert "install xkb-data" in daemon.text()
    player, client = Player(daemon), daemon.client()
    tap(client, A)
    shortcut(client)
    assert player.told() == [
        ("focus", True), ("key", A, True), ("key", A, False), ("key", LEFTCTRL, True),
        ("key", LEFTALT, True), ("close",), ("key", LEFTALT, False), ("key", LEFTCTRL, False)]


def test_no_shortcut(start: Start, tmp_path: Path) -> None:
    """Another one, or none, by configuration: the keys go to the game."""
    config = tmp_path / "conf"
    for value, asked in [("none", False), ("logo-q", False), ("ctrl-alt-backspace", True)]:
        config.write_text(f"[input]\nend_game = {value}\n")
        daemon = start("--config", str(config), "--clock", "virtual", "--output",
                       "headless:320x240@60")
        player = Player(daemon)
        shortcut(daemon.client())
        told = player.told()
        assert (("close",) in told) is asked
        assert (("key", BACKSPACE, True) in told) is not asked


def test_it_does_not_end_the_tests(daemon: Daemon, client: Client) -> None:
    """A client of the tests is cut off, and its process (this one) is told: SIGTERM is handled."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        player = Player(daemon)
        shortcut(client)
        shortcut(client)
        with pytest.raises(Gone):
            while True:
                player.client.receive()
        client.alone()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
