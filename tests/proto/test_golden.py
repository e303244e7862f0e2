"""What gen.py makes of a small description with one of everything.

After an intended change of the output: pytest tests/proto --update-golden, then read the diff.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import HERE, ROOT, generate_all

WARNINGS = "-std=c11 -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Werror"
KINDS = ("c_types", "c_header", "c_source", "python", "docs", "dict")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return generate_all(HERE / "sample.xml", tmp_path_factory.mktemp("golden") / "gen", "sample")


@pytest.mark.parametrize("kind", KINDS)
def test_output_is_the_golden_one(
    kind: str, sample: dict[str, Path], request: pytest.FixtureRequest
) -> None:
    made = sample[kind]
    golden = HERE / "golden" / f"{made.name}.golden"
    if request.config.getoption("--update-golden"):
        golden.write_bytes(made.read_bytes())
    assert made.read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")


def test_output_does_not_depend_on_the_run(sample: dict[str, Path], tmp_path: Path) -> None:
    again = generate_all(HERE / "sample.xml", tmp_path, "sample")
    for kind, path in sample.items():
        assert path.read_bytes() == again[kind].read_bytes()


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_c_compiles_without_warnings(compiler: str, sample: dict[str, Path]) -> None:
    include = ["-I", str(ROOT), "-I", str(sample["c_source"].parent.parent)]
    command = [compiler, *WARNINGS.split(), *include, "-fsyntax-only", str(sample["c_source"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_python_is_fully_typed(sample: dict[str, Path], tmp_path: Path) -> None:
    cache = f"--cache-dir={tmp_path}"
    command = ["/usr/bin/python3", "-m", "mypy", "--strict", cache, str(sample["python"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_lines_of_code_fit(sample: dict[str, Path]) -> None:
    for kind in ("c_types", "c_header", "c_source", "python"):
        for line in sample[kind].read_text(encoding="utf-8").splitlines():
            assert len(line) <= 100


def test_the_committed_reference_is_that_of_the_description(tmp_path: Path) -> None:
    made = generate_all(ROOT / "proto" / "kmsblit.xml", tmp_path, "kmsblit")["docs"]
    committed = ROOT / "docs" / "protocol.md"
    assert committed.read_bytes() == made.read_bytes(), "run `make docs`"
