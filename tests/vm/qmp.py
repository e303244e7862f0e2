"""The two ways into qemu: QMP (pictures, keys, pointers) and RFB (plugging displays)."""
from __future__ import annotations

import json
import socket
import struct
from pathlib import Path
from typing import Any

# Only against a qemu that hangs for ever.
HANG_SECONDS = 120


class QmpError(Exception):
    """qemu refused a command."""


class Qmp:
    """One connection to qemu's monitor. Events are dropped: nobody here needs them."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.socket.settimeout(HANG_SECONDS)
        self.stream = self.socket.makefile("rw", encoding="utf-8")
        self.stream.readline()
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: Any) -> Any:
        """Executes one command; its result."""
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            line = self.stream.readline()
            if not line:
                raise QmpError(f"{command}: qemu is gone")
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise QmpError(f"{command}: {answer['error']['desc']}")

    def close(self) -> None:
        """Lets go of the connection."""
        self.stream.close()
        self.socket.close()


SET_ENCODINGS, SET_DESKTOP_SIZE = 2, 251
EXTENDED_DESKTOP_SIZE = -308
ASKED_BY_US, REFUSED = 1, (1, 2, 3)


def _receive(stream: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            raise QmpError("qemu closed the RFB connection")
        data += more
    return data


def _screens(stream: socket.socket) -> tuple[int, int]:
    """The next ExtendedDesktopSize that qemu sends: (reason, status)."""
    while True:
        kind = _receive(stream, 1)[0]
        if kind != 0:
            raise QmpError(f"qemu sent an RFB message of kind {kind} that nobody asked for")
        _, rectangles = struct.unpack(">BH", _receive(stream, 3))
        found = None
        for _ in range(rectangles):
            x, y, _, _, encoding = struct.unpack(">HHHHi", _receive(stream, 12))
            if encoding != EXTENDED_DESKTOP_SIZE:
                raise QmpError(f"qemu sent an RFB rectangle in encoding {encoding}")
            count = _receive(stream, 4)[0]
            _receive(stream, 16 * count)
            found = (x, y)
        if found:
            return found


def set_display_size(path: Path, width: int, height: int) -> None:
    """Tells the graphics card that the display behind this RFB socket has this size now, as a viewer
    does whose window was resized; 0x0: that there is none."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(HANG_SECONDS)
        stream.connect(str(path))
        stream.sendall(_receive(stream, 12))
        _receive(stream, _receive(stream, 1)[0])
        stream.sendall(b"\x01")                                     # no authentication
        if _receive(stream, 4) != b"\0\0\0\0":
            raise QmpError("qemu refused the RFB connection")
        stream.sendall(b"\x01")                                     # others may stay
        name_length = struct.unpack(">2H16xI", _receive(stream, 24))[2]
        _receive(stream, name_length)
        stream.sendall(struct.pack(">BxHi", SET_ENCODINGS, 1, EXTENDED_DESKTOP_SIZE))
        stream.sendall(struct.pack(">BxHHBx", SET_DESKTOP_SIZE, width, height, 1) +
                       struct.pack(">IHHHHI", 0, 0, 0, width, height, 0))
        while True:
            reason, status = _screens(stream)
            if reason == ASKED_BY_US:
                if status in REFUSED:
                    raise QmpError(f"qemu refused a display of {width}x{height}: status {status}")
                return
