"""Virtual machines with real graphics drivers.

A machine is booted once for all tests that use its fixture; tests are put in order so that only one
runs at a time. Ask for the one that a test needs:

    virtio      virtio-gpu; display 0 (1280x720) is plugged, display 1 is not (machine.plug(1, 800, 600))
    virtio2     the same machine, with display 1 plugged as 800x600
    vkms        only vkms, with overlays, cursor and writeback: 60 Hz, CRCs; no screenshots, no hot-plug
    bochs       bochs-display, 1280x720
    mixed       virtio-gpu (card0) and vkms (card1); modprobe and rmmod make other orders
    systemd     virtio-gpu with systemd as PID 1 (logind through D-Bus); otherwise like virtio

Each gives a machine.Machine: run(), spawn(), read(), write(), fetch(), screenshot(), wait_picture(),
plug(), unplug(), status(), key(), move_to(), move_by(), button(), console(), wait_until(). A command
runs as root or as user="player", who is in no group but those given with groups=("video", ...).

    start       start(machine, *options, user=..., groups=..., ready=True) -> programs.Daemon: log, pid,
                tool(), game(), meteors(), screenshot(), stop()
    meteors_picture     meteors_picture(frames, width, height): the demo's last frame, played on this
                        system by a headless daemon; made once for all tests

    figures     figures("text"): a measurement, printed after the tests and kept in build/vm/figures.txt
    long        whether the long variants are asked for (KMSBLIT_LONG=1)

witnesses.py has what the kernel says: transfers(), crc(), expected_crc(), state(), framebuffers(),
clients(), fds(), context_switches(), card(), cards().

After each test every program in the machine is killed and the displays are as at the beginning; a
test that loads modules or writes files undoes that. When a test fails, the console, the output of
every program and screenshots are kept in build/vm/TEST/, as the report says.
"""
from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from artefacts import ROOT, Artefacts, Unavailable, artefacts  # noqa: E402
from machine import CONFIGURATIONS, WORK, Machine, MachineDied, Picture  # noqa: E402
from programs import Daemon, host_meteors  # noqa: E402

LONG = bool(os.environ.get("KMSBLIT_LONG"))
FIXTURES = {"virtio": "virtio", "virtio2": "virtio", "vkms": "vkms", "bochs": "bochs",
            "mixed": "mixed", "systemd": "systemd"}
DEADLY = re.compile(r"BUG:|Oops|Kernel panic|general protection|refcount_t:|KASAN|hung_task|"
                    r"blocked for more than")


class Machines:
    """The machine that runs now, at most one."""

    def __init__(self, made: Artefacts) -> None:
        self.artefacts = made
        self.running: Machine | None = None
        self.failed: dict[str, str] = {}

    def get(self, name: str) -> Machine:
        """That machine, booted now if it is not the one that runs."""
        if self.running is not None and not self.running.dead:
            if self.running.configuration.name == name:
                return self.running
        self.close()
        if name in self.failed:
            pytest.fail(f"the machine {name} did not boot, as was said before", pytrace=False)
        try:
            self.running = Machine(CONFIGURATIONS[name], self.artefacts)
        except MachineDied as error:
            self.failed[name] = str(error)
            pytest.fail(f"the machine did not boot: {error}", pytrace=False)
        print(f"[{name}: booted in {self.running.boot_seconds:.1f} s]")
        return self.running

    def close(self) -> None:
        """Ends the machine that runs."""
        if self.running is not None:
            self.running.close()
            self.running = None


def configuration(item: pytest.Item) -> str:
    """Which machine a test uses; those without one come first."""
    names = {FIXTURES[name] for name in getattr(item, "fixturenames", ()) if name in FIXTURES}
    if len(names) > 1:
        raise pytest.UsageError(f"{item.nodeid} asks for more than one machine: {names}")
    return names.pop() if names else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one machine stand together."""
    order = ["", *CONFIGURATIONS]
    items.sort(key=lambda item: order.index(configuration(item)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Keeps what may explain a failure, and says where."""
    outcome = yield
    report = outcome.get_result()
    machines = getattr(item, "funcargs", {}).get("machines")
    running = machines.running if machines is not None else None
    if not report.failed or running is None:
        return
    folder = WORK / re.sub(r"[^\w.-]+", "_", item.name)
    try:
        running.keep(folder)
    except Exception as error:  # pylint: disable=broad-except; the failure itself matters more
        report.sections.append(("machine", f"nothing could be kept: {error!r}"))
        return
    text = f"console, programs and screenshots are in {folder.relative_to(ROOT)}\n"
    text += f"--- the end of the console\n{running.console()[-1500:]}"
    report.sections.append(("machine", text))


@pytest.fixture(scope="session")
def made() -> Artefacts:
    """What the machines boot."""
    try:
        return artefacts()
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def machines(made: Artefacts) -> Iterator[Machines]:
    """All machines, one at a time."""
    all_of_them = Machines(made)
    yield all_of_them
    all_of_them.close()


def use(machines: Machines, name: str) -> Iterator[Machine]:
    """A machine for one test."""
    machine = machines.get(name)
    said = len(machine.console())
    yield machine
    if machine.dead:
        pytest.fail(f"the machine {name} died\n{machine.console()[-2000:]}", pytrace=False)
    machine.reset()
    trouble = DEADLY.search(machine.console(), max(0, said - 200))
    if trouble:
        machines.close()
        pytest.fail(f"the kernel of {name} says: {machine.folder.relative_to(ROOT)}/console has "
                    f"{trouble.group(0)!r}", pytrace=False)


@pytest.fixture
def virtio(machines: Machines) -> Iterator[Machine]:
    """virtio-gpu."""
    yield from use(machines, "virtio")


@pytest.fixture
def virtio2(virtio: Machine) -> Machine:
    """virtio-gpu, both displays plugged."""
    virtio.plug(1, 800, 600)
    return virtio


@pytest.fixture
def vkms(machines: Machines) -> Iterator[Machine]:
    """vkms."""
    yield from use(machines, "vkms")


@pytest.fixture
def bochs(machines: Machines) -> Iterator[Machine]:
    """bochs-display."""
    yield from use(machines, "bochs")


@pytest.fixture
def mixed(machines: Machines) -> Iterator[Machine]:
    """virtio-gpu and vkms."""
    yield from use(machines, "mixed")


@pytest.fixture
def systemd(machines: Machines) -> Iterator[Machine]:
    """virtio-gpu and systemd."""
    yield from use(machines, "systemd")


@pytest.fixture
def start() -> Callable[..., Daemon]:
    """Starts a daemon in a machine; it is killed after the test if it still runs."""
    return Daemon


@pytest.fixture(scope="session")
def meteors_picture() -> Callable[..., Picture]:
    """The demo's last frame, played on this system."""
    known: dict[tuple[int, int, int], Picture] = {}

    def picture(frames: int, width: int = 1280, height: int = 720) -> Picture:
        wanted = (frames, width, height)
        if wanted not in known:
            known[wanted] = host_meteors(*wanted)
        return known[wanted]

    return picture


FIGURES: list[str] = []


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keeps a measurement, which no test is judged by."""
    return lambda text: FIGURES.append(f"{request.node.name}: {text}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints the measurements."""
    if FIGURES:
        (WORK / "figures.txt").write_text("".join(f"{line}\n" for line in FIGURES))
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def long() -> bool:
    """Whether the long variants are asked for (KMSBLIT_LONG=1)."""
    return LONG
