#!/usr/bin/python3
"""The games that the tests run: Debian's packages, unpacked below build/games/cache (tests/arm/foreign.py says how).

    tests/games/fetch.py few        what `make check` needs
    tests/games/fetch.py all        what `make check-long` needs

Nothing is installed, and what is there already is used without asking the network. Remove the folder to begin afresh.
build/games/skip-few and -all have the reason where they cannot be had, and are absent where they can.
"""
from __future__ import annotations

import fcntl
import re
import sys
from pathlib import Path

import games

sys.path.insert(0, str(games.ROOT / "tests/arm"))
from foreign import Failure, Recipe, Unavailable, execute, make_missing  # noqa: E402

# Besides those of the games: SDL's own tests.
MORE = ("libsdl2-tests",)
FOLDERS = ("./usr/*",)


def recipe(which: str) -> Recipe:
    names = {package for game in games.ALL if which == "all" or game.always for package in game.packages}
    packages = tuple(sorted(names | set(MORE)))
    architecture = execute(["dpkg", "--print-architecture"], games.ROOT).strip()
    only = re.compile("|".join(f"{re.escape(name)}$" for name in packages))
    return Recipe(architecture, packages, only, re.compile(r"(?!)"), FOLDERS)


def relink(root: Path) -> None:
    """Links between packages name folders of installed ones."""
    for link in root.rglob("*"):
        if link.is_symlink() and link.readlink().is_absolute():
            inside = root / str(link.readlink()).lstrip("/")
            if inside.exists():
                link.unlink()
                link.symlink_to(inside)


def arrange(root: Path) -> None:
    """solarwolf looks for its folders beside its script, then where it is installed."""
    (root / "solarwolf").mkdir(exist_ok=True)
    for name, place in (("solarwolf.py", "usr/games/solarwolf"), ("data", "usr/share/games/solarwolf/data"),
                        ("code", "usr/lib/games/solarwolf")):
        if not (root / "solarwolf" / name).is_symlink():
            (root / "solarwolf" / name).symlink_to(root / place)


def main(which: str) -> int:
    skip = games.CACHES.parent / f"skip-{which}"
    games.CACHES.mkdir(parents=True, exist_ok=True)
    with open(games.CACHES / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            make_missing(recipe(which), games.CACHES / which)
            relink(games.CACHES / which)
            arrange(games.CACHES / which)
        except Unavailable as reason:
            skip.write_text(f"{reason}\n")
            return 0
        except Failure as failure:
            print(f"fetch: {failure}", file=sys.stderr)
            return 1
        skip.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
