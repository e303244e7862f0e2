"""No compiler warned: the makefile keeps what gcc and clang said beside each object."""
from __future__ import annotations

from common import ROOT, finish


def main() -> None:
    """Looks at what was built, in every variant, for sources that still exist."""
    problems = []
    for said in sorted((ROOT / "build").glob("*/obj/**/*.warn")):
        source = said.with_suffix(".c").relative_to(ROOT).as_posix().partition("/obj/")[2]
        text = said.read_text(errors="replace")
        if (ROOT / source).exists() and said.with_suffix(".o").exists():
            problems += [line for line in text.splitlines() if "warning:" in line]
    finish(dict.fromkeys(problems))


if __name__ == "__main__":
    main()
