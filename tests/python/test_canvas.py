"""Canvases: drawn into as windows are, drawn wherever images are."""
from __future__ import annotations

import gc
import weakref

import numpy
import pytest

import kmsblit
from kmsblit import Canvas, Image, Rect
from pixels import shown


@pytest.fixture
def canvas(display):
    return display.canvas((8, 6))


def drawn(window, source, base="white"):
    window.fill(base)
    window.blit(source, (0, 0))
    return shown(window)[:source.height, :source.width]


def test_is_an_image(display, canvas):
    assert isinstance(canvas, Image) and type(canvas) is Canvas and canvas.size == (8, 6)
    assert canvas.get_rect(center=(4, 3)) == (0, 0, 8, 6) and canvas.clip == (0, 0, 8, 6)
    assert "Canvas 8x6" in repr(canvas)
    with pytest.raises(TypeError):
        Canvas((8, 6))
    for size, error in (((0, 5), ValueError), ((5, 16385), ValueError), (3, TypeError)):
        with pytest.raises(error):
            display.canvas(size)


def test_begins_transparent(window, canvas):
    assert (drawn(window, canvas) == 0xFFFFFF).all()


def test_drawing(display, window, canvas):
    assert canvas.fill("red", (1, 1, 20, 2)) == (1, 1, 7, 2)
    dot = display.image(b"\0\xff\0\xff", size=(1, 1))
    assert canvas.blit(dot, (0, 0)) == (0, 0, 1, 1)
    assert canvas.blits([(dot, (2, 5)), (dot, (9, 9))]) == [(2, 5, 1, 1), (9, 9, 0, 0)]
    canvas.blits(numpy.array([[3, 5], [50, 50]]), image=dot)
    canvas.clip = (7, 0, 5, 1)
    assert canvas.get_clip() == Rect(7, 0, 1, 1)
    canvas.fill((0, 0, 255, 128))
    canvas.set_clip(None)
    expected = numpy.full((6, 8), 0xFFFFFF)
    expected[1:3, 1:] = 0xFF0000
    expected[0, 0] = expected[5, 2] = expected[5, 3] = 0x00FF00
    expected[0, 7] = 0x7F7FFF
    assert (drawn(window, canvas) == expected).all()
    canvas.fill((0, 0, 0, 0), (0, 0, 4, 6))
    expected[:, :4] = 0xFFFFFF
    assert (drawn(window, canvas) == expected).all(), "it keeps its picture"
    canvas.fill("blue")
    canvas.clear()
    assert (drawn(window, canvas) == 0xFFFFFF).all()


def test_what_a_frame_sees(window, canvas):
    """As last sent before the frame is."""
    canvas.fill("red")
    window.blit(canvas, (0, 0))
    canvas.fill("lime")
    assert shown(window)[0, 0] == 0xFF0000, "not sent yet"
    window.blit(canvas, (0, 0))
    canvas.fill("blue")
    canvas.commit()
    assert shown(window)[0, 0] == 0x0000FF
    canvas.wait()


def test_canvases_in_canvases(display, window, canvas):
    other = display.canvas((8, 6))
    for i, color in enumerate(("red", "lime", "blue")):
        canvas.fill(color)
        other.blit(canvas, (2 * i, 0), (0, 0, 1, 1))
    # The canvas was sent three times before other's one frame: that sees the last.
    picture = drawn(window, other)
    assert list(picture[0, :6]) == [0x0000FF, 0xFFFFFF] * 3
    canvas.blit(other, (0, 0))
    other.blit(canvas, (0, 1))
    assert drawn(window, other)[1, 0] == 0x0000FF


def test_not_into_itself(canvas):
    canvas.fill("red")
    for source in (canvas, canvas.rotated(30)):
        with pytest.raises(ValueError, match="itself"):
            canvas.blit(source, (0, 0))
        with pytest.raises((ValueError, RuntimeError), match="itself|blits"):
            canvas.blits([(source, (0, 0))])
    with pytest.raises(ValueError, match="itself"):
        canvas.blits(numpy.zeros((1, 2), int), image=canvas)


def test_in_arrays(display, window, canvas):
    canvas.fill("red")
    rows = kmsblit.blit_array(3, canvas.id)
    rows["x"] = 0, 10, 20
    window.blits(rows)
    canvas.fill("blue")
    window.blits(numpy.array([[30, 0]]), image=canvas)
    assert list(shown(window)[0, [0, 10, 20, 30]]) == [0xFF] * 4
    canvas.fill("lime")
    window.blits(numpy.array([(0, 0, 0)], [("x", "i2"), ("y", "i2"), ("image", "i2")]), images=[canvas])
    assert shown(window)[0, 0] == 0xFF00


def test_closing(display, window, canvas):
    image = display.image(b"\xff\0\0\xff", size=(1, 1))
    reference = weakref.ref(image)
    canvas.blit(image, (0, 0))
    del image
    gc.collect()
    assert reference() is not None, "kept by what is being drawn"
    window.blit(canvas, (0, 0))
    gc.collect()
    assert reference() is None, "sent"
    canvas.fill("red", (1, 0, 1, 1))
    canvas.close()
    assert canvas.closed and list(shown(window)[0, :2]) == [0xFF, 0], "frames keep what they drew"
    for call in (canvas.clear, canvas.commit, canvas.wait, lambda: canvas.fill("red"),
                 lambda: window.blit(canvas, (0, 0)), lambda: canvas.blits([]),
                 lambda: canvas.rotated(3)):
        with pytest.raises(kmsblit.Error, match="closed"):
            call()


def test_dropped_with_a_frame(display):
    image = display.image(bytes(4), size=(1, 1))
    for _ in range(50):
        canvas = display.canvas((4, 4))
        canvas.blit(image, (0, 0))
        canvas.blits([(canvas_of, (0, 0)) for canvas_of in [display.canvas((2, 2))]])
        del canvas
    display.sync()
    assert display.statistics()["images"] <= 4
    image.close()


def test_cycle_is_collected(daemon):
    display = daemon.connect()
    one, two = display.canvas((2, 2)), display.canvas((2, 2))
    reference = weakref.ref(display)
    one.blit(two, (0, 0))
    two.fill("red")
    two.blit(one, (0, 0))
    one.blit(two, (0, 0))
    del one, two, display
    gc.collect()
    assert reference() is None


def test_code_that_meddles(display, window, canvas):
    class Dest:
        def __init__(self, action):
            self.action = action

        @property
        def rect(self):
            with pytest.raises(RuntimeError, match="blits"):
                self.action()
            return (0, 0, 1, 1)

    dot = display.image(b"\xff\0\0\xff", size=(1, 1))
    canvas.fill("red")
    canvas.blits([(dot, Dest(call)) for call in (canvas.clear, canvas.close, canvas.commit,
                                                 lambda: window.blit(canvas, (0, 0)), lambda: canvas.blits([]))])
    assert drawn(window, canvas)[0, 0] == 0xFF
