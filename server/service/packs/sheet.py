"""Read one file or sheet of a pack into its typed rows, noting every cell that is wrong."""

from __future__ import annotations

import csv
import io
import types
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from server.service.packs.cells import Cell
from server.service.packs.fault import Remarks
from server.service.packs.pack import FileKind
from server.service.packs.rows import PackRow, Refers

LONGEST_LINE = 1024 * 1024


class Unreadable(msgspec.Struct, frozen=True):
    """A workbook's cell that says nothing certain: what it shows, and what to do."""

    shown: str
    message: str


RawCell = str | date | Unreadable  # "" where it is blank; dates come from workbooks alone


class Column(msgspec.Struct, frozen=True):
    """A column of a file: how a cell is read and written, and what it must be."""

    name: str
    cell: Cell
    needed: bool  # the header must name it
    blank: bool  # a cell may be empty
    refers: str | None  # the file whose key it names


@cache
def columns_of(row: type[PackRow]) -> tuple[Column, ...]:
    """Read a row type's columns off its annotations."""
    hints = get_type_hints(row, include_extras=True)
    found = []
    for field in msgspec.structs.fields(row):
        if field.name == "line":
            continue
        hint, blank = hints[field.name], False
        if get_origin(hint) in (Union, types.UnionType):
            (hint,) = (one for one in get_args(hint) if one is not types.NoneType)
            blank = True
        marks = getattr(hint, "__metadata__", ())
        (cell,) = (mark for mark in marks if isinstance(mark, Cell))
        refers = next((mark.file for mark in marks if isinstance(mark, Refers)), None)
        found.append(Column(field.name, cell, field.required, blank, refers))
    return tuple(found)


def read_sheet(kind: FileKind, content: bytes, remarks: Remarks) -> tuple[PackRow, ...]:
    """Read a CSV file into its rows."""
    text = _decode(kind.name, content, remarks)
    return read_rows(kind, _lines(kind.name, text, remarks), remarks)


def read_rows(
    kind: FileKind, lines: Iterator[tuple[int, Sequence[RawCell]]], remarks: Remarks
) -> tuple[PackRow, ...]:
    """Read lines, the header first, none blank, each with its number; a row with a bad cell is noted and left out."""
    header = next(lines, None)
    if header is None:
        remarks.fault(kind.name, 0, "", None, "this is empty; its first line names the columns")
        remarks.skip_file(kind.name)
        return ()
    line, names = header[0], [name.lower() if isinstance(name, str) else "" for name in header[1]]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        remarks.fault(kind.name, line, name, name, "the header names this column twice; leave one")
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    columns = columns_of(kind.row)
    missing = [column.name for column in columns if column.needed and column.name not in places]
    for name in missing:
        remarks.fault(
            kind.name, line, name, None, "this column is missing; add it to the header and to each row"
        )
    if missing:
        remarks.skip_file(kind.name)
        return ()
    present = [(column, places[column.name]) for column in columns if column.name in places]
    found = []
    for line, cells in lines:
        row = _row(kind, line, cells, len(names), present, remarks)
        if row is not None:
            found.append(row)
    return tuple(found)


def _row(
    kind: FileKind,
    line: int,
    cells: Sequence[RawCell],
    width: int,
    present: list[tuple[Column, int]],
    remarks: Remarks,
) -> PackRow | None:
    if len(cells) > width and any(cells[width:]):
        remarks.fault(
            kind.name,
            line,
            "",
            None,
            f"this row has {len(cells)} cells for {width} columns; quote what holds a comma",
        )
        return None
    values: dict[str, Any] = {"line": line}
    sound = True
    for column, place in present:
        raw = cells[place] if place < len(cells) else ""
        if not raw:
            values[column.name] = None
            if not column.blank:
                sound = False
                remarks.fault(kind.name, line, column.name, "", "this must not be empty")
            continue
        try:
            values[column.name] = column.cell.read(_text(raw, column))
        except ValueError as why:
            sound = False
            shown = raw.shown if isinstance(raw, Unreadable) else str(raw)
            remarks.fault(kind.name, line, column.name, "…" if column.cell.hidden else shown, str(why))
    if not sound:
        remarks.skip_row(kind.name, values.get(kind.key[0]))
        return None
    return kind.row(**values)


def _text(raw: RawCell, column: Column) -> str:
    """Give a cell as the text that a CSV file would hold; raise ValueError with what to do."""
    if isinstance(raw, Unreadable):
        raise ValueError(raw.message)
    if isinstance(raw, date):
        if not column.cell.dates:
            raise ValueError("this became a date; make the column's format Text and type it again")
        return raw.isoformat()
    return raw


def _decode(name: str, content: bytes, remarks: Remarks) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        line = content.count(b"\n", 0, why.start) + 1
        remarks.fault(
            name,
            line,
            "",
            None,
            "this is not UTF-8 text; save the file as CSV UTF-8 (not GBK, not a workbook)",
        )
        return content.decode("utf-8-sig", errors="replace")


def _lines(name: str, text: str, remarks: Remarks) -> Iterator[tuple[int, list[str]]]:
    """Give each row that isn't blank with the line that it began on (a quoted cell may run over several)."""
    if len(text) and max(map(len, text.split("\n"))) > LONGEST_LINE:
        remarks.fault(
            name, 0, "", None, f"a line is over {LONGEST_LINE} characters long; is this a CSV file?"
        )
        remarks.skip_file(name)
        return
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    while True:
        began = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as why:
            remarks.fault(
                name, began, "", None, f"from here on this is not CSV ({why}); look for a stray quote"
            )
            remarks.skip_file(name)
            return
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield began, cells


def write_sheet(kind: FileKind, found: tuple[PackRow, ...]) -> str:
    """Write rows as CSV text with CRLF line ends (RFC 4180) and every column that the file may have."""
    columns = columns_of(kind.row)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([column.name for column in columns])
    for row in found:
        writer.writerow(texts_of(kind, row))
    return out.getvalue()


def texts_of(kind: FileKind, row: PackRow) -> list[str]:
    """Give a row's cells as texts, a blank one where it says nothing, in the order of `columns_of`."""
    values = ((column, getattr(row, column.name)) for column in columns_of(kind.row))
    return ["" if value is None else column.cell.write(value) for column, value in values]
