"""Images out of files, bytes and arrays: the pixels that arrive."""
from __future__ import annotations

import errno
import io
import pathlib

import numpy
import pytest

import kmsblit
from pixels import argb, shown


def drawn(window, image, base=0):
    """What is seen of an image that is drawn over a colour."""
    window.fill(base)
    window.blit(image, (0, 0))
    return shown(window)[:image.height, :image.width]


def random_words(seed, height=7, width=9, low=0, high=1 << 32):
    rng = numpy.random.default_rng(seed)
    return rng.integers(low, high, (height, width), dtype=numpy.uint64).astype(numpy.uint32)


def test_bytes(display, window):
    words = random_words(1) | 0xFF000000
    image = display.image(words.tobytes(), size=(9, 7))
    assert (image.size, image.width, image.height) == ((9, 7), 9, 7)
    assert (image.get_size(), image.get_width(), image.get_height()) == ((9, 7), 9, 7)
    assert (drawn(window, image) == words & 0xFFFFFF).all()


@pytest.mark.parametrize("order, alpha", [("RGB", False), ("RGBA", True)])
@pytest.mark.parametrize("gap", [0, 5])
def test_bytes_in_order(display, window, order, alpha, gap):
    words = random_words(2)
    channels = [words >> 16 & 255, words >> 8 & 255, words & 255] + [words >> 24] * alpha
    rows = numpy.stack(channels, axis=-1).astype(numpy.uint8).reshape(7, -1)
    stride = rows.shape[1] + gap * len(order)
    padded = numpy.full((7, stride), 99, numpy.uint8)
    padded[:, :rows.shape[1]] = rows
    data = padded.tobytes()[:stride * 6 + rows.shape[1]]  # the last row needs no gap
    image = display.image(data, order, (9, 7), stride if gap else None)
    reference = display.image(words if alpha else words | 0xFF000000)
    assert (drawn(window, image) == drawn(window, reference)).all()


def test_formats(display, window):
    word = numpy.array([[0x80FF4000]], numpy.uint32)
    assert drawn(window, display.image(word, "xrgb8888"))[0, 0] == 0xFF4000
    assert drawn(window, display.image(word))[0, 0] == 0x802000
    half = numpy.array([[0x80804000]], numpy.uint32)
    assert drawn(window, display.image(half, "argb8888_premultiplied"))[0, 0] == 0x804000
    assert drawn(window, display.image(half.tobytes(), "argb8888_premultiplied", (1, 1)))[0, 0] \
        == 0x804000
    assert drawn(window, display.image(b"\x40\x00\xff\x80", "xbgr8888", (1, 1)))[0, 0] == 0x4000FF
    assert drawn(window, display.image(b"\x1f\xf8", "rgb565", (1, 1)))[0, 0] == 0xFF00FF
    assert drawn(window, display.image(b"\x33", "a8", (1, 1)), "red")[0, 0] == 0xFF3333


def test_stride(display, window):
    words = random_words(3, width=12) | 0xFF000000
    image = display.image(words.tobytes(), size=(9, 7), stride=48)
    assert (drawn(window, image) == words[:, :9] & 0xFFFFFF).all()


@pytest.mark.parametrize("arguments, error, match", [
    ((b"1234",), ValueError, "size"),
    ((b"123", None, (1, 1)), ValueError, "4 bytes.*are 3"),
    ((bytes(16), None, (0, 1)), ValueError, "1 to 16384"),
    ((bytes(16), None, (16385, 1)), ValueError, "1 to 16384"),
    ((bytes(16), None, (-1, 1)), ValueError, "1 to 16384"),
    ((bytes(16), None, 3), TypeError, "pair"),
    ((bytes(16), None, (2, 2), 4), ValueError, "stride"),
    ((bytes(16), None, (2, 2), 9), ValueError, "stride"),
    ((bytes(16), None, (2, 2), -8), ValueError, "stride"),
    ((bytes(16), None, (2, 2), 0), ValueError, "stride"),
    ((bytes(16), None, None, 8), TypeError, "size"),
    ((bytes(16), "rgb", (2, 2)), ValueError, "argb8888"),
    ((bytes(16), 7, (2, 2)), TypeError, "word"),
    ((bytes(16), "p8", (2, 2)), ValueError, "palette"),
    ((bytes(16), "rgb565", (3, 3)), ValueError, "18 bytes"),
    (("alien.png",), TypeError, r"load\(\)"),
    ((None,), TypeError, "Surface"),
])
def test_wrong_bytes(display, arguments, error, match):
    with pytest.raises(error, match=match):
        display.image(*arguments)


def test_arrays(display, window):
    words = random_words(4)
    opaque = words | 0xFF000000
    channels = numpy.stack([words >> 16 & 255, words >> 8 & 255, words & 255, words >> 24],
                           axis=-1).astype(numpy.uint8)
    solid = drawn(window, display.image(opaque))
    seen = drawn(window, display.image(words))
    assert (solid == words & 0xFFFFFF).all() and not (seen == solid).all()
    assert (drawn(window, display.image(channels)) == seen).all()
    assert (drawn(window, display.image(channels[:, :, :3])) == solid).all()
    assert (drawn(window, display.image(channels, "xrgb8888")) == solid).all()
    assert (drawn(window, display.image(opaque.astype(numpy.int32, casting="unsafe"))) == solid).all()


def test_arrays_with_gaps(display, window):
    words = random_words(5, 20, 30) | 0xFF000000
    for view in (words[::2, ::3], words[::-1, ::-1], words.T, words[3:8, 4:9]):
        assert (drawn(window, display.image(view)) == view & 0xFFFFFF).all()
    channels = numpy.random.default_rng(6).integers(0, 256, (3, 8, 5), dtype=numpy.uint8)
    view = channels.transpose(1, 2, 0)[::-1]
    expected = argb(view[:, :, 0], view[:, :, 1], view[:, :, 2], 0)
    assert (drawn(window, display.image(view)) == expected).all()


@pytest.mark.parametrize("array", [
    numpy.zeros((2, 2), numpy.uint8), numpy.zeros((2, 2), numpy.float32),
    numpy.zeros((2, 2), numpy.uint64), numpy.zeros((2, 2), ">u4"), numpy.zeros((2, 2, 2), numpy.uint8),
    numpy.zeros((2, 2, 3), numpy.int8), numpy.zeros((2, 2, 3), numpy.float64), numpy.zeros(16, numpy.uint8),
    numpy.zeros((2, 2, 5), numpy.uint8), numpy.zeros((0, 2), numpy.uint32),
    numpy.zeros((2, 0, 3), numpy.uint8), numpy.zeros((1, 16385), numpy.uint32),
])
def test_wrong_arrays(display, array):
    with pytest.raises(ValueError, match="array"):
        display.image(array)


def test_wrong_formats_of_arrays(display):
    for array, format in ((numpy.zeros((2, 2, 3), numpy.uint8), "argb8888"),
                          (numpy.zeros((2, 2), numpy.uint32), "rgb565")):
        with pytest.raises(ValueError, match="format"):
            display.image(array, format)


def test_load(display, window, tmp_path):
    for x in range(64):
        window.fill((4 * x, 255 - x, x), (x, 0, 1, 48))
    before = shown(window)
    path = tmp_path / "bild ä.png"
    window.screenshot().save(path)
    data = path.read_bytes()
    with path.open("rb") as file:
        for source in (path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), file):
            image = display.load(source)
            assert image.size == (64, 48)
            assert (drawn(window, image, "red") == before).all()


def test_load_errors(display, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        display.load(tmp_path / "none.png")
    assert caught.value.filename == tmp_path / "none.png"
    with pytest.raises(IsADirectoryError):
        display.load(tmp_path)
    (tmp_path / "text.png").write_text("this is no picture")
    for source in (tmp_path / "text.png", b"neither", b"", pathlib.Path(__file__)):
        with pytest.raises(kmsblit.Error) as caught:
            display.load(source)
        assert caught.value.errno == errno.EINVAL
    for source in (None, 3, 4.5, []):
        with pytest.raises(TypeError, match="path"):
            display.load(source)
    with pytest.raises(TypeError):
        display.load(io.StringIO("text"))
    with pytest.raises(ValueError):
        display.load("a\0b.png")
    display.sync()


def test_get_rect(display):
    image = display.image(bytes(4 * 6), size=(3, 2))
    assert image.get_rect() == (0, 0, 3, 2)
    assert image.get_rect(center=(10, 10)) == (9, 9, 3, 2)
    assert image.get_rect(right=5, bottom=5) == (2, 3, 3, 2)
    with pytest.raises(AttributeError):
        image.get_rect(middle=3)
    with pytest.raises(TypeError):
        image.get_rect((1, 2))


def test_shared(display, window):
    image = display.shared_image((6, 4), "xrgb8888")
    assert isinstance(image, kmsblit.Image) and image.size == (6, 4)
    assert image.pixels.shape == (4, 6) and not image.pixels.readonly
    assert (drawn(window, image, "red") == 0).all()
    image.pixels[1, 2] = 0x123456
    window.blit(image, (0, 0))
    assert shown(window)[1, 2] == 0, "what was not told is not seen"
    image.update((2, 1, 1, 1))
    image.wait()
    assert drawn(window, image)[1, 2] == 0x123456
    numpy.asarray(image)[:] = numpy.arange(24).reshape(4, 6)
    for rects in ([(0, 0, 6, 2)], [(0, 2, 3, 9), (3, -5, 3, 100), (50, 50, 1, 1), (0, 0, 0, 0)]):
        image.update(rects)
    assert (drawn(window, image) == numpy.arange(24).reshape(4, 6)).all()
    image.update([])
    image.update(iter([(0, 0, 1, 1)] * 5000))
    image.update()
    image.wait()
    display.sync()
    with pytest.raises(TypeError):
        image.update(3)
    with pytest.raises(TypeError, match=r"update\(\) item 1"):
        image.update([(0, 0, 1, 1), (1, 2, 3)])


def test_frames_committed_before_an_update(start):
    daemon = start("--output", "headless:64x48@60", "--clock", "virtual")
    with daemon.connect() as display:
        window = display.window((64, 48))
        image = display.shared_image((1, 1), "xrgb8888")
        image.pixels[0, 0] = 0xFF
        image.update()
        window.blit(image, (0, 0))
        window.commit()
        image.wait()
        image.pixels[0, 0] = 0xFF00
        image.update()
        image.wait()
        display.step(20_000_000)
        assert window.screenshot().get_at((0, 0)) == (0, 0, 0xFF)


def test_wrong_shared(display):
    for arguments, error in ((((0, 1),), ValueError), (((1, 1), "p8"), ValueError), ((3,), TypeError)):
        with pytest.raises(error):
            display.shared_image(*arguments)


def test_memory_outlives_close(display, window):
    image = display.shared_image((300, 300))
    view = image.pixels
    image.close()
    view[299, 299] = 7
    other = numpy.asarray(display.shared_image((300, 300)))
    display.close()
    other[:] = 5
    assert view[299, 299] == 7 and other.sum() == 450000
    with pytest.raises(BufferError):
        memoryview(image)


def test_palettes(display, window):
    palette = ["red", (0, 255, 0), 0x0000FF, "#ffffff80"]
    data = bytes([0, 1, 2, 3, 4, 255])
    expected = [[0xFF0000, 0x00FF00, 0x0000FF], [0x808080, 0, 0]]
    array = numpy.frombuffer(data, numpy.uint8).reshape(2, 3)
    for image in (display.image(data, "p8", (3, 2), palette=palette), display.image(array, "p8", palette=iter(palette)),
                  display.image(array.T.copy().T, "p8", palette=palette)):
        assert drawn(window, image).tolist() == expected
    for colors in ([], ["red"] * 257):
        with pytest.raises(ValueError, match="1 to 256"):
            display.image(data, "p8", (3, 2), palette=colors)
    with pytest.raises(ValueError, match="palette item 1"):
        display.image(data, "p8", (3, 2), palette=["red", "nocolour"])
    for arguments in ((data, "p8", (3, 2)), (array, "p8")):
        with pytest.raises(ValueError, match="palette"):
            display.image(*arguments)
    with pytest.raises(ValueError, match="palette"):
        display.image(data, "a8", (3, 2), palette=palette)


def test_color_keys(display, window):
    words = numpy.array([[0x11FF0000, 0xFF00FF00]], numpy.uint32)
    channels = numpy.array([[[255, 0, 0], [0, 255, 0]]], numpy.uint8)
    for image in (display.image(words, "xrgb8888", color_key="red"), display.image(channels, color_key=0xFF0000),
                  display.image(words.tobytes(), "xrgb8888", (2, 1), color_key=(255, 0, 0)),
                  display.image(channels.tobytes(), "RGB", (2, 1), color_key="red"),
                  display.image(bytes([0, 1]), "p8", (2, 1), palette=["red", "lime"], color_key="red")):
        assert drawn(window, image, "white").tolist() == [[0xFFFFFF, 0x00FF00]]
    with pytest.raises(ValueError):
        display.image(words, color_key="nocolour")


def test_small_arrays(display, window):
    assert drawn(window, display.image(numpy.array([[0xF81F]], numpy.uint16), "rgb565"))[0, 0] == 0xFF00FF
    assert drawn(window, display.image(numpy.array([[0x33]], numpy.uint8), "a8"), "red")[0, 0] == 0xFF3333
    for dtype, format in (("u1", "rgb565"), ("u2", "a8"), ("u1", "argb8888"), ("i1", "a8")):
        with pytest.raises(ValueError):
            display.image(numpy.zeros((2, 2), dtype), format)
