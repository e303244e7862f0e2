"""Every C file is as clang-format leaves it; `make format` does it."""
from __future__ import annotations

import os
import shutil
import subprocess

from common import ROOT, files, finish, name, skip


def main() -> None:
    """Compares, changes nothing."""
    tool = os.environ.get("CLANG_FORMAT", "clang-format")
    if shutil.which(tool) is None:
        skip(f"{tool} is not installed (`make deps` does)")
    paths = [name(path) for path in files(".c", ".h")]
    if not paths:
        finish([])
    done = subprocess.run([tool, "--dry-run", "-Werror", *paths], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if "error:" in line]
    finish((lines or [done.stderr or "clang-format failed"]) if done.returncode else [])


if __name__ == "__main__":
    main()
