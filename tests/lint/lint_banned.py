"""Functions that are not used here, each with what to use instead.

A sleep that is the subject of a test, not a way to wait for something, says so in a comment on its
line: `not for synchronisation: ...`.
"""
from __future__ import annotations

import re
from pathlib import Path

from common import files, finish, name, scripts, without_comments

WAIT = "wait for the event itself (an fd, an answer, the virtual clock)"
BOUND = "snprintf() or memcpy() with a length"
BANNED = {
    "strcpy": BOUND, "strcat": BOUND, "strncpy": BOUND, "strncat": BOUND,
    "stpcpy": BOUND, "sprintf": BOUND, "vsprintf": "vsnprintf()", "gets": "fgets() or read()",
    "strtok": "strtok_r() or strcspn()", "alloca": "the heap, or a fixed size",
    "atoi": "strtol() with all its checks", "atol": "strtol() with all its checks",
    "tmpnam": "mkstemp() or memfd_create()", "mktemp": "mkstemp() or memfd_create()",
    "system": "posix_spawn() without a shell", "popen": "posix_spawn() without a shell",
    "signal": "sigaction() or signalfd()", "longjmp": "return values",
    "sleep": WAIT, "usleep": WAIT, "nanosleep": WAIT,
}
C_CALL = re.compile(rf"(?<![\w.>])({'|'.join(BANNED)})\s*\(")
PYTHON_CALL = re.compile(r"\b(?:time\.)?(sleep)\s*\(")
EXCUSE = "not for synchronisation:"


def check(path: Path) -> list[str]:
    """The problems of one file."""
    text = path.read_text()
    python = path.suffix not in (".c", ".h")
    pattern = PYTHON_CALL if python else C_CALL
    code = re.sub(r"#.*", "", text) if python else without_comments(text)
    problems = []
    for number, (line, whole) in enumerate(zip(code.split("\n"), text.split("\n")), 1):
        match = pattern.search(line)
        if match and EXCUSE not in whole:
            problems.append(f"{name(path)}:{number}: {match.group(1)}() is not used here; "
                            f"use {BANNED[match.group(1)]}")
    return problems


def main() -> None:
    """Looks at every C and Python file."""
    paths = files(".c", ".h", ".py") + scripts("python3")
    finish(problem for path in paths if not name(path).startswith("tests/lint/")
           for problem in check(path))


if __name__ == "__main__":
    main()
