"""Read the body of a record's change: each value by the cell of its pack's column, each other record by id or code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from server.service.packs.cells import read_gtfs_date
from server.service.packs.pack import BY_NAME
from server.service.packs.sheet import Column, columns_of
from server.service.records.nouns import SCOPE_PLURALS, SETTING_PLURALS, Field, Noun

Body = Mapping[str, Any]
Shown = Mapping[str, Any]
Find = Callable[
    [str, str], Shown | None
]  # (plural, id or code) -> the live record, if the caller may name it
UNKNOWN = "there is no such one among those that you may name; give its id, or a code that is one's alone"
DIRECTIONS = {"to_school": "0", "from_school": "1"}
LONGEST_LIST = 20_000  # a shape's points; 64 kB of body hold fewer


class Values(msgspec.Struct):
    """What a body says: columns' values by the field's name (other records by code), parts as they came, and what is wrong."""

    changed: dict[str, Any]
    parts: dict[str, Any]
    ids: dict[str, str]  # of the records that fields name, by the field
    refs: list[tuple[str, str]]  # (plural, id) of all that is named
    faults: dict[str, str]


def read_body(noun: Noun, body: Body, find: Find, shown: Shown | None) -> Values:
    """Read what is there of a body; `shown` is the record as it was, None for a new one."""
    values = Values({}, {}, {}, [], {})
    left = dict(body)
    columns = {column.name: column for column in columns_of(BY_NAME[noun.file].row)}
    for field in noun.fields:
        word = next((one for one in field.spellings if one in left), None)
        if word is None:
            continue
        raw = left[word]
        for one in field.spellings:
            left.pop(one, None)
        if shown is not None and field.name in noun.key:
            if not _is_same(raw, shown, field):
                values.faults[word] = "this says which one it is and never changes; end it and create another"
            continue
        _read_field(noun, field, columns[field.column], raw, find, values, shown, word)
    for part in noun.parts:
        word = next((one for one in (part, f"{part}_id") if one in left), None)
        if word is not None:
            values.parts[part] = left.pop(word)
    for word, raw in left.items():
        if shown is None and word in ("version", "operator", "operator_id"):
            continue
        if shown is None or word not in shown or not _is_there(raw, shown[word]):
            values.faults[word] = "there is no such field to write; see the record as it is shown"
    return values


def read_cell(column: Column, raw: object) -> object:
    """Read one value as its column's cell in a file would be; raise ValueError with what to do."""
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        if column.blank:
            return None
        raise ValueError("this must not be empty")
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError("write a text or a number")
    if isinstance(raw, int) and abs(raw) >= 10**15:
        raise ValueError("this number is too large")
    text = raw.strip() if isinstance(raw, str) else repr(raw)
    if column.cell.read is read_gtfs_date and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        text = text.replace("-", "")  # in JSON a date is written as everywhere else in it
    return column.cell.read(text)


def name_of(raw: object) -> str | None:
    """Give the id or code that names another record: a text, or the nested object as it is shown."""
    if isinstance(raw, Mapping):
        raw = raw.get("id") or raw.get("code")
    return raw.strip() if isinstance(raw, str) and raw.strip() else None


def _read_field(
    noun: Noun,
    field: Field,
    column: Column,
    raw: object,
    find: Find,
    values: Values,
    shown: Shown | None,
    word: str,
) -> None:
    if field.name == "direction" and isinstance(raw, str):
        raw = DIRECTIONS.get(raw, raw)
    try:
        if noun.plural == "settings" and field.name == "scope":
            raw = _scope_text(raw, find, values)
        plural = _plural_of(field, values, shown)
        if plural is None:
            values.changed[field.name] = read_cell(column, raw)
            return
        ref = name_of(raw)
        if ref is None:
            if raw not in (None, "") or not column.blank:
                raise ValueError("name one by its id or code")
            values.changed[field.name] = None
            return
        found = find(plural, ref)
        if found is None:
            raise ValueError(UNKNOWN)
        values.changed[field.name] = found["code"]
        values.ids[field.name] = found["id"]
        values.refs.append((plural, found["id"]))
    except ValueError as why:
        values.faults[word] = str(why)


def _plural_of(field: Field, values: Values, shown: Shown | None) -> str | None:
    if not field.by_role:
        return field.names
    role = values.changed.get("role", None if shown is None else shown["role"])
    return SCOPE_PLURALS.get(str(role))


def _scope_text(raw: object, find: Find, values: Values) -> object:
    """Write a setting's scope by the code of what it is of, whichever of id and code was given."""
    if not isinstance(raw, str) or ":" not in raw:
        return raw
    kind, _, ref = raw.partition(":")
    plural = SETTING_PLURALS.get(kind)
    if plural is None:
        return raw
    found = find(plural, ref)
    if found is None:
        raise ValueError(UNKNOWN)
    values.ids["scope"] = found["id"]
    values.refs.append((plural, found["id"]))
    return f"{kind}:{found['code']}"


def _is_same(raw: object, shown: Shown, field: Field) -> bool:
    there = shown[field.name]
    if isinstance(there, Mapping):
        return name_of(raw) in (there["id"], there["code"])
    return raw in (there, shown["id"]) if field.name == "code" else raw == there


def _is_there(raw: object, there: object) -> bool:
    """Say whether a body sends back what it was shown, nested or by its id."""
    return raw == there or (isinstance(there, Mapping) and name_of(raw) in (there["id"], there["code"]))


def read_items(raw: object, part: str, faults: dict[str, str]) -> Sequence[Any]:
    """Take a part that is a list; none when it isn't, which is noted."""
    if not isinstance(raw, list) or len(raw) > LONGEST_LIST:
        faults[part] = f"write a list of at most {LONGEST_LIST}"
        return ()
    return raw
