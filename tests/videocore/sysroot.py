#!/usr/bin/python3
"""Debian's Mesa for arm64, with the drivers of a Raspberry Pi: of the release, and of its backports, which
know the Pi 5. They lie below build/videocore/cache; remove that to begin afresh.

    tests/videocore/sysroot.py        make what is missing

build/videocore/skip-NAME has the reason where one cannot be had, and is absent where it can.
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "arm"))
from foreign import ROOT, Recipe, provide  # noqa: E402

CACHE = ROOT / "build" / "videocore" / "cache"
PROGRAMS = ("aarch64-linux-gnu-gcc", "qemu-aarch64")
# Mesa, and what the daemon's renderer is linked with beside it.
PACKAGES = ("libc6", "libdrm2", "libegl1", "libegl-mesa0", "libgbm1", "libgl1-mesa-dri", "libgles2",
            "libpixman-1-0", "libspng0", "libxxhash0")
KEPT = re.compile(r"(?:lib|zlib|mesa-lib)")
LEFT_OUT = re.compile(r"lib(?:crypt1|vulkan)")
FOLDERS = ("./lib/*", "./usr/lib/*", "./usr/share/glvnd/*", "./usr/share/drirc.d/*")
RECIPES = {
    "release": Recipe("arm64", PACKAGES, KEPT, LEFT_OUT, FOLDERS),
    "backports": Recipe("arm64", PACKAGES, KEPT, LEFT_OUT, FOLDERS, backports=True),
}


def main() -> int:
    """Makes what is missing, or says why that cannot be."""
    return provide(CACHE, PROGRAMS, RECIPES,
                   {name: CACHE.parent / f"skip-{name}" for name in RECIPES})


if __name__ == "__main__":
    sys.exit(main())
