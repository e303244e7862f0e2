"""What a protocol description says, as plain values: the emitters read these and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterable

HEADER_BYTES = 16
MESSAGE_BYTES_MAX = 65536
MESSAGE_FDS_MAX = 4

# name -> (bytes, signed)
SCALARS = {
    "u8": (1, False),
    "u16": (2, False),
    "u32": (4, False),
    "u64": (8, False),
    "i8": (1, True),
    "i16": (2, True),
    "i32": (4, True),
    "i64": (8, True),
    "fixed": (4, True),
}
VARIABLE_TYPES = ("string", "array", "stream")
OBJECT_KINDS = ("none", "image", "window", "canvas", "output", "device", "any")


class BadDescription(Exception):
    """A refusal, already in the form file:line: message."""


@dataclass
class Const:
    name: str
    value: int
    doc: str


@dataclass
class Value:
    """One value of an enum, or one bit of flags."""

    name: str
    number: int
    since: int
    implemented: bool
    doc: str


@dataclass
class Enum:
    name: str
    scalar: str
    is_flags: bool
    doc: str
    since: int
    values: list[Value] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return SCALARS[self.scalar][0]

    @property
    def mask(self) -> int:
        """Flags: every known bit. Enums: one bit for each value below 64."""
        if self.is_flags:
            return sum(value.number for value in self.values)
        return sum(1 << value.number for value in self.values if value.number < 64)


@dataclass
class Field:
    """A field or a pad. `of` is what `type` refers to; `offset` is set for fixed fields."""

    name: str
    type: str
    doc: str
    line: int
    bytes: int = 0  # of the field; of one element or unit where it is variable
    align: int = 1
    offset: int = 0
    of: "Enum | Struct | Union | str | None" = None
    min: int | None = None
    max: int | None = None

    @property
    def is_pad(self) -> bool:
        return self.type == "pad"

    @property
    def is_fd(self) -> bool:
        return self.type == "fd"

    @property
    def is_variable(self) -> bool:
        return self.type in VARIABLE_TYPES

    @property
    def is_fixed(self) -> bool:
        return not self.is_variable and not self.is_fd

    @property
    def enum(self) -> Enum:
        assert isinstance(self.of, Enum)
        return self.of

    @property
    def struct(self) -> Struct | None:
        return self.of if isinstance(self.of, Struct) else None

    @property
    def union(self) -> Union:
        assert isinstance(self.of, Union)
        return self.of

    @property
    def scalar(self) -> str:
        """The scalar that is stored for a fixed field, or for one element of an array."""
        if isinstance(self.of, Enum):
            return self.of.scalar
        return self.of if isinstance(self.of, str) else self.type

    @property
    def has_range(self) -> bool:
        return not self.is_variable and (self.min is not None or self.max is not None)

    @property
    def range(self) -> tuple[int, int]:
        """The bounds that decoding checks, filled up from the type."""
        size, signed = SCALARS[self.scalar]
        low = -(1 << (8 * size - 1)) if signed else 0
        high = (1 << (8 * size - (1 if signed else 0))) - 1
        return (low if self.min is None else self.min, high if self.max is None else self.max)

    @property
    def is_checked(self) -> bool:
        """Can any bytes of a fixed field be wrong?"""
        if self.struct:
            return self.struct.is_checked
        return self.is_pad or self.has_range or self.type in ("enum", "flags")


@dataclass
class Struct:
    """A plain record: in arrays, embedded, or (with a tag) a member of a union."""

    name: str
    size: int
    doc: str
    since: int
    implemented: bool = True
    tag: int | None = None
    align: int = 1
    fields: list[Field] = field(default_factory=list)

    @property
    def is_checked(self) -> bool:
        return any(one.is_checked for one in self.fields)


@dataclass
class Union:
    """Tagged records in a stream; each member fills whole units."""

    name: str
    unit: int
    tag: str
    doc: str
    since: int
    members: list[Struct] = field(default_factory=list)


@dataclass
class Message:
    kind: str  # request or event
    name: str
    opcode: int
    object: str
    since: int
    implemented: bool
    permission: str | None
    reply: str | None
    doc: str
    fixed_end: int = HEADER_BYTES  # where the variable fields begin
    fields: list[Field] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        return "req" if self.kind == "request" else "evt"

    @property
    def fds(self) -> list[Field]:
        return [one for one in self.fields if one.is_fd]

    @property
    def variable(self) -> list[Field]:
        return [one for one in self.fields if one.is_variable]

    @property
    def fixed(self) -> list[Field]:
        return [one for one in self.fields if one.is_fixed]

    @property
    def min_bytes(self) -> int:
        return self.fixed_end + 8 * len(self.variable)


@dataclass
class Chapter:
    title: str
    text: str


@dataclass
class Protocol:
    name: str
    version: int
    chapters: list[Chapter] = field(default_factory=list)
    consts: list[Const] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    structs: list[Struct] = field(default_factory=list)
    unions: list[Union] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def requests(self) -> list[Message]:
        return [one for one in self.messages if one.kind == "request"]

    @property
    def events(self) -> list[Message]:
        return [one for one in self.messages if one.kind == "event"]

    def by_opcode(self) -> list[Message]:
        return sorted(self.messages, key=lambda message: message.opcode)


def number_text(one: Field, value: int) -> str:
    """A bound as a reader of the description knows it: fixed-point bounds as decimals."""
    return f"{value / 65536:g}" if one.scalar == "fixed" else str(value)


def range_text(one: Field) -> str:
    low, high = one.range
    if one.min is None:
        return f"at most {number_text(one, high)}"
    if one.max is None:
        return f"at least {number_text(one, low)}"
    return f"{number_text(one, low)} to {number_text(one, high)}"


def rule(owner: str, one: Field) -> str:
    """The sentence that both codecs answer with when the bytes of this field are wrong."""
    if one.is_pad:
        text = "reserved bytes must be zero"
    elif one.type == "enum":
        text = f"must be a known {one.enum.name}"
    elif one.type == "flags":
        text = f"must have only known bits of {one.enum.name}"
    elif one.type == "string":
        text = f"must be clean UTF-8, at most {one.max} bytes, padded with zeros"
    elif one.type == "array":
        text = f"must be at most {one.max} items, padded with zeros"
    elif one.type == "stream":
        text = f"must be at most {one.max} units of {one.bytes} bytes, all there"
    elif one.is_fd:
        text = "must be a file descriptor"
    elif one.has_range:
        text = f"must be {range_text(one)}"
    else:
        text = "must be valid"
    return f"{owner}.{one.name}: {text}"


def flat_fields(fields: Iterable[Field], owner: str, base: int = 0) -> list[tuple[str, int, Field]]:
    """(owner, offset, field) of every scalar and pad, embedded records taken apart."""
    flat: list[tuple[str, int, Field]] = []
    for one in fields:
        if one.struct and one.type == "struct":
            flat += flat_fields(one.struct.fields, one.struct.name, base + one.offset)
        else:
            flat.append((owner, base + one.offset, one))
    return flat
