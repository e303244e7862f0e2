"""docs/protocol.md: the chapters of the description, then every definition in tables."""

from __future__ import annotations

import re

from .model import (
    HEADER_BYTES,
    Enum,
    Field,
    Message,
    Protocol,
    Struct,
    Union,
    range_text,
)

NOT_YET = "*not yet implemented*"


def anchor(title: str) -> str:
    """The anchor that Markdown renderers give a heading."""
    return re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-")


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(text) for text in row) + " |" for row in rows]
    return lines + [""]


def link(title: str) -> str:
    return f"[`{title}`](#{anchor(title)})"


def type_text(one: Field) -> str:
    if one.is_pad:
        return f"{one.bytes} bytes"
    if one.type in ("enum", "flags"):
        return f"{one.enum.scalar}, {link(one.enum.name)}"
    if one.type == "stream":
        return f"stream of {link(one.union.name)}"
    if one.struct:
        return ("" if one.type == "struct" else "array of ") + link(one.struct.name)
    return f"array of {one.of}" if one.type == "array" else one.type


def limits_text(one: Field) -> str:
    units = {"string": "bytes", "array": "items", "stream": "units"}
    if one.is_variable:
        return f"at most {one.max} {units[one.type]}"
    if one.is_pad:
        return "zero"
    return range_text(one) if one.has_range else ""


def field_rows(fields: list[Field]) -> list[list[str]]:
    rows = []
    for one in fields:
        offset = str(one.offset) if one.is_fixed else "with the message" if one.is_fd else "follows"
        name = "" if one.is_pad else f"`{one.name}`"
        rows.append([offset, type_text(one), name, limits_text(one), one.doc])
    return rows


def field_table(fields: list[Field]) -> list[str]:
    if not fields:
        return []
    return table(["Offset", "Type", "Name", "Range", "Meaning"], field_rows(fields))


def marks(since: int, implemented: bool) -> str:
    return f"Since version {since}." + ("" if implemented else f" {NOT_YET.capitalize()}.")


def value_section(one: Enum) -> list[str]:
    lines = [f"### {one.name}", "", one.doc, "", f"Stored as {one.scalar}.", ""]
    rows = []
    for value in one.values:
        doc = value.doc if value.implemented else f"{value.doc} ({NOT_YET})"
        rows.append([str(value.number), f"`{value.name}`", str(value.since), doc])
    head = ["Bit" if one.is_flags else "Value", "Name", "Since", "Meaning"]
    return lines + table(head, rows)


def record_text(one: Struct, head: str, size: str) -> list[str]:
    lines = [head, "", one.doc, "", f"{size} {marks(one.since, one.implemented)}", ""]
    return lines + field_table(one.fields)


def struct_section(one: Struct) -> list[str]:
    return record_text(one, f"### {one.name}", f"{one.size} bytes.")


def union_section(one: Union) -> list[str]:
    lines = [f"### {one.name}", "", one.doc, ""]
    lines += [f"A stream counts units of {one.unit} bytes. {marks(one.since, True)}", ""]
    for member in one.members:
        size = f"Tag `{one.tag}` = {member.tag}, {member.size} bytes."
        lines += record_text(member, f"#### {one.name}: {member.name}", size)
    return lines


def message_section(one: Message) -> list[str]:
    facts = [f"Opcode {one.opcode:#x}."]
    facts.append("About no object." if one.object == "none" else f"Object: {one.object}.")
    if one.reply:
        facts.append(f"Answered by {link(one.reply)}.")
    if one.permission:
        facts.append(f"Needs the permission `{one.permission}`.")
    facts.append(marks(one.since, one.implemented))
    lines = [f"### {one.name}", "", one.doc, "", " ".join(facts), ""]
    if not one.fields:
        return lines + [f"No fields: {HEADER_BYTES} bytes.", ""]
    return lines + field_table(one.fields)


def contents(sections: list[tuple[str, list[str]]]) -> list[str]:
    lines = ["## Contents", ""]
    for title, names in sections:
        lines.append(f"- [{title}](#{anchor(title)})")
        if names:
            lines.append("  " + " · ".join(f"[{name}](#{anchor(name)})" for name in names))
    return lines + [""]


def emit(protocol: Protocol) -> str:
    parts: list[tuple[str, list[str], list[str]]] = []
    for chapter in protocol.chapters:
        parts.append((chapter.title, [], [chapter.text, ""]))
    constants = [[f"`{one.name}`", str(one.value), one.doc] for one in protocol.consts]
    parts.append(("Constants", [], table(["Name", "Value", "Meaning"], constants)))
    enums = [one for one in protocol.enums if not one.is_flags]
    flags = [one for one in protocol.enums if one.is_flags]
    groups: list[tuple[str, list[tuple[str, list[str]]]]] = [
        ("Enums", [(one.name, value_section(one)) for one in enums]),
        ("Flags", [(one.name, value_section(one)) for one in flags]),
        ("Structs", [(one.name, struct_section(one)) for one in protocol.structs]),
        ("Commands", [(one.name, union_section(one)) for one in protocol.unions]),
        ("Requests", [(one.name, message_section(one)) for one in protocol.requests]),
        ("Events", [(one.name, message_section(one)) for one in protocol.events]),
    ]
    for title, sections in groups:
        text = [line for _, section in sections for line in section]
        parts.append((title, [name for name, _ in sections], text))
    parts = [part for part in parts if part[2]]

    lines = [
        f"# The {protocol.name} protocol, version {protocol.version}",
        "",
        f"<!-- Made by proto/gen.py from proto/{protocol.name}.xml; changes here are lost. -->",
        "",
    ]
    lines += contents([(title, names) for title, names, _ in parts])
    for title, _, text in parts:
        lines += [f"## {title}", "", *text]
    return "\n".join(lines).rstrip() + "\n"
