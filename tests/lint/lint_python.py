"""Every Python file compiles, and imports nothing that it does not use."""
from __future__ import annotations

import ast
from pathlib import Path

from common import files, finish, name, scripts


def imported(tree: ast.AST) -> dict[str, int]:
    """Names bound by imports with their lines; `import a as a` is an export, not a use."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                continue
            for alias in node.names:
                if alias.asname is None or alias.asname != alias.name:
                    found[(alias.asname or alias.name).partition(".")[0]] = node.lineno
    return found


def used(tree: ast.AST) -> set[str]:
    """Every name that is read, also in annotations that are strings and in __all__."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 99:
            names.update(node.value.replace("[", " ").replace("]", " ").replace(".", " ").split())
    return names


def check(path: Path) -> list[str]:
    """The problems of one file."""
    try:
        text = path.read_text()
        compile(text, name(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return [f"{name(path)}:{line}: {error}"]
    tree = ast.parse(text)
    if path.name in ("__init__.py", "conftest.py") or path.suffix == ".pyi":
        return []
    names = used(tree)
    return [f"{name(path)}:{line}: {what} is imported but not used"
            for what, line in imported(tree).items() if what not in names and what != "*"
            and "noqa" not in text.splitlines()[line - 1]]


def main() -> None:
    """Looks at every Python file and script."""
    finish(problem for path in files(".py", ".pyi") + scripts("python3") for problem in check(path))


if __name__ == "__main__":
    main()
