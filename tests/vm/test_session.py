"""The seat mode: a plain user, seatd, and VTs that are switched while a game runs."""
from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from consoles import PLAYER, Typist, console, switch, wait_usable
from machine import Machine, Program
from programs import METEORS, Daemon
from test_console import ENDINGS, end
from witnesses import cards, framebuffers

SEAT = ("--session", "seat")


@pytest.fixture
def seatd(virtio: Machine) -> Iterator[Program]:
    """Runs, for the members of the group video."""
    switch(virtio, 1)
    program = virtio.spawn("exec seatd -g video -l info")
    program.wait_output("seatd started")
    yield program
    program.kill()
    program.wait()


def paused(daemon: Daemon) -> int:
    """How often the daemon was paused."""
    return daemon.log.count("session: paused")


def resumed(daemon: Daemon) -> int:
    """How often it went on."""
    return daemon.log.count("session: resumed")


def test_every_ending_seat(virtio: Machine, seatd: Program, start: Callable[..., Daemon]) -> None:
    """A plain user has the display; seatd takes the VT and gives it back after every end."""
    typist = Typist(virtio)
    for number in ENDINGS:
        daemon = start(virtio, *SEAT, **PLAYER)
        assert "seat mode: seat0" in daemon.log
        now = console(virtio, 1)
        assert now.active == 1 and now.text == 1 and now.keyboard == 4, (number, now, daemon.log)
        typist.type_blindly("lost")
        end(daemon, number)
        wait_usable(virtio)
        assert "lost" not in typist.text
        typist.type("found")
    assert seatd.status is None


def test_auto(virtio: Machine, seatd: Program, start: Callable[..., Daemon]) -> None:
    """A plain user gets the seat if there is one, root the service mode; the log says why."""
    del seatd
    daemon = start(virtio, **PLAYER)
    assert "seat mode: seat0" in daemon.log
    daemon.stop()
    daemon = start(virtio)
    assert "service mode: started as root" in daemon.log
    daemon.stop()
    wait_usable(virtio)


def test_no_seat(virtio: Machine, start: Callable[..., Daemon]) -> None:
    """Without seatd and logind: auto opens devices by group; seat says what was tried."""
    daemon = start(virtio, **PLAYER)
    assert "service mode: devices are opened by group, because no seat" in daemon.log
    daemon.stop()
    daemon = start(virtio, *SEAT, "--backend", "kms", ready=False, **PLAYER)
    assert daemon.program.wait().status == 1
    assert "/run/seatd.sock: No such file" in daemon.log and "start seatd" in daemon.log


def test_switch_while_a_game_runs(virtio: Machine, seatd: Program, start: Callable[..., Daemon],
                                  long: bool) -> None:
    """VT 2 and back, in mid-commit, many times: the game goes on, nothing is left behind, and the picture is whole."""
    del seatd
    daemon = start(virtio, *SEAT, **PLAYER)
    game = daemon.game(str(METEORS), "--seed", "1", "--frames", "1000000")
    before = None
    for i in range(50 if long else 10):
        switch(virtio, 2)
        virtio.wait_until(lambda: paused(daemon) == i + 1, "the daemon has heard of the pause")
        switch(virtio, 1)
        virtio.wait_until(lambda: resumed(daemon) == i + 1, "the daemon goes on")
        assert game.status is None and daemon.program.status is None
        if i == 0:
            before = ours(virtio)
    assert len(ours(virtio)) <= len(before or ()) + 1, "framebuffers are left behind"
    game.kill(signal.SIGTERM)
    game.wait()
    played = daemon.meteors(30)
    assert np.array_equal(virtio.wait_picture(daemon.screenshot()), daemon.screenshot())
    played.kill()
    daemon.stop()
    wait_usable(virtio)


def ours(machine: Machine) -> list[str]:
    """The framebuffers that are not the console's."""
    return [name for name in framebuffers(machine, cards(machine)[0]).values() if name != "[fbcon]"]


def test_the_other_vt_is_seen(virtio: Machine, seatd: Program, start: Callable[..., Daemon]) -> None:
    """While it is away the text console is on the display; back, the game's last picture."""
    del seatd
    daemon = start(virtio, *SEAT, **PLAYER)
    game = daemon.meteors(30)
    picture = virtio.wait_picture(daemon.screenshot())
    assert np.array_equal(picture, daemon.screenshot())
    switch(virtio, 2)
    virtio.wait_until(lambda: paused(daemon) == 1, "the daemon has heard of the pause")
    virtio.wait_until(lambda: not np.array_equal(virtio.screenshot(), picture), "the text is shown")
    switch(virtio, 1)
    assert np.array_equal(virtio.wait_picture(picture), picture)
    game.kill()
    daemon.stop()


def test_ended_while_away(virtio: Machine, seatd: Program, start: Callable[..., Daemon]) -> None:
    """The daemon ends while another VT is in front: that stays in front."""
    del seatd
    for number in (signal.SIGTERM, signal.SIGKILL):
        switch(virtio, 1)
        daemon = start(virtio, *SEAT, **PLAYER)
        switch(virtio, 2)
        virtio.wait_until(lambda: paused(daemon) == 1, "the daemon has heard of the pause")
        end(daemon, number)
        wait_usable(virtio, 2)
        virtio.wait_until(lambda: console(virtio, 1).usable, "VT 1 is usable")
    switch(virtio, 1)


def test_seatd_ends(virtio: Machine, start: Callable[..., Daemon]) -> None:
    """Without its seat the daemon cannot go on: it says so, and ends."""
    switch(virtio, 1)
    seatd = virtio.spawn("exec seatd -g video -l info")
    seatd.wait_output("seatd started")
    daemon = start(virtio, *SEAT, **PLAYER)
    seatd.kill(signal.SIGKILL)
    assert daemon.program.wait().status == 1
    assert "session: lost" in daemon.log
