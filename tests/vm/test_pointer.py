"""The pointer on real displays: where it is, how it is shown, and what a motion costs."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from machine import Machine, Picture, Program
from programs import BUILD, Daemon
from witnesses import card, state, transfers

KMS = ("--backend", "kms")
MOUSE = str(BUILD.parent / "tests" / "vm" / "guest" / "mouse.py")
GREY, RED = (190, 190, 190), (255, 0, 0)
TILE = 64

Start = Callable[..., Daemon]


class Mouse:
    """The program that moves the pointer."""

    def __init__(self, daemon: Daemon) -> None:
        self.program: Program = daemon.game(MOUSE)
        self.program.wait_output(r"^ready$")
        self.moves = 0

    def move(self, how: str, x: int, y: int) -> None:
        """Until it can be seen there."""
        self.program.write(f"{how} {x} {y}\n")
        self.program.wait_output(rf"^seen {self.moves}$")
        self.moves += 1


def grey(width: int, height: int, *red: tuple[int, int]) -> Picture:
    """What a display shows, with the pointer at this pixel or not on it."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = GREY
    for x, y in red:
        picture[y, x] = RED
    return picture


def red(picture: Picture) -> list[tuple[int, int]]:
    """Where it is."""
    return [(int(x), int(y)) for y, x in np.argwhere((picture == RED).all(axis=2))]


@pytest.mark.parametrize("degrees", [90, 270])
def test_two_displays(virtio2: Machine, start: Start, degrees: int) -> None:
    """Of two sizes, one of them turned: it goes from one to the other, and is seen where it should be."""
    virtio2.write("/tmp/kmsblitd.conf", "[display]\ncursor = software\n"
                  f"[output Virtual-2]\nrotate = {degrees}\n")
    daemon = start(virtio2, *KMS, "--config", "/tmp/kmsblitd.conf")
    mouse = Mouse(daemon)
    assert red(virtio2.screenshot()) == []  # nobody has moved it
    for how, x, y, on_first, on_second in [
            ("by", 10, 20, [(650, 380)], []), ("by", 690, 80, [], [(60, 460)]),
            ("by", 9999, 0, [], [(599, 460)]), ("by", 0, 9999, [], [(599, 799)]),
            ("by", -700, 0, [], [(0, 799)]), ("to", 0, 0, [(0, 0)], []),
            ("to", 65535, 65535, [(1279, 719)], [])]:
        mouse.move(how, x, y)
        for head, name, wanted in ((0, "Virtual-1", grey(1280, 720, *on_first)),
                                   (1, "Virtual-2", grey(600, 800, *on_second))):
            turned = np.rot90(wanted, head * degrees // 90)
            assert np.array_equal(daemon.screenshot("--output", name), wanted), (how, x, y, name)
            shown = virtio2.wait_picture(turned, head=head)
            assert np.array_equal(shown, turned), (how, x, y, name, red(shown))
    daemon.stop()


def test_drawn(bochs: Machine, start: Start) -> None:
    """A driver without a plane for it: it is drawn."""
    daemon = start(bochs, *KMS)
    mouse = Mouse(daemon)
    for x, y in [(100, 0), (0, 50), (-300, 7)]:
        mouse.move("by", x, y)
    wanted = grey(1280, 720, (440, 417))
    assert np.array_equal(bochs.wait_picture(wanted), wanted)
    assert "the cursor is drawn: the display has no plane for it" in daemon.log
    daemon.stop()


def cursor(machine: Machine) -> str:
    """Where the kernel has the plane that is shown beside the screen."""
    found = [values for name, values in state(machine, card(machine, "virtio_gpu")).items()
             if name.startswith("plane") and values["crtc-pos"].startswith("64x64") and
             values["fb"] != "0"]
    return found[0]["crtc-pos"] if found else ""


def test_a_plane(virtio: Machine, start: Start) -> None:
    """Where there is one: the plane moves, and nothing is sent but that."""
    daemon = start(virtio, *KMS)
    mouse = Mouse(daemon)
    assert cursor(virtio) == ""
    mouse.move("by", 10, 20)
    mouse.move("by", 1, 1)
    assert "the cursor is shown by a plane" in daemon.log
    with transfers(virtio) as seen:
        for number in range(5):
            mouse.move("by", 3, 2)
            assert cursor(virtio) == f"64x64+{654 + 3 * number}+{383 + 2 * number}"
    assert [sent for sent in seen.all if (sent.width, sent.height) != (64, 64)] == []
    assert red(virtio.screenshot()) == red(daemon.screenshot()) == []
    daemon.stop()


def test_a_motion_sends_its_tiles(virtio: Machine, start: Start) -> None:
    """Drawn by software: what is sent is the tiles of the old and the new place."""
    virtio.write("/tmp/kmsblitd.conf", "[display]\ncursor = software\n")
    daemon = start(virtio, *KMS, "--config", "/tmp/kmsblitd.conf")
    mouse = Mouse(daemon)
    for _ in range(4):
        mouse.move("by", 2, 1)
    with transfers(virtio) as seen:
        mouse.move("by", 200, 0)
    assert seen.all, "nothing was sent at all"
    top = 364 // TILE * TILE
    for sent in seen.all:
        assert top <= sent.y and sent.y + sent.height <= top + TILE, sent
        assert 648 // TILE * TILE <= sent.x and sent.x + sent.width <= 896, sent
    daemon.stop()
