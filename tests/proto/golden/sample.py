"""The sample protocol as Python values, checked like the C codec.

Made by proto/gen.py from the protocol description; changes here are lost.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, Final, Iterator, NamedTuple, Sequence, Union

PROTO_VERSION: Final = 2
MAX_MESSAGE_BYTES: Final = 65536  # Largest message.
MOST_BOXES: Final = 4  # Boxes in one `draw`.


class ProtocolError(ValueError):
    """What the protocol forbids: the rule that was broken, and the byte of the message."""

    def __init__(self, what: str, offset: int = 0) -> None:
        super().__init__(f"{what} (at byte {offset})")
        self.what = what
        self.offset = offset


class UnknownMessage(ProtocolError):
    """Well framed, but with an opcode that this version does not know: events are skipped."""


class Header(NamedTuple):
    """The 16 bytes that every message begins with."""

    size: int
    opcode: int
    nfds: int
    flags: int
    object: int
    serial: int


HEADER_BYTES: Final = 16
_HEADER = struct.Struct("<IHBBII")
_MESSAGE_BYTES_MAX = 65536
_MESSAGE_FDS_MAX = 4


def to_fixed(value: float) -> int:
    """A number as 16.16 fixed point."""
    return round(value * 65536)


def from_fixed(value: int) -> float:
    return value / 65536


def decode_header(data: bytes) -> Header:
    """The header at the start of data, of which 16 bytes must be there."""
    if len(data) < HEADER_BYTES:
        raise ProtocolError("header: must be 16 bytes")
    header = Header._make(_HEADER.unpack_from(data))
    if not HEADER_BYTES <= header.size <= _MESSAGE_BYTES_MAX or header.size % 8:
        raise ProtocolError("header.size: must be a multiple of 8 from 16 to 65536")
    if header.nfds > _MESSAGE_FDS_MAX:
        raise ProtocolError("header.nfds: must be at most 4", 6)
    if header.flags:
        raise ProtocolError("header.flags: reserved bytes must be zero", 7)
    return header


class _Check(NamedTuple):
    """One rule about the bytes of a record."""

    offset: int
    length: int
    leaf: int  # which scalar of the record; -1 is a pad
    rule: str
    ok: Callable[[int], bool] | None  # None: a pad, all zero

    def test(self, leaves: Sequence[int], data: bytes | None, at: int) -> None:
        if self.ok is not None:
            if not self.ok(leaves[self.leaf]):
                raise ProtocolError(self.rule, at + self.offset)
        elif data is not None:
            start = at + self.offset
            for index, byte in enumerate(data[start : start + self.length]):
                if byte:
                    raise ProtocolError(self.rule, start)


class _Record:
    """Fixed fields: embedded records, enums and pads over one struct.Struct of scalars."""

    def __init__(
        self,
        name: str,
        layout: str,
        make: Callable[..., Any],
        shape: tuple[Any, ...],
        checks: tuple[_Check, ...] = (),
        tag: int | None = None,
    ) -> None:
        self.name = name
        self.layout = struct.Struct("<" + layout)
        self.make = make
        self.shape = shape  # for each field None, its enum, or its _Record
        self.checks = checks
        self.tag = tag
        self.is_flat = not any(isinstance(one, _Record) for one in shape)

    def pack(self, values: Sequence[Any]) -> bytes:
        if len(values) != len(self.shape):
            raise ProtocolError(f"{self.name}: has {len(self.shape)} fields, not {len(values)}")
        leaves: Sequence[int] = values if self.is_flat else list(self._leaves(values))
        if self.tag is not None:
            leaves = (self.tag, *leaves)
        try:
            packed = self.layout.pack(*leaves)
        except struct.error as why:
            raise ProtocolError(f"{self.name}: {why}") from why
        for check in self.checks:
            check.test(leaves, None, 0)
        return packed

    def unpack(self, data: bytes, at: int) -> Any:
        leaves = self.layout.unpack_from(data, at)
        for check in self.checks:
            check.test(leaves, data, at)
        return self.make(*self._values(iter(leaves if self.tag is None else leaves[1:])))

    def _leaves(self, values: Sequence[Any]) -> Iterator[int]:
        for shape, value in zip(self.shape, values):
            if isinstance(shape, _Record):
                if len(value) != len(shape.shape):
                    raise ProtocolError(f"{shape.name}: has {len(shape.shape)} fields")
                yield from shape._leaves(value)
            else:
                yield value

    def _values(self, leaves: Iterator[int]) -> Iterator[Any]:
        for shape in self.shape:
            if shape is None:
                yield next(leaves)
            elif isinstance(shape, _Record):
                yield shape.make(*shape._values(leaves))
            else:
                yield shape(next(leaves))


class _Variable:
    """A field at the end of a message: a count, zero, the data, zeros up to a multiple of 8."""

    unit = 1

    def __init__(self, name: str, rule: str, most: int) -> None:
        self.name = name
        self.rule = rule
        self.most = most

    def give(self, value: Any) -> bytes:
        raise NotImplementedError

    def take(self, data: bytes, at: int, end: int) -> Any:
        raise NotImplementedError

    def encode(self, value: Any) -> bytes:
        data = self.give(value)
        if len(data) % self.unit or len(data) // self.unit > self.most:
            raise ProtocolError(self.rule)
        return struct.pack("<II", len(data) // self.unit, 0) + data + bytes(-len(data) % 8)

    def decode(self, data: bytes, at: int) -> tuple[Any, int]:
        if len(data) - at < 8:
            raise ProtocolError(self.rule, at)
        count, zero = struct.unpack_from("<II", data, at)
        if zero:
            raise ProtocolError(self.rule, at + 4)
        start = at + 8
        end = start + count * self.unit
        padded = end + -end % 8
        if count > self.most or padded > len(data):
            raise ProtocolError(self.rule, at)
        if any(data[end:padded]):
            raise ProtocolError(self.rule, end)
        return self.take(data, start, end), padded


class _Text(_Variable):
    def give(self, value: Any) -> bytes:
        text: str = value
        if any(character < " " and character not in "\t\n" for character in text):
            raise ProtocolError(self.rule)
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError as why:
            raise ProtocolError(self.rule) from why

    def take(self, data: bytes, at: int, end: int) -> str:
        try:
            text = str(data[at:end], "utf-8")
        except UnicodeDecodeError as why:
            raise ProtocolError(self.rule, at) from why
        if any(character < " " and character not in "\t\n" for character in text):
            raise ProtocolError(self.rule, at)
        return text


class _Bytes(_Variable):
    def give(self, value: Any) -> bytes:
        return bytes(value)

    def take(self, data: bytes, at: int, end: int) -> bytes:
        return data[at:end]


class _Scalars(_Variable):
    def __init__(self, name: str, rule: str, most: int, code: str) -> None:
        super().__init__(name, rule, most)
        self.code = code
        self.unit = struct.calcsize("<" + code)

    def give(self, value: Any) -> bytes:
        try:
            return struct.pack(f"<{len(value)}{self.code}", *value)
        except struct.error as why:
            raise ProtocolError(f"{self.rule}: {why}") from why

    def take(self, data: bytes, at: int, end: int) -> tuple[int, ...]:
        return struct.unpack_from(f"<{(end - at) // self.unit}{self.code}", data, at)


class _Records(_Variable):
    def __init__(self, name: str, rule: str, most: int, record: _Record) -> None:
        super().__init__(name, rule, most)
        self.record = record
        self.unit = record.layout.size

    def give(self, value: Any) -> bytes:
        return b"".join(self.record.pack(item) for item in value)

    def take(self, data: bytes, at: int, end: int) -> list[Any]:
        return [self.record.unpack(data, item) for item in range(at, end, self.unit)]


class _Stream(_Bytes):
    def __init__(self, name: str, rule: str, most: int, unit: int) -> None:
        super().__init__(name, rule, most)
        self.unit = unit


class _Layout:
    """How one message lies in its bytes."""

    def __init__(
        self,
        make: Callable[..., Message],
        opcode: int,
        has_object: bool,
        fixed_names: tuple[str, ...],
        fixed: _Record,
        variable: tuple[_Variable, ...],
        fd_names: tuple[str, ...],
    ) -> None:
        self.make = make
        self.opcode = opcode
        self.has_object = has_object
        self.fixed_names = fixed_names
        self.fixed = fixed
        self.variable = variable
        self.fd_names = fd_names

    def encode(self, about: int, serial: int, values: dict[str, Any]) -> tuple[bytes, list[int]]:
        fixed = [values[name] for name in self.fixed_names]
        fds = [values[name] for name in self.fd_names]
        body = self.fixed.pack(fixed)
        body += b"".join(one.encode(values[one.name]) for one in self.variable)
        size = HEADER_BYTES + len(body)
        if size > _MESSAGE_BYTES_MAX:
            raise ProtocolError("message: must be at most 65536 bytes")
        if any(fd < 0 for fd in fds):
            raise ProtocolError(f"{self.fixed.name}: must have valid file descriptors")
        try:
            header = _HEADER.pack(size, self.opcode, len(fds), 0, about, serial)
        except struct.error as why:
            raise ProtocolError(f"{self.fixed.name}: {why}") from why
        return header + body, fds

    def decode(self, header: Header, message: bytes, fds: Sequence[int]) -> Message:
        if header.nfds != len(self.fd_names):
            raise ProtocolError("header.nfds: must be the number that the message has", 6)
        if header.object and not self.has_object:
            raise ProtocolError("header.object: must be 0, the message is about no object", 8)
        at = HEADER_BYTES + self.fixed.layout.size
        if len(message) < at:
            raise ProtocolError("message: must not end before its last field", len(message))
        values: dict[str, Any] = {"serial": header.serial}
        if self.has_object:
            values["object"] = header.object
        values.update(zip(self.fixed_names, self.fixed.unpack(message, HEADER_BYTES)))
        for one in self.variable:
            values[one.name], at = one.decode(message, at)
        if at != len(message):
            raise ProtocolError("message: must end after its last field", at)
        values.update(zip(self.fd_names, fds))
        return self.make(**values)


class Message:
    """What all messages have: their name and opcode, and a way into bytes."""

    __slots__ = ()
    NAME: ClassVar[str]
    OPCODE: ClassVar[int]

    def encode(self) -> tuple[bytes, list[int]]:
        """The message's bytes, and the file descriptors that travel with it."""
        layout = _LAYOUTS[self.OPCODE]
        names = (*layout.fixed_names, *(one.name for one in layout.variable), *layout.fd_names)
        values = {name: getattr(self, name) for name in names}
        return layout.encode(getattr(self, "object", 0), getattr(self, "serial"), values)


def decode(message: bytes, fds: Sequence[int] = ()) -> Message:
    """One whole message and its file descriptors, which it keeps but never closes."""
    header = decode_header(message)
    if header.size != len(message):
        raise ProtocolError("header.size: must be the length of the message")
    if header.nfds != len(fds):
        raise ProtocolError("header.nfds: must be the number of fds that came", 6)
    layout = _LAYOUTS.get(header.opcode)
    if layout is None:
        raise UnknownMessage(f"header.opcode: {header.opcode:#x} is not known", 4)
    return layout.decode(header, message, fds)


def _tuple(*values: Any) -> tuple[Any, ...]:
    return values


def _unpack_stream(
    data: bytes, unit: int, records: dict[int, _Record], rule: str
) -> Iterator[Any]:
    at = 0
    if len(data) % unit:
        raise ProtocolError(rule, len(data) - len(data) % unit)
    while at < len(data):
        record = records.get(data[at])
        if record is None or record.layout.size > len(data) - at:
            raise ProtocolError(rule, at)
        yield record.unpack(data, at)
        at += record.layout.size


_LAYOUTS: dict[int, _Layout] = {}


class Mood(enum.IntEnum):
    """How one feels."""

    CALM = 0  # Not at all excited.
    GLAD = 7  # A "good" mood. (Not yet implemented.)
    WILD = 200  # Above 63, so beyond the quick test.


class Trait(enum.IntFlag):
    """What one is."""

    TALL = 1  # Over two metres.
    BOLD = 32768  # Unafraid.


_KNOWN_MOOD = frozenset(int(value) for value in Mood)


class Box(NamedTuple):
    """Four numbers."""

    x: int  # Left edge.
    y: int  # Top edge.
    scale: int  # Size.
    mood: Mood  # How the box feels.


_BOX = _Record(
    "box",
    "iiiB3x",
    Box,
    (None, None, None, Mood),
    (
        _Check(4, 4, 1, "box.y: must be -100 to 100", lambda value: -100 <= value <= 100),
        _Check(
            8, 4, 2,
            "box.scale: must be at least 0.5",
            lambda value: 32768 <= value <= 2147483647,
        ),
        _Check(12, 1, 3, "box.mood: must be a known mood", _KNOWN_MOOD.__contains__),
        _Check(13, 3, -1, "box.pad0: reserved bytes must be zero", None),
    ),
)


class StepWait(NamedTuple):
    """Waits."""

    ticks: int  # How long.


_STEP_WAIT = _Record(
    "step_wait",
    "B3xI",
    StepWait,
    (None,),
    (
        _Check(1, 3, -1, "step_wait.pad0: reserved bytes must be zero", None),
        _Check(
            4, 4, 1,
            "step_wait.ticks: must be at least 1",
            lambda value: 1 <= value <= 4294967295,
        ),
    ),
    tag=1,
)


def pack_wait(ticks: int) -> bytes:
    """Waits."""
    return _STEP_WAIT.pack((ticks,))


class StepPut(NamedTuple):
    """Puts a box."""

    traits: Trait  # What it is.
    box: Box  # The box.


_STEP_PUT = _Record(
    "step_put",
    "B1xHiiiB3x4x",
    StepPut,
    (Trait, _BOX),
    (
        _Check(1, 1, -1, "step_put.pad0: reserved bytes must be zero", None),
        _Check(
            2, 2, 1,
            "step_put.traits: must have only known bits of trait",
            lambda value: not value & ~0x8001,
        ),
        _Check(8, 4, 3, "box.y: must be -100 to 100", lambda value: -100 <= value <= 100),
        _Check(
            12, 4, 4,
            "box.scale: must be at least 0.5",
            lambda value: 32768 <= value <= 2147483647,
        ),
        _Check(16, 1, 5, "box.mood: must be a known mood", _KNOWN_MOOD.__contains__),
        _Check(17, 3, -1, "box.pad0: reserved bytes must be zero", None),
        _Check(20, 4, -1, "step_put.pad1: reserved bytes must be zero", None),
    ),
    tag=9,
)


def pack_put(traits: int, box: Box) -> bytes:
    """Puts a box."""
    return _STEP_PUT.pack((traits, box))


Step = Union[StepWait, StepPut]
_STEP_RECORDS = {
    1: _STEP_WAIT,
    9: _STEP_PUT,
}


def unpack_step(data: bytes) -> Iterator[Step]:
    """The records of a stream, each checked when it is reached."""
    return _unpack_stream(
        data, 8, _STEP_RECORDS, "step.kind: must be a known step, whole within the stream"
    )


@dataclass(slots=True)
class ReqGreet(Message):
    """Says hello.

    Answered by `greeted`.
    """

    NAME: ClassVar[str] = "greet"
    OPCODE: ClassVar[int] = 0x1

    serial: int
    version: int  # Version.
    mood: Mood  # Mood.
    traits: Trait  # Traits.
    name: str  # Who it is.


_LAYOUTS[0x1] = _Layout(
    ReqGreet,
    0x1,
    False,
    ("version", "mood", "traits"),
    _Record(
        "greet",
        "IB1xH",
        _tuple,
        (None, Mood, Trait),
        (
            _Check(0, 4, 0, "greet.version: must be 1 to 2", lambda value: 1 <= value <= 2),
            _Check(4, 1, 1, "greet.mood: must be a known mood", _KNOWN_MOOD.__contains__),
            _Check(5, 1, -1, "greet.pad0: reserved bytes must be zero", None),
            _Check(
                6, 2, 2,
                "greet.traits: must have only known bits of trait",
                lambda value: not value & ~0x8001,
            ),
        ),
    ),
    (_Text("name", "greet.name: must be clean UTF-8, at most 20 bytes, padded with zeros", 20),),
    (),
)


def encode_greet(
    *,
    version: int,
    mood: int,
    traits: int,
    name: str,
    serial: int = 0,
) -> tuple[bytes, list[int]]:
    """Says hello.

    Answered by `greeted`.
    """
    return _LAYOUTS[0x1].encode(
        0,
        serial,
        dict(version=version, mood=mood, traits=traits, name=name),
    )


@dataclass(slots=True)
class ReqDraw(Message):
    """Draws boxes.

    A second paragraph, about fds.

    Needs the permission `art`. Not yet implemented.
    """

    NAME: ClassVar[str] = "draw"
    OPCODE: ClassVar[int] = 0x20

    object: int
    serial: int
    time_ns: int  # When.
    first: Box  # The first box.
    boxes: list[Box]  # More boxes.
    weights: tuple[int, ...]  # One number each.
    steps: bytes  # Things to do.
    pixels: int  # A memfd.
    fence: int  # A fence.


_LAYOUTS[0x20] = _Layout(
    ReqDraw,
    0x20,
    True,
    ("time_ns", "first"),
    _Record(
        "draw",
        "QiiiB3x",
        _tuple,
        (None, _BOX),
        (
            _Check(
                0, 8, 0,
                "draw.time_ns: must be at most 1000000000000",
                lambda value: 0 <= value <= 1000000000000,
            ),
            _Check(12, 4, 2, "box.y: must be -100 to 100", lambda value: -100 <= value <= 100),
            _Check(
                16, 4, 3,
                "box.scale: must be at least 0.5",
                lambda value: 32768 <= value <= 2147483647,
            ),
            _Check(20, 1, 4, "box.mood: must be a known mood", _KNOWN_MOOD.__contains__),
            _Check(21, 3, -1, "box.pad0: reserved bytes must be zero", None),
        ),
    ),
    (
        _Records("boxes", "draw.boxes: must be at most 4 items, padded with zeros", 4, _BOX),
        _Scalars("weights", "draw.weights: must be at most 100 items, padded with zeros", 100, "h"),
        _Stream("steps", "draw.steps: must be at most 64 units of 8 bytes, all there", 64, 8),
    ),
    ("pixels", "fence"),
)


def encode_draw(
    *,
    object: int,
    time_ns: int,
    first: Box,
    boxes: Sequence[Box],
    weights: Sequence[int],
    steps: bytes,
    pixels: int,
    fence: int,
    serial: int = 0,
) -> tuple[bytes, list[int]]:
    """Draws boxes.

    A second paragraph, about fds.

    Needs the permission `art`. Not yet implemented.
    """
    return _LAYOUTS[0x20].encode(
        object,
        serial,
        dict(
            time_ns=time_ns,
            first=first,
            boxes=boxes,
            weights=weights,
            steps=steps,
            pixels=pixels,
            fence=fence,
        ),
    )


@dataclass(slots=True)
class EvtGreeted(Message):
    """Says hello back."""

    NAME: ClassVar[str] = "greeted"
    OPCODE: ClassVar[int] = 0x8001

    object: int
    serial: int
    token: int  # A number.
    picture: bytes  # Bytes.


_LAYOUTS[0x8001] = _Layout(
    EvtGreeted,
    0x8001,
    True,
    ("token",),
    _Record("greeted", "q", _tuple, (None,)),
    (_Bytes("picture", "greeted.picture: must be at most 64 items, padded with zeros", 64),),
    (),
)


def encode_greeted(
    *,
    object: int,
    token: int,
    picture: bytes,
    serial: int = 0,
) -> tuple[bytes, list[int]]:
    """Says hello back."""
    return _LAYOUTS[0x8001].encode(object, serial, dict(token=token, picture=picture))
