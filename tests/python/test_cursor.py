"""Window.cursor: what the pointer looks like over a window."""
from __future__ import annotations

import gc
import socket

import numpy
import pytest

import kmsblit
from kmsblit import protocol


class Mouse:
    """Moves the pointer, as a program that may inject input."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.say(protocol.encode_hello, version=protocol.PROTO_VERSION, flags=0, token=0, name="mouse")

    def say(self, encode, **values):
        self.socket.sendall(encode(serial=7, **values)[0])

    def move_to(self, display, x, y):
        """To a pixel of the primary output, and until it is seen there."""
        width, height = display.outputs[0].width, display.outputs[0].height
        for code, value in ((0, -(-x * 65536 // width)), (1, -(-y * 65536 // height))):
            self.say(protocol.encode_input_inject, type=3, code=code, value=value, device=0)
        self.say(protocol.encode_input_inject, type=0, code=0, value=0, device=0)
        self.say(protocol.encode_sync)
        received = b""
        while True:
            while len(received) < 16 or len(received) < protocol.decode_header(received).size:
                received += self.socket.recv(65536)
            size = protocol.decode_header(received).size
            message, received = protocol.decode(received[:size], []), received[size:]
            if isinstance(message, protocol.EvtDone):
                return


@pytest.fixture
def mouse(daemon):
    mouse = Mouse(daemon.socket)
    yield mouse
    mouse.socket.close()


def seen(window, color=0xFF0000):
    """The pixels of this colour on the output, when all that was asked for can be seen: (x, y)."""
    window.flip(wait=True)
    window.flip(wait=True)
    picture = numpy.asarray(window.display.screenshot()) & 0xFFFFFF
    return [(int(x), int(y)) for y, x in numpy.argwhere(picture == color)]


def test_an_image(display, mouse):
    window = display.window((320, 240), base="grey")
    window.flip(wait=True)
    image = display.image(numpy.full((2, 3), 0xFFFF0000, numpy.uint32))
    assert window.cursor is None
    window.cursor = image
    assert window.cursor is image
    assert seen(window) == []
    mouse.move_to(display, 100, 50)
    block = [(x, y) for y in (0, 1) for x in (0, 1, 2)]
    assert seen(window) == [(x + 100, y + 50) for x, y in block]
    window.cursor = image, (2, 1)
    assert window.cursor == (image, (2, 1))
    assert seen(window) == [(x + 98, y + 49) for x, y in block]
    image.close()
    assert seen(window) == [(x + 98, y + 49) for x, y in block]
    window.cursor = False
    assert window.cursor is False
    assert seen(window) == [] and seen(window, 0xFFFFFF) == []
    window.cursor = None
    assert seen(window) == [] and len(seen(window, 0xFFFFFF)) > 40


def test_wrong(display, daemon):
    window = display.window((8, 8))
    image = display.image(numpy.zeros((2, 3), numpy.uint32))
    other = daemon.connect().image(numpy.zeros((2, 3), numpy.uint32))
    for value, error in ((5, TypeError), ("x", TypeError), (True, TypeError), ((image,), TypeError),
                         ((image, 5), TypeError), ((5, (0, 0)), TypeError), ((image, ("a", 0)), TypeError),
                         (other, ValueError), ((image, (3, 0)), kmsblit.Error), ((image, (0, -1)), kmsblit.Error),
                         (display.image(numpy.zeros((1, 257), numpy.uint32)), kmsblit.Error)):
        with pytest.raises(error):
            window.cursor = value
        assert window.cursor is None
    with pytest.raises(TypeError):
        del window.cursor
    image.close()
    with pytest.raises(kmsblit.Error):
        window.cursor = image


def test_the_window_keeps_it(display):
    window = display.window((8, 8))
    image = display.image(numpy.zeros((2, 3), numpy.uint32))
    window.cursor = image, (1, 1)
    name = repr(image)
    del image
    gc.collect()
    assert repr(window.cursor[0]) == name
