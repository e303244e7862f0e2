"""The lints that read sources complain about what they should, and about nothing else: each is run
over a small tree with one mistake in it."""
from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from common import HERE, PYTHON, finish

GOOD = {
    "daemon/base/log.h": "#ifndef KD_LOG_H\n#define KD_LOG_H\n\n#include <stdio.h>\n\n#endif\n",
    "daemon/plan/plan.c": '#include "base/log.h"\n#include "scene/scene.h"\n#include <stdint.h>\n',
    "daemon/server/loop.c": '#include "output/output.h"\n#include <systemd/sd-event.h>\n',
    "clients/cli/main.c": '#include "gen/kmsblit_proto.h"\n#include <kmsblit.h>\n#include <spng.h>\n',
    "tests/unit/test_any.c": '#include "plan/plan.h"\n#include <check.h>\n',
    "docs/architecture.md": "| log | `daemon/base/log.h` |\n| plan | `daemon/plan/plan.c` |\n"
                            "| loop | `daemon/server/loop.c` |\n",
    "proto/gen.py": "import sys\n\nprint(sys.argv)\n",
}
LONG = "int f(void)\n{\n" + "    g();\n" * 79 + "}\n"

# lint, file, its content, what the lint must say
BAD = [
    ("architecture", "daemon/base/a.c", "", "daemon/base/a.c:1: is not in the table"),
    ("architecture", "docs/architecture.md", "| a | `daemon/a.c` |\n", "daemon/a.c is not there"),
    ("floors", "daemon/base/a.c", '#include "scene/scene.h"\n', "daemon/base/a.c:1:"),
    ("floors", "daemon/output/a.c", '\n#include "render/render.h"\n', "daemon/output/a.c:2:"),
    ("floors", "daemon/plan/a.c", "#include <time.h>\n", "is pure"),
    ("floors", "daemon/scene/a.c", "#  include <unistd.h>\n", "is pure"),
    ("floors", "daemon/socket/a.c", "#include <systemd/sd-event.h>\n", "may not use systemd"),
    ("floors", "daemon/image/a.c", "#include <pixman.h>\n", "may not use pixman"),
    ("floors", "daemon/base/a.c", '#include "log.c"\n', "not a header"),
    ("floors", "daemon/base/a.c", '#include "scene.h"\n', "is not in daemon/base/"),
    ("floors", "clients/cli/a.c", '#include "socket/peer.h"\n', "may not include"),
    ("floors", "daemon/new/a.c", "\n", "on no floor"),
    ("sizes", "daemon/base/a.c", LONG, "a.c:2: f() has 81 lines"),
    ("sizes", "daemon/base/a.c", "\n" * 701, "701 lines"),
    ("sizes", "tests/a.py", "def f():\n" + "    g()\n" * 80, "f() has 81 lines"),
    ("text", "a.md", "a \n", "a.md:1: white space"),
    ("text", "daemon/base/a.c", "\tint a;\n", "tab"),
    ("text", "a.md", "a\r\n", "carriage return"),
    ("text", "a.md", "a", "no newline"),
    ("banned", "daemon/base/a.c", "void f(void)\n{\n    strcpy(a, b);\n}\n", "a.c:3: strcpy()"),
    ("banned", "tests/a.py", "import time\ntime.sleep(1)\n", "a.py:2: sleep()"),
    ("python", "tests/a.py", "import os\n", "os is imported but not used"),
    ("python", "tests/a.py", "def f(:\n", "a.py:1:"),
]
# Things that look like mistakes and are not.
FINE = [
    ("floors", "daemon/base/a.c", '/* #include "scene/scene.h" */\n'),
    ("floors", "daemon/base/a.c", '#include "log.h"\n#include "base/log.h"\n'),
    ("banned", "daemon/base/a.c", 'int a; /* strcpy(x) */\nchar *s = "gets(";\n'),
    ("banned", "daemon/base/a.c", "int kd_sleep(int a);\nx->signal(1);\n"),
    ("banned", "tests/a.py", "time.sleep(1)  # not for synchronisation: it is the game's work\n"),
    ("sizes", "daemon/base/a.c", LONG.replace("    g();\n", "", 1)),
    ("text", "Makefile", "a:\n\tb\n"),
]


def run(lint: str, tree: dict[str, str]) -> tuple[int, str]:
    """Exit status and output of a lint over a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in tree.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode())
        done = subprocess.run([PYTHON, "-B", str(HERE / f"lint_{lint}.py"), folder],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def main() -> None:
    """Runs every case."""
    problems = []
    for lint in sorted({case[0] for case in BAD}):
        status, text = run(lint, GOOD)
        if status != 0:
            problems.append(f"lint_{lint}.py complains about a good tree: {text}")
    for lint, path, content, expected in BAD:
        status, text = run(lint, {**GOOD, path: content})
        if status != 1 or expected not in text:
            problems.append(f"lint_{lint}.py does not say {expected!r} about {content[:40]!r}: "
                            f"status {status}, {text!r}")
    for lint, path, content in FINE:
        status, text = run(lint, {**GOOD, path: content})
        if status != 0:
            problems.append(f"lint_{lint}.py complains about {content[:40]!r}: {text}")
    if len(sys.argv) > 1:
        problems.append("lint_selftest.py takes no tree")
    finish(problems)


if __name__ == "__main__":
    main()
