"""Daemons for the tests of the protocol: $KMSBLITD, or build/kmsblitd."""
from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, os.environ.get("KMSBLIT_PYTHON", str(ROOT / "build/python")))
sys.path.insert(0, str(ROOT / "tests/pixels"))

from harness import Client, Daemon  # noqa: E402

VIRTUAL = ("--clock", "virtual", "--output", "headless:320x240@60")


def pytest_configure(config: pytest.Config) -> None:
    """Marks that the tests use."""
    config.addinivalue_line("markers", "slow: takes many seconds")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Starts daemons with these options; each must end well."""
    daemons: list[Daemon] = []

    def starter(*options: str, **more: object) -> Daemon:
        folder = tmp_path / f"daemon{len(daemons)}"
        folder.mkdir()
        folder.chmod(0o755)
        daemons.append(Daemon(folder, *options, **more))  # type: ignore[arg-type]
        return daemons[-1]

    yield starter
    failures = []
    for daemon in daemons:
        try:
            daemon.stop()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def daemon(start: Callable[..., Daemon]) -> Daemon:
    """On the virtual clock, with one output of 320x240 at 60 Hz and two buffers."""
    return start(*VIRTUAL)


@pytest.fixture
def client(daemon: Daemon) -> Client:
    """A client of that daemon."""
    return daemon.client()
