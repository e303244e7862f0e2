"""Reads the XML with line numbers, checks every rule of the grammar, and builds the model."""

from __future__ import annotations

import keyword
import re
import textwrap
import xml.parsers.expat
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NoReturn

from .model import (
    HEADER_BYTES,
    MESSAGE_BYTES_MAX,
    MESSAGE_FDS_MAX,
    OBJECT_KINDS,
    SCALARS,
    VARIABLE_TYPES,
    BadDescription,
    Chapter,
    Const,
    Enum,
    Field,
    Message,
    Protocol,
    Struct,
    Union,
    Value,
)

C_KEYWORDS = set(
    "auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while bool true false errno linux unix".split()
)
# Names of types that proto/wire.h has taken.
WIRE_TYPES = set("header stream writer object_kind message_info messages opcode fixed".split())
MESSAGE_ATTRIBUTES = {"implemented": "yes", "permission": None, "reply": None}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list["Node"] = field(default_factory=list)


def parse(path: str) -> Node:
    parser = xml.parsers.expat.ParserCreate()
    top = Node("", {}, 0)
    stack = [top]

    def start(tag: str, attributes: dict[str, str]) -> None:
        node = Node(tag, attributes, parser.CurrentLineNumber)
        stack[-1].children.append(node)
        stack.append(node)

    def text(data: str) -> None:
        stack[-1].text += data

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: stack.pop()
    parser.CharacterDataHandler = text
    try:
        with open(path, "rb") as file:
            parser.ParseFile(file)
    except xml.parsers.expat.ExpatError as why:
        text_of = xml.parsers.expat.ErrorString(why.code)
        raise BadDescription(f"{path}:{why.lineno}: not well-formed XML: {text_of}") from why
    except OSError as why:
        raise BadDescription(f"{path}:1: cannot be read: {why.strerror}") from why
    return top.children[0]


def prose(text: str) -> str:
    """Markdown as written, less the indentation of the XML around it."""
    first, _, rest = text.partition("\n")
    return (first.strip() + "\n" + textwrap.dedent(rest)).strip()


def one_line(text: str) -> str:
    return " ".join(text.split())


class Reader:
    def __init__(self, path: str) -> None:
        self.path = path
        self.protocol = Protocol("", 0)
        self.types: dict[str, Enum | Struct | Union] = {}
        self.c_names: dict[str, int] = {}
        self.replies: list[tuple[Node, str]] = []
        self.permissions: list[tuple[Node, str]] = []

    # Refusals and attributes

    def refuse(self, node: Node, why: str) -> NoReturn:
        raise BadDescription(f"{self.path}:{node.line}: {why}")

    def attributes(
        self, node: Node, needed: str, optional: dict[str, str | None] | None = None
    ) -> dict[str, str | None]:
        """The element's attributes, defaults filled in; unknown and missing ones are refused."""
        values: dict[str, str | None] = dict(optional or {})
        for name in node.attributes:
            if name not in needed.split() and name not in values:
                self.refuse(node, f"<{node.tag}> has no attribute '{name}'")
        for name in needed.split():
            if name not in node.attributes:
                self.refuse(node, f"<{node.tag}> needs the attribute '{name}'")
        values.update(node.attributes)
        return values

    def number(self, node: Node, name: str, fraction_of: int = 1) -> int:
        text = node.attributes[name]
        for const in self.protocol.consts:
            if const.name == text:
                return const.value * fraction_of
        try:
            if fraction_of != 1:
                scaled = Fraction(text) * fraction_of
                if scaled.denominator != 1:
                    self.refuse(node, f"{name}=\"{text}\" is not a multiple of 1/{fraction_of}")
                return int(scaled)
            return int(text, 0)
        except ValueError:
            self.refuse(node, f"{name}=\"{text}\" is neither a number nor a constant above")

    def optional_number(self, node: Node, name: str, fraction_of: int = 1) -> int | None:
        return self.number(node, name, fraction_of) if name in node.attributes else None

    def name(self, node: Node) -> str:
        if "name" not in node.attributes:
            self.refuse(node, f"<{node.tag}> needs the attribute 'name'")
        name = node.attributes["name"]
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            self.refuse(node, f"name '{name}' is not of the form [a-z][a-z0-9_]*")
        if name in C_KEYWORDS or keyword.iskeyword(name):
            self.refuse(node, f"name '{name}' is a keyword of C or Python")
        return name

    def since(self, node: Node) -> int:
        since = self.number(node, "since") if "since" in node.attributes else 1
        if not 1 <= since <= self.protocol.version:
            version = self.protocol.version
            self.refuse(node, f"since=\"{since}\" is not within the versions 1 to {version}")
        return since

    def implemented(self, node: Node) -> bool:
        text = node.attributes.get("implemented", "yes")
        if text not in ("yes", "no"):
            self.refuse(node, f"implemented=\"{text}\" is neither yes nor no")
        return text == "yes"

    def declare(self, node: Node, c_name: str) -> None:
        """Every C name is declared once, whatever element it comes from."""
        if c_name in self.c_names:
            line = self.c_names[c_name]
            self.refuse(node, f"the name {c_name} is a duplicate of line {line}")
        self.c_names[c_name] = node.line

    def declare_type(self, node: Node, name: str) -> None:
        if name in WIRE_TYPES or name.startswith(("req_", "evt_", "wire_")):
            self.refuse(node, f"the name '{name}' is taken by the codec itself")
        self.declare(node, f"kb_{name}")

    # Documentation

    def doc(self, node: Node) -> str:
        """The text of the <doc> child; stray text beside it is refused."""
        docs = [child for child in node.children if child.tag == "doc"]
        if node.text.strip():
            self.refuse(node, f"text of <{node.tag}> belongs into its <doc>")
        if len(docs) != 1 or not docs[0].text.strip():
            self.refuse(node, f"<{node.tag}> '{node.attributes.get('name', '')}' needs one <doc>")
        self.attributes(docs[0], "")
        self.leaf(docs[0])
        return prose(docs[0].text)

    def leaf(self, node: Node) -> None:
        for child in node.children:
            self.refuse(child, f"<{node.tag}> may not contain <{child.tag}>")

    def leaf_doc(self, node: Node) -> str:
        self.leaf(node)
        if not node.text.strip():
            self.refuse(node, f"<{node.tag}> '{node.attributes.get('name', '')}' has no text")
        return one_line(node.text)

    def parts(self, node: Node, *tags: str) -> list[Node]:
        for child in node.children:
            if child.tag not in tags and child.tag != "doc":
                self.refuse(child, f"<{node.tag}> may not contain <{child.tag}>")
        return [child for child in node.children if child.tag != "doc"]

    # Elements

    def read(self) -> Protocol:
        root = parse(self.path)
        if root.tag != "protocol":
            self.refuse(root, f"the outermost element must be <protocol>, not <{root.tag}>")
        self.attributes(root, "name version")
        self.protocol.name = self.name(root)
        self.protocol.version = self.number(root, "version")
        for name in ("PROTO_VERSION", *(f"OBJECT_{kind.upper()}" for kind in OBJECT_KINDS)):
            self.declare(root, f"KB_{name}")
        readers = {
            "doc": self.read_chapter,
            "const": self.read_const,
            "enum": self.read_enum,
            "flags": self.read_enum,
            "struct": self.read_struct,
            "union": self.read_union,
            "request": self.read_message,
            "event": self.read_message,
        }
        if root.text.strip():
            self.refuse(root, "text of <protocol> belongs into a <doc>")
        for node in root.children:
            if node.tag not in readers:
                self.refuse(node, f"<protocol> may not contain <{node.tag}>")
            readers[node.tag](node)
        self.check_references()
        return self.protocol

    def check_references(self) -> None:
        events = {message.name for message in self.protocol.events}
        for node, reply in self.replies:
            if reply not in events:
                self.refuse(node, f"reply=\"{reply}\" is not an event")
        permissions = self.types.get("permission")
        for node, permission in self.permissions:
            if isinstance(permissions, Enum):
                if permission not in {value.name for value in permissions.values}:
                    self.refuse(node, f"permission=\"{permission}\" is not a permission")

    def read_chapter(self, node: Node) -> None:
        self.attributes(node, "title")
        self.leaf(node)
        if not node.text.strip():
            self.refuse(node, "<doc> has no text")
        self.protocol.chapters.append(Chapter(node.attributes["title"], prose(node.text)))

    def read_const(self, node: Node) -> None:
        name = self.name(node)
        self.attributes(node, "name value")
        self.declare(node, f"KB_{name.upper()}")
        value = self.number(node, "value")
        if not 0 <= value < 1 << 32:
            self.refuse(node, f"constant {name} is not within 0 to 4294967295")
        self.protocol.consts.append(Const(name, value, self.leaf_doc(node)))

    def read_enum(self, node: Node) -> None:
        name = self.name(node)
        self.attributes(node, "name type", {"since": None})
        scalar = node.attributes["type"]
        if scalar not in ("u8", "u16", "u32"):
            self.refuse(node, f"type=\"{scalar}\": an enum or flags is u8, u16 or u32")
        self.declare_type(node, name)
        is_flags = node.tag == "flags"
        enum = Enum(name, scalar, is_flags, self.doc(node), self.since(node))
        for child in self.parts(node, "bit" if is_flags else "value"):
            self.read_value(child, enum)
        if not enum.values:
            self.refuse(node, f"<{node.tag}> '{name}' has no values")
        if is_flags:
            self.declare(node, f"KB_{name.upper()}_ALL")
        self.types[name] = enum
        self.protocol.enums.append(enum)

    def read_value(self, node: Node, enum: Enum) -> None:
        name = self.name(node)
        self.attributes(node, "name value", {"since": None, "implemented": "yes"})
        number = self.number(node, "value")
        bits = 8 * enum.bytes
        if not 0 <= number < 1 << bits:
            self.refuse(node, f"value {number} does not fit {enum.scalar}")
        if number > 0x7FFFFFFF:
            self.refuse(node, f"value {number} does not fit an int, as C enums must")
        if enum.is_flags and (number == 0 or number & (number - 1)):
            self.refuse(node, f"value {number} is not one bit")
        for other in enum.values:
            if other.number == number:
                self.refuse(node, f"value {number} is a duplicate of '{other.name}'")
        self.declare(node, f"KB_{enum.name.upper()}_{name.upper()}")
        doc = self.leaf_doc(node)
        enum.values.append(Value(name, number, self.since(node), self.implemented(node), doc))

    def read_struct(self, node: Node) -> None:
        name = self.name(node)
        self.attributes(node, "name size", {"since": None, "implemented": "yes"})
        struct = self.struct_body(node, name)
        self.types[name] = struct
        self.protocol.structs.append(struct)

    def struct_body(self, node: Node, full_name: str) -> Struct:
        self.declare_type(node, full_name)
        struct = Struct(full_name, self.number(node, "size"), self.doc(node), self.since(node))
        struct.implemented = self.implemented(node)
        struct.fields = self.read_fields(node, record=True)
        if not struct.fields:
            self.refuse(node, f"<struct> '{full_name}' has no fields")
        struct.align = max(one.align for one in struct.fields)
        end = self.lay_out(node, struct.fields, 0)
        if end < struct.size:
            missing = struct.size - end
            self.refuse(
                node,
                f"{full_name} is {end} bytes, not size=\"{struct.size}\": "
                f"add <pad bytes=\"{missing}\"/> at its end",
            )
        if end > struct.size:
            self.refuse(node, f"{full_name} is {end} bytes, not size=\"{struct.size}\"")
        if end % struct.align:
            missing = -end % struct.align
            self.refuse(
                node,
                f"{full_name} is {end} bytes, not a multiple of its alignment {struct.align}: "
                f"add <pad bytes=\"{missing}\"/> at its end",
            )
        return struct

    def read_union(self, node: Node) -> None:
        name = self.name(node)
        self.attributes(node, "name unit tag", {"since": None})
        self.declare_type(node, name)
        unit = self.number(node, "unit")
        if unit <= 0 or unit % 8:
            self.refuse(node, f"unit=\"{unit}\" is not a multiple of 8")
        union = Union(name, unit, node.attributes["tag"], self.doc(node), self.since(node))
        for child in self.parts(node, "struct"):
            self.read_member(child, union)
        if not union.members:
            self.refuse(node, f"<union> '{name}' has no members")
        self.types[name] = union
        self.protocol.unions.append(union)

    def read_member(self, node: Node, union: Union) -> None:
        name = self.name(node)
        self.attributes(node, "name tag size", {"since": None, "implemented": "yes"})
        if name == union.tag:
            self.refuse(node, f"a member of '{union.name}' may not be named like its tag field")
        tag = self.number(node, "tag")
        if not 0 <= tag <= 255:
            self.refuse(node, f"tag=\"{tag}\" does not fit u8")
        for other in union.members:
            if other.tag == tag:
                self.refuse(node, f"tag=\"{tag}\" is a duplicate of '{other.name}'")
        struct = self.struct_body(node, f"{union.name}_{name}")
        first = struct.fields[0]
        if first.name != union.tag or first.type != "u8" or first.has_range:
            self.refuse(node, f"the first field of '{name}' must be the tag '{union.tag}', a u8")
        if struct.size % union.unit:
            self.refuse(node, f"size=\"{struct.size}\" is not a multiple of unit=\"{union.unit}\"")
        self.declare(node, f"KB_{union.name.upper()}_{name.upper()}")
        self.declare(node, f"pack_{name}()")
        struct.name, struct.tag = name, tag
        union.members.append(struct)

    def read_message(self, node: Node) -> None:
        name = self.name(node)
        values = self.attributes(node, "name opcode object since", MESSAGE_ATTRIBUTES)
        self.declare(node, f"encode_{name}()")
        self.declare(node, f"KB_{'REQ' if node.tag == 'request' else 'EVT'}_{name.upper()}")
        opcode = self.number(node, "opcode")
        is_request = node.tag == "request"
        if is_request and not 1 <= opcode < 0x8000:
            self.refuse(node, f"opcode {opcode:#x} of a request is not within 0x1 to 0x7fff")
        if not is_request and not 0x8000 <= opcode <= 0xFFFF:
            self.refuse(node, f"opcode {opcode:#x} of an event is not within 0x8000 to 0xffff")
        for other in self.protocol.messages:
            if other.opcode == opcode:
                self.refuse(node, f"opcode {opcode:#x} is a duplicate of '{other.name}'")
        if values["object"] not in OBJECT_KINDS:
            kinds = ", ".join(OBJECT_KINDS)
            self.refuse(node, f"object=\"{values['object']}\" is not one of {kinds}")
        for attribute, later in (("reply", self.replies), ("permission", self.permissions)):
            text = values[attribute]
            if text is not None:
                if not is_request:
                    self.refuse(node, f"an event has no {attribute}")
                later.append((node, text))
        message = Message(
            kind=node.tag,
            name=name,
            opcode=opcode,
            object=str(values["object"]),
            since=self.since(node),
            implemented=self.implemented(node),
            permission=values["permission"],
            reply=values["reply"],
            doc=self.doc(node),
            fields=self.read_fields(node, record=False),
        )
        self.finish_message(node, message)
        self.protocol.messages.append(message)

    def finish_message(self, node: Node, message: Message) -> None:
        message.fixed_end = self.lay_out(node, message.fields, HEADER_BYTES)
        if message.fixed_end % 8:
            missing = -message.fixed_end % 8
            last = message.fixed[-1]
            self.refuse(
                Node("", {}, last.line),
                f"the fixed part of {message.name} ends at byte {message.fixed_end}, not a "
                f"multiple of 8: add <pad bytes=\"{missing}\"/> after '{last.name}'",
            )
        if message.min_bytes > MESSAGE_BYTES_MAX:
            self.refuse(node, f"{message.name} is over {MESSAGE_BYTES_MAX} bytes when empty")
        if len(message.fds) > MESSAGE_FDS_MAX:
            self.refuse(node, f"{message.name} has over {MESSAGE_FDS_MAX} file descriptors")

    # Fields

    def lay_out(self, node: Node, fields: list[Field], start: int) -> int:
        """Sets the offsets of the fixed fields and returns where they end."""
        offset = start
        variable: Field | None = None
        for one in fields:
            here = Node("", {}, one.line)
            if one.is_variable:
                variable = one
            if not one.is_fixed:
                continue
            if variable:
                self.refuse(here, f"'{one.name}' is fixed: it must come before '{variable.name}'")
            if offset % one.align:
                missing = -offset % one.align
                self.refuse(
                    here,
                    f"'{one.name}' at byte {offset} is not aligned to {one.align}: "
                    f"add <pad bytes=\"{missing}\"/> before it",
                )
            one.offset = offset
            offset += one.bytes
        return offset

    def read_fields(self, node: Node, record: bool) -> list[Field]:
        fields: list[Field] = []
        pads = 0
        taken = set() if record else {"object", "serial"}
        for child in self.parts(node, "field", "pad"):
            if child.tag == "pad":
                fields.append(self.read_pad(child, f"pad{pads}"))
                pads += 1
            else:
                fields.append(self.read_field(child, record))
            for name in self.member_names(fields[-1]):
                if name in taken:
                    self.refuse(child, f"field '{name}' is a duplicate, or taken by the header")
                taken.add(name)
        return fields

    @staticmethod
    def member_names(one: Field) -> list[str]:
        suffix = {"string": "_bytes", "array": "_count", "stream": "_units"}.get(one.type)
        return [one.name] + ([one.name + suffix] if suffix else [])

    def read_pad(self, node: Node, name: str) -> Field:
        self.attributes(node, "bytes")
        self.leaf(node)
        size = self.number(node, "bytes")
        if size <= 0:
            self.refuse(node, f"a pad of {size} bytes")
        return Field(name, "pad", one_line(node.text), node.line, bytes=size)

    def read_field(self, node: Node, record: bool) -> Field:
        name = self.name(node)
        kind = node.attributes.get("type", "")
        if record and name in ("count", "index"):
            self.refuse(node, f"'{name}' in a <struct> is taken by Python's tuples")
        one = Field(name, kind, self.leaf_doc(node), node.line)
        if kind in SCALARS:
            self.attributes(node, "name type", {"min": None, "max": None})
            self.read_range(node, one)
        elif kind in ("enum", "flags", "struct"):
            self.attributes(node, "name type of")
            self.read_fixed_type(node, one)
        elif kind in VARIABLE_TYPES or kind == "fd":
            if record:
                self.refuse(node, f"'{name}': a <struct> may not have a field of type {kind}")
            self.read_variable_type(node, one)
        else:
            self.refuse(node, f"'{name}' has the unknown type \"{kind}\"")
        return one

    def read_range(self, node: Node, one: Field) -> None:
        one.bytes = one.align = SCALARS[one.type][0]
        low, high = one.range
        scale = 65536 if one.type == "fixed" else 1
        one.min = self.optional_number(node, "min", scale)
        one.max = self.optional_number(node, "max", scale)
        if one.has_range and one.type == "u64" and one.range[1] > (1 << 63) - 1:
            self.refuse(node, f"'{one.name}': a u64 with a range needs a max below 2^63")
        bounds = one.range
        if not low <= bounds[0] <= bounds[1] <= high:
            self.refuse(node, f"'{one.name}': no {one.type} is within {bounds[0]} to {bounds[1]}")

    def read_fixed_type(self, node: Node, one: Field) -> None:
        of = self.types.get(node.attributes["of"])
        fits = {
            "enum": isinstance(of, Enum) and not of.is_flags,
            "flags": isinstance(of, Enum) and of.is_flags,
            "struct": isinstance(of, Struct),
        }
        if not fits[one.type]:
            text = node.attributes["of"]
            self.refuse(node, f"'{one.name}': no {one.type} '{text}' is defined above")
        one.of = of
        if isinstance(of, Enum):
            one.bytes = one.align = of.bytes
        elif isinstance(of, Struct):
            one.bytes, one.align = of.size, of.align

    def read_variable_type(self, node: Node, one: Field) -> None:
        if one.type == "fd":
            self.attributes(node, "name type")
            return
        self.attributes(node, "name type max" + ("" if one.type == "string" else " of"))
        one.max = self.number(node, "max")
        if not 1 <= one.max < 1 << 32:
            self.refuse(node, f"'{one.name}': max=\"{one.max}\" is not within 1 to 4294967295")
        one.bytes = 1
        if one.type == "string":
            return
        text = node.attributes["of"]
        of = self.types.get(text)
        if one.type == "stream":
            if not isinstance(of, Union):
                self.refuse(node, f"'{one.name}': no union '{text}' is defined above")
            one.of, one.bytes = of, of.unit
        elif isinstance(of, Struct):
            one.of, one.bytes = of, of.size
        elif text in SCALARS:
            one.of, one.bytes = text, SCALARS[text][0]
        else:
            self.refuse(node, f"'{one.name}': '{text}' is neither a scalar nor a struct above")


def read(path: str) -> Protocol:
    return Reader(path).read()
