"""Put a record's rows together, file by file, from what it was and what a body says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from server.service.packs import rows as p
from server.service.packs.pack import BY_NAME, Pack
from server.service.packs.rows import PackRow
from server.service.packs.sheet import columns_of
from server.service.records.nouns import Noun
from server.service.records.reading import UNKNOWN, Find, Values, name_of, read_cell, read_items

Rows = dict[str, tuple[PackRow, ...]]
THIS = 1  # the line of the record's own row; those of the database have 0, those of a part their place in it


def own_row(noun: Noun, key: tuple[str, ...], pack: Pack) -> Any:  # noqa: ANN401 - the row of its file
    """Find the record's row among those of its file; None where there is none."""
    kind = BY_NAME[noun.file]
    return next((row for row in pack.of(kind) or () if key_of(noun.file, row) == key), None)


def key_of(file: str, row: PackRow) -> tuple[Any, ...]:
    """Give what names a row in its file."""
    return tuple(getattr(row, name) for name in BY_NAME[file].key)


def compose(noun: Noun, old: Any, values: Values, find: Find, pack: Pack) -> Rows:  # noqa: ANN401
    """Give the record's new rows by file; what can't be is noted in `values.faults`, and nothing given for it."""
    columns = {noun.field(name).column: value for name, value in values.changed.items()}
    row_type = BY_NAME[noun.file].row
    if noun.secret is not None:
        columns.pop(noun.field(noun.secret).column, None)  # its hash is stored, apart
    if old is not None:
        row: Any = msgspec.structs.replace(old, line=THIS, **columns)
    else:
        for column in columns_of(row_type):
            if column.name not in columns and column.needed and not column.blank:
                values.faults.setdefault(noun.of_column(column.name), "this must not be empty")
            columns.setdefault(column.name, None)
        if values.faults:
            return {}
        row = row_type(line=THIS, **columns)
    found: Rows = {noun.file: (row,)}
    match noun.plural:
        case "operators":
            found |= _company(row, values, find, pack)
        case "timetables":
            found |= _network(row, values, find, pack)
        case "calendars":
            found |= _dates(row, values)
    return found


def name_parts(noun: Noun, values: Values, find: Find) -> None:
    """Note the records that the parts of a body name, before their surroundings are looked at; `compose` says what is wrong."""
    quiet = Values({}, values.parts, {}, values.refs, {})
    if "jurisdiction" in values.parts:
        _named(values.parts["jurisdiction"], "jurisdictions", "jurisdiction", find, quiet)
    if "stop_times" in values.parts:
        _stop_times("", quiet, find)


# The column by which the rows of a part are a record's.
PART_OF: Mapping[str, str] = {
    "operators.csv": "id", "stop_times.txt": "trip_id", "calendar_dates.txt": "service_id", "shapes.txt": "shape_id",
}  # fmt: skip


def replaced(noun: Noun, key: tuple[str, ...], found: Rows, pack: Pack) -> Pack:
    """Give a pack of the touched files: as they are, with the record's rows of each replaced by those of `found`."""
    fields: dict[str, Any] = {}
    for file, new in found.items():
        kind = BY_NAME[file]
        if file == noun.file:
            kept = [row for row in pack.of(kind) or () if key_of(file, row) != key]
        else:
            column = PART_OF[file]
            whose = {getattr(row, column) for row in new} if file == "shapes.txt" else set(key)
            kept = [row for row in pack.of(kind) or () if getattr(row, column) not in whose]
        fields[kind.field] = (*kept, *new)
    return Pack(**fields)


def _company(row: Any, values: Values, find: Find, pack: Pack) -> Rows:  # noqa: ANN401
    """Write operators.csv's row of an agency: it is there where the company sits in a jurisdiction."""
    detail = next((one for one in pack.operators or () if one.id == row.agency_id), None)
    area = None if detail is None else detail.jurisdiction_id
    if "jurisdiction" in values.parts:
        area = _named(values.parts["jurisdiction"], "jurisdictions", "jurisdiction", find, values)
    phone = values.changed.get("phone", row.agency_phone if detail is None else detail.phone)
    if area is None:
        return {"operators.csv": (), "agency.txt": (msgspec.structs.replace(row, agency_phone=phone),)}
    return {
        "operators.csv": (
            p.Operator(line=THIS, id=row.agency_id, jurisdiction_id=area, name=row.agency_name, phone=phone),
        )
    }


def _named(raw: object, plural: str, field: str, find: Find, values: Values) -> str | None:
    ref = name_of(raw)
    if ref is None:
        if raw not in (None, ""):
            values.faults[field] = "name one by its id or code"
        return None
    found = find(plural, ref)
    if found is None:
        values.faults[field] = UNKNOWN
        return None
    values.refs.append((plural, found["id"]))
    return str(found["code"])


def _network(row: Any, values: Values, find: Find, pack: Pack) -> Rows:  # noqa: ANN401
    found: Rows = {}
    if "stop_times" in values.parts:
        found["stop_times.txt"] = _stop_times(row.trip_id, values, find)
    if "shape" in values.parts:
        raw = values.parts["shape"]
        if raw is None:
            found["trips.txt"] = (msgspec.structs.replace(row, shape_id=None),)
        else:
            code = shape_code(row.trip_id, row.shape_id, pack)
            found["trips.txt"] = (msgspec.structs.replace(row, shape_id=code),)
            found["shapes.txt"] = _shape(code, raw, values)
    return found


def shape_code(timetable: str, present: str | None, pack: Pack) -> str:
    """Say under which code a timetable's own shape is kept: never one that another timetable is laid on."""
    shared = {one.shape_id for one in pack.timetables or () if one.trip_id != timetable}
    if present is not None and present not in shared:
        return present
    return own_shape(timetable)


def own_shape(timetable: str) -> str:
    """Name the shape that is a timetable's alone."""
    return f"{timetable[:58]}:shape"


def _stop_times(trip_id: str, values: Values, find: Find) -> tuple[PackRow, ...]:
    columns = {column.name: column for column in columns_of(p.StopTime)}
    rows = []
    for place, item in enumerate(read_items(values.parts["stop_times"], "stop_times", values.faults)):
        at = f"stop_times.{place}"
        if not isinstance(item, dict):
            values.faults[at] = "write an object with stop, arrival_time and departure_time"
            continue
        stop = _named(item.get("stop", item.get("stop_id")), "stops", f"{at}.stop", find, values)
        times = {}
        for name in ("arrival_time", "departure_time"):
            try:
                times[name] = read_cell(columns[name], item.get(name))
            except ValueError as why:
                values.faults[f"{at}.{name}"] = str(why)
        if stop is None:
            values.faults.setdefault(f"{at}.stop", "name the stop by its id or code")
        elif len(times) == len(("arrival_time", "departure_time")):
            rows.append(
                p.StopTime(line=place + 1, trip_id=trip_id, stop_id=stop, stop_sequence=place, **times)  # type: ignore[arg-type]
            )
    return tuple(rows)


def _shape(code: str, raw: object, values: Values) -> tuple[PackRow, ...]:
    columns = {column.name: column for column in columns_of(p.ShapePoint)}
    rows = []
    for place, point in enumerate(read_items(raw, "shape", values.faults)):
        try:
            if not isinstance(point, list) or len(point) != 2:
                raise ValueError("write each point as [lat, lon]")
            lat, lon = (
                float(str(read_cell(columns[name], value)))
                for name, value in zip(("shape_pt_lat", "shape_pt_lon"), point, strict=True)
            )
        except ValueError as why:
            values.faults[f"shape.{place}"] = str(why)
            continue
        rows.append(
            p.ShapePoint(
                line=place + 1,
                shape_id=code,
                shape_pt_lat=lat,
                shape_pt_lon=lon,
                shape_pt_sequence=place,
            )
        )
    return tuple(rows)


def _dates(row: Any, values: Values) -> Rows:  # noqa: ANN401
    if "dates" not in values.parts:
        return {}
    columns = {column.name: column for column in columns_of(p.Dated)}
    rows = []
    for place, item in enumerate(read_items(values.parts["dates"], "dates", values.faults)):
        if not isinstance(item, dict):
            values.faults[f"dates.{place}"] = "write an object with date, exception_type and as_weekday"
            continue
        read: dict[str, Any] = {"service_id": row.service_id}
        for name in ("date", "exception_type", "as_weekday"):
            try:
                read[name] = read_cell(columns[name], item.get(name))
            except ValueError as why:
                values.faults[f"dates.{place}.{name}"] = str(why)
        if len(read) == 4:
            rows.append(p.Dated(line=place + 1, **read))
    return {"calendar_dates.txt": tuple(rows)}
