"""Daemons on scripted display cards."""
from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, os.environ.get("KMSBLIT_PYTHON", str(ROOT / "build/python")))
sys.path.insert(0, str(ROOT / "tests/protocol"))

from cards import Card, Rig  # noqa: E402
from harness import Daemon  # noqa: E402


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Starts daemons with a script for their card; each must end well and leave nothing."""
    rigs: list[Rig] = []
    folders: list[tempfile.TemporaryDirectory[str]] = []

    def start(*script: str, options: tuple[str, ...] = (), config: str = "",
              flips: str = "refresh", gpu: dict[str, str] | None = None) -> Rig:
        folder = tmp_path / f"d{len(rigs)}"
        folder.mkdir()
        folder.chmod(0o755)
        nodes = tempfile.TemporaryDirectory(prefix="kms")
        folders.append(nodes)
        lines = []
        for line in script:
            words = line.split()
            if words[0] in ("preset", "card"):
                line += f" path={nodes.name}/{words[1 + (words[0] == 'preset')]}"
            lines.append(line)
        card = Card(folder, Path(nodes.name), "\n".join([*lines, f"flips {flips}"]))
        more: tuple[str, ...] = ()
        if config:
            (folder / "conf").write_text(config)
            more = ("--config", str(folder / "conf"))
        daemon = Daemon(folder, "--backend", "kms", *more, *options, env=card.environment(gpu))
        rigs.append(Rig(daemon, card))
        return rigs[-1]

    yield start
    for one in rigs:
        one.card.close()
        one.daemon.stop()
    for nodes in folders:
        nodes.cleanup()
