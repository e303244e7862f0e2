"""The C source: the tables that proto/wire.c walks, and one-line functions around it."""

from __future__ import annotations

from .c_names import (
    COUNT_SUFFIX,
    GENERATED,
    decode_head,
    dispatch_head,
    encode_head,
    member_name,
    message_name,
    next_head,
    records,
)
from .model import SCALARS, Enum, Field, Message, Protocol, Struct, Union, rule

INDENT = "    "


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def initializer(members: list[tuple[str, str]], head: str = "") -> list[str]:
    """{.name = value, ...} behind head, filled up to the width of a line."""
    lines, current = [], f"{INDENT}{head}{{"
    for i, (name, value) in enumerate(members):
        piece = f".{name} = {value}" + (", " if i + 1 < len(members) else "},")
        if len((current + piece).rstrip()) > 100:
            lines.append(current.rstrip())
            current = INDENT + " "
        current += piece
    return lines + [current]


def values(one: Enum) -> list[str]:
    lines = [f"static const struct kb_wire_value {one.name}_values[] = {{"]
    lines += [f"    {{{value.number}, {quoted(value.name)}}}," for value in one.values]
    lines += [
        "};",
        f"static const struct kb_wire_values {one.name}_set = {{",
        f"    {quoted(one.name)}, {one.name}_values, {len(one.values)}, {one.mask:#x}u,",
        "};",
        "",
    ]
    return lines


def value_functions(one: Enum) -> list[str]:
    return [
        f"bool kb_{one.name}_valid(unsigned value)",
        "{",
        f"    return kb_wire_value_known(&{one.name}_set, value);",
        "}",
        "",
        f"const char *kb_{one.name}_name(unsigned value)",
        "{",
        f"    return kb_wire_value_name(&{one.name}_set, value);",
        "}",
        "",
    ]


def scalar_kind(name: str) -> str:
    if name == "fixed":
        return "KB_WIRE_FIXED"
    return "KB_WIRE_INT" if SCALARS[name][1] else "KB_WIRE_UINT"


def kind(one: Field) -> str:
    if one.type in SCALARS:
        return scalar_kind(one.type)
    return f"KB_WIRE_{one.type.upper()}"


def int64(value: int) -> str:
    if value == -(1 << 63):
        return "INT64_MIN"
    return f"{value}LL" if abs(value) > 0x7FFFFFFF else str(value)


def field(owner: str, c_struct: str, one: Field) -> list[str]:
    members = [("name", quoted(one.name))]
    if one.is_checked or not one.is_fixed:
        members.append(("rule", quoted(rule(owner, one))))
    members.append(("kind", kind(one)))
    if one.is_fixed:
        if one.is_checked:
            members.append(("checked", "true"))
        members.append(("at", str(one.offset)))
    if not one.is_pad or c_struct:
        members.append(("out", f"offsetof(struct {c_struct}, {one.name})" if c_struct else "0"))
    if one.is_variable:
        count = f"offsetof(struct {c_struct}, {one.name}{COUNT_SUFFIX[one.type]})"
        members.append(("count", count))
    if not one.is_fd:
        members.append(("bytes", str(one.bytes)))
    if one.has_range:
        members += [("min", int64(one.range[0])), ("max", int64(one.range[1]))]
    elif one.is_variable:
        members.append(("max", str(one.max)))
    if one.type in ("enum", "flags"):
        members.append(("values", f"&{one.enum.name}_set"))
    elif one.struct:
        members.append(("record", f"&{one.struct.name}_record"))
    elif one.type == "stream":
        members.append(("stream", f"&{one.union.name}_union"))
    elif one.type == "array":
        members.append(("element", scalar_kind(one.scalar)))
    return initializer(members)


def record(name: str, struct: Struct) -> list[str]:
    lines = [f"static const struct kb_wire_field {name}_fields[] = {{"]
    for one in struct.fields:
        lines += field(name, f"kb_{name}", one)
    checked = "true" if struct.is_checked else "false"
    lines += [
        "};",
        f"static const struct kb_wire_record {name}_record = {{",
        f"    {quoted(name)}, {name}_fields, {len(struct.fields)}, {struct.size}, {checked},",
        "};",
        "",
    ]
    return lines


def union(one: Union) -> list[str]:
    lines = [f"static const struct kb_wire_record *const {one.name}_records[] = {{"]
    for member in one.members:
        name = member_name(one, member)
        lines.append(f"    [KB_{name.upper()}] = &{name}_record,")
    highest = max(member.tag or 0 for member in one.members)
    text = f"{one.name}.{one.tag}: must be a known {one.name}, whole within the stream"
    lines += [
        "};",
        f"static const struct kb_wire_union {one.name}_union = {{",
        f"    {quoted(one.name)},",
        f"    {quoted(text)},",
        f"    {one.name}_records,",
        f"    {highest + 1},",
        f"    {one.unit},",
        "};",
        "",
    ]
    return lines


def next_function(one: Union) -> list[str]:
    return [
        next_head(one, ""),
        "{",
        "    const void *found = NULL;",
        f"    int status = kb_wire_next(&{one.name}_union, it, &found, error);",
        "    if (status == 1)",
        "        *out = found;",
        "    return status;",
        "}",
        "",
    ]


def message_fields(message: Message) -> list[str]:
    name = message_name(message)
    if not message.fields:
        return []
    lines = [f"static const struct kb_wire_field {name}_fields[] = {{"]
    for one in message.fields:
        lines += field(message.name, "" if one.is_pad else f"kb_{name}", one)
    return lines + ["};", ""]


def info(message: Message) -> list[str]:
    name = message_name(message)
    members = [
        ("name", quoted(message.name)),
        ("opcode", f"KB_{name.upper()}"),
        ("object", f"KB_OBJECT_{message.object.upper()}"),
        ("nfds", str(len(message.fds))),
        ("implemented", "true" if message.implemented else "false"),
        ("permission", quoted(message.permission) if message.permission else "NULL"),
        ("min_bytes", str(message.min_bytes)),
        ("dump", "dump"),
        ("fields", f"{name}_fields" if message.fields else "NULL"),
        ("fields_count", str(len(message.fields))),
        ("fixed_bytes", str(message.fixed_end)),
        ("struct_bytes", f"sizeof(struct kb_{name})"),
    ]
    return initializer(members, f"[AT_{name.upper()}] = ")


def messages(protocol: Protocol) -> list[str]:
    lines: list[str] = []
    for message in protocol.by_opcode():
        lines += message_fields(message)
    lines.append("/* Where each message is in kb_messages. */")
    lines += ["enum {"]
    lines += [f"    AT_{message_name(one).upper()}," for one in protocol.by_opcode()]
    lines += [
        "};",
        "",
        "static int dump(const void *message, size_t message_bytes, char *out, size_t out_bytes);",
        "",
        "const struct kb_message_info kb_messages[] = {",
    ]
    for message in protocol.by_opcode():
        lines += info(message)
    return lines + [
        "};",
        "const size_t kb_messages_count = sizeof(kb_messages) / sizeof(kb_messages[0]);",
        "",
        "const struct kb_message_info *kb_message_info(uint16_t opcode)",
        "{",
        "    return kb_wire_find(kb_messages, kb_messages_count, opcode);",
        "}",
        "",
        "static const struct kb_message_info *info_of(const void *message, size_t message_bytes)",
        "{",
        "    struct kb_header header;",
        "    if (message_bytes < sizeof(header))",
        "        return NULL;",
        "    memcpy(&header, message, sizeof(header));",
        "    return kb_message_info(header.opcode);",
        "}",
        "",
        "static int dump(const void *message, size_t message_bytes, char *out, size_t out_bytes)",
        "{",
        "    const struct kb_message_info *info = info_of(message, message_bytes);",
        "    return info ? kb_wire_dump(info, message, message_bytes, out, out_bytes) : -EPROTO;",
        "}",
        "",
    ]


def codec(message: Message) -> list[str]:
    name = message_name(message)
    table = f"&kb_messages[AT_{name.upper()}]"
    return [
        decode_head(name, ""),
        "{",
        f"    const struct kb_message_info *info = {table};",
        "    return kb_wire_decode(info, message, message_bytes, fds, fds_count, out, error);",
        "}",
        "",
        encode_head(name, ""),
        "{",
        f"    return kb_wire_encode({table}, writer, in);",
        "}",
        "",
    ]


def dispatch(prefix: str, some: list[Message]) -> list[str]:
    is_request = prefix == "req"
    unknown = "-EOPNOTSUPP" if is_request else "0"
    missing = "-ENOSYS" if is_request else "0"
    wrong_side = ">=" if is_request else "<"
    lines = [dispatch_head(prefix, ""), "{", "    union {"]
    lines += [f"        struct kb_{message_name(one)} {one.name};" for one in some]
    lines += [
        "    } in;",
        "    const struct kb_message_info *info;",
        "    int status = kb_wire_peek(message, message_bytes, fds_count, error);",
        "    if (status)",
        "        return status;",
        "    info = info_of(message, message_bytes);",
        f"    if (!info || info->opcode {wrong_side} 0x8000)",
        f"        return {unknown};",
        "    status = kb_wire_decode(info, message, message_bytes, fds, fds_count, &in, error);",
        "    if (status)",
        "        return status;",
        "",
        "    switch (info->opcode) {",
    ]
    for one in some:
        lines += [
            f"    case KB_{message_name(one).upper()}:",
            f"        if (!handler->{one.name})",
            f"            return {missing};",
        ]
        if one.fds:
            lines.append(f"        claim(fds, {len(one.fds)});")
        lines.append(f"        return handler->{one.name}(ctx, &in.{one.name});")
    return lines + ["    default:", f"        return {unknown};", "    }", "}", ""]


CLAIM = """/* From here on the fds are the handler's. */
static void claim(int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fds[i] = -1;
}
"""


def emit(protocol: Protocol) -> str:
    lines = [GENERATED, f'#include "gen/{protocol.name}_proto.h"', "", "#include <errno.h>"]
    lines += ["#include <string.h>", ""]
    for one in protocol.enums:
        lines += values(one)
    for name, struct in records(protocol):
        lines += record(name, struct)
    for one_union in protocol.unions:
        lines += union(one_union)
    lines += messages(protocol)
    for one in protocol.enums:
        if not one.is_flags:
            lines += value_functions(one)
    for one_union in protocol.unions:
        lines += next_function(one_union)
    for message in protocol.messages:
        lines += codec(message)
    if any(message.fds for message in protocol.messages):
        lines += CLAIM.splitlines() + [""]
    for prefix, some in (("req", protocol.requests), ("evt", protocol.events)):
        if some:
            lines += dispatch(prefix, some)
    return "\n".join(lines[:-1] + [""])
