"""Prefixes: the daemon defines kd_, wire and library kb_ (inside the library also kc_);
libkmsblit.so exports what kmsblit.h declares and nothing else, the extension its init function."""
from __future__ import annotations

import re
import subprocess

from common import ROOT, finish


def defined(path: str, *options: str) -> list[str]:
    """The global symbols that a file defines."""
    done = subprocess.run(["nm", "--defined-only", "-g", *options, str(ROOT / "build" / path)],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        finish([f"build/{path}: not built, or not readable: {done.stderr.strip()}"])
    return [line.split()[-1] for line in done.stdout.splitlines() if len(line.split()) == 3]


def main() -> None:
    """Looks at the release build."""
    problems = [f"build/release/libdaemon.a: {symbol} has not the prefix kd_"
                for symbol in defined("release/libdaemon.a") if not symbol.startswith("kd_")]
    problems += [f"build/libkmsblit.a: {symbol} has neither the prefix kb_ nor kc_"
                 for symbol in defined("libkmsblit.a") if not symbol.startswith(("kb_", "kc_"))]
    header = (ROOT / "clients/c/kmsblit.h").read_text()
    exported = defined("libkmsblit.so", "-D")
    problems += [f"build/libkmsblit.so: exports {symbol}, which kmsblit.h does not declare"
                 for symbol in exported if not re.search(rf"\b{re.escape(symbol)}\(", header)]
    declared = set(re.findall(r"^[^/*#\n]*?\b(kb_\w+)\([^*]", header, re.M))
    problems += [f"clients/c/kmsblit.h: {symbol}() is declared but not in libkmsblit.so"
                 for symbol in sorted(declared - set(exported))]
    problems += [f"build/python/kmsblit/_kmsblit.abi3.so: exports {symbol}"
                 for symbol in defined("python/kmsblit/_kmsblit.abi3.so", "-D")
                 if symbol != "PyInit__kmsblit"]
    # Everything that the library below SDL shows takes the place of a function that programs call.
    problems += [f"build/run/libkmsblit-sdl2.so: exports {symbol}"
                 for symbol in defined("run/libkmsblit-sdl2.so", "-D")
                 if not symbol.startswith("SDL_")]
    finish(problems)


if __name__ == "__main__":
    main()
