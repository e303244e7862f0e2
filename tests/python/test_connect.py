"""Connecting, closing, and what the daemon tells."""
from __future__ import annotations

import errno
import os
import socket
import threading

import pytest

import kmsblit


def test_nobody_listens(tmp_path, monkeypatch):
    path = tmp_path / "nobody.sock"
    with pytest.raises(kmsblit.NoDaemonError, match="kmsblitd") as caught:
        kmsblit.connect(path)
    assert str(path) in str(caught.value) and caught.value.errno == errno.ENOENT
    assert isinstance(caught.value, (kmsblit.Error, OSError))
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    with pytest.raises(kmsblit.NoDaemonError) as caught:
        kmsblit.connect(path)
    assert caught.value.errno == errno.ECONNREFUSED
    monkeypatch.setenv("KMSBLIT_SOCKET", str(path))
    with pytest.raises(kmsblit.NoDaemonError, match="nobody.sock"):
        kmsblit.connect()


def test_somebody_else_listens(tmp_path):
    path = str(tmp_path / "other.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def answer():
            with listener.accept()[0] as connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 2)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(kmsblit.Error) as caught:
            kmsblit.connect(path)
        assert not isinstance(caught.value, kmsblit.NoDaemonError)
        thread.join()


@pytest.mark.parametrize("arguments", [{"socket": 3}, {"name": 3}, {"sockett": "x"}])
def test_wrong_arguments(arguments):
    with pytest.raises(TypeError):
        kmsblit.connect(**arguments)


def test_path_too_long():
    with pytest.raises(kmsblit.Error) as caught:
        kmsblit.connect("/tmp/" + "x" * 200)
    assert caught.value.errno == errno.ENAMETOOLONG
    with pytest.raises(ValueError):
        kmsblit.connect("/tmp/a\0b")


def test_path_forms(daemon, tmp_path, monkeypatch):
    for path in (daemon.socket, daemon.socket.encode(), os.fspath(daemon.socket)):
        kmsblit.connect(path).close()
    monkeypatch.setenv("KMSBLIT_SOCKET", daemon.socket)
    with kmsblit.connect(name="from the environment") as display:
        assert not display.closed and "kmsblitd" in display.server
    assert display.closed and "closed" in repr(display)


def test_outputs(start):
    daemon = start("--output", "headless:320x240@50,name=LEFT", "--output",
                   "headless:64x48,name=RIGHT,x=320")
    with daemon.connect() as display:
        left, right = display.outputs
        assert (left.name, left.width, left.height, left.refresh_ns) == ("LEFT", 320, 240, 20_000_000)
        assert (right.name, right.x, right.y) == ("RIGHT", 320, 0)
        assert left.headless and left.primary and not right.primary
        for output in (right, right.id, "RIGHT"):
            window = display.window((8, 8), output=output)
            assert window.output == right.id and window.picture == (8, 0, 48, 48)
        with pytest.raises(ValueError, match="LEFT"):
            display.window((8, 8), output="MIDDLE")
        with pytest.raises(TypeError):
            display.window((8, 8), output=1.5)
        with pytest.raises(ValueError):
            display.window((8, 8), output=-1)


def test_everything_after_close(display, window):
    image = display.image(bytes(4), size=(1, 1))
    shared = display.shared_image((2, 2))
    display.close()
    display.close()
    assert display.closed and window.closed and image.closed
    for call in (display.sync, display.fileno, display.dispatch, display.screenshot,
                 display.statistics, lambda: display.outputs, lambda: display.server,
                 lambda: display.step(1), lambda: display.window((1, 1)),
                 lambda: display.load(b""), lambda: display.image(bytes(4), size=(1, 1)),
                 lambda: display.shared_image((1, 1)), display.__enter__, window.clear,
                 lambda: window.fill("red"), lambda: window.blit(image, (0, 0)),
                 lambda: window.blits([]), window.flip, window.commit, lambda: window.wait(1),
                 window.screenshot, window.statistics, lambda: window.credits,
                 lambda: window.visible, lambda: window.picture, lambda: window.presented,
                 window.__enter__, lambda: window.set_clip(None),
                 lambda: setattr(window, "z", 3), image.__enter__, shared.update, shared.wait):
        with pytest.raises(kmsblit.Error, match="closed") as caught:
            call()
        assert caught.value.errno == errno.EBADF
    with pytest.raises(BufferError):
        memoryview(shared)
    assert image.size == (1, 1) and window.size == (64, 48)
    image.close()
    window.close()


def test_daemon_goes(start):
    daemon = start("--output", "headless:64x48@0")
    display = daemon.connect()
    window = display.window((8, 8))
    window.flip(wait=True)
    daemon.stop()
    with pytest.raises(kmsblit.ConnectionLostError) as caught:
        for _ in range(10):
            window.fill("red")
            window.flip(wait=True)
    assert caught.value.errno == errno.EPIPE
    assert isinstance(caught.value, ConnectionError) and isinstance(caught.value, kmsblit.Error)
    with pytest.raises(kmsblit.ConnectionLostError):
        display.sync()
    display.close()


def test_classes_cannot_be_called():
    for cls in (kmsblit.Display, kmsblit.Window, kmsblit.Image, kmsblit.SharedImage,
                kmsblit.Screenshot):
        with pytest.raises(TypeError):
            cls()


def test_statistics(display, window):
    window.fill("red")
    window.flip(wait=True)
    assert window.statistics()["frames_presented"] == 1
    assert display.statistics("window", window) == window.statistics()
    image = display.image(bytes(4), size=(1, 1))
    display.sync()
    assert display.statistics()["image_bytes"] >= 4 and image.width == 1
    assert display.statistics("server")["clients"] == 1
    assert "draw_ns" in display.statistics("renderer")
    assert display.statistics("output", display.outputs[0])["flips"] >= 1
    with pytest.raises(ValueError, match="renderer"):
        display.statistics("scope")
    with pytest.raises(TypeError, match="window"):
        display.statistics("window")


def test_event_loop(display, window):
    assert os.fstat(display.fileno())
    assert display.dispatch() == 0
    window.commit()
    while window.presented is None:
        display.dispatch(timeout=None)
    assert display.dispatch(timeout=0.001) == 0
    for wrong in (-1, float("nan"), 1e9):
        with pytest.raises(ValueError):
            display.dispatch(wrong)


def test_real_clock_cannot_be_stepped(display):
    with pytest.raises(kmsblit.RequestError, match="clock"):
        display.step(1)
    with pytest.raises(TypeError):
        display.step(1.5)
    with pytest.raises(OverflowError):
        display.step(-1)
