"""No tabs, no trailing white space, no carriage returns; a newline at the end of the file."""
from __future__ import annotations

from pathlib import Path

from common import all_files, finish, name

# Files in which a tab is syntax.
TABS = ("Makefile", ".mk", ".scd", "debian/rules")
# Bytes that are test data, not text that anybody reads.
DATA = ("tests/fuzz/corpus/",)


def check(path: Path) -> list[str]:
    """The problems of one file; files with a NUL are not text."""
    data = path.read_bytes()
    if b"\0" in data or name(path).startswith(DATA):
        return []
    problems = []
    for number, line in enumerate(data.split(b"\n"), 1):
        where = f"{name(path)}:{number}"
        if b"\r" in line:
            problems.append(f"{where}: carriage return")
        if line != line.rstrip():
            problems.append(f"{where}: white space at the end of the line")
        if b"\t" in line and not name(path).endswith(TABS):
            problems.append(f"{where}: tab; indent with spaces")
    if data and not data.endswith(b"\n"):
        problems.append(f"{name(path)}:{number}: no newline at the end of the file")
    return problems


def main() -> None:
    """Looks at every file that is not binary."""
    finish(problem for path in all_files() if path.suffix not in (".png", ".bin", ".ttf")
           for problem in check(path))


if __name__ == "__main__":
    main()
