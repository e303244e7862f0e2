"""mypy --strict over the Python package with its stubs, as users get it, and over these tools."""
from __future__ import annotations

import shutil
import subprocess

from common import ROOT, finish, skip


def mypy(*what: str) -> list[str]:
    """What mypy complains about, one line each."""
    command = ["mypy", "--strict", "--no-error-summary", "--no-color-output",
               "--scripts-are-modules", "--cache-dir", str(ROOT / "build/mypy"), *what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return lines if done.returncode else []


def main() -> None:
    """Checks the package, then the tools."""
    if shutil.which("mypy") is None:
        skip("mypy is not installed (`make deps` does)")
    lints = sorted(str(path) for path in (ROOT / "tests/lint").glob("*.py"))
    finish(mypy("build/python/kmsblit") + mypy("tests/run") + mypy("tests/demo") + mypy(*lints))


if __name__ == "__main__":
    main()
