"""The console while the daemon runs, and after it has ended, however it ended."""
from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from consoles import PLAYER, Typist, console, switch_command, wait_usable, watch_switches
from machine import Machine
from programs import Daemon

ENDINGS = [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT,
           signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGKILL]
SERVICE = ("--session", "service")


def end(daemon: Daemon, number: int) -> None:
    """Ends the daemon by a signal: those that it knows are an orderly end."""
    status = daemon.stop(number).status
    assert status == (0 if number in (signal.SIGTERM, signal.SIGINT) else -number)


def test_every_ending_service(virtio: Machine, start: Callable[..., Daemon]) -> None:
    """A VT of its own, which takes no keys; after every end VT 1 is in front again, and one can type."""
    typist = Typist(virtio)
    for number in ENDINGS:
        daemon = start(virtio, *SERVICE, "--vt", "7")
        now = console(virtio, 7)
        assert now.active == 7 and now.taken, (number, now, daemon.log)
        typist.type_blindly("lost")
        end(daemon, number)
        wait_usable(virtio)
        now = console(virtio, 7)
        assert now.usable and now.lock == 0, number
        assert "lost" not in typist.text
        typist.type("found")
        virtio.wait_until(lambda: virtio.run("pgrep -x kmsblitd-guard", check=False).status == 1,
                          "the guard has ended")


def test_the_active_vt(virtio: Machine, start: Callable[..., Daemon]) -> None:
    """On the VT that somebody reads from: they read nothing meanwhile."""
    typist = Typist(virtio)
    for number in (signal.SIGTERM, signal.SIGKILL):
        daemon = start(virtio, *SERVICE, "--vt", "1")
        assert console(virtio, 1).taken
        typist.type_blindly("lost")
        end(daemon, number)
        wait_usable(virtio)
        typist.type("found")
        assert "lost" not in typist.text


def test_a_free_vt(virtio: Machine, start: Callable[..., Daemon]) -> None:
    """Without --vt one is chosen that nobody uses."""
    daemon = start(virtio, *SERVICE)
    front = console(virtio, 1).active
    assert front > 1 and console(virtio, front).taken
    assert f"VT {front}" in daemon.log
    daemon.stop()
    wait_usable(virtio)


def test_nobody_switches_away(virtio: Machine, start: Callable[..., Daemon]) -> None:
    """Neither by a key nor by a program: the request is not answered."""
    daemon = start(virtio, *SERVICE, "--vt", "7")
    switches = watch_switches(virtio)
    virtio.key("ctrl", "alt", "f2")
    asks = virtio.spawn(switch_command(2))
    virtio.wait_until(lambda: "vt" in virtio.read(f"/proc/{asks.pid}/stack"), "the request waits")
    assert console(virtio, 7).active == 7
    assert switches.output.split() == ["active", "tty7"]
    daemon.stop()
    wait_usable(virtio)
    switches.wait_output("^active tty1$")


def test_its_own_controlling_terminal(virtio: Machine, start: Callable[..., Daemon]) -> None:
    """A plain user's daemon on the terminal that was given to them, as by TTYPath= of systemd: its end hangs the terminal up."""
    virtio.run("chown player /dev/tty8 && chmod 600 /dev/tty8")
    typist = Typist(virtio)
    for number in (signal.SIGTERM, signal.SIGKILL):
        daemon = start(virtio, *SERVICE, terminal="/dev/tty8", **PLAYER)
        now = console(virtio, 8)
        assert now.active == 8 and now.taken, daemon.log
        daemon.program.kill(number)
        daemon.program.wait()
        wait_usable(virtio)
        assert console(virtio, 8).usable
        typist.type("found")
    virtio.run("chown root /dev/tty8 && chmod 620 /dev/tty8")


def test_no_permission(virtio: Machine, start: Callable[..., Daemon]) -> None:
    """Without a console the daemon goes on, and says once which file and what to do."""
    daemon = start(virtio, *SERVICE, "--vt", "7", **PLAYER)
    assert console(virtio, 1).active == 1
    daemon.stop()
    said = [line for line in daemon.log.splitlines() if "no console" in line]
    assert len(said) == 1 and "cannot open /dev/tty7: permission denied" in said[0]
    assert "group tty" in said[0] and "kmsblitd" in said[0]
    daemon = start(virtio, *SERVICE, "--vt", "7", **{**PLAYER, "groups": ("video", "tty")})
    daemon.stop()
    said = [line for line in daemon.log.splitlines() if "no console" in line]
    assert len(said) == 1 and "CAP_SYS_TTY_CONFIG" in said[0]
    wait_usable(virtio)


@pytest.mark.parametrize("vt", ["7", "0"])
def test_no_console_at_all(virtio: Machine, start: Callable[..., Daemon], vt: str) -> None:
    """A container without terminals."""
    virtio.run("mkdir -p /tmp/kept && mv /dev/tty0 /dev/tty7 /tmp/kept")
    try:
        daemon = start(virtio, *SERVICE, "--vt", vt)
        daemon.stop()
    finally:
        virtio.run("mv /tmp/kept/* /dev")
    said = [line for line in daemon.log.splitlines() if "no console" in line]
    assert len(said) == 1 and f"there is no /dev/tty{vt}" in said[0]
