#!/usr/bin/python3 -ESs
"""Makes input devices, by uinput, and does with them what it is told.

Standard input has a line of JSON for each thing to do, answered by one line:

    {"do": "add", "id": "k", "kind": "keyboard", "name": "..."}     added k event7
    {"do": "write", "id": "k", "events": [[type, code, value]...]}   wrote k
    {"do": "remove", "id": "k"}                                      removed k

A keyboard also says `lamp k NUMBER 0|1`, a gamepad `rumble k STRONG WEAK MS` and `still k`, when they are told to.
"""
from __future__ import annotations

import ctypes
import fcntl
import json
import os
import selectors
import struct
import sys
from typing import Any

EV_SYN, EV_KEY, EV_REL, EV_ABS, EV_LED, EV_FF, EV_UINPUT = 0, 1, 2, 3, 0x11, 0x15, 0x101
FF_RUMBLE, FF_GAIN = 0x50, 0x60
UI_FF_UPLOAD, UI_FF_ERASE = 1, 2
PROP_POINTER, PROP_DIRECT = 0, 1
BUS_USB, BUS_VIRTUAL = 3, 6
NAME_BYTES = 79

# Of each kind: keys, relative axes, absolute axes with their ranges and resolution, properties, ids.
TRIGGERS = {2: (0, 255, 0), 5: (0, 255, 0)}
STICKS = {code: (-32768, 32767, 0) for code in (0, 1, 3, 4)}
HAT = {16: (-1, 1, 0), 17: (-1, 1, 0)}
FINGERS = {0: (0, 4095, 10), 1: (0, 2399, 10), 0x2F: (0, 9, 0), 0x35: (0, 4095, 10),
           0x36: (0, 2399, 10), 0x39: (0, 65535, 0)}
KINDS: dict[str, dict[str, Any]] = {
    "keyboard": {"keys": range(1, 248), "lamps": (0, 1, 2)},
    "mouse": {"keys": range(0x110, 0x118), "rel": (0, 1, 6, 8, 11, 12)},
    "tablet": {"keys": (0x110, 0x111, 0x112), "rel": (8,), "abs": {0: (0, 32767, 0), 1: (0, 32767, 0)}},
    "touch": {"keys": (0x14A,), "abs": FINGERS, "properties": (PROP_DIRECT,)},
    # As the kernel's xpad makes them, so that its layout is known; 045e:028e is Microsoft's.
    "gamepad": {"keys": (0x130, 0x131, 0x133, 0x134, 0x136, 0x137, 0x13A, 0x13B, 0x13C, 0x13D, 0x13E),
                "abs": {**STICKS, **TRIGGERS, **HAT}, "ids": (BUS_USB, 0x045E, 0x028E, 0x0114), "ff": True},
    # Nobody knows its layout.
    "joystick": {"keys": (0x120, 0x121, 0x122), "abs": {0: (0, 255, 0), 1: (0, 255, 0), 16: (-1, 1, 0)}},
}


def ioc(direction: int, number: int, size: int) -> int:
    """An ioctl of uinput: direction 0 none, 1 write, 2 read, 3 both."""
    return direction << 30 | size << 16 | ord("U") << 8 | number


class Device:
    """One device."""

    def __init__(self, id: str, kind: str, name: str) -> None:
        self.id = id
        what = KINDS[kind]
        self.fd = os.open("/dev/uinput", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.effects: dict[int, tuple[int, int, int]] = {}
        for kinds, bit, codes in ((EV_KEY, 101, what.get("keys", ())), (EV_REL, 102, what.get("rel", ())),
                                  (EV_ABS, 103, what.get("abs", ())), (EV_LED, 105, what.get("lamps", ())),
                                  (EV_FF, 107, (FF_RUMBLE,) if "ff" in what else ())):
            if codes:
                self.set(100, kinds)
            for code in codes:
                self.set(bit, code)
        for number in what.get("properties", ()):
            self.set(110, number)
        for code, (low, high, resolution) in what.get("abs", {}).items():
            data = struct.pack("H2x6i", code, 0, low, high, 0, 0, resolution)
            fcntl.ioctl(self.fd, ioc(1, 4, len(data)), data)
        encoded = name.encode()[:NAME_BYTES]
        data = struct.pack("4H80sI", *what.get("ids", (BUS_VIRTUAL, 0x1234, 0x5678, 1)), encoded,
                           16 if "ff" in what else 0)
        fcntl.ioctl(self.fd, ioc(1, 3, len(data)), data)
        fcntl.ioctl(self.fd, ioc(0, 1, 0))

    def set(self, number: int, value: int) -> None:
        """Says that it has something."""
        fcntl.ioctl(self.fd, ioc(1, number, 4), value)

    def node(self) -> str:
        """Its name in /dev/input."""
        buffer = ctypes.create_string_buffer(64)
        fcntl.ioctl(self.fd, ioc(2, 44, 64), buffer)
        folder = f"/sys/devices/virtual/input/{buffer.value.decode()}"
        return next(name for name in os.listdir(folder) if name.startswith("event"))

    def write(self, events: list[list[int]]) -> None:
        """Does something: one report after the other."""
        for kind, code, value in events:
            os.write(self.fd, struct.pack("qqHHi", 0, 0, kind, code, value))

    def read(self) -> None:
        """What it is told to do."""
        while True:
            try:
                data = os.read(self.fd, 24)
            except BlockingIOError:
                return
            _, _, kind, code, value = struct.unpack("qqHHi", data)
            if kind == EV_UINPUT:
                self.effect(code, value)
            elif kind == EV_LED:
                print(f"lamp {self.id} {code} {value}", flush=True)
            elif kind == EV_FF and code != FF_GAIN and value == 0:
                print(f"still {self.id}", flush=True)
            elif kind == EV_FF and code in self.effects:
                strong, weak, milliseconds = self.effects[code]
                print(f"rumble {self.id} {strong} {weak} {milliseconds}", flush=True)

    def effect(self, code: int, request: int) -> None:
        """An effect is given to it, or taken."""
        size, begin = (104, 200) if code == UI_FF_UPLOAD else (12, 202)
        data = bytearray(struct.pack("I", request).ljust(size, b"\0"))
        fcntl.ioctl(self.fd, ioc(3, begin, size), data)
        if code == UI_FF_UPLOAD:
            # request, answer, then struct ff_effect: type, id, direction, trigger, replay, strengths
            kind, number, _, _, _, milliseconds, _, strong, weak = struct.unpack_from("HhHHHHH2xHH", data, 8)
            assert kind == FF_RUMBLE
            self.effects[number] = (strong, weak, milliseconds)
        fcntl.ioctl(self.fd, ioc(1, begin + 1, size), bytes(data))

    def close(self) -> None:
        """Unplugs it."""
        fcntl.ioctl(self.fd, ioc(0, 2, 0))
        os.close(self.fd)


class Maker:
    """All devices."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.selector = selectors.DefaultSelector()
        self.text = b""
        self.selector.register(0, selectors.EVENT_READ, self.orders)

    def orders(self) -> None:
        """What was written to us."""
        data = os.read(0, 65536)
        if not data:
            sys.exit(0)
        self.text += data
        while b"\n" in self.text:
            line, self.text = self.text.split(b"\n", 1)
            order = json.loads(line)
            print(getattr(self, f"do_{order.pop('do')}")(**order), flush=True)

    def do_add(self, id: str, kind: str, name: str) -> str:
        """Plugs one in."""
        device = self.devices[id] = Device(id, kind, name)
        self.selector.register(device.fd, selectors.EVENT_READ, device.read)
        return f"added {id} {device.node()}"

    def do_write(self, id: str, events: list[list[int]]) -> str:
        """Something happens on it."""
        self.devices[id].write(events)
        return f"wrote {id}"

    def do_remove(self, id: str) -> str:
        """Unplugs it."""
        device = self.devices.pop(id)
        self.selector.unregister(device.fd)
        device.close()
        return f"removed {id}"


def main() -> None:
    """Until standard input ends."""
    maker = Maker()
    print("ready", flush=True)
    while True:
        for key, _ in maker.selector.select():
            key.data()


if __name__ == "__main__":
    main()
