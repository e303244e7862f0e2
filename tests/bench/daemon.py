"""Finds and starts the daemon that belongs to this benchmark, and the Python package."""
from __future__ import annotations

import importlib.util
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

HERE = Path(__file__).resolve().parent
# Only against something that hangs for ever.
HANG_SECONDS = 600


def find_daemon() -> str:
    """$KMSBLITD, the one beside this folder (as built), the one installed with it, or PATH's."""
    places = [HERE.parent / "kmsblitd", HERE.parent.parent.parent / "bin" / "kmsblitd"]
    found = [str(place) for place in places if os.access(place, os.X_OK)]
    return os.environ.get("KMSBLITD") or (found or [shutil.which("kmsblitd") or "kmsblitd"])[0]


def add_package() -> None:
    """Lets the package that was built with this benchmark be imported, if it is not installed."""
    built = HERE.parent / "python"
    if (built / "kmsblit").is_dir() and str(built) not in sys.path:
        sys.path.insert(0, str(built))
    if importlib.util.find_spec("kmsblit") is None:
        sys.exit("the Python package kmsblit is not there; set PYTHONPATH to where it is")


class Daemon:
    """A private kmsblitd; a context manager."""

    def __init__(self, *options: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="kmsblit-bench-")
        self.socket = os.path.join(self.folder.name, "socket")
        self.started_ns = time.monotonic_ns()
        ready, says_ready = os.pipe()
        with open(os.path.join(self.folder.name, "log"), "wb") as log:
            try:
                self.process = subprocess.Popen(
                    [find_daemon(), "--config", os.devnull, "--socket", self.socket,
                     "--ready-fd", str(says_ready), *options], pass_fds=[says_ready], stderr=log)
            except OSError as error:
                sys.exit(f"{error}; set KMSBLITD to the path of the daemon")
        os.close(says_ready)
        readable, _, _ = select.select([ready], [], [], HANG_SECONDS)
        said = os.read(ready, 1) if readable else b""
        os.close(ready)
        if not said:
            text = Path(self.folder.name, "log").read_text(errors="replace")
            self.stop()
            raise RuntimeError(f"kmsblitd did not become ready: {text.strip()}")

    def resident_bytes(self) -> dict[str, int]:
        """Memory in use: all, and the part that is not of files (libraries, the program)."""
        found = {}
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in ("VmRSS", "RssAnon"):
                found[name] = int(value.split()[0]) * 1024
        return found

    def stop(self) -> None:
        """Ends it as a service manager would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(HANG_SECONDS)
        finally:
            self.process.kill()
            self.folder.cleanup()

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()
