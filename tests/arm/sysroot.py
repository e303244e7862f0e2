#!/usr/bin/python3
"""The libraries that the cross-built tests link and run with: Debian's own, for arm64, armhf, armel.

They lie below build/arm/cache; remove that to begin afresh (foreign.py says how they are made).

    tests/arm/sysroot.py        make what is missing

build/arm/skip has the reason where they cannot be had, and is absent where they can.
"""
from __future__ import annotations

import re
import sys

from foreign import ROOT, Recipe, provide

CACHE = ROOT / "build" / "arm" / "cache"
SKIP = ROOT / "build" / "arm" / "skip"

ARCHITECTURES = ("arm64", "armhf", "armel")
PROGRAMS = ("aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc", "arm-linux-gnueabi-gcc",
            "qemu-aarch64", "qemu-arm")
PACKAGES = ("check", "libdrm-dev", "libegl-dev", "libevdev-dev", "libfreetype-dev", "libgbm-dev",
            "libgles-dev", "libinih-dev", "libinput-dev", "libpixman-1-dev", "libseat-dev",
            "libspng-dev", "libsystemd-dev", "libudev-dev", "libxkbcommon-dev", "libxxhash-dev")
# Of what these depend on, libraries are of use; these are none of ours, or come with the compiler.
KEPT = re.compile(r"(?:lib|zlib|check$)")
LEFT_OUT = re.compile(r"lib(?:c6-dev|c-dev-bin|crypt|db5|gdbm|gssapi|k5|krb5|keyutils|nsl|perl|ssl|stdc|"
                      r"tirpc|text-|file-|number-|selinux|pcre(?!2-8-0))")
FOLDERS = ("./lib/*", "./usr/lib/*", "./usr/include/*", "./usr/share/pkgconfig/*")


def main() -> int:
    """Makes what is missing, or says in build/arm/skip why that cannot be."""
    recipes = {architecture: Recipe(architecture, PACKAGES, KEPT, LEFT_OUT, FOLDERS)
               for architecture in ARCHITECTURES}
    return provide(CACHE, PROGRAMS, recipes, {name: SKIP for name in recipes})


if __name__ == "__main__":
    sys.exit(main())
