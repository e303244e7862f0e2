"""The C types that programs see: constants, enums, flags and records, without any function.

The public header of libkmsblit includes them, so they are clean C99 and C++; what needs C11 (the
checks of their sizes) stands in the codec's header, which includes this one."""

from __future__ import annotations

from .c_names import GENERATED, comment, commented, field_doc, item_type, member_name, records
from .model import Enum, Protocol, Struct, Union


def file_name(protocol: Protocol) -> str:
    return f"{protocol.name}_types.h"


def consts(protocol: Protocol) -> list[str]:
    lines = [f"#define KB_PROTO_VERSION {protocol.version}", ""]
    for const in protocol.consts:
        lines += commented(f"#define KB_{const.name.upper()} {const.value}u", const.doc, "")
    return lines + [""]


def enum(one: Enum) -> list[str]:
    upper = one.name.upper()
    lines = comment(one.doc) + [f"enum kb_{one.name} {{"]
    for value in one.values:
        mark = "" if value.implemented else " (Not yet implemented.)"
        lines += commented(f"KB_{upper}_{value.name.upper()} = {value.number},", value.doc + mark)
    lines.append("};")
    if one.is_flags:
        lines.append(f"#define KB_{upper}_ALL {one.mask:#x}u")
    return lines + [""]


def record(name: str, struct: Struct) -> list[str]:
    lines = comment(struct.doc) + [f"struct kb_{name} {{"]
    for one in struct.fields:
        if one.is_pad:
            lines += commented(f"uint8_t {one.name}[{one.bytes}];", one.doc or "Zero.")
        else:
            lines += commented(f"{item_type(one)} {one.name};", field_doc(one))
    return lines + ["};", ""]


def union(one: Union) -> list[str]:
    upper = one.name.upper()
    lines = [f"enum kb_{one.name}_{one.tag} {{"]
    for member in one.members:
        lines.append(f"    KB_{upper}_{member.name.upper()} = {member.tag},")
    lines += ["};", ""] + comment(one.doc) + [f"union kb_{one.name} {{"]
    lines.append(f"    uint8_t {one.tag}; /* enum kb_{one.name}_{one.tag} */")
    for member in one.members:
        lines.append(f"    struct kb_{member_name(one, member)} {member.name};")
    return lines + ["};", f"#define KB_{upper}_UNIT_BYTES {one.unit}u", ""]


def emit(protocol: Protocol) -> str:
    guard = f"KB_{protocol.name.upper()}_TYPES_H"
    lines = [GENERATED, f"#ifndef {guard}", f"#define {guard}", "", "#include <stdint.h>", ""]
    lines += ["/* 16.16 fixed point. */", "typedef int32_t kb_fixed;", ""]
    lines += consts(protocol)
    for one in protocol.enums:
        lines += enum(one)
    for name, struct in records(protocol):
        lines += record(name, struct)
    for one_union in protocol.unions:
        lines += union(one_union)
    return "\n".join(lines + ["#endif", ""])
