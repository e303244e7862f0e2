"""The package as pip installs it and as `make install` does: the same files, and a game runs with each."""
from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

HELLO = ROOT / "clients/python/examples/hello.py"
PYTHON = "/usr/bin/python3"


def run(*command: str | Path, **more: str) -> str:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "MAKE", "MFLAGS"))}
    done = subprocess.run([str(word) for word in command], env={**env, **more}, cwd=ROOT, text=True, capture_output=True,
                          timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(package: Path) -> dict[str, str]:
    """A digest of every file by its name, without what Python compiled."""
    return {str(path.relative_to(package)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


@pytest.fixture(scope="module", name="pip")
def fixture_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that has the package from pip, without a network."""
    folder = tmp_path_factory.mktemp("pip")
    run(PYTHON, "-m", "venv", "--system-site-packages", folder)
    run(folder / "bin/pip", "install", "--no-index", "--disable-pip-version-check", ROOT)
    return folder


@pytest.fixture(scope="module", name="installed")
def fixture_installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `make install` put everything."""
    folder = tmp_path_factory.mktemp("make")
    run("make", "-s", "install", f"DESTDIR={folder}", "PREFIX=/usr")
    return folder / "usr/lib/python3/dist-packages"


def test_both_are_the_same(pip: Path, installed: Path) -> None:
    """All files, to the byte; and everything that the stubs and the fonts need is among them."""
    by_pip, by_make = contents(next(pip.glob("lib/python3*/site-packages/kmsblit"))), contents(installed / "kmsblit")
    assert by_pip == by_make
    assert {"__init__.py", "py.typed", "_kmsblit.pyi", "_kmsblit.abi3.so", "fonts/DejaVuSans.ttf"} <= set(by_pip)


def test_pip_knows_it(pip: Path) -> None:
    """Its version, its files; and it goes as it came."""
    assert "Version: 0." in run(pip / "bin/pip", "show", "kmsblit")
    assert "kmsblit/_kmsblit.abi3.so" in run(pip / "bin/pip", "show", "-f", "kmsblit")


def test_a_game_runs_with_each(start, pip: Path, installed: Path) -> None:
    """From elsewhere than the source tree."""
    daemon = start("--output", "headless:320x240@0")
    where = "import kmsblit; print(kmsblit.__file__)"
    for python, more, folder in ((pip / "bin/python", {}, pip), (PYTHON, {"PYTHONPATH": str(installed)}, installed)):
        assert run(python, "-B", "-c", where, **more).startswith(str(folder))
        run(python, "-B", HELLO, KMSBLIT_SOCKET=daemon.socket, **more)


def test_it_goes_as_it_came(pip: Path) -> None:
    """Nothing is left; the last test, as there is nothing then."""
    run(pip / "bin/pip", "uninstall", "-y", "kmsblit")
    assert not list(pip.glob("lib/python3*/site-packages/kmsblit*"))
