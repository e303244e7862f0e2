"""A game that is stopped anywhere (killed, Ctrl-C, an exception) leaves no process, socket, memory or object behind."""
from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import kmsblit
from conftest import HANG_SECONDS
from test_autostart import daemons, play, wait_until_gone  # noqa: F401  (play is a fixture)

POINTS = 60 if os.environ.get("KMSBLIT_LONG") == "1" else 8
ENDS = ["kill", "interrupt", "exception"]
# Ends in the way argv[1] says, before the argv[2]-th line; 0 only says how many lines there are.
GAME = """
import os, signal, sys
import kmsblit

way, point, lines = sys.argv[1], int(sys.argv[2]), 0


def trace(frame, event, arg):
    global lines
    if frame.f_code.co_filename != "<string>":
        return None
    lines += event == "line"
    if lines == point and event == "line":
        sys.settrace(None)
        if way == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if way == "interrupt":
            signal.raise_signal(signal.SIGINT)
        raise RuntimeError("stopped")
    return trace


class Plain(kmsblit.Sprite):
    def __init__(self, image, *groups):
        super().__init__(*groups)
        self.image, self.rect = image, image.get_rect()

    def update(self):
        self.rect.move_ip(1, 1)


class Moving(Plain):
    "Its rect is code, in the middle of draw()."
    @property
    def rect(self):
        here = self.place.x
        return kmsblit.Rect(here, here, 4, 4)

    @rect.setter
    def rect(self, rect):
        self.place = rect

    def kill(self):
        gone = super().kill()
        return gone


def play():
    display = kmsblit.connect()
    window = display.window((64, 48), scale="none")
    image = display.image(bytes(4 * 64 * 64), size=(64, 64))
    shared = display.shared_image((32, 32))
    shared.pixels[3, 3] = 0xFFFFFFFF
    shared.update()
    canvas, picture = display.canvas((40, 40)), display.canvas((40, 40))
    group = kmsblit.Group(Moving(image), Plain(shared), Moving(canvas))
    layers = kmsblit.LayeredUpdates([Plain(image) for _ in range(3)], Moving(shared))
    for frame in range(9):
        canvas.fill("red")
        group.update()
        window.blits((image, (x, 0)) for x in range(5))
        group.draw(picture)
        window.blits([(picture, (0, 0))] * 4000)
        layers.draw(window)
        kmsblit.groupcollide(group, layers, False, frame == 1)
        window.flip(wait=frame % 3 == 2)
    window.screenshot()
    with display:
        pass


sys.settrace(trace)
play()
sys.settrace(None)
print(lines)
"""
STATUS = {"kill": {-signal.SIGKILL}, "interrupt": {-signal.SIGINT, 130}, "exception": {1}}


def run(way, point, **variables):
    return subprocess.run([sys.executable, "-B", "-c", GAME, way, str(point)], env={**os.environ, **variables},
                          capture_output=True, text=True, timeout=HANG_SECONDS)


def shared_memory():
    """Names in the places where shared memory has names."""
    return {name for name in os.listdir("/dev/shm") if "kmsblit" in name or "kb" in name}


def left(daemon, display):
    """Clients, windows and descriptors that the daemon has, once it has seen that the game is gone."""
    for _ in range(5000):
        display.sync()
        found = display.statistics("server")
        if found["clients"] == 1 and found["windows"] == 0 and daemon.open_fds() <= daemon.own_fds:
            break
    return found["clients"], found["windows"], daemon.open_fds() <= daemon.own_fds


@pytest.mark.parametrize("way", ENDS)
def test_a_daemon_is_as_it_was(daemon, way, tmp_path):
    """All is given back, whatever line the game was in; the last of the points is the end."""
    with daemon.connect() as display:
        environment = {"KMSBLIT_SOCKET": daemon.socket, "KMSBLIT_RECONNECT": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
        display.sync()
        daemon.own_fds = daemon.open_fds()
        whole = run(way, 0, **environment)
        assert whole.returncode == 0, whole.stderr
        lines = int(whole.stdout)
        assert lines > 200
        assert left(daemon, display) == (1, 0, True)
        files, memory = sorted(tmp_path.rglob("*")), shared_memory()
        for point in sorted(random.Random(way).sample(range(1, lines), POINTS)):
            done = run(way, point, **environment)
            assert done.returncode in STATUS[way], (point, done.stderr)
            assert left(daemon, display) == (1, 0, True), point
        assert sorted(tmp_path.rglob("*")) == files and shared_memory() <= memory


@pytest.mark.parametrize("way", ENDS)
def test_a_private_daemon_goes_too(play, way):  # noqa: F811
    code = GAME.replace("sys.argv[1], int(sys.argv[2])", f"{way!r}, POINT")
    lines = int(play(code.replace("POINT", "0")).communicate(timeout=HANG_SECONDS)[0])
    for point in random.Random(way).sample(range(1, lines), 3):
        process = play(code.replace("POINT", str(point)))
        process.communicate(timeout=HANG_SECONDS)
        assert process.returncode in STATUS[way], point
        wait_until_gone(play.folder)
        assert daemons(play.folder) == [] and list(Path(play.folder).iterdir()) == []


def test_ctrl_c_in_the_middle_of_draw(display, window):
    """Nothing of the batch is drawn; the program goes on if it wants to."""
    image = display.image(bytes((0, 0, 255, 255)), size=(1, 1))

    class Interrupting(kmsblit.Sprite):
        @property
        def rect(self):
            signal.raise_signal(signal.SIGINT)
            return (1, 1)

    plain, bad = kmsblit.Sprite(), Interrupting()
    plain.image, plain.rect, bad.image = image, (0, 0, 1, 1), image
    group = kmsblit.Group([plain], bad)
    for call in (lambda: group.draw(window), lambda: window.blits([(image, (0, 0)), (image, bad)]),
                 lambda: kmsblit.spritecollide(plain, group, True)):
        with pytest.raises(KeyboardInterrupt):
            call()
    assert len(group) == 2 or not plain.alive()
    window.flip(wait=True)
    assert window.screenshot().get_at((0, 0)) == (0, 0, 0)
    bad.kill()
    kmsblit.Group(plain).draw(window)
    window.flip(wait=True)
    assert window.screenshot().get_at((0, 0)) == (255, 0, 0)
