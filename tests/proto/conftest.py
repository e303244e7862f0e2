"""What the tests of proto/gen.py share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "proto"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/proto/golden again")


def generate(xml: Path, **outputs: Path) -> subprocess.CompletedProcess[str]:
    """Runs gen.py; outputs are named like its options, with underscores."""
    command = ["/usr/bin/python3", "-B", str(ROOT / "proto" / "gen.py"), "--xml", str(xml)]
    for name, path in outputs.items():
        command += ["--" + name.replace("_", "-"), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def generate_all(xml: Path, folder: Path, name: str) -> dict[str, Path]:
    """Every output of a description, below folder, under the names that they have in the build."""
    outputs = {
        "c_types": folder / f"{name}_types.h",
        "c_header": folder / f"{name}_proto.h",
        "c_source": folder / f"{name}_proto.c",
        "python": folder / f"{name}.py",
        "docs": folder / f"{name}.md",
        "dict": folder / f"{name}.dict",
    }
    done = generate(xml, **outputs)
    assert done.returncode == 0, done.stderr
    return outputs
