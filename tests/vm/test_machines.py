"""The machines themselves: each boots, and what the tests stand on works."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from machine import GuestFailure, Machine, Picture
from programs import Daemon
from witnesses import cards, card, framebuffers


def test_commands(virtio: Machine) -> None:
    """Status, output, users, signals, standard input and time limits."""
    assert virtio.run("id -u; id -un >&2").output == "0\nroot\n"
    assert virtio.run("exit 3", check=False).status == 3
    with pytest.raises(GuestFailure, match="status 4"):
        virtio.run("echo no; exit 4")
    groups = virtio.run("id -Gn", user="player", groups=("video",)).output.split()
    assert sorted(groups) == ["player", "video"]
    reader = virtio.spawn("read word; echo got $word; exec cat", stdin=True)
    reader.write("hello\n")
    reader.wait_output("got hello")
    assert reader.status is None
    reader.close_stdin()
    assert reader.wait().status == 0
    endless = virtio.spawn("exec tail -f /dev/null")
    assert virtio.read(f"/proc/{endless.pid}/comm") == "tail\n"
    endless.kill()
    assert endless.wait().status == -15
    with pytest.raises(GuestFailure, match="still running after"):
        virtio.run("exec tail -f /dev/null", limit=0.5)
    virtio.write("/tmp/file", "some text")
    assert virtio.fetch("/tmp/file").read_text() == "some text"


def test_hot_plug(virtio: Machine) -> None:
    """The kernel sees displays come and go, and says so."""
    assert (virtio.status(0), virtio.status(1)) == ("connected", "disconnected")
    before = len(virtio.uevents)
    virtio.plug(1, 800, 600)
    assert virtio.status(1) == "connected"
    assert any(event.get("hotplug") == "1" for event in virtio.uevents[before:])
    virtio.unplug(1)
    assert virtio.status(1) == "disconnected"
    virtio.unplug(0)
    assert virtio.status(0) == "disconnected"
    virtio.plug(0)
    assert virtio.status(0) == "connected"


def test_second_display(virtio2: Machine) -> None:
    """The fixture has both."""
    assert (virtio2.status(0), virtio2.status(1)) == ("connected", "connected")


def shows_its_console(machine: Machine) -> None:
    """The kernel's console is on the display, and the display can be photographed."""
    assert machine.screenshot().shape == (720, 1280, 3)
    assert "[fbcon]" in framebuffers(machine, cards(machine)[0]).values()


def test_screenshot_virtio(virtio: Machine) -> None:
    """virtio-gpu has a picture."""
    shows_its_console(virtio)


def test_screenshot_bochs(bochs: Machine) -> None:
    """bochs-display has one."""
    shows_its_console(bochs)


def test_screenshot_systemd(systemd: Machine) -> None:
    """systemd leaves it alone."""
    shows_its_console(systemd)


def test_input(virtio: Machine) -> None:
    """Keys and pointers that are injected arrive at evdev."""
    listener = virtio.spawn("""exec /usr/bin/python3 -c '
import glob, os, select, struct
fds = [os.open(path, os.O_RDONLY) for path in glob.glob("/dev/input/event*")]
print("listening", flush=True)
while True:
    for fd in select.select(fds, [], [])[0]:
        data = os.read(fd, 2400)
        for _, _, kind, code, value in struct.iter_unpack("qqHHi", data):
            print("event", kind, code, value, flush=True)
'""")
    listener.wait_output("listening")
    virtio.key("a")
    listener.wait_output(r"^event 1 30 1$")
    listener.wait_output(r"^event 1 30 0$")
    virtio.move_to(640, 360)
    listener.wait_output(r"^event 3 0 16383$")
    virtio.move_by(7, 0)
    listener.wait_output(r"^event 2 0 7$")
    virtio.button("left")
    listener.wait_output(r"^event 1 272 1$")


def test_vkms(vkms: Machine) -> None:
    """vkms was built for this kernel and has its writeback connector."""
    found = card(vkms, "vkms")
    assert found.minor == 0
    assert "Writeback-1" in vkms.run(f"ls {found.debug}").output


def test_mixed(mixed: Machine) -> None:
    """Two cards, in the order of loading."""
    assert [found.driver for found in cards(mixed)] == ["virtio_gpu", "vkms"]


def test_systemd(systemd: Machine) -> None:
    """systemd is PID 1 and content, and logind answers."""
    assert systemd.read("/proc/1/comm").strip() == "systemd"
    assert "0 loaded units" in systemd.run("systemctl --failed").output
    assert "seat0" in systemd.run("loginctl list-seats").output


def test_headless_demo(virtio: Machine, start: Callable[..., Daemon],
                       meteors_picture: Callable[..., Picture]) -> None:
    """The daemon and a game run in the machine and draw what they draw on this system."""
    daemon = start(virtio, "--output", "headless:1280x720@60")
    game = daemon.meteors(30)
    assert np.array_equal(daemon.screenshot(), meteors_picture(30))
    game.close_stdin()
    assert game.wait().status == 0
    daemon.stop()
