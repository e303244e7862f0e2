"""plan/ is pure: no I/O, no clock, no globals. scene/ has no I/O and no clock either.

Looks at the objects of the release build, so no macro can hide a call: which functions they call,
and whether they have any writable data.
"""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

from common import ROOT, files, finish, name

# Functions of libc that neither do I/O nor keep anything; with the _chk forms of _FORTIFY_SOURCE.
LIBC = re.compile(r"(?:__)?mem(?:cpy|move|set|cmp|chr)(?:_chk)?"
                  r"|str(?:len|nlen|cmp|ncmp|chr|rchr|dup|ndup)"
                  r"|malloc|calloc|realloc|reallocarray|free|qsort|bsearch|abort|labs|llabs"
                  r"|l?l?r?(?:int|ound|floor|ceil|sqrt|fabs)f?|floorf?|ceilf?|sqrtf?|fabsf?|fmodf?"
                  r"|__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_")
OURS = {
    "plan": re.compile(r"kd_(?!log|clock)\w+"),
    "scene": re.compile(r"kd_(?!clock)\w+"),
}


def run(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check_object(source: Path, room: str) -> list[str]:
    """The problems of the object of one source file."""
    made = ROOT / "build/release/obj" / Path(name(source)).with_suffix(".o")
    if not made.exists():
        return [f"{name(source)}:1: not built: {name(made)} does not exist"]
    problems = []
    for line in run("nm", "-u", str(made)).splitlines():
        symbol = line.split()[-1]
        if not LIBC.fullmatch(symbol) and not OURS[room].fullmatch(symbol):
            problems.append(f"{name(source)}:1: {room}/ may not call {symbol}(): "
                            "I/O, time and state are handed in as values")
    if room == "plan":
        for line in run("size", "-A", str(made)).splitlines():
            match = re.match(r"(\.(?:data|bss|tdata|tbss)(?!\.rel\.ro)\S*)\s+([1-9]\d*)\s", line)
            if match:
                problems.append(f"{name(source)}:1: {match.group(2)} bytes of writable data in "
                                f"{match.group(1)}: make them const or hand them in")
    return problems


def main() -> None:
    """Looks at every source of the two floors."""
    finish(problem for room in OURS for source in files(".c", under=f"daemon/{room}/")
           for problem in check_object(source, room))


if __name__ == "__main__":
    main()
