"""Clients that want input, and clients that act as input devices."""
from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from harness import Client, Daemon, fill, ident, kb

SYN, KEY, REL, ABS = 0, 1, 2, 3
DOWN, UP = kb.KeyState.DOWN, kb.KeyState.UP
A, B, C, SPACE, LEFTSHIFT, LEFTCTRL, LEFTALT, BACKSPACE = 30, 48, 46, 57, 42, 29, 56, 14
LEFT, RIGHT, MIDDLE = 0x110, 0x111, 0x112
SEAT, TOUCH, PAD = kb.InjectedDevice.SEAT, kb.InjectedDevice.TOUCH_SCREEN, kb.InjectedDevice.GAMEPAD
MT_SLOT, MT_X, MT_Y, MT_ID = 47, 53, 54, 57

INPUT = (kb.EvtFocus, kb.EvtKey, kb.EvtPointerMotion, kb.EvtPointerButton, kb.EvtPointerWheel,
         kb.EvtPointerOver, kb.EvtTouch, kb.EvtGamepadAxis, kb.EvtGamepadButton, kb.EvtEventsLost,
         kb.EvtWindowClose)


class Player:
    """A game: a client that wants input, with a window."""

    def __init__(self, daemon: Daemon, name: str = "game", window: int = ident(1),
                 size: tuple[int, int] = (64, 48), **more: Any) -> None:
        self.client = daemon.client(name, flags=kb.HelloFlag.WANTS_INPUT)
        self.id = window
        if size[0]:
            self.window(window, size, **more)

    def window(self, id: int, size: tuple[int, int] = (64, 48), **more: Any) -> None:
        """A window, seen from now on."""
        self.client.window(id, *size, **{"scale": kb.Scale.STRETCH, **more})
        self.client.show(id, fill(0xFF102030, (0, 0, *size)))

    def input(self) -> list[Any]:
        """What it was told since it was asked last."""
        self.client.sync()
        return list(self.client.take(*INPUT))

    def told(self) -> list[tuple[Any, ...]]:
        """The same in short."""
        return [short(event) for event in self.input()]


def short(event: Any) -> tuple[Any, ...]:
    """What matters of an event, but for its time and device."""
    match event:
        case kb.EvtFocus():
            return ("focus", bool(event.gained))
        case kb.EvtKey():
            return ("key", event.code, bool(event.state))
        case kb.EvtPointerMotion():
            return ("motion", event.x / 65536, event.y / 65536, event.dx / 65536, event.dy / 65536)
        case kb.EvtPointerButton():
            return ("button", event.button, bool(event.state))
        case kb.EvtPointerWheel():
            return ("wheel", event.horizontal, event.vertical)
        case kb.EvtPointerOver():
            return ("over", bool(event.inside))
        case kb.EvtTouch():
            return ("touch", event.finger, kb.TouchPhase(event.phase).name.lower(),
                    event.x / 65536, event.y / 65536)
        case kb.EvtGamepadAxis():
            return ("axis", event.axis, event.value)
        case kb.EvtGamepadButton():
            return ("pad", event.button, bool(event.state))
        case kb.EvtEventsLost():
            return ("lost", event.count)
        case kb.EvtWindowClose():
            return ("close",)
    raise AssertionError(event)


def inject(client: Client, type: int, code: int, value: int, device: int = SEAT) -> int:
    """One input event."""
    return client.request(kb.encode_input_inject, type=type, code=code, value=value, device=device)


def events(client: Client, *three: Sequence[int], device: int = SEAT) -> None:
    """Events that take effect together; all clients have been told afterwards, or will be before
    they are next answered."""
    for one in three:
        inject(client, *one, device=device)
    inject(client, SYN, 0, 0, device)
    client.sync()


def key(client: Client, code: int, down: bool, device: int = SEAT) -> None:
    """A key or a button."""
    events(client, (KEY, code, int(down)), device=device)


def tap(client: Client, *codes: int) -> None:
    """Keys, one after the other."""
    for code in codes:
        key(client, code, True)
        key(client, code, False)


def absolute(client: Client, x: int, y: int, output: int = 1) -> tuple[int, int]:
    """A pixel's place in 65536ths of an output, as people see it."""
    size = client.outputs[output]
    return -(-x * 65536 // size.width), -(-y * 65536 // size.height)


def point(client: Client, x: int, y: int) -> None:
    """A tablet points at a pixel of the primary output."""
    at = absolute(client, x, y)
    events(client, (ABS, 0, at[0]), (ABS, 1, at[1]))


def finger(client: Client, slot: int, at: tuple[int, int] | None, new: bool = False) -> None:
    """A finger at a place in 65536ths, or lifted."""
    what: list[tuple[int, int, int]] = [(ABS, MT_SLOT, slot)]
    if at is None:
        what.append((ABS, MT_ID, -1))
    else:
        if new:
            what.append((ABS, MT_ID, slot))
        what += [(ABS, MT_X, at[0]), (ABS, MT_Y, at[1])]
    events(client, *what, device=TOUCH)


def keymap_text(event: kb.EvtKeymap) -> str:
    """A keymap's text; closes it."""
    try:
        return os.pread(event.text, event.size_bytes, 0).decode()
    finally:
        os.close(event.text)
