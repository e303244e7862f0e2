"""Every header compiles alone, with what its floor may see; kmsblit.h also as C99 and as C++17."""
from __future__ import annotations

import os
import subprocess

from common import ROOT, finish


def main() -> None:
    """The makefile knows the flags of each folder: `make headers`."""
    env = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-k", "--no-print-directory", "headers"], cwd=ROOT, env=env,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    lines = done.stderr.strip().splitlines()
    finish(lines or ["make headers failed"] if done.returncode else [])


if __name__ == "__main__":
    main()
