"""docs/protocol.md, the only generated file that is committed, is what the description makes."""
from __future__ import annotations

import subprocess

from common import PYTHON, ROOT, finish


def main() -> None:
    """Makes it again beside the build and compares."""
    committed = ROOT / "docs/protocol.md"
    made = ROOT / "build/lint/protocol.md"
    made.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([PYTHON, "-B", "proto/gen.py", "--xml", "proto/kmsblit.xml", "--docs",
                           str(made)], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        finish(done.stderr.splitlines() or ["proto/gen.py failed"])
    if not committed.exists() or committed.read_bytes() != made.read_bytes():
        finish(["docs/protocol.md:1: not what proto/kmsblit.xml makes; run `make docs`"])
    finish([])


if __name__ == "__main__":
    main()
