"""How the model is called in C, and how comments are laid out; both C emitters share this."""

from __future__ import annotations

import textwrap

from .model import Field, Message, Protocol, Struct, Union

WIDTH = 100
SCALAR_TYPES = {
    "u8": "uint8_t",
    "u16": "uint16_t",
    "u32": "uint32_t",
    "u64": "uint64_t",
    "i8": "int8_t",
    "i16": "int16_t",
    "i32": "int32_t",
    "i64": "int64_t",
    "fixed": "kb_fixed",
}
COUNT_SUFFIX = {"string": "_bytes", "array": "_count", "stream": "_units"}
GENERATED = "/* Made by proto/gen.py from the protocol description; changes here are lost. */"


def records(protocol: Protocol) -> list[tuple[str, Struct]]:
    """Every record with its C name, in the order of definition, union members last."""
    plain = [(one.name, one) for one in protocol.structs]
    members = [
        (f"{union.name}_{one.name}", one) for union in protocol.unions for one in union.members
    ]
    return plain + members


def member_name(union: Union, member: Struct) -> str:
    return f"{union.name}_{member.name}"


def message_name(message: Message) -> str:
    return f"{message.prefix}_{message.name}"


def scalar_type(one: Field) -> str:
    return SCALAR_TYPES[one.scalar]


def item_type(one: Field) -> str:
    """The C type of a fixed field, or of one element of an array."""
    return f"struct kb_{one.struct.name}" if one.struct else scalar_type(one)


def field_doc(one: Field) -> str:
    """The field's text, preceded by the enum or flags that an integer holds."""
    if one.type in ("enum", "flags"):
        return f"enum kb_{one.enum.name}. {one.doc}"
    if one.type == "stream":
        return f"union kb_{one.union.name}. {one.doc}"
    return one.doc


def comment(text: str, indent: str = "") -> list[str]:
    """A block comment; paragraphs of markdown are kept apart, tables and lists as they are."""
    text = text.replace("*/", "* /").replace("/*", "/ *")
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        if lines:
            lines.append("")
        raw = paragraph.split("\n")
        if any(line.startswith(("|", "* ", "- ", "1. ")) for line in raw):
            lines += raw
        else:
            lines += textwrap.wrap(" ".join(raw), WIDTH - len(indent) - 6)
    if len(lines) == 1:
        return [f"{indent}/* {lines[0]} */"]
    body = [f"{indent} * {line}".rstrip() for line in lines]
    body[0] = f"{indent}/*{body[0][len(indent) + 2:]}"
    body[-1] += " */"
    return body


def commented(line: str, text: str, indent: str = "    ") -> list[str]:
    """A line of code with its comment behind it, or above it where that is too long."""
    if not text:
        return [indent + line]
    plain = text.replace("*/", "* /").replace("/*", "/ *")
    beside = f"{indent}{line} /* {plain} */"
    if len(beside) <= WIDTH:
        return [beside]
    return comment(text, indent) + [indent + line]


def parameters(head: str, items: list[str], tail: str) -> str:
    """head(items)tail, broken and aligned under the opening parenthesis where it is too long."""
    one_line = f"{head}({', '.join(items)}){tail}"
    if len(one_line) <= WIDTH:
        return one_line
    indent = " " * (len(head) + 1)
    lines, current = [], f"{head}("
    for i, item in enumerate(items):
        piece = item + (", " if i + 1 < len(items) else f"){tail}")
        if len((current + piece).rstrip()) > WIDTH:
            lines.append(current.rstrip())
            current = indent
        current += piece
    return "\n".join(lines + [current])


def decode_head(name: str, tail: str) -> str:
    return parameters(
        f"int kb_{name}_decode",
        [
            "const void *message",
            "size_t message_bytes",
            "const int *fds",
            "unsigned fds_count",
            f"struct kb_{name} *out",
            "struct kb_wire_error *error",
        ],
        tail,
    )


def encode_head(name: str, tail: str) -> str:
    return parameters(
        f"int kb_{name}_encode",
        ["struct kb_writer *writer", f"const struct kb_{name} *in"],
        tail,
    )


def dispatch_head(prefix: str, tail: str) -> str:
    return parameters(
        f"int kb_{prefix}_dispatch",
        [
            f"const struct kb_{prefix}_handler *handler",
            "void *ctx",
            "const void *message",
            "size_t message_bytes",
            "int *fds",
            "unsigned fds_count",
            "struct kb_wire_error *error",
        ],
        tail,
    )


def next_head(union: Union, tail: str) -> str:
    return parameters(
        f"int kb_{union.name}_next",
        [
            "struct kb_stream *it",
            f"const union kb_{union.name} **out",
            "struct kb_wire_error *error",
        ],
        tail,
    )
