"""Every mistake in a description is refused at its line, with a message, and without output."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import generate

MESSAGE = '<request name="a" opcode="1" object="none" since="1"><doc>D.</doc>\n%s\n</request>'
STRUCT = '<struct name="a" size="8"><doc>D.</doc>\n%s\n</struct>'
UNION = '<union name="a" unit="8" tag="op"><doc>D.</doc>\n%s\n</union>'
ENUM = '<enum name="e" type="u8"><doc>D.</doc>\n%s\n</enum>'
VALUE = '<value name="one" value="1">D.</value>\n'
U32 = '<field name="%s" type="u32">D.</field>'

# name: (what stands in <protocol>, from line 2 on; the line and the message of the refusal)
CASES: dict[str, tuple[str, int, str]] = {
    "not_xml": ("<doc", 3, "not well-formed XML: not well-formed (invalid token)"),
    "unknown_element": ("<fish/>", 2, "<protocol> may not contain <fish>"),
    "unknown_attribute": (
        '<const name="a" value="1" unit="px">D.</const>',
        2,
        "<const> has no attribute 'unit'",
    ),
    "missing_attribute": ('<const name="a">D.</const>', 2, "<const> needs the attribute 'value'"),
    "bad_name": (
        '<const name="Big" value="1">D.</const>',
        2,
        "name 'Big' is not of the form [a-z][a-z0-9_]*",
    ),
    "keyword": (MESSAGE % (U32 % "register"), 3, "name 'register' is a keyword of C or Python"),
    "not_a_number": (
        '<const name="a" value="many">D.</const>',
        2,
        'value="many" is neither a number nor a constant above',
    ),
    "const_without_doc": ('<const name="a" value="1"/>', 2, "<const> 'a' has no text"),
    "duplicate_const": (
        '<const name="a" value="1">D.</const>\n<const name="a" value="2">D.</const>',
        3,
        "the name KB_A is a duplicate of line 2",
    ),
    "constant_like_enum_value": (
        '<const name="e_one" value="1">D.</const>\n' + ENUM % VALUE,
        4,
        "the name KB_E_ONE is a duplicate of line 2",
    ),
    "name_of_the_codec": (
        ENUM.replace('"e"', '"header"') % VALUE,
        2,
        "the name 'header' is taken by the codec itself",
    ),
    "enum_without_doc": (
        '<enum name="e" type="u8"><value name="one" value="1">D.</value></enum>',
        2,
        "<enum> 'e' needs one <doc>",
    ),
    "enum_type": (
        '<enum name="e" type="i8"><doc>D.</doc></enum>',
        2,
        'type="i8": an enum or flags is u8, u16 or u32',
    ),
    "enum_without_values": (ENUM % "", 2, "<enum> 'e' has no values"),
    "value_too_big": (
        ENUM % '<value name="big" value="256">D.</value>',
        3,
        "value 256 does not fit u8",
    ),
    "duplicate_value": (
        ENUM % (VALUE + '<value name="two" value="1">D.</value>'),
        4,
        "value 1 is a duplicate of 'one'",
    ),
    "two_bits": (
        '<flags name="f" type="u8"><doc>D.</doc>\n<bit name="b" value="3">D.</bit>\n</flags>',
        3,
        "value 3 is not one bit",
    ),
    "since_the_future": (
        ENUM % '<value name="one" value="1" since="2">D.</value>',
        3,
        'since="2" is not within the versions 1 to 1',
    ),
    "implemented": (
        ENUM % '<value name="one" value="1" implemented="perhaps">D.</value>',
        3,
        'implemented="perhaps" is neither yes nor no',
    ),
    "struct_too_short": (
        STRUCT % (U32 % "x"),
        2,
        'a is 4 bytes, not size="8": add <pad bytes="4"/> at its end',
    ),
    "struct_too_long": (
        STRUCT % '<field name="x" type="u64">D.</field><field name="y" type="u64">D.</field>',
        2,
        'a is 16 bytes, not size="8"',
    ),
    "struct_alignment": (
        STRUCT.replace('"8"', '"12"') % ('<field name="x" type="u64">D.</field>' + U32 % "y"),
        2,
        'a is 12 bytes, not a multiple of its alignment 8: add <pad bytes="4"/> at its end',
    ),
    "struct_with_string": (
        STRUCT % '<field name="x" type="string" max="4">D.</field>',
        3,
        "'x': a <struct> may not have a field of type string",
    ),
    "struct_field_count": (
        STRUCT % (U32 % "count"),
        3,
        "'count' in a <struct> is taken by Python's tuples",
    ),
    "tag_not_first": (
        UNION % '<struct name="s" tag="1" size="8"><doc>D.</doc>\n'
        '<field name="x" type="u64">D.</field></struct>',
        3,
        "the first field of 's' must be the tag 'op', a u8",
    ),
    "member_not_in_units": (
        UNION % '<struct name="s" tag="1" size="4"><doc>D.</doc>'
        '<field name="op" type="u8">D.</field><pad bytes="3"/></struct>',
        3,
        'size="4" is not a multiple of unit="8"',
    ),
    "duplicate_tag": (
        UNION % '<struct name="s" tag="1" size="8"><doc>D.</doc>'
        '<field name="op" type="u8">D.</field><pad bytes="7"/></struct>\n'
        '<struct name="t" tag="1" size="8"><doc>D.</doc></struct>',
        4,
        "tag=\"1\" is a duplicate of 's'",
    ),
    "unit": (UNION.replace('"8"', '"12"') % "", 2, 'unit="12" is not a multiple of 8'),
    "opcode_of_request": (
        MESSAGE.replace('"1"', '"0x8000"', 1) % "",
        2,
        "opcode 0x8000 of a request is not within 0x1 to 0x7fff",
    ),
    "opcode_of_event": (
        '<event name="a" opcode="1" object="none" since="1"><doc>D.</doc></event>',
        2,
        "opcode 0x1 of an event is not within 0x8000 to 0xffff",
    ),
    "duplicate_opcode": (
        MESSAGE % "" + "\n" + MESSAGE.replace('name="a"', 'name="b"') % "",
        5,
        "opcode 0x1 is a duplicate of 'a'",
    ),
    "duplicate_message": (
        MESSAGE % "" + "\n" + MESSAGE.replace('"1"', '"2"', 1) % "",
        5,
        "the name encode_a() is a duplicate of line 2",
    ),
    "object": (
        MESSAGE.replace("none", "fish") % "",
        2,
        'object="fish" is not one of none, image, window, canvas, output, device, any',
    ),
    "reply": (
        MESSAGE.replace("since", 'reply="b" since') % "",
        2,
        'reply="b" is not an event',
    ),
    "message_without_doc": (
        '<request name="a" opcode="1" object="none" since="1"/>',
        2,
        "<request> 'a' needs one <doc>",
    ),
    "field_without_doc": (MESSAGE % '<field name="x" type="u64"/>', 3, "<field> 'x' has no text"),
    "duplicate_field": (
        MESSAGE % (U32 % "x" + "\n" + U32 % "x"),
        4,
        "field 'x' is a duplicate, or taken by the header",
    ),
    "field_like_a_count": (
        MESSAGE % (U32 % "x_bytes" + '\n<field name="x" type="string" max="4">D.</field>'),
        4,
        "field 'x_bytes' is a duplicate, or taken by the header",
    ),
    "field_of_the_header": (
        MESSAGE % (U32 % "serial"),
        3,
        "field 'serial' is a duplicate, or taken by the header",
    ),
    "unknown_type": (
        MESSAGE % '<field name="x" type="float">D.</field>',
        3,
        "'x' has the unknown type \"float\"",
    ),
    "unknown_enum": (
        MESSAGE % '<field name="x" type="enum" of="fish">D.</field>',
        3,
        "'x': no enum 'fish' is defined above",
    ),
    "misaligned": (
        MESSAGE % (U32 % "x" + '\n<field name="y" type="u64">D.</field>'),
        4,
        "'y' at byte 20 is not aligned to 8: add <pad bytes=\"4\"/> before it",
    ),
    "fixed_part_not_whole": (
        MESSAGE % (U32 % "x"),
        3,
        "the fixed part of a ends at byte 20, not a multiple of 8: "
        "add <pad bytes=\"4\"/> after 'x'",
    ),
    "variable_before_fixed": (
        MESSAGE % ('<field name="s" type="string" max="4">D.</field>\n' + U32 % "x"),
        4,
        "'x' is fixed: it must come before 's'",
    ),
    "missing_max": (
        MESSAGE % '<field name="s" type="string">D.</field>',
        3,
        "<field> needs the attribute 'max'",
    ),
    "range": (
        MESSAGE % '<field name="x" type="u64" min="9" max="8">D.</field>',
        3,
        "'x': no u64 is within 9 to 8",
    ),
    "range_of_u64": (
        MESSAGE % '<field name="x" type="u64" min="1">D.</field>',
        3,
        "'x': a u64 with a range needs a max below 2^63",
    ),
    "range_of_fixed": (
        MESSAGE % '<field name="x" type="fixed" min="0.1">D.</field>',
        3,
        'min="0.1" is not a multiple of 1/65536',
    ),
    "too_large": (
        MESSAGE % '<pad bytes="65536"/>',
        2,
        "a is over 65536 bytes when empty",
    ),
    "too_many_fds": (
        MESSAGE % "".join(f'<field name="f{i}" type="fd">D.</field>' for i in range(5)),
        2,
        "a has over 4 file descriptors",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_is_refused(name: str, tmp_path: Path) -> None:
    body, line, message = CASES[name]
    xml = tmp_path / "bad.xml"
    xml.write_text(f'<protocol name="sample" version="1">\n{body}\n</protocol>\n', "utf-8")
    outputs = {"c_header": tmp_path / "bad.h", "docs": tmp_path / "bad.md"}
    done = generate(xml, **outputs)
    assert (done.returncode, done.stderr) == (1, f"{xml}:{line}: {message}\n")
    assert not any(path.exists() for path in outputs.values())


def test_missing_file_is_refused(tmp_path: Path) -> None:
    xml = tmp_path / "none.xml"
    done = generate(xml)
    expected = f"{xml}:1: cannot be read: No such file or directory\n"
    assert (done.returncode, done.stderr) == (1, expected)
