"""The C header: types, opcodes, and the functions of every message."""

from __future__ import annotations

from .c_names import (
    COUNT_SUFFIX,
    GENERATED,
    commented,
    comment,
    decode_head,
    dispatch_head,
    encode_head,
    item_type,
    member_name,
    message_name,
    next_head,
    records,
)
from .model import Enum, Field, Message, Protocol, Struct, Union

FRAMING = {
    "max_message_bytes": "KB_WIRE_MESSAGE_BYTES_MAX",
    "max_fds": "KB_WIRE_MESSAGE_FDS_MAX",
}


def consts(protocol: Protocol) -> list[str]:
    lines = [f"#define KB_PROTO_VERSION {protocol.version}", ""]
    for const in protocol.consts:
        lines += commented(f"#define KB_{const.name.upper()} {const.value}u", const.doc, "")
    for const in protocol.consts:
        if const.name in FRAMING:
            limit = FRAMING[const.name]
            lines.append(
                f'_Static_assert(KB_{const.name.upper()} == {limit}, "as proto/wire.h has it");'
            )
    return lines + [""]


def enum(one: Enum) -> list[str]:
    upper = one.name.upper()
    lines = comment(one.doc) + [f"enum kb_{one.name} {{"]
    for value in one.values:
        mark = "" if value.implemented else " (Not yet implemented.)"
        lines += commented(f"KB_{upper}_{value.name.upper()} = {value.number},", value.doc + mark)
    lines.append("};")
    if one.is_flags:
        return lines + [f"#define KB_{upper}_ALL {one.mask:#x}u", ""]
    return lines + [
        f"bool kb_{one.name}_valid(unsigned value);",
        f"const char *kb_{one.name}_name(unsigned value); /* NULL if unknown */",
        "",
    ]


def record(name: str, struct: Struct) -> list[str]:
    lines = comment(struct.doc) + [f"struct kb_{name} {{"]
    for one in struct.fields:
        if one.is_pad:
            lines += commented(f"uint8_t {one.name}[{one.bytes}];", one.doc or "Zero.")
        else:
            lines += commented(f"{item_type(one)} {one.name};", field_doc(one))
    lines.append("};")
    lines.append(
        f'_Static_assert(sizeof(struct kb_{name}) == {struct.size}, "{name} as on the wire");'
    )
    return lines + [""]


def field_doc(one: Field) -> str:
    """The field's text, preceded by the enum or flags that an integer holds."""
    if one.type in ("enum", "flags"):
        return f"enum kb_{one.enum.name}. {one.doc}"
    if one.type == "stream":
        return f"union kb_{one.union.name}. {one.doc}"
    return one.doc


def union(one: Union) -> list[str]:
    upper = one.name.upper()
    lines = [f"enum kb_{one.name}_{one.tag} {{"]
    for member in one.members:
        lines.append(f"    KB_{upper}_{member.name.upper()} = {member.tag},")
    lines += ["};", ""] + comment(one.doc) + [f"union kb_{one.name} {{"]
    lines.append(f"    uint8_t {one.tag}; /* enum kb_{one.name}_{one.tag} */")
    for member in one.members:
        lines.append(f"    struct kb_{member_name(one, member)} {member.name};")
    lines += [
        "};",
        f"#define KB_{upper}_UNIT_BYTES {one.unit}u",
        "",
        "/* The next record of a stream from kb_stream_init(): 1, 0 at the end, or -EPROTO. *out",
        " * points into the stream, which must be 8-byte aligned memory that nobody else writes. */",
        next_head(one, ";"),
        "",
    ]
    return lines


def opcodes(protocol: Protocol) -> list[str]:
    lines = ["enum kb_opcode {"]
    for message in protocol.by_opcode():
        opcode = f"{message.opcode:#x}" if message.opcode >= 0x8000 else str(message.opcode)
        lines.append(f"    KB_{message_name(message).upper()} = {opcode},")
    return lines + ["};", ""]


def message_doc(message: Message) -> str:
    notes = []
    if message.reply:
        notes.append(f"Answered by {message.reply}.")
    if message.permission:
        notes.append(f"Needs the permission {message.permission}.")
    if not message.implemented:
        notes.append("Not yet implemented.")
    return message.doc + ("\n\n" + " ".join(notes) if notes else "")


def message_struct(message: Message) -> list[str]:
    name = message_name(message)
    lines = comment(message_doc(message)) + [f"struct kb_{name} {{"]
    if message.object != "none":
        what = "" if message.object == "any" else f"The {message.object}'s id."
        lines += commented("uint32_t object;", what)
    lines.append("    uint32_t serial;")
    for one in message.fields:
        if one.is_pad:
            continue
        if one.type == "string":
            lines += commented(f"const char *{one.name};", one.doc)
        elif one.type == "array":
            lines += commented(f"const {item_type(one)} *{one.name};", one.doc)
        elif one.type == "stream":
            lines += commented(f"const void *{one.name};", field_doc(one))
        elif one.is_fd:
            lines += commented(f"int {one.name};", one.doc)
        else:
            lines += commented(f"{item_type(one)} {one.name};", field_doc(one))
        if one.is_variable:
            lines.append(f"    uint32_t {one.name}{COUNT_SUFFIX[one.type]};")
    return lines + ["};", decode_head(name, ";"), encode_head(name, ";"), ""]


def handler(protocol: Protocol, prefix: str, messages: list[Message]) -> list[str]:
    lines = [f"struct kb_{prefix}_handler {{"]
    for message in messages:
        lines.append(
            f"    int (*{message.name})(void *ctx, const struct kb_{message_name(message)} *in);"
        )
    return lines + ["};"]


def table(name: str, items: list[str]) -> list[str]:
    """X(item) for every item, on lines that end below each other."""
    lines = [f"#define {name}(X)"] + [f"    X({item})" for item in items]
    width = max(len(line) for line in lines) + 1
    return [f"{line:<{width}}\\" for line in lines[:-1]] + [lines[-1], ""]


INTRODUCTION = """
Messages as C structs. Decoding checks every byte and allocates nothing: strings, arrays and
streams point into the message, which must be 8-byte aligned, and strings are not terminated.
kb_*_decode() returns 0 or -EPROTO and then says why in *error, which may be NULL; it never closes
fds. kb_*_encode() appends one whole message to the writer; see struct kb_writer for its errors.
"""
DISPATCH = """
Decode a message and call its handler, whose result is returned. -EPROTO: malformed.
-EOPNOTSUPP: no such request. -ENOSYS: the handler has no function for it. An event that is
not known or not handled is skipped: 0. The fds handed to a handler belong to it, whatever it
returns, and are set to -1 in fds; those that are left are still the caller's to close.
"""


def emit(protocol: Protocol) -> str:
    guard = f"KB_{protocol.name.upper()}_PROTO_H"
    lines = [GENERATED, f"#ifndef {guard}", f"#define {guard}", ""]
    lines += ['#include "proto/wire.h"', ""]
    lines += comment(INTRODUCTION.strip()) + [""] + consts(protocol)
    for one in protocol.enums:
        lines += enum(one)
    for name, struct in records(protocol):
        lines += record(name, struct)
    for one_union in protocol.unions:
        lines += union(one_union)
    lines += opcodes(protocol)
    for message in protocol.messages:
        lines += message_struct(message)
    lines += comment(DISPATCH.strip())
    for prefix, messages in (("req", protocol.requests), ("evt", protocol.events)):
        if messages:
            lines += handler(protocol, prefix, messages) + [dispatch_head(prefix, ";"), ""]
    lines += [
        "/* Every message, by opcode. */",
        "extern const struct kb_message_info kb_messages[];",
        "extern const size_t kb_messages_count;",
        "const struct kb_message_info *kb_message_info(uint16_t opcode); /* NULL if unknown */",
        "",
        "/* X(name) for every request, event and union: for code that treats all alike. */",
    ]
    lists = (
        ("KB_REQUESTS", [one.name for one in protocol.requests]),
        ("KB_EVENTS", [one.name for one in protocol.events]),
        ("KB_UNIONS", [one.name for one in protocol.unions]),
    )
    for name, items in lists:
        lines += table(name, items) if items else [f"#define {name}(X)", ""]
    return "\n".join(lines + ["#endif", ""])
