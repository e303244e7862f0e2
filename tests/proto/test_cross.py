"""The Python module and the C codec say the same about every message, good and bad.

Messages with random valid fields come out of the description's model; Python encodes them, C
decodes, shows and encodes them again. Then bytes are changed, and both must accept the same ones
and refuse the others at the same byte with the same sentence.
"""

from __future__ import annotations

import importlib.util
import random
import struct
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator

import pytest
from conftest import HERE, ROOT, generate_all
from gen import reader
from gen.emit_python import camel, class_name
from gen.model import Enum, Field, Message, Struct, Union

ROUNDS = 6
CHANGES = 40
TEXTS = ("", "game", 'say "hi"\\', "tab\tline\n", "\u20ac \U0001f3ae", "\x7f\x9b")
FLAGS = "-std=c11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined"
# The sample has what the real one has not, negative ranges for example.
XMLS = {"kmsblit": ROOT / "proto" / "kmsblit.xml", "sample": HERE / "sample.xml"}
PROTOCOLS = {name: reader.read(str(path)) for name, path in XMLS.items()}
MESSAGES = [(name, one) for name, protocol in PROTOCOLS.items() for one in protocol.messages]


class Codecs:
    """Both codecs of one description: the Python module, and codec_echo.c around the C one."""

    def __init__(self, name: str, folder: Path) -> None:
        self.protocol = PROTOCOLS[name]
        built = generate_all(XMLS[name], folder / "gen", name)
        spec = importlib.util.spec_from_file_location(f"generated_{name}", built["python"])
        assert spec and spec.loader
        self.module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = self.module  # dataclasses look there
        spec.loader.exec_module(self.module)
        self.echo = folder / "codec_echo"
        sources = [HERE / "codec_echo.c", built["c_source"], *sorted((ROOT / "proto").glob("*.c"))]
        header = f'-DPROTO_HEADER="gen/{name}_proto.h"'
        command = ["gcc", *FLAGS.split(), header, "-I", str(ROOT), "-I", str(folder)]
        command += ["-o", str(self.echo), *map(str, sources)]
        subprocess.run(command, check=True)

    def ask(self, messages: list[tuple[bytes, int]]) -> list[str]:
        """What the C codec says of each message and its number of fds."""
        data = b"".join(struct.pack("<II", len(one), fds) + one for one, fds in messages)
        done = subprocess.run([str(self.echo)], input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        lines = done.stdout.decode().split("\n")[:-1]
        assert len(lines) == len(messages)
        return lines


@pytest.fixture(scope="module")
def codecs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Codecs]:
    return {name: Codecs(name, tmp_path_factory.mktemp(name)) for name in XMLS}


# Random values


def integer(dice: random.Random, one: Field) -> int:
    low, high = one.range
    near = [value for value in (low, high, 0, 1, -1) if low <= value <= high]
    return dice.choice([*near, dice.randint(low, high)])


def fixed_value(module: ModuleType, dice: random.Random, one: Field) -> Any:
    if isinstance(one.of, Enum):
        if one.of.is_flags:
            return getattr(module, camel(one.of.name))(dice.getrandbits(32) & one.of.mask)
        return getattr(module, camel(one.of.name))(dice.choice(one.of.values).number)
    if one.struct:
        return record_value(module, dice, one.struct, one.struct.name)
    return integer(dice, one)


def record_value(module: ModuleType, dice: random.Random, of: Struct, name: str) -> Any:
    fields = [one for one in of.fields if not one.is_pad][of.tag is not None :]
    return getattr(module, camel(name))(*(fixed_value(module, dice, one) for one in fields))


def stream_value(module: ModuleType, dice: random.Random, of: Union) -> bytes:
    data = b""
    for _ in range(dice.randint(0, 4)):
        member = dice.choice(of.members)
        record = record_value(module, dice, member, f"{of.name}_{member.name}")
        data += getattr(module, f"pack_{member.name}")(*record)
    return data


def variable_value(module: ModuleType, dice: random.Random, one: Field) -> Any:
    assert one.max is not None
    if one.type == "string":
        texts = [text for text in TEXTS if len(text.encode()) <= one.max]
        return dice.choice([*texts, "x" * one.max])
    if one.type == "stream":
        return stream_value(module, dice, one.union)
    count = dice.randint(0, min(one.max, 7))
    if one.of == "u8":
        return dice.randbytes(count)
    if one.struct:
        return [record_value(module, dice, one.struct, one.struct.name) for _ in range(count)]
    return tuple(integer(dice, Field("item", one.scalar, "", 0)) for _ in range(count))


def sample(module: ModuleType, dice: random.Random, message: Message) -> Any:
    values: dict[str, Any] = {"serial": dice.getrandbits(32)}
    if message.object != "none":
        values["object"] = dice.getrandbits(32)
    for one in message.fields:
        if one.is_fd:
            values[one.name] = 100 + message.fds.index(one)
        elif one.is_variable:
            values[one.name] = variable_value(module, dice, one)
        elif not one.is_pad:
            values[one.name] = fixed_value(module, dice, one)
    return getattr(module, class_name(message))(**values)


# The text that the C codec is to show


def shown_text(text: str) -> str:
    shown = ""
    for character in text:
        if character in '"\\':
            shown += "\\" + character
        elif character < " " or "\x7f" <= character <= "\x9f":
            shown += f"\\x{ord(character):02x}"
        else:
            shown += character
    return f'"{shown}"'


def shown_scalar(one: Field, value: int) -> str:
    if isinstance(one.of, Enum):
        names = [each.name for each in one.of.values if each.number & value]
        if one.of.is_flags:
            return "|".join(names) or "0"
        return next(each.name for each in one.of.values if each.number == value)
    return f"{value / 65536:.5f}" if one.scalar == "fixed" else str(value)


def shown_record(of: Struct, value: Any) -> str:
    fields = [one for one in of.fields if not one.is_pad]
    return "{" + " ".join(f"{one.name}={shown(one, part)}" for one, part in zip(fields, value)) + "}"


def shown(one: Field, value: Any) -> str:
    if one.is_fd:
        return "fd"
    if one.type == "string":
        return shown_text(value)
    if one.type == "stream":
        return f"{len(value) // one.bytes}units"
    if one.type == "array":
        items = [shown_record(one.struct, item) if one.struct else str(item) for item in value]
        return f"{len(items)}[{' '.join(items[:4])}{' ...' if len(items) > 4 else ''}]"
    return shown_record(one.struct, value) if one.struct else shown_scalar(one, value)


def shown_message(message: Message, value: Any) -> str:
    parts = [message.name]
    if message.object != "none":
        parts.append(f"object={value.object}")
    parts.append(f"serial={value.serial}")
    for one in message.fields:
        if not one.is_pad:
            parts.append(f"{one.name}={shown(one, getattr(value, one.name))}")
    return " ".join(parts)


# What Python says, in the form of codec_echo.c


def stream_verdict(module: ModuleType, message: Message, value: Any) -> str:
    for one in message.fields:
        if one.type == "stream":
            unpack = getattr(module, f"unpack_{one.union.name}")
            try:
                list(unpack(getattr(value, one.name)))
            except module.ProtocolError as why:
                return f"{why.offset} {why.what}"
    return "-"


def verdict(both: Codecs, data: bytes, fds: int) -> str:
    module = both.module
    try:
        value = module.decode(data, range(100, 100 + fds))
    except module.UnknownMessage:
        return "unknown"
    except module.ProtocolError as why:
        return f"refused {why.offset} {why.what}"
    message = next(one for one in both.protocol.messages if one.opcode == value.OPCODE)
    again, _ = value.encode()
    text = shown_message(message, value)
    return f"ok {text} / {again.hex()} / {stream_verdict(module, message, value)}"


def changed(dice: random.Random, data: bytes, fds: int) -> Iterator[tuple[bytes, int]]:
    """Bytes set, cut and added; mostly with a header that still agrees with the size."""
    for _ in range(CHANGES):
        bad = bytearray(data)
        kind = dice.randrange(6)
        if kind == 0:
            del bad[dice.randrange(len(bad)) :]
        elif kind == 1:
            bad += bytes(8 * dice.randint(1, 3))
        for _ in range(dice.randint(0 if kind < 2 else 1, 3)):
            at = dice.randrange(16 if dice.random() < 0.8 else 4, len(bad) + 17)
            if at < len(bad):
                bad[at] = dice.choice((0, 1, 2, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        if len(bad) >= 16 and dice.random() < 0.9:
            struct.pack_into("<I", bad, 0, len(bad))
        yield bytes(bad), dice.choice((fds, fds, fds, fds, fds, 0, 1))


@pytest.mark.parametrize("name, message", MESSAGES, ids=[f"{n}-{m.name}" for n, m in MESSAGES])
def test_c_and_python_agree(name: str, message: Message, codecs: dict[str, Codecs]) -> None:
    both = codecs[name]
    dice = random.Random(message.name)
    tries: list[tuple[bytes, int]] = []
    for _ in range(ROUNDS):
        value = sample(both.module, dice, message)
        data, fds = value.encode()
        assert fds == list(range(100, 100 + len(message.fds)))
        assert both.module.decode(data, fds) == value
        line = both.ask([(data, len(fds))])[0]
        assert line == f"ok {shown_message(message, value)} / {data.hex()} / -"
        tries += [(data[:size], len(fds)) for size in range(0, len(data), 8)]
        tries += changed(dice, data, len(fds))
    for (data, count), line in zip(tries, both.ask(tries)):
        assert verdict(both, data, count) == line


def test_python_refuses_to_encode_what_it_would_not_decode(codecs: dict[str, Codecs]) -> None:
    module = codecs["kmsblit"].module
    place = module.Rect(0, 0, 1, 1)
    good = {
        "object": 1, "width": 1, "height": 1, "base_color": 0, "flags": 0, "scale": 0,
        "filter": 0, "z": 0, "output": 0, "place": place, "title": "",
    }  # fmt: skip
    module.encode_window_create(**good)
    bad: list[tuple[str, Any]] = [
        ("object", 1 << 32), ("object", -1), ("width", 0), ("width", 8193), ("flags", 2),
        ("scale", 4), ("z", 1 << 31), ("title", "x" * 257), ("title", "\x1b"), ("title", "\ud800"),
        ("place", (0, 0, -1, 0)), ("place", (0, 0, 0)), ("height", 1.5),
    ]  # fmt: skip
    for name, value in bad:
        with pytest.raises(module.ProtocolError):
            module.encode_window_create(**{**good, name: value})
    with pytest.raises(module.ProtocolError):
        module.pack_fill(blend=13, alpha=255, color=0, where=place)
    with pytest.raises(module.ProtocolError):
        module.encode_frame(object=1, flags=0, commands=bytes(33))
