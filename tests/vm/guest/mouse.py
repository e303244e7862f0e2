#!/usr/bin/python3
"""A mouse and what it points at, for the tests: every output is grey, and over it the cursor is one red pixel.

Standard input moves it: `by DX DY` in pixels, `to X Y` over the first output, 0 to 65535. Each line is
answered by `seen N` when the cursor can be seen where it then is.
"""
from __future__ import annotations

import os
import socket
import sys

import kmsblit
from kmsblit import protocol

REL, ABS = 2, 3


def main() -> None:
    """Until standard input ends."""
    display = kmsblit.connect()
    image = display.image(bytes((0, 0, 255, 255)), "argb8888", (1, 1))
    windows = [display.window((8, 8), scale="stretch", base="grey", output=output)
               for output in display.outputs]
    for window in windows:
        window.cursor = image
        window.clear()
        window.flip(wait=True)
    injector = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    injector.connect(os.environ["KMSBLIT_SOCKET"])
    hello = protocol.encode_hello(serial=1, version=protocol.PROTO_VERSION, flags=0, token=0, name="mouse")
    injector.sendall(hello[0])
    print("ready", flush=True)
    for number, line in enumerate(sys.stdin):
        word, x, y = line.split()
        kind = REL if word == "by" else ABS
        for type, code, value in ((kind, 0, int(x)), (kind, 1, int(y)), (0, 0, 0)):
            injector.sendall(protocol.encode_input_inject(serial=2, type=type, code=code, value=value, device=0)[0])
        injector.sendall(protocol.encode_sync(serial=3 + number)[0])
        wait_for(injector, 3 + number)
        for window in windows:  # frames of nothing, answered when all before them is seen
            window.flip(wait=True)
            window.flip(wait=True)
        print(f"seen {number}", flush=True)


def wait_for(injector: socket.socket, serial: int) -> None:
    """Until the daemon has read what was sent before the sync of this serial."""
    received = b""
    while True:
        while len(received) < 16 or len(received) < protocol.decode_header(received).size:
            received += injector.recv(65536)
        size = protocol.decode_header(received).size
        message, received = protocol.decode(received[:size], []), received[size:]
        if isinstance(message, protocol.EvtDone) and message.serial == serial:
            return


if __name__ == "__main__":
    main()
