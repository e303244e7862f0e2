"""The service as systemd runs it: its own user, restarts, and the end."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from artefacts import ROOT
from consoles import KD_GRAPHICS, Typist, console, switch, wait_usable, watch_switches
from machine import Machine
from programs import BUILD, KMSBLITD, TOOL

UNITS = "/etc/systemd/system"
# A service of its own user has a /tmp of its own, and sees no home: the tree may lie in one of them.
INSTALLED = "/usr/local/bin/kmsblitd"

# How a variant restarts. Reading the units anew takes seconds in a machine: all are installed at once.
RESTART = "Restart=on-failure"
VARIANTS = {"kmsblitd": RESTART, "kmsblitd-once": "Restart=no",
            "kmsblitd-late": f"{RESTART}\nRestartSec=1h"}


def install(machine: Machine) -> None:
    """The units as they are, and variants without a socket."""
    machine.write(f"{UNITS}/kmsblitd.socket", (ROOT / "systemd" / "kmsblitd.socket").read_text())
    machine.run(f"install -m 755 {KMSBLITD} {INSTALLED}")
    whole = (ROOT / "systemd" / "kmsblitd.service").read_text()
    assert f"\n{RESTART}\n" in whole
    for name, restart in VARIANTS.items():
        command = INSTALLED
        text = whole.replace(RESTART, restart)
        if name != "kmsblitd":
            text = re.sub(r"^(Requires|After)=.*\n", "", text, flags=re.M)
            command += " --socket /tmp/kmsblit.sock"
        machine.write(f"{UNITS}/{name}.service", text.replace("@BINDIR@/kmsblitd", command))
    machine.run("systemctl daemon-reload")


class Service:
    """One of the services in the machine."""

    def __init__(self, machine: Machine, name: str = "kmsblitd") -> None:
        self.machine = machine
        self.name = f"{name}.service"
        self.since = machine.run("journalctl -q -n0 --show-cursor").output.split(": ", 1)[-1].strip()

    def control(self, verb: str) -> None:
        """systemctl VERB."""
        self.machine.run(f"systemctl {verb} {self.name}")

    def show(self, name: str) -> str:
        """A property."""
        return self.machine.run(f"systemctl show -P {name} {self.name}").output.strip()

    @property
    def pid(self) -> int:
        """The daemon's process."""
        return int(self.show("MainPID"))

    @property
    def guard(self) -> str:
        """The guard's process, or nothing."""
        return self.machine.run("pgrep -x kmsblitd-guard", check=False).output.strip()

    @property
    def log(self) -> str:
        """What the service said in this test."""
        return self.machine.run(f"journalctl -q -o cat --after-cursor '{self.since}' "
                                f"-u {self.name}").output

    def crash(self, number: str = "SEGV") -> int:
        """Kills the daemon, and waits until systemd has started it again. Returns the new process."""
        before = self.pid
        self.machine.run(f"kill -{number} {before}")
        self.machine.wait_until(lambda: self.show("SubState") == "running" and self.pid != before,
                                "it runs again")
        return self.pid


@pytest.fixture
def services(systemd: Machine) -> Iterator[Callable[..., Service]]:
    """Makes one of VARIANTS; it is not started."""
    if not hasattr(systemd, "has_kmsblitd"):
        install(systemd)
        setattr(systemd, "has_kmsblitd", True)
    names = " ".join(f"{name}.service" for name in VARIANTS)
    yield lambda name="kmsblitd": Service(systemd, name)
    systemd.run(f"systemctl stop kmsblitd.socket {names}; systemctl reset-failed {names}", check=False)


def test_its_own_user(services: Callable[..., Service], systemd: Machine) -> None:
    """Not root, and yet it has the display and a VT."""
    service = services()
    service.control("start")
    status = systemd.read(f"/proc/{service.pid}/status")
    uid = re.search(r"^Uid:\s+(\d+)", status, re.M)
    assert uid is not None and int(uid.group(1)) != 0
    assert "service mode: started as a system service" in service.log
    front = console(systemd, 1).active
    assert front > 1 and console(systemd, front).taken, service.log
    fds = systemd.run(f"ls -l /proc/{service.pid}/fd").output
    assert "/dev/dri/card" in fds and "/dev/input/event" in fds, service.log
    assert "QEMU Virtio Keyboard, /dev/input/" in service.log and "cannot open" not in service.log
    service.control("stop")
    wait_usable(systemd)
    assert service.guard == ""


@pytest.mark.parametrize("number", ["SEGV", "KILL", "ABRT"])
def test_crash_and_restart(services: Callable[..., Service], systemd: Machine, number: str) -> None:
    """The console is not shown in between: the guard stays, and nothing is switched. The final stop gives it back."""
    service = services()
    typist = Typist(systemd)
    service.control("start")
    guard, front = service.guard, console(systemd, 1).active
    switches = watch_switches(systemd)
    for _ in range(2):
        service.crash(number)
        assert service.guard == guard
        assert console(systemd, front).taken
    log = service.log
    assert log.count(f"VT {front} was kept over the restart") == 2, log
    assert log.count("the display was kept over the restart") == 2, log
    assert switches.output.split() == ["active", f"tty{front}"]
    typist.type_blindly("lost")
    service.control("stop")
    wait_usable(systemd)
    assert console(systemd, front).usable
    assert service.guard == ""
    typist.type("found")


def test_crash_and_no_restart(services: Callable[..., Service], systemd: Machine) -> None:
    """systemd gives up: it lets go of what it kept, and so the console is given back."""
    service = services("kmsblitd-once")
    typist = Typist(systemd)
    service.control("start")
    assert service.guard
    systemd.run(f"kill -SEGV {service.pid}")
    wait_usable(systemd)
    systemd.wait_until(lambda: service.guard == "", "the guard has ended")
    assert service.show("ActiveState") == "failed"
    typist.type("found")


def test_stop_between_crash_and_restart(services: Callable[..., Service], systemd: Machine) -> None:
    """The administrator stops it while nothing runs but the guard."""
    service = services("kmsblitd-late")
    typist = Typist(systemd)
    service.control("start")
    systemd.run(f"kill -KILL {service.pid}")
    systemd.wait_until(lambda: service.show("SubState") == "auto-restart", "it waits for the restart")
    assert service.guard
    service.control("stop")
    wait_usable(systemd)
    systemd.wait_until(lambda: service.guard == "", "the guard has ended")
    typist.type("found")


def test_restart_by_hand(services: Callable[..., Service], systemd: Machine) -> None:
    """Everything is let go of and taken again."""
    service = services()
    service.control("start")
    guard = service.guard
    service.control("restart")
    assert service.guard not in ("", guard)
    front = console(systemd, 1).active
    assert console(systemd, front).taken
    service.control("stop")
    wait_usable(systemd)


def test_started_by_its_socket(services: Callable[..., Service], systemd: Machine) -> None:
    """The socket is told from what was kept, also after a crash."""
    service = services()
    systemd.run("systemctl start kmsblitd.socket")
    service.control("start")
    service.crash("KILL")
    assert "passed" not in service.log
    systemd.run("systemctl is-active kmsblitd.socket")
    service.control("stop")
    wait_usable(systemd)


def test_a_game_from_boot_on(services: Callable[..., Service], systemd: Machine) -> None:
    """kmsblit-game@.service: when the game crashes a card says so, a key starts it again, and the console is never seen."""
    service = services()
    unit = (ROOT / "systemd" / "kmsblit-game@.service").read_text().replace("@BINDIR@/kmsblit", TOOL)
    systemd.write(f"{UNITS}/kmsblit-game@.service", unit)
    systemd.run("mkdir -p /etc/kmsblit")
    systemd.write("/etc/kmsblit/game.conf", f"GAME={BUILD / 'examples/bounce'}\n")
    systemd.run("systemctl daemon-reload")
    edge = np.array([0xE5, 0x48, 0x4D])  # the card's

    def pid() -> str:
        return systemd.run("pgrep -x bounce", check=False).output.strip()

    def has_card() -> bool:
        return bool((systemd.screenshot() == edge).all(axis=2).sum() > 100)

    try:
        systemd.run("systemctl start kmsblit-game@root")
        systemd.wait_until(lambda: console(systemd, 1).active > 1 and bool(pid()), "the game has the display")
        front = console(systemd, 1).active
        systemd.wait_until(lambda: len(np.unique(systemd.screenshot())) > 50, "the game is seen")
        switches = watch_switches(systemd)
        first = pid()
        systemd.run(f"kill -SEGV {first}")
        systemd.wait_until(has_card, "the card")

        def starts_again() -> bool:
            systemd.key("spc")
            return pid() not in ("", first)

        systemd.wait_until(starts_again, "the game runs again")
        systemd.wait_until(lambda: not has_card(), "the card is gone")
        assert console(systemd, front).taken and switches.output.split() == ["active", f"tty{front}"]
        assert "bounce ended by signal 11" in systemd.run("journalctl -q -o cat -u kmsblit-game@root").output
        systemd.run("systemctl stop kmsblit-game@root")
        assert pid() == ""
    finally:
        systemd.run("systemctl stop kmsblit-game@root; systemctl reset-failed kmsblit-game@root", check=False)
        service.control("stop")
    wait_usable(systemd)


def test_login(systemd: Machine) -> None:
    """A player who has logged in on VT 3: logind gives the seat, takes it away with the VT, and gives it again."""
    systemd.run(f"install -m 755 {KMSBLITD} {INSTALLED}")
    command = f"{INSTALLED} --socket /run/player/kmsblit.sock"
    systemd.run("grep -q ^player: /etc/shadow || echo 'player:!:19000:0:99999:7:::' >>/etc/shadow")
    systemd.run("systemd-run -q --unit=login -p Type=notify -p User=player -p PAMName=login "
                "-p TTYPath=/dev/tty3 -p StandardInput=tty-fail -p UtmpIdentifier=tty3 "
                f"-p StandardOutput=journal -p StandardError=journal {command}")
    log = f"journalctl -q -o cat -t {Path(INSTALLED).name} --boot"
    try:
        switch(systemd, 3)
        systemd.wait_until(lambda: console(systemd, 3).text == KD_GRAPHICS, "it has the VT")
        said = systemd.run(log).output
        assert "seat mode: seat0" in said and "QEMU Virtio Keyboard, /dev/input/" in said
        switch(systemd, 1)
        assert "session: paused" in systemd.run(log).output
        switch(systemd, 3)
        systemd.wait_until(lambda: "session: resumed" in systemd.run(log).output, "it goes on")
        systemd.run("kill -KILL $(systemctl show -P MainPID login)")
        systemd.wait_until(lambda: console(systemd, 3).usable, "logind has given it back")
    finally:
        systemd.run("systemctl stop login; systemctl reset-failed login", check=False)
        switch(systemd, 1)
