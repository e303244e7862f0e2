"""The daemon on real displays: what is shown, when, and what happens as displays come and go."""
from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import pytest

from machine import GuestFailure, Machine, Picture
from programs import BUILD, Daemon
from witnesses import (Card, card, clients, context_switches, crc, expected_crc, fds, framebuffers,
                       state, transfers)

KMS = ("--backend", "kms")
PLAYER = str(BUILD.parent / "tests" / "vm" / "guest" / "player.py")
FLIP = str(BUILD / "release" / "vm" / "flip")
TILE = 64

Start = Callable[..., Daemon]
Known = Callable[..., Picture]


def differ(shown: Picture, wanted: Picture) -> str:
    """Where two pictures differ, or nothing."""
    if shown.shape != wanted.shape:
        return f"shown in {shown.shape}, wanted in {wanted.shape}"
    rows, columns = np.nonzero((shown != wanted).any(axis=2))
    if len(rows) == 0:
        return ""
    return (f"{len(rows)} pixels differ, in {columns.min()},{rows.min()} to {columns.max()},{rows.max()}; "
            f"the first is {shown[rows[0], columns[0]]}, wanted {wanted[rows[0], columns[0]]}")


def test_demo(virtio: Machine, start: Start, meteors_picture: Known, long: bool) -> None:
    """The demo's last frame, as the graphics card shows it, is that of a virtual display."""
    count = 600 if long else 30
    daemon = start(virtio, *KMS)
    daemon.meteors(count)
    wanted = meteors_picture(count)
    assert differ(virtio.wait_picture(wanted), wanted) == ""
    assert differ(daemon.screenshot(), wanted) == ""
    daemon.stop()


def test_demo_bochs(bochs: Machine, start: Start, meteors_picture: Known) -> None:
    """The same by another driver."""
    daemon = start(bochs, *KMS)
    daemon.meteors(30)
    wanted = meteors_picture(30)
    assert differ(bochs.wait_picture(wanted), wanted) == ""
    daemon.stop()


def test_demo_vkms(vkms: Machine, start: Start, meteors_picture: Known) -> None:
    """The same by vkms: the checksum of what it composed."""
    daemon = start(vkms, *KMS)
    daemon.meteors(30)
    found = card(vkms, "vkms")
    wanted = meteors_picture(30, 1024, 768)
    assert differ(daemon.screenshot(), wanted) == ""
    assert f"{crc(vkms, found):08x}" == f"{expected_crc(wanted):08x}"
    # A witness that never says no is none.
    assert crc(vkms, found) != expected_crc(np.roll(wanted, 1, axis=0))
    daemon.stop()


def test_frames_vkms(vkms: Machine, start: Start, long: bool,
                     figures: Callable[[str], None]) -> None:
    """Every frame is answered, in order, at refreshes of the display, by the kernel's own clock."""
    count = 600 if long else 200
    bare = json.loads(vkms.run(f"{FLIP} {card(vkms, 'vkms').path} {count}").output)
    daemon = start(vkms, *KMS)
    game = daemon.game(PLAYER, "frames", str(count))
    assert game.wait().status == 0, game.output
    said = json.loads(game.output)
    refresh = said["refresh_ns"]
    answers = said["answers"]
    times = np.array([answer[0] for answer in answers])
    sequences = np.array([answer[1] for answer in answers])
    steps, passed = np.diff(times), np.diff(sequences)
    statistics = json.loads(daemon.tool("stats", "--json").output)["outputs"]["Virtual-1"]
    daemon.stop()
    rate = len(steps) * 1e9 / (times[-1] - times[0])
    figures(f"vkms: {count} frames at {rate:.2f} Hz, {int((passed - 1).sum())} refreshes missed; bare page "
            f"flips: {bare['rate_hz']} Hz, {bare['missed']} missed")
    assert len(answers) == count
    assert not any(answer[2] for answer in answers), "frames were discarded"
    assert all(answer[3] for answer in answers), "not the kernel's own timestamps"
    assert (passed > 0).all() and (steps > 0).all()
    # The kernel tells of a flip in whole microseconds, the daemon of a refresh in whole mHz.
    wrong = np.abs(steps - passed * refresh) > 1000 + passed * refresh * 1e-5
    assert not wrong.any(), (refresh, steps[wrong], passed[wrong])
    assert statistics["flips"] >= len(answers)


def test_pacing_virtio(virtio: Machine, start: Start, figures: Callable[[str], None]) -> None:
    """virtio-gpu flips at once, hundreds of times a second: the daemon keeps to the display's rate."""
    bare = json.loads(virtio.run(f"{FLIP} /dev/dri/card0 200").output)
    daemon = start(virtio, *KMS)
    game = daemon.game(PLAYER, "frames", "200")
    assert game.wait().status == 0, game.output
    said = json.loads(game.output)
    times = [answer[0] for answer in said["answers"]]
    rate = (len(times) - 1) * 1e9 / (times[-1] - times[0])
    figures(f"virtio-gpu: 200 frames at {rate:.2f} Hz; bare page flips: {bare['rate_hz']} Hz")
    # Never two frames in one refresh.
    steps = np.diff(np.array(times))
    assert (steps > 0.5 * said["refresh_ns"]).all(), steps.min()
    daemon.stop()


def used(machine: Machine, daemon: Daemon, where: Card) -> tuple[int, int]:
    """Framebuffers and open files of the daemon."""
    own = [owner for owner in framebuffers(machine, where).values() if owner == "kmsblitd"]
    return len(own), len(fds(machine, daemon.pid))


def test_hot_plug(virtio: Machine, start: Start, long: bool) -> None:
    """A second display comes and goes under a game: it plays on, it is told, and nothing leaks."""
    daemon = start(virtio, *KMS)
    where = card(virtio, "virtio_gpu")
    game = daemon.game(PLAYER, "play")
    game.wait_output(r"outputs Virtual-1:1280x720$")
    first = None
    for number in range(50 if long else 10):
        before = len(game.output)
        width = 800 + 8 * (number % 3)
        virtio.plug(1, width, 600)
        virtio.wait_event(lambda: f"Virtual-2:{width}x600" in game.output[before:], 30)
        assert f"Virtual-2:{width}x600" in game.output[before:], game.output + daemon.log
        before = len(game.output)
        virtio.unplug(1)
        virtio.wait_event(lambda: re.search(r"outputs Virtual-1:1280x720\n$", game.output[before:])
                          is not None, 30)
        assert game.output.endswith("outputs Virtual-1:1280x720\n"), game.output + daemon.log
        if first is None:
            first = used(virtio, daemon, where)
    assert used(virtio, daemon, where) == first
    counts = [int(number) for number in re.findall(r"^frame (\d+)", game.output, re.M)]
    assert counts == sorted(set(counts)), "the game stood still meanwhile"
    game.write("\n")
    assert game.wait().status == 0
    daemon.stop()
    assert "kmsblitd" not in framebuffers(virtio, where).values()


def test_no_monitor(virtio: Machine, start: Start, meteors_picture: Known) -> None:
    """Without a display the daemon waits for one; then there is a picture."""
    virtio.unplug(0)
    daemon = start(virtio, *KMS)
    assert daemon.program.status is None, daemon.log
    game = daemon.game(str(BUILD.parent / "clients/python/examples/meteors.py"), "--seed", "1",
                       "--frames", "30", "--hold")
    virtio.plug(0)
    game.wait_output("presented")
    wanted = meteors_picture(30)
    assert differ(virtio.wait_picture(wanted), wanted) == ""
    daemon.stop()


def corners(width: int, height: int) -> Picture:
    """What `player.py corners` draws on an output of this size."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = (0, 0, 128)
    picture[:32, :64] = (255, 0, 0)
    picture[:32, -64:] = (0, 255, 0)
    picture[-32:, -64:] = (0, 0, 255)
    picture[-32:, :64] = (255, 255, 255)
    return picture


def shows_corners(machine: Machine, daemon: Daemon, degrees: int) -> None:
    """The first display upright, the second one turned: each has its own picture."""
    for name in ("Virtual-1", "Virtual-2"):
        daemon.game(PLAYER, "corners", name).wait_output("shown")
    wanted = corners(1280, 720)
    assert differ(machine.wait_picture(wanted), wanted) == ""
    size = (600, 800) if degrees != 180 else (800, 600)
    turned = np.rot90(corners(*size), degrees // 90)
    assert differ(machine.wait_picture(turned, head=1), turned) == ""


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_two_displays(virtio2: Machine, start: Start, degrees: int) -> None:
    """Two sizes, the second one turned, both there from the beginning."""
    virtio2.write("/tmp/kmsblitd.conf", f"[output Virtual-2]\nrotate = {degrees}\n")
    daemon = start(virtio2, *KMS, "--config", "/tmp/kmsblitd.conf")
    shows_corners(virtio2, daemon, degrees)
    daemon.stop()


def test_turned_later(virtio: Machine, start: Start) -> None:
    """The same for a display that is plugged under the daemon."""
    virtio.write("/tmp/kmsblitd.conf", "[output Virtual-2]\nrotate = 90\n")
    daemon = start(virtio, *KMS, "--config", "/tmp/kmsblitd.conf")
    virtio.plug(1, 800, 600)
    watch = daemon.game(PLAYER, "play")
    watch.wait_output(r"outputs Virtual-1:1280x720 Virtual-2:600x800$")
    watch.kill()
    watch.wait()
    shows_corners(virtio, daemon, 90)
    daemon.stop()


def test_blinking(virtio: Machine, start: Start) -> None:
    """A square of 32x32 that blinks: nothing but its tiles is sent to the display."""
    daemon = start(virtio, *KMS)
    game = daemon.game(PLAYER, "blink")
    game.wait_output("ready")
    # Each buffer has been drawn whole once.
    for number in range(4):
        game.write("\n")
        game.wait_output(rf"^shown {number}$")
    with transfers(virtio) as seen:
        for number in range(4, 12):
            game.write("\n")
            game.wait_output(rf"^shown {number}$")
    assert seen.all, "nothing was sent at all"
    left, top = 320 // TILE * TILE, 192 // TILE * TILE
    for sent in seen.all:
        inside = (sent.x >= left and sent.y >= top and sent.x + sent.width <= left + TILE and
                  sent.y + sent.height <= top + TILE)
        assert inside, f"{sent}: more than the tile of the square"
    daemon.stop()


def test_idle(virtio: Machine, start: Start) -> None:
    """Nothing changes: nothing is sent to the display, and the daemon sleeps."""
    daemon = start(virtio, *KMS)
    game = daemon.game(PLAYER, "blink")
    game.wait_output("ready")
    with transfers(virtio) as seen:
        # Not for synchronisation: that nothing happens in this time is what is tested.
        before = context_switches(virtio, daemon.pid)
        virtio.run("sleep 10")
        after = context_switches(virtio, daemon.pid)
    assert seen.all == []
    # Under a service manager with a watchdog there would be its wake-ups; here is none.
    assert after - before == 0
    daemon.stop()


def test_end(virtio: Machine, start: Start) -> None:
    """The console comes back, and the card is nobody's."""
    where = card(virtio, "virtio_gpu")
    console = virtio.screenshot()
    daemon = start(virtio, *KMS)
    assert [client["command"] for client in clients(virtio, where) if client["master"] == "y"] == \
        ["kmsblitd"]
    plane = next(values for name, values in state(virtio, where).items() if values.get("crtc") == "crtc-0"
                 and name.startswith("plane"))
    assert framebuffers(virtio, where)[int(plane["fb"])] == "kmsblitd"
    daemon.stop()
    assert clients(virtio, where) == []
    assert virtio.screenshot().shape == console.shape
    assert list(framebuffers(virtio, where).values()) == ["[fbcon]"]


def test_held_by_another(virtio: Machine, start: Start) -> None:
    """Where another program holds the display, the daemon says which."""
    first = start(virtio, *KMS)
    try:
        second = start(virtio, *KMS, socket="/run/second.sock")
        second.stop()
        said = second.log
    except GuestFailure as failure:
        said = str(failure)
    assert "kmsblitd" in said and str(first.pid) in said
    first.stop()
