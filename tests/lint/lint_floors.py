"""Who may include whom: downwards only. This is the table of docs/architecture.md as code.

A floor's libraries are named by the headers through which they are used. The makefile enforces the
same by -I flags where a library has a folder of its own.
"""
from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from common import ROOT, files, finish, name, without_comments

# Headers of ISO C without I/O and time: all that the pure floors (scene, plan) may use.
PURE = ("assert.h errno.h inttypes.h limits.h math.h stdalign.h stdarg.h stdbool.h stddef.h "
        "stdint.h stdlib.h string.h sys/types.h").split()

# Headers of libraries; whatever is not named here counts as libc or the kernel's.
LIBRARIES: dict[str, list[str]] = {
    "pixman": ["pixman.h", "pixman-version.h"],
    "intrinsics": ["*intrin.h", "arm_neon.h", "arm_acle.h", "cpuid.h"],
    "systemd": ["systemd/*"],
    "inih": ["ini.h"],
    "libseat": ["libseat.h"],
    "libdrm": ["xf86drm*.h", "drm*.h", "libdrm/*", "drm/*"],
    "gbm": ["gbm.h"],
    "gl": ["EGL/*", "GLES2/*", "GLES3/*", "KHR/*"],
    "udev": ["libudev.h"],
    "libinput": ["libinput.h"],
    "libevdev": ["libevdev/*", "libevdev.h"],
    "xkbcommon": ["xkbcommon/*"],
    "png": ["spng.h", "png.h"],
    "freetype": ["ft2build.h", "freetype/*"],
    "zstd": ["zstd.h"],
    "sdl2": ["SDL2/*", "SDL*.h"],
    "python": ["Python.h", "structmember.h"],
    "check": ["check.h"],
    "kmsblit": ["kmsblit.h"],
}

# The values of the protocol that everybody shares (blends, formats, scales): floor 0, open to all.
# The library's public header includes it as a neighbour, as it is when both are installed.
TYPES = "kmsblit_types.h"


class Floor(NamedTuple):
    """A folder: the folders and libraries that it may include, and whether it is pure."""

    rooms: str
    libraries: str = ""
    pure: bool = False


FLOORS: dict[str, Floor] = {
    # 0: the wire, and what is generated from the description
    "proto": Floor("gen"),
    "gen": Floor("proto"),
    # 1: the ground floor, and the pixel kernels on it
    "daemon/base": Floor("", "pixman"),
    "daemon/pix": Floor("base", "intrinsics"),
    # 2: pixels that clients handed over
    "daemon/image": Floor("base pix"),
    # 3: clients' objects; no I/O, no clock
    "daemon/scene": Floor("base image", pure=True),
    # 4: the plan; a pure function of what is handed in
    "daemon/plan": Floor("base pix image scene", pure=True),
    # 5: four rooms that never include each other; they meet at base/buffer.h and in server/
    "daemon/render": Floor("base pix image plan", "gl gbm libdrm"),
    "daemon/output": Floor("base", "libdrm gbm udev"),
    "daemon/input": Floor("base", "libinput libevdev xkbcommon udev"),
    "daemon/socket": Floor("base image scene gen proto"),
    # 6: the only room that knows all others
    "daemon/server": Floor("base pix image scene plan render output input socket gen proto",
                           "systemd libseat inih"),
    # 7: clients see the wire and the public header, never the daemon nor each other's insides
    "clients/c": Floor("gen proto", "kmsblit png xkbcommon"),
    "clients/c/examples": Floor("", "kmsblit"),
    "clients/text": Floor("", "freetype"),
    "clients/crash": Floor("gen text", "kmsblit"),
    "clients/sdl2": Floor("", "kmsblit sdl2 intrinsics xkbcommon"),
    "clients/cli": Floor("gen proto text crash sdl2", "kmsblit png zstd libevdev udev xkbcommon"),
    "clients/python/ext": Floor("gen proto text crash", "kmsblit png python"),
    # 8: tests/ may include everything, and is not looked at
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def library_of(header: str) -> str | None:
    """The library that a header belongs to, None for libc and the kernel."""
    for library, patterns in LIBRARIES.items():
        if any(fnmatch(header, pattern) for pattern in patterns):
            return library
    return None


def check_ours(folder: str, floor: Floor, header: str) -> str:
    """What is wrong with `#include "header"` in this folder, or nothing."""
    if not header.endswith(".h"):
        return f'"{header}" is not a header'
    room, slash, _ = header.partition("/")
    own = folder.rpartition("/")[2]
    if not slash:
        if header == "kmsblit.h" and "kmsblit" in floor.libraries.split():
            return ""
        if header == TYPES and folder == "clients/c":
            return ""
        if (ROOT / folder / header).exists():
            return ""
        return f'"{header}" is not in {folder}/; other folders\' headers are "folder/{header}"'
    if header == f"gen/{TYPES}" or room == own or room in floor.rooms.split():
        return ""
    allowed = ", ".join([own, *floor.rooms.split()])
    return f'{folder}/ may not include "{header}" (only {allowed})'


def check_external(folder: str, floor: Floor, header: str) -> str:
    """What is wrong with `#include <header>` in this folder, or nothing."""
    library = library_of(header)
    if library is not None:
        if library in floor.libraries.split():
            return ""
        return f"{folder}/ may not use {library} (<{header}>)"
    if floor.pure and header not in PURE:
        return f"{folder}/ is pure: <{header}> is I/O, time or threads"
    return ""


def check_file(path: Path, folder: str) -> list[str]:
    """The problems of one file."""
    floor = FLOORS[folder]
    problems = []
    text = without_comments(path.read_text(), strings=True)
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match is None:
            continue
        check = check_ours if match.group(1) == '"' else check_external
        problem = check(folder, floor, match.group(2))
        if problem:
            problems.append(f"{name(path)}:{number}: {problem}")
    return problems


def main() -> None:
    """Looks at every C file outside of tests/."""
    problems = []
    for path in files(".c", ".h"):
        folder = name(path.parent)
        if folder == "tests" or folder.startswith("tests/"):
            continue
        if folder in FLOORS:
            problems += check_file(path, folder)
        else:
            problems.append(f"{name(path)}:1: {folder}/ is on no floor: "
                            "name it in FLOORS of tests/lint/lint_floors.py")
    finish(problems)


if __name__ == "__main__":
    main()
