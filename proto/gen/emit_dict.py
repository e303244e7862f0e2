"""A dictionary in libFuzzer's format: what random bytes hardly ever hit by chance."""

from __future__ import annotations

import struct

from .model import Message, Protocol

# Lengths and coordinates where arithmetic goes wrong.
SIZES = (0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF)
SEQUENCES = {
    "overlong": b"\xc0\xaf",
    "surrogate": b"\xed\xa0\x80",
    "beyond_unicode": b"\xf4\x90\x80\x80",
    "control": b"\x1b[",
}


def entry(name: str, data: bytes) -> str:
    escaped = "".join(f"\\x{byte:02x}" for byte in data)
    return f'{name}="{escaped}"'


def header(message: Message) -> bytes:
    fields = (message.min_bytes, message.opcode, len(message.fds), 0, 0, 1)
    return struct.pack("<IHBBII", *fields)


def emit(protocol: Protocol) -> str:
    lines = ["# Made by proto/gen.py from the protocol description; changes here are lost."]
    lines += [entry(f"{one.prefix}_{one.name}", header(one)) for one in protocol.by_opcode()]
    for union in protocol.unions:
        for member in union.members:
            assert member.tag is not None
            record = bytes([member.tag]) + bytes(member.size - 1)
            lines.append(entry(f"{union.name}_{member.name}", record))
    for one in protocol.enums:
        for value in one.values:
            data = value.number.to_bytes(one.bytes, "little")
            lines.append(entry(f"{one.name}_{value.name}", data))
    lines += [entry(f"const_{one.name}", struct.pack("<I", one.value)) for one in protocol.consts]
    lines += [entry(f"size_{size:x}", struct.pack("<I", size)) for size in SIZES]
    lines += [entry(f"text_{name}", data) for name, data in SEQUENCES.items()]
    return "\n".join(lines + [""])
