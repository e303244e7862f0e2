"""What the lints share. A lint is tests/lint/lint_NAME.py: for each problem it prints `file:line: what
is wrong, what to do`, and it exits with 0 (fine), 1 (problems) or 77 (skipped, with the reason).

`lint_NAME.py ROOT` looks at another tree than its own; lint_selftest.py uses that.
"""
from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
ROOT = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE.parent.parent
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")


def all_files() -> list[Path]:
    """Every file that is in git or would be added; without git, every file outside of build/."""
    listed = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "ls-files",
                             "-z", "-co", "--exclude-standard"], capture_output=True, check=False)
    if listed.returncode == 0 and (ROOT / ".git").exists():
        paths = [ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*")
                 if not {"build", ".git", "__pycache__"} & set(path.relative_to(ROOT).parts)]
    return sorted({path for path in paths if path.is_file() and not path.is_symlink()})


def files(*suffixes: str, under: str = "") -> list[Path]:
    """The files with one of these suffixes, below a folder."""
    return [path for path in all_files()
            if path.suffix in suffixes and name(path).startswith(under)]


def scripts(*interpreters: str) -> list[Path]:
    """Files without a suffix whose first line names one of the interpreters."""
    found = []
    for path in all_files():
        with open(path, "rb") as file:
            first = file.readline(100).decode("ascii", "replace")
        if not path.suffix and re.match(rf"#!.*/(?:env )?({'|'.join(interpreters)})\b", first):
            found.append(path)
    return found


def name(path: Path) -> str:
    """The path as it is shown: relative to the tree."""
    return path.relative_to(ROOT).as_posix()


def without_comments(text: str, strings: bool = False) -> str:
    """C text with comments (and what is in strings) blanked out, lines kept."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(match: re.Match[str]) -> str:
        found = match.group(0)
        if found[0] in "\"'":
            return found if strings else found[0] * 2
        return "\n" * found.count("\n") or " "

    return re.sub(pattern, blank, text, flags=re.S)


def finish(problems: Iterable[str], warnings: Iterable[str] = ()) -> NoReturn:
    """Prints problems, then what is only worth a look, and ends the lint."""
    found = list(problems)
    for problem in found:
        print(problem)
    for warning in warnings:
        print(f"{warning} (only a warning)")
    sys.exit(1 if found else 0)


def skip(reason: str) -> NoReturn:
    """Ends the lint as skipped."""
    print(reason)
    sys.exit(77)
