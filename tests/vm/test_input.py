"""Keyboards, mice, tablets, touch screens and gamepads, real to the kernel: what arrives at games, and only there."""
from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from consoles import PLAYER, Typist, console, switch, wait_usable
from inputs import DOWN, EV_ABS, EV_KEY, EV_REL, FIXED, UP, Devices, Listener, position
from machine import Machine, Program
from programs import TOOL, Daemon

SERVICE = ("--backend", "kms", "--session", "service", "--vt", "7")
SEAT = ("--session", "seat")
CONFIG = "/tmp/kmsblitd.conf"
KEY_A, KEY_B, KEY_X, LEFTCTRL, LEFTALT, BACKSPACE, BTN_LEFT = 30, 48, 45, 29, 56, 14, 0x110
BOTH: list[dict[str, Any]] = [{"size": [640, 360], "output": "Virtual-1", "z": 1},
                              {"size": [400, 300], "output": "Virtual-2", "z": 0}]
TOUCH_DOWN, TOUCH_MOTION, TOUCH_UP, TOUCH_CANCEL = 0, 1, 2, 3

Start = Callable[..., Daemon]


@pytest.fixture(name="devices")
def fixture_devices(virtio: Machine) -> Devices:
    """A program that makes devices."""
    return Devices(virtio)


@pytest.fixture(name="seatd")
def fixture_seatd(virtio: Machine) -> Iterator[Program]:
    """Runs, for the members of the group video."""
    switch(virtio, 1)
    program = virtio.spawn("exec seatd -g video -l info")
    program.wait_output("seatd started")
    yield program
    program.kill()
    program.wait()


def configured(machine: Machine, start: Start, text: str, *options: str, **more: Any) -> Daemon:
    """A daemon with this configuration."""
    machine.write(CONFIG, text)
    return start(machine, *(options or SERVICE), "--config", CONFIG, **more)


def keys(listener: Listener) -> list[tuple[int, int]]:
    """The keys that it was told of since the last time: code, and whether it went down."""
    return [(event["code"], int(event["state"])) for event in listener.take("key")]


def upright(degrees: int, x: float, y: float) -> tuple[float, float]:
    """A place of a display whose picture is turned counter-clockwise, in the picture; both 0 to 1."""
    return {0: (x, y), 90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}[degrees]


def near(event: dict[str, Any], wanted: tuple[float, float]) -> bool:
    """Whether it was there, as far as whole pixels say."""
    x, y = position(event)
    return abs(x - wanted[0]) <= 1.5 and abs(y - wanted[1]) <= 1.5


def test_devices_are_made(virtio: Machine, devices: Devices) -> None:
    """What udev says of them is what they are."""
    for kind, wanted in [("keyboard", "ID_INPUT_KEYBOARD"), ("mouse", "ID_INPUT_MOUSE"),
                         ("tablet", "ID_INPUT_MOUSE"), ("touch", "ID_INPUT_TOUCHSCREEN"),
                         ("gamepad", "ID_INPUT_JOYSTICK"), ("joystick", "ID_INPUT_JOYSTICK")]:
        device = devices.add(kind)
        virtio.run("udevadm settle")
        said = virtio.run(f"udevadm info {device.path}").output
        assert f"{wanted}=1" in said, (kind, said)
        device.remove()


# ---- Every kind, however the picture is turned ----------------------------------------------------

@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned(virtio2: Machine, devices: Devices, start: Start, degrees: int) -> None:
    """On two displays, the first one turned and a window scaled on it; a touch screen on each, one built in the wrong way round. Keyboard and touch screen are plugged in
    before the daemon starts, mouse and tablet while the game runs."""
    keyboard, touch = devices.add("keyboard"), devices.add("touch", "First touch screen")
    second = devices.add("touch", "Second touch screen")
    virtio2.run("udevadm settle")
    daemon = configured(virtio2, start, f"[output Virtual-1]\nrotate = {degrees}\n[input]\nacceleration = off\n"
                        "[input *]\noutput = Virtual-1\n[input Second*]\noutput = Virtual-2\n"
                        "matrix = -1 0 1 0 1 0\n")
    game = Listener(daemon, *BOTH)
    number = game.device(keyboard.name)["object"]
    keyboard.key(KEY_A)
    assert game.wait(event="key", state=DOWN)["device"] == number
    assert game.wait(event="key", state=UP)["code"] == KEY_A
    virtio2.key("b")
    assert game.wait(event="key", state=DOWN)["text"] == "b"

    for x, y in [(0.25, 0.125), (0.75, 0.5)]:
        wanted = upright(degrees, x, y)
        wanted = wanted[0] * 640, wanted[1] * 360
        touch.finger(0, 7, x, y, first=True)
        event = game.wait(event="touch", phase=TOUCH_DOWN)
        assert event["object"] == 1 and near(event, wanted), (wanted, position(event))
        touch.finger(0, -1, first=True)
        game.wait(event="touch", phase=TOUCH_UP)
        virtio2.move_to(x * 1280, y * 720)
        event = game.wait(event="pointer_motion")
        assert near(event, wanted), (wanted, position(event))

    mouse = devices.add("mouse")
    game.device(mouse.name)
    before = position(event)
    mouse.move(24, -16)
    event = game.wait(event="pointer_motion")
    assert (event["dx"], event["dy"]) == (24 * FIXED, -16 * FIXED)
    shown = (720, 1280) if degrees in (90, 270) else (1280, 720)
    assert near(event, (before[0] + 24 * 640 / shown[0], before[1] - 16 * 360 / shown[1]))
    virtio2.move_by(3, 0)
    assert game.wait(event="pointer_motion")["dx"] == 3 * FIXED
    virtio2.button("left")
    assert [game.wait(event="pointer_button")["state"] for _ in range(2)] == [DOWN, UP]
    mouse.write([EV_REL, 8, 1], [EV_REL, 11, 120])
    assert game.wait(event="pointer_wheel")["vertical"] == -120

    tablet = devices.add("tablet")
    game.device(tablet.name)
    tablet.place(0.5, 0.75)
    wanted = upright(degrees, 0.5, 0.75)
    assert near(game.wait(event="pointer_motion"), (wanted[0] * 640, wanted[1] * 360))

    second.finger(0, 1, 0.5, 0.25, first=True)
    event = game.wait(event="touch", phase=TOUCH_DOWN)
    assert event["object"] == 2 and near(event, (200, 75)), position(event)
    second.finger(1, 2, 0.75, 0.25)
    other = game.wait(event="touch", phase=TOUCH_DOWN)
    assert other["finger"] != event["finger"] and near(other, (100, 75))
    second.finger(0, 1, 0.5, 0.5)
    assert near(game.wait(event="touch", phase=TOUCH_MOTION), (200, 150))
    second.finger(0, -1)
    assert game.wait(event="touch", phase=TOUCH_UP)["finger"] == event["finger"]
    assert game.find(event="error") < 0
    daemon.stop()


def test_gamepads(virtio: Machine, devices: Devices, start: Start) -> None:
    """One whose layout is known, by its names, and it shakes; one that nobody knows, as it is."""
    pad = devices.add("gamepad", "Microsoft X-Box 360 pad")
    virtio.run("udevadm settle")
    daemon = start(virtio, *SERVICE)
    game = Listener(daemon)
    told = game.device(pad.name)
    assert told["capabilities"] & 8 and told["capabilities"] & 16 and told["capabilities"] & 32, told
    pad.key(0x130)
    assert [game.wait(event="gamepad_button")["button"] for _ in range(2)] == [0, 0]
    pad.write([EV_ABS, 0, -32768], [EV_ABS, 5, 255], [EV_ABS, 16, -1])
    events = [game.wait(event="gamepad_axis") for _ in range(2)]
    assert sorted((event["axis"], event["value"]) for event in events) == [(0, -32768), (5, 32767)]
    assert game.wait(event="gamepad_button")["button"] == 13  # a press comes after what waited before it
    game.order("rumble", device=told["object"], strong=40000, weak=20000, ms=300)
    devices.told(rf"^rumble {pad.id} 40000 20000 300$")
    joystick = devices.add("joystick")
    told = game.device(joystick.name)
    assert not told["capabilities"] & 16 and (told["axes"], told["buttons"]) == (2, 7), told
    joystick.key(0x121, DOWN)
    assert game.wait(event="gamepad_button", device=told["object"])["button"] == 1
    joystick.remove()
    assert game.wait(event="gamepad_button", device=told["object"])["state"] == UP
    game.gone(told["object"])
    daemon.stop()


# ---- Coming and going -------------------------------------------------------------------------

def test_no_device_at_all(virtio: Machine, start: Start) -> None:
    """Without any it starts, and takes what is plugged in."""
    virtio.run("modprobe -r evdev")
    try:
        daemon = start(virtio, *SERVICE)
        game = Listener(daemon)
        assert game.find(event="device") < 0
        assert "none" in daemon.tool("devices").output
        virtio.run("modprobe evdev && udevadm settle")
        virtio.wait_until(lambda: game.find(event="device", name="QEMU Virtio Keyboard") >= 0, "it is found")
        virtio.key("a")
        assert game.wait(event="key")["code"] == KEY_A
        assert "QEMU Virtio Keyboard" in daemon.tool("devices").output
        daemon.stop()
    finally:
        virtio.run("modprobe evdev && udevadm settle")


def test_unplugged_while_held(virtio: Machine, devices: Devices, start: Start) -> None:
    """What was held is released, or was not meant; what another keyboard holds stays."""
    daemon = start(virtio, *SERVICE)
    game = Listener(daemon)
    one, other, mouse, touch = (devices.add(kind) for kind in ("keyboard", "keyboard", "mouse", "touch"))
    for device in (one, other, mouse, touch):
        game.device(device.name)
    one.key(KEY_A, DOWN)
    other.key(KEY_A, DOWN)
    one.key(KEY_B, DOWN)
    game.wait(event="key", code=KEY_B)
    one.remove()
    assert game.wait(event="key", state=UP)["code"] == KEY_B
    game.gone(game.device(one.name)["object"])
    assert keys(game) == []
    other.remove()
    assert game.wait(event="key")["code"] == KEY_A
    mouse.move(1, 1)
    mouse.key(BTN_LEFT, DOWN)
    game.wait(event="pointer_button", state=DOWN)
    mouse.remove()
    game.wait(event="pointer_button", state=UP)
    touch.finger(0, 1, 0.5, 0.5, first=True)
    game.wait(event="touch", phase=TOUCH_DOWN)
    touch.remove()
    assert game.wait(event="touch")["phase"] in (TOUCH_UP, TOUCH_CANCEL)
    daemon.stop()


NAMES = ["%n%s%n%x", "two\nlines", "\x1b]0;title\x07", "漢字" * 13, "ä" * 40, '"quoted\\"', " "]


def test_names(virtio: Machine, devices: Devices, start: Start) -> None:
    """Whatever they are called: nothing breaks, and the log has lines of text."""
    made = [devices.add("keyboard", name) for name in NAMES]
    virtio.run("udevadm settle")
    daemon = start(virtio, *SERVICE)
    game = Listener(daemon)
    for device in made:
        device.key(KEY_A)
        assert game.wait(event="key", state=UP)["code"] == KEY_A
    daemon.stop()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", daemon.log)
    for line in daemon.log.splitlines():
        assert re.match(r"\[ *\d+\.\d+\] ", line), line


# ---- Who may -----------------------------------------------------------------------------------

def test_by_group(virtio: Machine, start: Start) -> None:
    """Not in the group input: each device is named once with what to do; a udev event after the permission came is enough, and so
    is a restart with the group."""
    wait_usable(virtio)
    daemon = start(virtio, "--backend", "kms", "--session", "service", **PLAYER)
    game = Listener(daemon)
    assert game.find(event="device") < 0
    said = [line for line in daemon.log.splitlines() if "QEMU Virtio Keyboard" in line]
    assert len(said) == 1 and "permission denied" in said[0].lower() and "group input" in said[0], daemon.log
    listed = daemon.tool("devices").output
    assert "QEMU Virtio Keyboard" in listed and "group input" in listed, listed
    local = virtio.run(f"{TOOL} devices --local", user="player").output
    assert "REFUSED" in local and "usermod -aG input player" in local, local
    virtio.run("chmod a+rw /dev/input/event*; udevadm trigger --action=change --subsystem-match=input")
    try:
        game.device("QEMU Virtio Keyboard")
        virtio.key("a")
        assert game.wait(event="key")["code"] == KEY_A
    finally:
        virtio.run("chmod 660 /dev/input/event*")
    daemon.stop()
    daemon = start(virtio, "--backend", "kms", "--session", "service", **{**PLAYER, "groups": ("video", "input")})
    game = Listener(daemon)
    game.device("QEMU Virtio Keyboard")
    virtio.key("b")
    assert game.wait(event="key")["code"] == KEY_B
    daemon.stop()


def presses(codes: list[int]) -> list[list[int]]:
    """Keys, one after the other."""
    return [event for code in codes for value in (DOWN, UP) for event in ([EV_KEY, code, value], [0, 0, 0])]


def test_the_kernel_drops(virtio: Machine, devices: Devices, start: Start) -> None:
    """More at once than it keeps for us: some are lost, but nothing stays held."""
    daemon = start(virtio, *SERVICE)
    keyboard = devices.add("keyboard")
    game = Listener(daemon)
    game.device(keyboard.name)
    keyboard.write(*presses([KEY_A + number % 8 for number in range(500)]))
    keyboard.key(KEY_X)
    game.wait(event="key", code=KEY_X, state=UP)
    held: set[int] = set()
    for event in game.events:
        if event["event"] == "key":
            assert (event["code"] in held) != bool(event["state"]), "pressed or released twice"
            held ^= {event["code"]}
    assert held == set()
    daemon.stop()


def test_two_games(virtio: Machine, devices: Devices, start: Start, long: bool) -> None:
    """Thousands of keys: the one that has the focus has all, in their order, and the other one none."""
    daemon = start(virtio, *SERVICE)
    keyboard = devices.add("keyboard")
    behind, game = Listener(daemon), Listener(daemon)
    game.device(keyboard.name)
    behind.take()
    count = 10000 if long else 400
    codes = [KEY_A + number % 8 for number in range(count)]
    at_once = 8     # all different, and fewer events than the 64 that the kernel keeps for a reader that is late
    for at in range(0, count, at_once):
        keyboard.write(*presses(codes[at:at + at_once]))
        game.wait(event="key", code=codes[at + at_once - 1], state=UP)
    told = [(event["code"], int(event["state"])) for event in game.events if event["event"] == "key"]
    assert told == [(code, value) for code in codes for value in (DOWN, UP)]
    assert behind.take() == []
    keyboard.key(KEY_X, DOWN)
    game.close()
    behind.wait(event="focus", gained=1)
    keyboard.key(KEY_X, UP)
    keyboard.key(KEY_B)
    assert behind.wait(event="key")["code"] == KEY_B     # and not KEY_X, which was not pressed for it
    daemon.stop()


# ---- The console behind -------------------------------------------------------------------------

def test_nothing_reaches_the_console(virtio: Machine, start: Start) -> None:
    """Of what is typed while a game plays, and while it or the daemon is killed, what reads on the VT hears nothing."""
    typist = Typist(virtio)
    for vt in ("1", "7"):
        daemon = start(virtio, "--backend", "kms", "--session", "service", "--vt", vt)
        game = Listener(daemon)
        typist.type_blindly("secret")
        game.wait(event="key", text="t")
        virtio.key("x", down=True)
        game.wait(event="key", text="x")
        game.program.kill(signal.SIGKILL)
        game.program.wait()
        typist.type_blindly("secret")
        game = Listener(daemon)
        typist.type_blindly("secret")
        game.wait(event="key", text="t")
        daemon.stop(signal.SIGKILL)
        virtio.key("x", down=False)
        wait_usable(virtio)
        assert typist.text.strip() == "", (vt, typist.text)
        typist.type("found")


def test_vt_switch(virtio: Machine, seatd: Program, start: Start) -> None:
    """Ctrl-Alt-F2 and back: keys reach the game while it is in front, and the shell while that is; never both."""
    del seatd
    typist = Typist(virtio)
    shell = virtio.spawn("echo reading; exec cat </dev/tty2")
    shell.wait_output("^reading$")
    daemon = start(virtio, *SEAT, **PLAYER)
    game = Listener(daemon)
    for _ in range(2):
        typist.type_blindly("game")
        game.wait(event="key", text="e")
        virtio.key("ctrl", "alt", "f2")
        virtio.wait_until(lambda: console(virtio, 1).active == 2, "VT 2 is in front")
        virtio.wait_until(lambda: daemon.log.count("session: paused") > daemon.log.count("session: resumed"),
                          "it is paused")
        told = game.take("key")
        held = {event["code"] for event in told if event["state"]} - \
            {event["code"] for event in told if not event["state"]}
        assert held == set() and 60 not in {event["code"] for event in told}, told
        virtio.key("s")
        virtio.key("h")
        virtio.key("ret")
        shell.wait_output(r"^sh\r?$", 30)
        assert keys(game) == []
        virtio.key("ctrl", "alt", "f1")
        virtio.wait_until(lambda: daemon.log.count("session: paused") == daemon.log.count("session: resumed"),
                          "it goes on")
        game.wait(event="device", name="QEMU Virtio Keyboard")
        shell.output = ""
        shell.raw.clear()
    typist.type_blindly("more")
    game.wait(event="key", text="e")
    daemon.stop(signal.SIGKILL)
    wait_usable(virtio)
    assert typist.text.strip() == "" and shell.output == "", (typist.text, shell.output)
    typist.type("found")


def test_end_a_game(virtio: Machine, start: Start) -> None:
    """Ctrl-Alt-Backspace asks it to end; the second time it is ended, and the game behind has the focus."""
    daemon = start(virtio, *SERVICE)
    behind, game = Listener(daemon), Listener(daemon)
    behind.take()
    virtio.key("ctrl", "alt", "backspace")
    game.wait(event="window_close")
    assert BACKSPACE not in {code for code, _ in keys(game)}
    game.order("stop")
    game.wait(event="stopped")      # it hangs
    virtio.key("ctrl", "alt", "backspace")
    assert game.program.wait().status == -signal.SIGTERM
    behind.wait(event="focus", gained=1)
    virtio.key("a")
    assert behind.wait(event="key", state=DOWN)["text"] == "a"
    daemon.stop()
