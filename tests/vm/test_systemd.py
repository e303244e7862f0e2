"""The service as systemd runs it: its own user, restarts, and the end."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from artefacts import ROOT
from consoles import Typist, console, wait_usable, watch_switches
from machine import Machine
from programs import KMSBLITD

UNITS = "/etc/systemd/system"
CONFIG = "/etc/kmsblit/kmsblitd.conf"


class Service:
    """kmsblitd.service in the machine."""

    def __init__(self, machine: Machine, config: str = "") -> None:
        self.machine = machine
        text = (ROOT / "systemd" / "kmsblitd.service").read_text()
        machine.write(f"{UNITS}/kmsblitd.service", text.replace("@BINDIR@/kmsblitd", KMSBLITD))
        machine.write(f"{UNITS}/kmsblitd.socket", (ROOT / "systemd" / "kmsblitd.socket").read_text())
        machine.run(f"mkdir -p $(dirname {CONFIG})")
        machine.write(CONFIG, config)
        machine.run("systemctl daemon-reload")

    def configure(self, **settings: str) -> None:
        """A drop-in of [Service]."""
        self.machine.run(f"mkdir -p {UNITS}/kmsblitd.service.d")
        lines = "".join(f"{key}={value}\n" for key, value in settings.items())
        self.machine.write(f"{UNITS}/kmsblitd.service.d/test.conf", f"[Service]\n{lines}")
        self.machine.run("systemctl daemon-reload")

    def control(self, verb: str) -> None:
        """systemctl VERB."""
        self.machine.run(f"systemctl {verb} kmsblitd.service")

    def show(self, name: str) -> str:
        """A property."""
        return self.machine.run(f"systemctl show -P {name} kmsblitd.service").output.strip()

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
        """What the service said so far."""
        return self.machine.run("journalctl -q -o cat -u kmsblitd.service").output

    def crash(self, number: str = "SEGV") -> int:
        """Kills the daemon, and waits until systemd has started it again. Returns the new process."""
        before, restarts = self.pid, int(self.show("NRestarts"))
        self.machine.run(f"kill -{number} {before}")
        self.machine.wait_until(lambda: int(self.show("NRestarts")) > restarts and
                                self.show("ActiveState") == "active", "it runs again")
        assert self.pid not in (0, before)
        return self.pid

    def remove(self) -> None:
        """As it was before."""
        self.machine.run("systemctl stop kmsblitd.service kmsblitd.socket; "
                         "systemctl reset-failed kmsblitd.service; "
                         f"rm -rf {UNITS}/kmsblitd.* {CONFIG}; systemctl daemon-reload", check=False)


@pytest.fixture
def service(systemd: Machine) -> Iterator[Service]:
    """Installed, not started."""
    it = Service(systemd)
    yield it
    it.remove()


def test_its_own_user(service: Service, systemd: Machine) -> None:
    """Not root, and yet it has the display and a VT."""
    service.control("start")
    status = systemd.read(f"/proc/{service.pid}/status")
    uid = re.search(r"^Uid:\s+(\d+)", status, re.M)
    assert uid is not None and int(uid.group(1)) != 0
    assert "service mode: started as a system service" in service.log
    front = console(systemd, 1).active
    assert front > 1 and console(systemd, front).taken, service.log
    fds = systemd.run(f"ls -l /proc/{service.pid}/fd").output
    assert "/dev/dri/card" in fds, service.log
    service.control("stop")
    wait_usable(systemd)
    assert service.guard == ""


@pytest.mark.parametrize("number", ["SEGV", "KILL", "ABRT"])
def test_crash_and_restart(service: Service, systemd: Machine, number: str) -> None:
    """The console is not shown in between: the guard stays, and nothing is switched. The final stop gives it back."""
    typist = Typist(systemd)
    service.control("start")
    guard, front = service.guard, console(systemd, 1).active
    switches = watch_switches(systemd)
    for _ in range(2):
        service.crash(number)
        assert service.guard == guard
        assert console(systemd, front).taken
    assert "kept over the restart" in service.log
    assert switches.output.split() == ["active", f"tty{front}"]
    typist.type_blindly("lost")
    service.control("stop")
    wait_usable(systemd)
    assert console(systemd, front).usable
    assert service.guard == ""
    typist.type("found")


def test_crash_and_no_restart(service: Service, systemd: Machine) -> None:
    """systemd gives up: it lets go of what it kept, and so the console is given back."""
    typist = Typist(systemd)
    service.configure(Restart="no")
    service.control("start")
    assert service.guard
    systemd.run(f"kill -SEGV {service.pid}")
    wait_usable(systemd)
    systemd.wait_until(lambda: service.guard == "", "the guard has ended")
    assert service.show("ActiveState") == "failed"
    typist.type("found")


def test_stop_between_crash_and_restart(service: Service, systemd: Machine) -> None:
    """The administrator stops it while nothing runs but the guard."""
    typist = Typist(systemd)
    service.configure(RestartSec="1h")
    service.control("start")
    systemd.run(f"kill -KILL {service.pid}")
    systemd.wait_until(lambda: service.show("SubState") == "auto-restart", "it waits for the restart")
    assert service.guard
    service.control("stop")
    wait_usable(systemd)
    systemd.wait_until(lambda: service.guard == "", "the guard has ended")
    typist.type("found")


def test_restart_by_hand(service: Service, systemd: Machine) -> None:
    """Everything is let go of and taken again."""
    service.control("start")
    guard = service.guard
    service.control("restart")
    assert service.guard not in ("", guard)
    front = console(systemd, 1).active
    assert console(systemd, front).taken
    service.control("stop")
    wait_usable(systemd)


def test_started_by_its_socket(service: Service, systemd: Machine,
                               start: Callable[..., object]) -> None:
    """The socket is told from what was kept, also after a crash."""
    del start
    systemd.run("systemctl start kmsblitd.socket")
    service.control("start")
    service.crash("KILL")
    assert "passed" not in service.log
    systemd.run("systemctl is-active kmsblitd.socket")
    service.control("stop")
    wait_usable(systemd)
