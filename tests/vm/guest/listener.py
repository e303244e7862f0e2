#!/usr/bin/python3
"""A game for the tests: shows windows, and writes down every event of input as a line of JSON.

The argument is a JSON list of windows: {"output": NAME or null, "size": [w, h], "place": [x, y, w, h] or null, "scale":
"stretch", "z": 0}. They have the ids 1, 2, ... A line of JSON on standard input is something to do:

    {"do": "sync"}                              answered by {"event": "synced"} after all events before it
    {"do": "focus" | "destroy", "window": 1}
    {"do": "hide", "window": 1, "hidden": 1}
    {"do": "input", "window": 1, "flags": 2}
    {"do": "rumble", "device": 3, "strong": 65535, "weak": 0, "ms": 500}
    {"do": "stop"} and {"do": "go"}             reads nothing from the daemon in between
"""
from __future__ import annotations

import array
import dataclasses
import json
import os
import selectors
import socket
import sys
from typing import Any

from kmsblit import protocol as kb

PRINTED = (kb.EvtDevice, kb.EvtDeviceGone, kb.EvtFocus, kb.EvtKey, kb.EvtPointerMotion, kb.EvtPointerButton,
           kb.EvtPointerWheel, kb.EvtTouch, kb.EvtGamepadAxis, kb.EvtGamepadButton, kb.EvtPointerOver,
           kb.EvtWindowClose, kb.EvtEventsLost, kb.EvtOutput, kb.EvtError, kb.EvtWindowState)
BASE = 0xFF204060


def say(**what: Any) -> None:
    """One line."""
    print(json.dumps(what), flush=True)


class Listener:
    """One connection."""

    def __init__(self, windows: list[dict[str, Any]]) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(os.environ["KMSBLIT_SOCKET"])
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.socket, selectors.EVENT_READ, self.receive)
        self.selector.register(0, selectors.EVENT_READ, self.orders)
        self.serial = 0
        self.received, self.text = b"", b""
        self.fds: list[int] = []
        self.outputs: dict[str, int] = {}
        self.synced: set[int] = set()
        self.wanted, self.shown = windows, 0
        self.send(kb.encode_hello, version=kb.PROTO_VERSION, flags=kb.HelloFlag.WANTS_INPUT, token=0,
                  name="listener")
        self.sync()

    def send(self, encode: Any, **values: Any) -> int:
        """One request; its serial."""
        self.serial += 1
        self.socket.sendall(encode(serial=self.serial, **values)[0])
        return self.serial

    def sync(self) -> None:
        """Answered when all before it was read; what was told before then is here."""
        self.synced.add(self.send(kb.encode_sync))

    def show(self) -> None:
        """The windows, each with its first frame."""
        for number, window in enumerate(self.wanted, 1):
            width, height = window["size"]
            name = window.get("output")
            place = window.get("place") or (0, 0, 0, 0)
            self.send(kb.encode_window_create, object=number, width=width, height=height, base_color=BASE,
                      flags=0, scale=kb.Scale[window.get("scale", "stretch").upper()], filter=0,
                      z=window.get("z", 0), output=self.outputs[name] if name else 0,
                      place=kb.Rect(*place), title=f"listener {number}")
            self.send(kb.encode_frame, object=number, flags=kb.FrameFlag.CLEAR, commands=b"")

    def receive(self) -> None:
        """What the daemon says."""
        data, rights, _, _ = self.socket.recvmsg(1 << 20, socket.CMSG_SPACE(64), socket.MSG_CMSG_CLOEXEC)
        for _, _, content in rights:
            self.fds += array.array("i", content).tolist()
        if not data:
            say(event="gone")
            sys.exit(0)
        self.received += data
        while len(self.received) >= kb.HEADER_BYTES:
            header = kb.decode_header(self.received)
            if len(self.received) < header.size:
                return
            message, self.received = self.received[:header.size], self.received[header.size:]
            fds, self.fds = self.fds[:header.nfds], self.fds[header.nfds:]
            self.told(kb.decode(message, fds))
            for fd in fds:
                os.close(fd)

    def told(self, event: Any) -> None:
        """One event."""
        if isinstance(event, kb.EvtOutput):
            self.outputs[event.name] = event.object
        elif isinstance(event, kb.EvtDone) and event.serial in self.synced:
            if self.serial == 2:
                self.show()
            else:
                say(event="synced")
        elif isinstance(event, kb.EvtPresented) and self.shown < len(self.wanted):
            self.shown += 1
            if self.shown == len(self.wanted):
                say(event="shown")
        elif isinstance(event, kb.EvtKeymap):
            say(event="keymap", size_bytes=event.size_bytes)
        if isinstance(event, PRINTED):
            say(event=event.NAME, **dataclasses.asdict(event))

    def orders(self) -> None:
        """What the test says."""
        data = os.read(0, 65536)
        if not data:
            sys.exit(0)
        self.text += data
        while b"\n" in self.text:
            line, self.text = self.text.split(b"\n", 1)
            order = json.loads(line)
            getattr(self, f"do_{order.pop('do')}")(**order)

    def do_sync(self) -> None:
        """Answered by `synced`."""
        self.sync()

    def do_focus(self, window: int) -> None:
        """Asks for the focus."""
        self.send(kb.encode_window_focus, object=window)

    def do_destroy(self, window: int) -> None:
        """Takes a window away."""
        self.send(kb.encode_window_destroy, object=window)

    def do_hide(self, window: int, hidden: int) -> None:
        """Hides or shows one."""
        self.send(kb.encode_window_set, object=window, fields=kb.WindowField.FLAGS, width=1, height=1,
                  base_color=BASE, flags=hidden, scale=kb.Scale.STRETCH, filter=0, z=0, output=0,
                  place=kb.Rect(0, 0, 0, 0), title="")

    def do_input(self, window: int, flags: int) -> None:
        """Grabs, locks, hides."""
        self.send(kb.encode_window_input, object=window, flags=flags)

    def do_rumble(self, device: int, strong: int, weak: int, ms: int) -> None:
        """Shakes a gamepad."""
        self.send(kb.encode_gamepad_rumble, object=device, strong=strong, weak=weak, duration_ms=ms)

    def do_stop(self) -> None:
        """Reads nothing any more."""
        self.selector.unregister(self.socket)
        say(event="stopped")

    def do_go(self) -> None:
        """Reads again."""
        self.selector.register(self.socket, selectors.EVENT_READ, self.receive)


def main() -> None:
    """Until standard input or the connection ends."""
    listener = Listener(json.loads(sys.argv[1]))
    while True:
        for key, _ in listener.selector.select():
            key.data()


if __name__ == "__main__":
    main()
