"""The Python module: enums, records, one dataclass and one encoder for each message."""

from __future__ import annotations

import textwrap
from pathlib import Path

from .c_names import member_name, records
from .model import (
    HEADER_BYTES,
    Enum,
    Field,
    Message,
    Protocol,
    Struct,
    Union,
    flat_fields,
    rule,
)

WIDTH = 100
CODES = {
    "u8": "B",
    "u16": "H",
    "u32": "I",
    "u64": "Q",
    "i8": "b",
    "i16": "h",
    "i32": "i",
    "i64": "q",
    "fixed": "i",
}
IMPORTS = """from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, Final, Iterator, NamedTuple, Sequence, Union
"""


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def class_name(message: Message) -> str:
    return camel(f"{message.prefix}_{message.name}")


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def docstring(text: str, indent: str = "    ") -> list[str]:
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    if text.endswith('"'):
        text += " "
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        if any(line.startswith(("|", "* ", "- ")) for line in paragraph.split("\n")):
            lines += ["", *paragraph.split("\n")]
        else:
            lines += ["", *textwrap.wrap(" ".join(paragraph.split()), WIDTH - len(indent) - 6)]
    lines = lines[1:]
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [
        f'{indent}"""{lines[0]}',
        *(f"{indent}{line}".rstrip() for line in lines[1:]),
        f'{indent}"""',
    ]


def call(head: str, items: list[str], tail: str, indent: str = "") -> list[str]:
    """head(items)tail on one line, or one item a line where it is too long."""
    one_line = f"{indent}{head}({', '.join(items)}){tail}"
    if len(one_line) <= WIDTH and "\n" not in one_line:
        return [one_line]
    return [f"{indent}{head}(", *(f"{indent}    {item}," for item in items), f"{indent}){tail}"]


def sequence(items: list[str]) -> str:
    """A tuple's text."""
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def commented(line: str, doc: str, indent: str = "    ") -> list[str]:
    if not doc:
        return [indent + line]
    beside = f"{indent}{line}  # {doc}"
    if len(beside) <= WIDTH:
        return [beside]
    return [f"{indent}# {part}" for part in textwrap.wrap(doc, WIDTH - 6)] + [indent + line]


def enum(one: Enum) -> list[str]:
    base = "IntFlag" if one.is_flags else "IntEnum"
    lines = ["", "", f"class {camel(one.name)}(enum.{base}):"] + docstring(one.doc) + [""]
    for value in one.values:
        mark = "" if value.implemented else " (Not yet implemented.)"
        lines += commented(f"{value.name.upper()} = {value.number}", value.doc + mark)
    return lines


def known(one: Enum) -> str:
    return f"_KNOWN_{one.name.upper()}"


def annotation(one: Field, strict: bool) -> str:
    """The type of a field: as it is read where strict, else as callers may give it."""
    if one.type in ("enum", "flags"):
        return camel(one.enum.name) if strict else "int"
    if one.type == "string":
        return "str"
    if one.type == "stream" or one.of == "u8":
        return "bytes"
    if one.type == "array":
        item = camel(one.struct.name) if one.struct else "int"
        if strict:
            return f"list[{item}]" if one.struct else "tuple[int, ...]"
        return f"Sequence[{item}]"
    return camel(one.struct.name) if one.struct else "int"


def layout_code(fields: list[tuple[str, int, Field]]) -> str:
    return "".join(f"{one.bytes}x" if one.is_pad else CODES[one.scalar] for _, _, one in fields)


def condition(one: Field) -> str:
    if one.type == "enum":
        return f"{known(one.enum)}.__contains__"
    if one.type == "flags":
        return f"lambda value: not value & ~{one.enum.mask:#x}"
    low, high = one.range
    return f"lambda value: {low} <= value <= {high}"


def checks(fields: list[tuple[str, int, Field]]) -> list[str]:
    """The _Check of every scalar and pad that can be wrong, in the order of their bytes."""
    found = []
    leaf = 0
    for owner, offset, one in fields:
        text = quoted(rule(owner, one))
        if one.is_pad:
            found.append(f"_Check({offset}, {one.bytes}, -1, {text}, None)")
            continue
        if one.is_checked:
            found.append(f"_Check({offset}, {one.bytes}, {leaf}, {text}, {condition(one)})")
        leaf += 1
    return found


def shape(one: Field) -> str:
    if one.type in ("enum", "flags"):
        return camel(one.enum.name)
    return f"_{one.struct.name.upper()}" if one.struct else "None"


def record_table(name: str, fields: list[Field], base: int, make: str, tag: int | None) -> list[str]:
    """The _Record of a struct, of a union's member, or of a message's fixed part."""
    flat = [(owner, at - base, one) for owner, at, one in flat_fields(fields, name)]
    shapes = [shape(one) for one in fields if not one.is_pad]
    if tag is not None:
        shapes = shapes[1:]
    items = [quoted(name), quoted(layout_code(flat)), make, sequence(shapes)]
    found = checks(flat)
    if found:
        lines = [line for check in found for line in call(*check.split("(", 1)[:1], [], "")]
        lines = ["(", *(f"    {check}," for check in found), ")"]
        items.append("\n    ".join(lines))
    if tag is not None:
        items.append(f"tag={tag}")
    return call("_Record", items, "")


def record(name: str, struct: Struct, pack: str) -> list[str]:
    """The NamedTuple of a record, its table, and for a union's member its pack function."""
    fields = [one for one in struct.fields if not one.is_pad]
    if struct.tag is not None:
        fields = fields[1:]
    title, table = camel(name), f"_{name.upper()}"
    lines = ["", "", f"class {title}(NamedTuple):"] + docstring(struct.doc) + [""]
    for one in fields:
        lines += commented(f"{one.name}: {annotation(one, True)}", one.doc)
    made = record_table(name, struct.fields, 0, title, struct.tag)
    lines += ["", "", f"{table} = {made[0]}", *made[1:]]
    if pack:
        arguments = [f"{one.name}: {annotation(one, False)}" for one in fields]
        lines += ["", ""] + call(f"def pack_{pack}", arguments, " -> bytes:")
        lines += docstring(struct.doc)
        values = sequence([one.name for one in fields])
        lines += call(f"return {table}.pack", [values], "", "    ")
    return lines


def union(one: Union) -> list[str]:
    title = camel(one.name)
    members = ", ".join(camel(member_name(one, member)) for member in one.members)
    text = f"{one.name}.{one.tag}: must be a known {one.name}, whole within the stream"
    lines = ["", "", f"{title} = Union[{members}]", f"_{one.name.upper()}_RECORDS = {{"]
    for member in one.members:
        lines.append(f"    {member.tag}: _{member_name(one, member).upper()},")
    lines += [
        "}",
        "",
        "",
        f"def unpack_{one.name}(data: bytes) -> Iterator[{title}]:",
        '    """The records of a stream, each checked when it is reached."""',
        "    return _unpack_stream(",
        f"        data, {one.unit}, _{one.name.upper()}_RECORDS, {quoted(text)}",
        "    )",
    ]
    return lines


def variable(message: Message, one: Field) -> str:
    common = f"{quoted(one.name)}, {quoted(rule(message.name, one))}, {one.max}"
    if one.type == "string":
        return f"_Text({common})"
    if one.type == "stream":
        return f"_Stream({common}, {one.bytes})"
    if one.struct:
        return f"_Records({common}, _{one.struct.name.upper()})"
    return f"_Bytes({common})" if one.of == "u8" else f"_Scalars({common}, {quoted(CODES[one.scalar])})"


def message_doc(message: Message) -> str:
    notes = []
    if message.reply:
        notes.append(f"Answered by `{message.reply}`.")
    if message.permission:
        notes.append(f"Needs the permission `{message.permission}`.")
    if not message.implemented:
        notes.append("Not yet implemented.")
    return message.doc + ("\n\n" + " ".join(notes) if notes else "")


def dataclass(message: Message) -> list[str]:
    lines = ["", "", "@dataclass(slots=True)", f"class {class_name(message)}(Message):"]
    lines += docstring(message_doc(message)) + [""]
    lines.append(f"    NAME: ClassVar[str] = {quoted(message.name)}")
    lines += [f"    OPCODE: ClassVar[int] = {message.opcode:#x}", ""]
    if message.object != "none":
        lines.append("    object: int")
    lines.append("    serial: int")
    for one in message.fields:
        if not one.is_pad:
            lines += commented(f"{one.name}: {annotation(one, True)}", one.doc)
    return lines


def layout(message: Message) -> list[str]:
    fixed = [one for one in message.fixed if not one.is_pad]
    made = record_table(message.name, message.fixed, HEADER_BYTES, "_tuple", None)
    items = [
        class_name(message),
        f"{message.opcode:#x}",
        str(message.object != "none"),
        sequence([quoted(one.name) for one in fixed]),
        "\n    ".join(made),
        sequence([variable(message, one) for one in message.variable]),
        sequence([quoted(one.name) for one in message.fds]),
    ]
    lines = ["", ""] + call(f"_LAYOUTS[{message.opcode:#x}] = _Layout", items, "")
    return lines


def encoder(message: Message) -> list[str]:
    fields = [one for one in message.fields if not one.is_pad]
    arguments = ["*"] + (["object: int"] if message.object != "none" else [])
    arguments += [f"{one.name}: {annotation(one, False)}" for one in fields]
    arguments.append("serial: int = 0")
    lines = ["", ""]
    lines += call(f"def encode_{message.name}", arguments, " -> tuple[bytes, list[int]]:")
    lines += docstring(message_doc(message))
    about = "object" if message.object != "none" else "0"
    values = "{" + ", ".join(f"{quoted(one.name)}: {one.name}" for one in fields) + "}"
    head = f"return _LAYOUTS[{message.opcode:#x}].encode"
    if len(values) > WIDTH - 12:
        values = "\n".join(
            ["{", *(f"            {quoted(one.name)}: {one.name}," for one in fields), "        }"]
        )
    return lines + call(head, [about, "serial", values], "", "    ")


def emit(protocol: Protocol) -> str:
    runtime = Path(__file__).with_name("python_runtime.py").read_text(encoding="utf-8")
    lines = [f'"""The {protocol.name} protocol as Python values, checked like the C codec.', ""]
    lines += ["Made by proto/gen.py from the protocol description; changes here are lost."]
    lines += ['"""', "", *IMPORTS.splitlines(), ""]
    lines.append(f"PROTO_VERSION: Final = {protocol.version}")
    for const in protocol.consts:
        lines += commented(f"{const.name.upper()}: Final = {const.value}", const.doc, "")
    lines += ["", ""] + runtime.rstrip().splitlines()
    for one in protocol.enums:
        lines += enum(one)
    lines += ["", ""]
    for one in protocol.enums:
        if not one.is_flags:
            lines.append(f"{known(one)} = frozenset(int(value) for value in {camel(one.name)})")
    for name, struct in records(protocol):
        lines += record(name, struct, struct.name if struct.tag is not None else "")
    for one_union in protocol.unions:
        lines += union(one_union)
    for message in protocol.messages:
        lines += dataclass(message) + layout(message) + encoder(message)
    text = "\n".join(lines) + "\n"
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text
