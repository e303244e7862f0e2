"""Clients that do harm by how they behave: the others keep their pace, and nothing is left."""
from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import VIRTUAL
from harness import (Client, Daemon, Gone, Pace, blit, child, clip, fill, ident, kb, memfd, noise,
                     solid)

Start = Callable[..., Daemon]

RED, GREEN = 0xFFFF0000, 0xFF00FF00
WINDOW, IMAGE = ident(1), ident(2)
ALL = (0, 0, 64, 64)
TOO_MANY = 300


@pytest.fixture
def pace(daemon: Daemon) -> Iterator[Pace]:
    """Another client; in the end it is alone, with nothing left of the others."""
    pace = Pace(daemon.client("pace"))
    pace.run()
    before, server = daemon.fds(), pace.client.server()
    yield pace
    pace.run()
    for client in daemon.clients:
        if client is not pace.client:
            client.close()
    pace.client.alone()
    pace.run()
    after = pace.client.server()
    assert daemon.fds() == before
    assert (after["clients"], after["windows"]) == (server["clients"], server["windows"]) == (1, 1)
    assert (pace.client.see_output()[20:] == 0).all()  # below its own window


# ---- Clients that do not read, or do not wait ------------------------------------------------

def test_a_client_that_never_reads(daemon: Daemon, pace: Pace) -> None:
    """It is not read any more; what it asked for is answered once it reads."""
    deaf = daemon.client("deaf")
    question = kb.encode_get_statistics(object=0, scope=kb.StatisticsScope.SERVER, serial=5)[0]
    deaf.socket.setblocking(False)
    sent = 0
    try:
        while sent < 1 << 26:
            sent += deaf.socket.send(question * 100)
            pace.run(1, look=False)
    except BlockingIOError:
        pass
    assert sent < 1 << 24, "the daemon reads on although nobody reads its answers"
    pace.run()
    deaf.socket.setblocking(True)
    for _ in range(sent // len(question)):
        deaf.expect(kb.EvtStatistics, serial=5)
    deaf.close()


def test_a_client_that_never_reads_and_goes(daemon: Daemon, pace: Pace) -> None:
    deaf = daemon.client("deaf")
    deaf.window(WINDOW, 64, 64, place=(100, 0, 64, 64))
    for _ in range(30):
        deaf.request(kb.encode_screenshot, object=WINDOW, target=kb.ScreenshotTarget.WINDOW)
        deaf.frame(WINDOW, fill(RED, ALL))
    pace.run()
    deaf.close()


def test_a_client_that_asks_for_a_thousand_screenshots(daemon: Daemon, pace: Pace) -> None:
    """They are made one at a time, and only as fast as they are taken."""
    client = daemon.client()
    client.window(WINDOW, 256, 256, place=(100, 0, 64, 64))
    client.sync()
    before = len(daemon.fds())
    client.socket.setblocking(False)
    asked = 0
    try:
        for asked in range(1000):
            client.socket.send(kb.encode_screenshot(object=WINDOW, target=1, serial=asked)[0])
    except BlockingIOError:
        pass
    client.socket.setblocking(True)
    pace.run()
    assert len(daemon.fds()) - before < 70
    for serial in range(asked):
        os.close(client.expect(kb.EvtScreenshotDone, serial=serial).pixels)
    client.close()


def test_a_client_that_never_waits(daemon: Daemon, pace: Pace) -> None:
    """Two frames are taken, all the others refused."""
    hasty = daemon.client("hasty")
    hasty.window(WINDOW, 64, 64, place=(100, 0, 64, 64))
    for _ in range(10):
        serials = [hasty.frame(WINDOW, fill(RED + number, ALL)) for number in range(100)]
        for serial in serials[2:]:
            hasty.refused(kb.ErrorCode.NO_CREDIT, serial)
        pace.run(3)
        hasty.sync()
        assert [event.serial for event in hasty.take(kb.EvtPresented)] == serials[:2]
    hasty.close()


def test_a_stopped_client(daemon: Daemon, pace: Pace) -> None:
    def work() -> Client:
        client = Client(daemon.path, "stopped")
        client.window(WINDOW, 64, 64, place=(100, 100, 64, 64))
        client.image(IMAGE, noise(64, 64), shared=True)
        for color in (RED, GREEN):
            client.frame(WINDOW, fill(color, ALL))
        client.sync()
        return client

    with child(work) as pid:
        os.kill(pid, signal.SIGSTOP)
        pace.run(20)
        assert (pace.client.see_output()[100:164, 100:164] == GREEN & 0xFFFFFF).all()
    pace.client.alone()
    pace.run(1)
    assert (pace.client.see_output()[100:164, 100:164] == 0).all()


# ---- Clients that die ------------------------------------------------------------------------

@pytest.mark.parametrize("part", [8, 16, 40, 1000])
def test_killed_within_a_batch(daemon: Daemon, pace: Pace, part: int) -> None:
    """Half a message was sent: nothing of it is shown, neither before the end nor after."""
    def work() -> Client:
        client = Client(daemon.path, "killed")
        client.window(WINDOW, 64, 64, place=(100, 100, 64, 64))
        client.frame(WINDOW, fill(RED, ALL))
        client.sync()
        client.send(kb.encode_frame(object=WINDOW, flags=0, commands=fill(GREEN, ALL) * 40,
                                    serial=9)[0][:part])
        return client

    with child(work) as pid:
        pace.run(5)
        assert (pace.client.see_output()[100:164, 100:164] == RED & 0xFFFFFF).all()
        os.kill(pid, signal.SIGKILL)
        pace.client.alone()
        pace.run(1)
        assert (pace.client.see_output()[100:164, 100:164] == 0).all()


def test_killed_while_its_frame_is_drawn(start: Start) -> None:
    """The other window misses no frame."""
    daemon = start(*VIRTUAL, "--simulate-draw", "victim:100")
    pace = Pace(daemon.client("pace"))
    before = daemon.fds()

    def work() -> Client:
        client = Client(daemon.path, "victim")
        client.window(WINDOW, 64, 64, place=(100, 100, 64, 64), title="victim")
        client.image(IMAGE, noise(64, 64), shared=True)
        client.frame(WINDOW, fill(RED, ALL))
        client.frame_memfd(WINDOW, fill(GREEN, ALL) * 100)
        client.sync()
        return client

    for _ in range(10):
        pace.run(2)
        with child(work) as pid:
            pace.run(3)
            os.kill(pid, signal.SIGKILL)
            pace.run(10)
        pace.client.alone()
        assert pace.client.server()["windows"] == 1
        pace.run(1)
        assert (pace.client.see_output()[20:] == 0).all()
    assert daemon.fds() == before


def test_killed_while_it_draws_for_long(start: Start) -> None:
    """A million full-screen fills on the only thread: the others get their frames, and the daemon
    does not wait for the rest of it when the client is gone."""
    daemon = start("--output", "headless:320x240@0", "--threads", "1")
    light = daemon.client("light")
    light.window(WINDOW, 64, 64)
    commands = fill(0x80FF0000, (0, 0, 2048, 2048), blend=kb.Blend.OVER) * kb.MAX_FRAME_UNITS

    def work() -> Client:
        client = Client(daemon.path, "heavy")
        client.window(WINDOW, 2048, 2048)
        client.frame_memfd(WINDOW, commands)
        client.sync()
        return client

    with child(work):
        for number in range(30):
            serial = light.frame(WINDOW, fill(RED + number, ALL))
            light.expect(kb.EvtPresented, serial=serial)
    light.alone()
    daemon.stop()


def test_a_step_of_the_clock_outlives_its_client(daemon: Daemon, pace: Pace) -> None:
    client = daemon.client()
    client.window(WINDOW, 64, 64, place=(100, 0, 64, 64))
    for _ in range(2):
        client.frame(WINDOW, fill(RED, ALL))
        # An hour, in whole refreshes.
        client.request(kb.encode_clock_step, duration_ns=215_999 * client.refresh_ns())
    client.sync()
    client.close()
    pace.client.step(0)  # comes after the others
    pace.run()


# ---- Very many -------------------------------------------------------------------------------

def test_more_clients_than_there_may_be(start: Start, tmp_path: Path) -> None:
    """Those over the limit are told so; when the others go there is room again."""
    config = tmp_path / "limits.conf"
    config.write_text("[limits]\nclients = 20\n")
    daemon = start(*VIRTUAL, "--config", str(config))
    pace = Pace(daemon.client("pace"))
    before = daemon.fds()
    clients = [daemon.client() for _ in range(19)]
    for _ in range(TOO_MANY):
        late = daemon.client(hello=False)
        error = late.ended(kb.ErrorCode.QUOTA)
        assert "20" in error.message
        late.close()
    pace.run()
    for client in clients:
        client.sync()
        client.close()
    pace.client.alone()
    daemon.client().close()
    pace.client.alone()
    assert daemon.fds() == before


def test_the_limit_is_256_unless_told_otherwise(daemon: Daemon) -> None:
    clients = [daemon.client() for _ in range(256)]
    daemon.client(hello=False).ended(kb.ErrorCode.QUOTA)
    clients[0].sync()


def test_ten_thousand_connections(daemon: Daemon, pace: Pace) -> None:
    for number in range(10_000):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.connect(daemon.path)
        if number % 2:
            one.send(b"abc")
        one.close()
        if number % 1000 == 0:
            pace.run(1)


def test_a_thousand_images(daemon: Daemon, pace: Pace) -> None:
    client = daemon.client()
    client.window(WINDOW, 64, 64, place=(100, 100, 64, 64))
    fd = memfd(solid(4, 4, RED))
    for slot in range(2, 1002):
        client.create_image(slot, fd, 4, 4, flags=kb.ImageFlag.SHARED if slot % 2 else 0)
    os.close(fd)
    client.sync()
    commands = [blit(slot, slot % 16 * 4, slot // 16 % 16 * 4) for slot in range(2, 1002)]
    serial = client.frame(WINDOW, clip(ALL), *commands)
    pace.run(2)
    client.expect(kb.EvtPresented, serial=serial)
    assert (client.see_window(WINDOW) == RED & 0xFFFFFF).all()
    client.close()


def test_a_thousand_clients_leave_nothing(daemon: Daemon, pace: Pace) -> None:
    """Each makes an image and a window and shows it, and goes in one of several ways."""
    def memory_kib() -> int:
        status = Path(f"/proc/{daemon.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)

    fd = memfd(noise(64, 64))
    held = 0
    for number in range(1000):
        client = daemon.client(f"client {number}")
        client.create_image(IMAGE, fd, 64, 64, flags=kb.ImageFlag.SHARED if number % 2 else 0)
        client.window(WINDOW, 64, 64, place=(100, 100, 64, 64))
        client.frame(WINDOW, fill(RED, ALL))
        if number % 3 == 1:
            client.send(b"junk")
        elif number % 3 == 2:
            client.sync()
            client.request(kb.encode_image_destroy, object=IMAGE)
            client.request(kb.encode_window_destroy, object=WINDOW)
        client.close()
        daemon.clients.remove(client)
        if number % 100 == 99:
            pace.client.alone()
            pace.run(1)
            held = held or memory_kib()
    os.close(fd)
    pace.client.alone()
    assert pace.client.server()["windows"] == 1
    # What is freed may stay with the allocator; what is lost a hundred times over would be seen.
    # (Sanitizers keep freed memory for a while on purpose, up to 256 MiB.)
    if "asan" not in Path(f"/proc/{daemon.pid}/maps").read_text():
        assert memory_kib() - held < 900 * 16, "memory grows with clients that are gone"


def test_a_reset_connection(daemon: Daemon, pace: Pace) -> None:
    """Closed with unread answers in it, which the daemon sees as an error, not as an end."""
    for _ in range(50):
        client = daemon.client()
        client.request(kb.encode_sync)
        client.frame(ident(9))
        pace.run(1, look=False)
        client.close()
        with pytest.raises((Gone, OSError)):
            client.sync()
