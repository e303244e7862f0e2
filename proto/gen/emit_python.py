"""The Python module: enums, records, one dataclass and one encoder for each message."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
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


@dataclass
class Call:
    """head(items), or a tuple where head is empty; laid out by render()."""

    head: str
    items: list[str | Call]

    def flat(self) -> str:
        items = [item if isinstance(item, str) else item.flat() for item in self.items]
        comma = "," if not self.head and len(items) == 1 else ""
        return f"{self.head}({', '.join(items)}{comma})"


def render(item: str | Call, indent: str = "", before: str = "", after: str = "") -> list[str]:
    """On one line, or one item a line where that is too long."""
    one_line = indent + before + (item if isinstance(item, str) else item.flat()) + after
    if isinstance(item, str) or len(one_line) <= WIDTH:
        return [one_line]
    lines = [f"{indent}{before}{item.head}("]
    for part in item.items:
        lines += render(part, indent + "    ", "", ",")
    return lines + [f"{indent}){after}"]


def names_tuple(fields: list[Field]) -> Call:
    return Call("", [quoted(one.name) for one in fields])


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


def checks(fields: list[tuple[str, int, Field]]) -> list[str | Call]:
    """The _Check of every scalar and pad that can be wrong, in the order of their bytes."""
    found: list[str | Call] = []
    leaf = 0
    for owner, offset, one in fields:
        text = quoted(rule(owner, one))
        if one.is_pad:
            found.append(Call("_Check", [f"{offset}, {one.bytes}, -1", text, "None"]))
            continue
        if one.is_checked:
            place = f"{offset}, {one.bytes}, {leaf}"
            found.append(Call("_Check", [place, text, condition(one)]))
        leaf += 1
    return found


def shape(one: Field) -> str:
    if one.type in ("enum", "flags"):
        return camel(one.enum.name)
    return f"_{one.struct.name.upper()}" if one.struct else "None"


def record_table(name: str, fields: list[Field], base: int, make: str, tag: int | None) -> Call:
    """The _Record of a struct, of a union's member, or of a message's fixed part."""
    flat = [(owner, at - base, one) for owner, at, one in flat_fields(fields, name)]
    shapes: list[str | Call] = [shape(one) for one in fields if not one.is_pad]
    if tag is not None:
        shapes = shapes[1:]
    table = Call("_Record", [quoted(name), quoted(layout_code(flat)), make, Call("", shapes)])
    found = checks(flat)
    if found:
        table.items.append(Call("", found))
    if tag is not None:
        table.items.append(f"tag={tag}")
    return table


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
    lines += ["", "", *render(made, before=f"{table} = ")]
    if pack:
        head = Call(pack, [f"{one.name}: {annotation(one, False)}" for one in fields])
        lines += ["", "", *render(head, before="def pack_", after=" -> bytes:")]
        lines += docstring(struct.doc)
        values = Call("", [one.name for one in fields])
        lines += render(Call(f"{table}.pack", [values]), "    ", "return ")
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


def variable(message: Message, one: Field) -> Call:
    table = Call("", [quoted(one.name), quoted(rule(message.name, one)), str(one.max)])
    if one.type == "string":
        table.head = "_Text"
    elif one.type == "stream":
        table.head = "_Stream"
        table.items.append(str(one.bytes))
    elif one.struct:
        table.head = "_Records"
        table.items.append(f"_{one.struct.name.upper()}")
    elif one.of == "u8":
        table.head = "_Bytes"
    else:
        table.head = "_Scalars"
        table.items.append(quoted(CODES[one.scalar]))
    return table


def message_doc(message: Message) -> str:
    notes = []
    if message.reply:
        notes.append(f"Answered by `{message.reply}`.")
    if message.permission:
        notes.append(f"Needs the permission `{message.permission}`.")
    if not message.implemented:
        notes.append("Not yet implemented.")
    return message.doc + ("\n\n" + " ".join(notes) if notes else "")


def message_class(message: Message) -> list[str]:
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
    table = Call(
        "_Layout",
        [
            class_name(message),
            f"{message.opcode:#x}",
            str(message.object != "none"),
            names_tuple([one for one in message.fixed if not one.is_pad]),
            record_table(message.name, message.fixed, HEADER_BYTES, "_tuple", None),
            Call("", [variable(message, one) for one in message.variable]),
            names_tuple(message.fds),
        ],
    )
    return ["", "", *render(table, before=f"_LAYOUTS[{message.opcode:#x}] = ")]


def encoder(message: Message) -> list[str]:
    fields = [one for one in message.fields if not one.is_pad]
    about = "object" if message.object != "none" else "0"
    head = Call(f"encode_{message.name}", ["*"])
    if message.object != "none":
        head.items.append("object: int")
    head.items += [f"{one.name}: {annotation(one, False)}" for one in fields]
    head.items.append("serial: int = 0")
    values = Call("dict", [f"{one.name}={one.name}" for one in fields])
    body = Call(f"_LAYOUTS[{message.opcode:#x}].encode", [about, "serial", values])
    return [
        "",
        "",
        *render(head, before="def ", after=" -> tuple[bytes, list[int]]:"),
        *docstring(message_doc(message)),
        *render(body, "    ", "return "),
    ]


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
        lines += message_class(message) + layout(message) + encoder(message)
    text = "\n".join(lines) + "\n"
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text
