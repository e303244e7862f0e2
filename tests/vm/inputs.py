"""Input devices of a machine, and games that write down what they hear of them."""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from artefacts import ROOT
from machine import GuestFailure, Machine, Program
from programs import PYTHON, Daemon

GUEST = ROOT / "tests" / "vm" / "guest"
LIMIT_SECONDS = 60.0

EV_SYN, EV_KEY, EV_REL, EV_ABS = 0, 1, 2, 3
SYN = [EV_SYN, 0, 0]
UP, DOWN = 0, 1
FIXED = 65536

Event = dict[str, Any]


class Device:
    """A device that was made by uinput."""

    def __init__(self, devices: Devices, id: str, kind: str, name: str, node: str) -> None:
        self.devices, self.id, self.kind, self.name = devices, id, kind, name
        self.path = f"/dev/input/{node}"

    def write(self, *events: list[int]) -> None:
        """Events, with an EV_SYN after them."""
        self.devices.ask(f"wrote {self.id}", do="write", id=self.id, events=[*events, SYN])

    def key(self, code: int, *values: int) -> None:
        """A key or button, pressed and released, or with these values."""
        for value in values or (DOWN, UP):
            self.write([EV_KEY, code, value])

    def move(self, dx: int, dy: int) -> None:
        """A mouse's motion."""
        self.write([EV_REL, 0, dx], [EV_REL, 1, dy])

    def place(self, x: float, y: float) -> None:
        """A tablet's position, 0 to 1 over all of it."""
        self.write([EV_ABS, 0, round(x * 32767)], [EV_ABS, 1, round(y * 32767)])

    def finger(self, slot: int, tracking: int, x: float = 0, y: float = 0, first: bool = False) -> None:
        """A touch screen's finger, 0 to 1 over all of it; tracking -1 lifts it."""
        where = [] if tracking < 0 else [[EV_ABS, 0x35, round(x * 4095)], [EV_ABS, 0x36, round(y * 2399)]]
        self.write([EV_ABS, 0x2F, slot], [EV_ABS, 0x39, tracking], *where,
                   *([[EV_KEY, 0x14A, int(tracking >= 0)]] if first else []))

    def remove(self) -> None:
        """Unplugs it."""
        self.devices.ask(f"removed {self.id}", do="remove", id=self.id)


class Devices:
    """The program in the machine that makes them."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.program: Program = machine.spawn(f"exec {PYTHON} -ESs {GUEST / 'devices.py'}", stdin=True)
        self.program.wait_output("^ready$")
        self.count = 0
        self.read = 0

    def ask(self, answer: str, **order: Any) -> str:
        """Has something done; the line that begins with the answer."""
        at = len(self.program.output)
        self.program.write(json.dumps(order) + "\n")

        def found() -> str:
            return next((line for line in self.program.output[at:].split("\n")[:-1]
                         if line.startswith(answer)), "")

        if not self.machine.wait_event(lambda: bool(found()) or self.program.status is not None,
                                       LIMIT_SECONDS) or not found():
            raise GuestFailure(f"no answer to {order}: {self.program.output[at:]}")
        return found()

    def add(self, kind: str, name: str = "") -> Device:
        """Plugs one in; udev has to see it yet."""
        self.count += 1
        id, name = f"{kind}{self.count}", name or f"Test {kind} {self.count}"
        node = self.ask(f"added {id} ", do="add", id=id, kind=kind, name=name).split()[-1]
        return Device(self, id, kind, name, node)

    def told(self, pattern: str) -> None:
        """Waits until a device was told something: `rumble ID STRONG WEAK MS`, `lamp ID NUMBER VALUE`."""
        self.program.wait_output(pattern, LIMIT_SECONDS)


class Listener:
    """A game."""

    def __init__(self, daemon: Daemon, *windows: dict[str, Any], user: str | None = None) -> None:
        self.machine = daemon.machine
        self.at = 0     # events before it were taken
        self.parsed: list[Event] = []
        self.parsed_bytes = 0
        self.program = daemon.game(str(GUEST / "listener.py"),
                                   json.dumps(windows or [{"size": [1280, 720]}]), user=user)
        self.wait(event="shown")

    def order(self, do: str, **what: Any) -> None:
        """Has it do something."""
        self.program.write(json.dumps({"do": do, **what}) + "\n")

    @property
    def events(self) -> list[Event]:
        """All it has heard so far."""
        data = bytes(self.program.raw[self.parsed_bytes:])
        whole = data.rfind(b"\n") + 1
        self.parsed_bytes += whole
        self.parsed += [json.loads(line) for line in data[:whole].splitlines() if line.startswith(b"{")]
        return self.parsed

    def find(self, begin: int = 0, **fields: Any) -> int:
        """The first event from there on with these fields; -1: none."""
        events = self.events
        for number in range(begin, len(events)):
            event = events[number]
            if all(event.get(name) == value for name, value in fields.items()):
                return number
        return -1

    def wait(self, **fields: Any) -> Event:
        """The next event with these fields; those before it are passed over."""
        begin = self.at

        def found() -> bool:
            return self.find(begin, **fields) >= 0

        self.machine.wait_event(lambda: found() or self.program.status is not None, LIMIT_SECONDS)
        number = self.find(begin, **fields)
        if number < 0:
            raise GuestFailure(f"no {fields} in\n" + self.program.output[-4000:])
        self.at = number + 1
        return self.events[number]

    def take(self, *names: str) -> list[Event]:
        """What it was told since the last call, all that the daemon has sent; only these kinds, if any are named."""
        begin = self.at
        self.order("sync")
        self.wait(event="synced")
        return [event for event in self.events[begin:self.at - 1]
                if not names or event["event"] in names]

    def device(self, name: str) -> Event:
        """Waits until it is told of a device of this name, now or before; its event."""
        self.machine.wait_event(lambda: self.find(event="device", name=name) >= 0, LIMIT_SECONDS)
        number = self.find(event="device", name=name)
        if number < 0:
            raise GuestFailure(f"no device {name!r} in\n" + self.program.output[-4000:])
        return self.events[number]

    def gone(self, number: int) -> None:
        """Waits until a device is gone."""
        self.machine.wait_event(lambda: self.find(event="device_gone", object=number) >= 0, LIMIT_SECONDS)
        assert self.find(event="device_gone", object=number) >= 0, self.program.output[-4000:]

    def close(self) -> None:
        """Ends it."""
        self.program.close_stdin()
        self.program.wait()


def position(event: Event) -> tuple[float, float]:
    """Where it was, in pixels of the window."""
    return event["x"] / FIXED, event["y"] / FIXED


Start = Callable[..., Daemon]
