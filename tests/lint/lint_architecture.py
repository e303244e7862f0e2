"""docs/architecture.md says of every file of daemon/ what it is for, and names none that is not there. A folder that
is named stands for all that is in it."""
from __future__ import annotations

import re

from common import ROOT, files, finish, name

PAGE = "docs/architecture.md"


def named() -> list[tuple[int, str]]:
    """The files that the table names, with their lines; a name without a folder is in the folder before it."""
    found = []
    for number, line in enumerate((ROOT / PAGE).read_text().splitlines(), 1):
        folder = ""
        if line.startswith("|"):
            for text in re.findall(r"`([\w/.]+(?:\.[ch]|/))`", line):
                folder = text.rpartition("/")[0] or folder
                found.append((number, f"{folder}/{text.rpartition('/')[2]}".rstrip("/")))
    return found


def main() -> None:
    """Both ways."""
    if not (ROOT / PAGE).exists():
        finish([])
    there = named()
    problems = [f"{PAGE}:{number}: {path} is not there: name the file that it is in now"
                for number, path in there if not (ROOT / path).exists()]
    known = {path for _, path in there}
    problems += [f"{name(path)}:1: is not in the table of {PAGE}: say there what it is for"
                 for path in files(".c", under="daemon/") if not {name(path), name(path.parent)} & known]
    finish(problems)


if __name__ == "__main__":
    main()
