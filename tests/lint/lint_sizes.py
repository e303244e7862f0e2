"""Files have at most 700 lines and functions at most 80; above 60 lines a function is reported.

.clang-format puts the braces of a function, and of nothing else, at the start of a line.
"""
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from common import files, finish, name, scripts

FILE_LINES = 700
FUNCTION_LINES = 80
WORTH_A_LOOK = 60


def c_functions(lines: list[str]) -> Iterator[tuple[str, int, int]]:
    """Name, first line and number of lines of every function."""
    start = None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start is not None:
            head = " ".join(lines[max(0, start - 6):start - 1])
            names = re.findall(r"(\w+)\s*\(", head.rpartition(";")[2].rpartition("}")[2])
            yield names[0] if names else "?", start, number - start + 1
            start = None


def python_functions(text: str) -> Iterator[tuple[str, int, int]]:
    """Name, first line and number of lines of every function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            end = node.end_lineno or node.lineno
            yield node.name, node.lineno, end - node.lineno + 1


def check(path: Path) -> tuple[list[str], list[str]]:
    """Problems and warnings of one file."""
    text = path.read_text()
    lines = text.splitlines()
    problems, warnings = [], []
    if len(lines) > FILE_LINES:
        problems.append(f"{name(path)}:{FILE_LINES}: {len(lines)} lines; split the file "
                        f"(at most {FILE_LINES})")
    python = path.suffix in (".py", "")
    found = python_functions(text) if python else c_functions(lines)
    for function, line, length in found:
        message = f"{name(path)}:{line}: {function}() has {length} lines"
        if length > FUNCTION_LINES:
            problems.append(f"{message}; split it (at most {FUNCTION_LINES})")
        elif length > WORTH_A_LOOK:
            warnings.append(message)
    return problems, warnings


def main() -> None:
    """Looks at every C and Python file."""
    results = [check(path) for path in files(".c", ".h", ".py") + scripts("python3")]
    finish([p for result in results for p in result[0]],
           [w for result in results for w in result[1]])


if __name__ == "__main__":
    main()
