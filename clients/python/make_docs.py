#!/usr/bin/python3
"""Writes docs/python.md from the stubs: `make docs` runs it, a test compares."""
from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent / "kmsblit"
ORDER = ("connect", "Display", "Window", "Image", "Transformed", "SubImage", "SpriteSheet", "Animation", "Clock", "SharedImage", "Canvas", "blit_array", "BLIT_DTYPE",
         "Font", "draw", "Mask", "Rect", "Sprite", "AbstractGroup", "Group", "LayeredUpdates", "GroupSingle", "RenderUpdates", "OrderedUpdates",
         "spritecollide", "spritecollideany", "groupcollide", "collide_rect", "collide_circle", "collide_mask",
         "collide_rect_ratio", "collide_circle_ratio", "Presented", "Output", "Screenshot", "events", "wait_event", "Event",
         "on_key_down", "on_key_up", "on_text", "on_mouse_move", "on_mouse_down", "on_mouse_up",
         "on_mouse_wheel", "on_touch_down", "on_touch_move", "on_touch_up",
         "on_button_down", "on_button_up", "on_axis", "on_focus", "on_quit", "on_event", "remove_handler", "event_name",
         "Keyboard", "key_name", "key_code", "Mouse", "Touches", "Touch", "Gamepads", "Gamepad", "Device")
HEAD = """\
# kmsblit for Python

*Made from the package's own stubs by `make docs`; do not edit. Runnable programs: [examples](examples.md). What drawing does to
pixels: [protocol](protocol.md).*

"""


INPUT = """\
- The keys, with pygame's names and values; what event.key is, and kmsblit.keyboard takes: {keys}.
- Modifiers, likewise: {modifiers}.
- The types of events, likewise; see [Event](#event). `DEVICEADDED`, `DEVICEREMOVED`, `EVENTSLOST` and `FINGERCANCEL` are
  kmsblit's own: {events}.
- A mouse's buttons: {buttons}.

"""


def listed(file: str) -> list[str]:
    """What a module exports."""
    for node in ast.parse((PACKAGE / file).read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    raise ValueError(file)


def input_constants() -> str:
    def those(*names: str) -> str:
        return ", ".join(f"`{name}`" for name in names)
    keys = listed("_keys.py")
    events = [name for name in listed("_events.py") if name.isupper()]
    return INPUT.format(keys=those(*(name for name in keys if name.startswith("K_"))),
                        modifiers=those(*(name for name in keys if name.startswith("KMOD_"))),
                        events=those(*(name for name in events if not name.startswith("BUTTON_"))),
                        buttons=those(*(name for name in events if name.startswith("BUTTON_"))))


def text_of(doc: str | None, indent: str = "") -> str:
    """A docstring as Markdown: indented blocks become code, lists of arguments lists."""
    out: list[str] = []
    code = item = False
    before = ""
    for line in inspect.cleandoc(doc or "").splitlines():
        if not code and not before and line.startswith("    "):
            code = True
            out.append("```python")
        elif code and line and not line.startswith("    "):
            code = False
            while not out[-1]:
                out.pop()
            out += ["```", ""]
        item = bool(line) and (item and line.startswith("    ") or (not before or item) and _is_item(line))
        if code:
            out.append(line[4:])
        elif item:
            out.append("  " + line.strip() if line.startswith("    ") else "- " + line)
        else:
            out.append(line)
        before = line
    if code:
        out.append("```")
    return "".join(f"{indent}{line}\n" if line else "\n" for line in out)


def _is_item(line: str) -> bool:
    """A line "name: what it is" of a list of arguments."""
    names, colon, _ = line.partition(": ")
    return bool(colon) and all(name.strip().isidentifier() for name in names.split(","))


def signature(function: ast.FunctionDef) -> str:
    arguments = ast.unparse(function.args)
    for own in ("self, /, ", "self, ", "self"):
        if arguments.startswith(own):
            arguments = arguments[len(own):]
            break
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"{function.name}({arguments}){returns}"


def is_property(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator) == "property" for decorator in function.decorator_list)


def member(nodes: list[ast.stmt], at: int) -> str:
    """A method, property or attribute; nothing for what is private or only a variant."""
    node = nodes[at]
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
        doc = ast.get_docstring(node)
        if doc is None and any("overload" in ast.unparse(one) for one in node.decorator_list):
            return f"- `{signature(node)}`\n"
        name = f"{node.name}: {ast.unparse(node.returns)}" if is_property(node) and node.returns else signature(node)
        return f"- `{name}`\n" + (f"\n{text_of(doc, '  ')}\n" if doc else "")
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and not node.target.id.startswith("_"):
        follower = nodes[at + 1] if at + 1 < len(nodes) else None
        doc = None
        if isinstance(follower, ast.Expr) and isinstance(follower.value, ast.Constant):
            doc = str(follower.value.value)
        kind = ast.unparse(node.annotation)
        if kind.startswith("Final"):
            return ""
        return f"- `{node.target.id}{'' if kind == 'Any' else ': ' + kind}`\n" + \
            (f"\n{text_of(doc, '  ')}\n" if doc else "")
    return ""


def class_text(node: ast.ClassDef) -> str:
    bases = [ast.unparse(base) for base in node.bases if not ast.unparse(base).startswith(("tuple", "_"))]
    title = f"## {node.name}" + (f"({', '.join(bases)})" if bases else "")
    body = "".join(member(node.body, i) for i in range(len(node.body)))
    return f"{title}\n\n{text_of(ast.get_docstring(node))}\n{body}\n"


def function_text(node: ast.FunctionDef) -> str:
    return f"## {node.name}\n\n`{signature(node)}`\n\n{text_of(ast.get_docstring(node))}\n"


def constants(nodes: list[ast.stmt]) -> str:
    out = "## Constants\n\n- `__version__: str`\n"
    for i, node in enumerate(nodes):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id.isupper():
            out += member(nodes, i)
    return out + "\n"


def aliases(nodes: list[ast.stmt]) -> str:
    out = "## What arguments can be\n\n"
    for i, node in enumerate(nodes):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias" and node.value:
            text = member(nodes, i)
            out += text.replace(": TypeAlias`", f" = {ast.unparse(node.value)}`", 1)
    return out + "\n"


def draw_text(stubs: list[ast.stmt]) -> str:
    """The module draw: the extension's functions, without their prefix."""
    text = "## draw\n\n" + text_of(ast.get_docstring(ast.parse((PACKAGE / "draw.py").read_text()))) + "\n"
    for node in stubs:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_draw_"):
            text += f"- `{signature(node).removeprefix('_')}`\n\n{text_of(ast.get_docstring(node), '  ')}\n".replace(
                "`draw_", "`draw.")
    return text + "\n"


def document() -> str:
    stubs = ast.parse((PACKAGE / "_kmsblit.pyi").read_text()).body
    named: dict[str, str] = {node.name: class_text(node) for node in stubs if isinstance(node, ast.ClassDef)}
    named |= {node.name: function_text(node) for node in stubs if isinstance(node, ast.FunctionDef)}
    for file in ("_arrays.py", "_autostart.py", "_events.py", "_input.py", "_keys.py"):
        nodes = ast.parse((PACKAGE / file).read_text()).body
        for i, node in enumerate(nodes):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                named[node.name] = class_text(node)
            elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                named[node.name] = function_text(node)
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "BLIT_DTYPE":
                follower = nodes[i + 1]
                assert isinstance(follower, ast.Expr) and isinstance(follower.value, ast.Constant)
                named["BLIT_DTYPE"] = f"## BLIT_DTYPE\n\n{text_of(str(follower.value.value))}\n"
    named["draw"] = draw_text(stubs)
    errors = [name for name in named if name.endswith("Error")]
    package = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text()))
    text = HEAD + text_of(package) + "\n" + "".join(named[name] for name in (*ORDER, *errors))
    text += constants(stubs) + input_constants() + aliases(stubs)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.rstrip() + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_docs.py FILE")
    Path(sys.argv[1]).write_text(document())
