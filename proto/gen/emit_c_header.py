"""The codec's C header: opcodes, messages, and their functions."""

from __future__ import annotations

from . import emit_c_types
from .c_names import (
    COUNT_SUFFIX,
    GENERATED,
    commented,
    comment,
    decode_head,
    dispatch_head,
    encode_head,
    field_doc,
    item_type,
    message_name,
    next_head,
    records,
)
from .model import Message, Protocol, Union

FRAMING = {
    "max_message_bytes": "KB_WIRE_MESSAGE_BYTES_MAX",
    "max_fds": "KB_WIRE_MESSAGE_FDS_MAX",
}


def framing_asserts(protocol: Protocol) -> list[str]:
    lines = [
        f'_Static_assert(KB_{one.name.upper()} == {FRAMING[one.name]}, "as proto/wire.h has it");'
        for one in protocol.consts
        if one.name in FRAMING
    ]
    return lines + [""] if lines else []


def value_functions(protocol: Protocol) -> list[str]:
    lines = []
    for one in protocol.enums:
        if one.is_flags:
            continue
        lines.append(f"bool kb_{one.name}_valid(unsigned value);")
        lines.append(f"const char *kb_{one.name}_name(unsigned value); /* NULL if unknown */")
    return lines + [""] if lines else []


def size_asserts(protocol: Protocol) -> list[str]:
    lines = [
        f'_Static_assert(sizeof(struct kb_{name}) == {one.size}, "{name} as on the wire");'
        for name, one in records(protocol)
    ]
    return lines + [""] if lines else []


def stream(one: Union) -> list[str]:
    return [
        "/* The next record of a stream from kb_stream_init(): 1, 0 at the end, or -EPROTO. *out",
        " * points into the stream, which must be 8-byte aligned memory that nobody else writes. */",
        next_head(one, ";"),
        "",
    ]


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
    lines += [f'#include "{emit_c_types.file_name(protocol)}"', '#include "proto/wire.h"', ""]
    lines += comment(INTRODUCTION.strip()) + [""] + framing_asserts(protocol)
    lines += size_asserts(protocol) + value_functions(protocol)
    for one in protocol.unions:
        lines += stream(one)
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
