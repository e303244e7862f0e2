"""Starts daemons for the tests of the Python package: $KMSBLITD, or build/kmsblitd."""
from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
KMSBLITD = os.environ.get("KMSBLITD", str(ROOT / "build/kmsblitd"))
sys.path.insert(0, os.environ.get("KMSBLIT_PYTHON", str(ROOT / "build/python")))

import kmsblit  # noqa: E402

# Only against something that hangs for ever.
HANG_SECONDS = 120


class Daemon:
    """A running kmsblitd with a socket of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = str(folder / "kmsblit.sock")
        self.log = folder / "kmsblitd.log"
        ready, says_ready = os.pipe()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [KMSBLITD, "--socket", self.socket, "--ready-fd", str(says_ready), *options],
                pass_fds=[says_ready], stderr=log)
        os.close(says_ready)
        readable, _, _ = select.select([ready], [], [], HANG_SECONDS)
        said = os.read(ready, 1) if readable else b""
        os.close(ready)
        if not said:
            self.stop()
            raise RuntimeError(f"kmsblitd did not become ready: {self.log.read_text()}")

    def connect(self, name: str = "test") -> kmsblit.Display:
        return kmsblit.connect(self.socket, name)

    def open_fds(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self) -> int:
        """Ends it as a service manager would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Starts a daemon with these options; it must end well."""
    daemons: list[Daemon] = []

    def starter(*options: str) -> Daemon:
        folder = tmp_path / f"daemon{len(daemons)}"
        folder.mkdir()
        daemons.append(Daemon(folder, *options))
        return daemons[-1]

    yield starter
    statuses = [daemon.stop() for daemon in daemons]
    assert all(status == 0 for status in statuses), [daemon.log.read_text() for daemon in daemons]


@pytest.fixture
def daemon(start: Callable[..., Daemon]) -> Daemon:
    """Its output is not paced: frames are answered as soon as they are drawn."""
    return start("--output", "headless:320x240@0")


@pytest.fixture
def display(daemon: Daemon) -> Iterator[kmsblit.Display]:
    with daemon.connect() as connected:
        yield connected


@pytest.fixture
def window(display: kmsblit.Display) -> kmsblit.Window:
    return display.window((64, 48))
