"""shellcheck over every shell script."""
from __future__ import annotations

import shutil
import subprocess

from common import ROOT, files, finish, name, scripts, skip


def main() -> None:
    """Lines as gcc prints them."""
    if shutil.which("shellcheck") is None:
        skip("shellcheck is not installed (`make deps` does)")
    paths = [name(path) for path in files(".sh") + scripts("sh", "bash")]
    if not paths:
        finish([])
    done = subprocess.run(["shellcheck", "-x", "-f", "gcc", *paths], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    finish((done.stdout + done.stderr).splitlines() if done.returncode else [])


if __name__ == "__main__":
    main()
