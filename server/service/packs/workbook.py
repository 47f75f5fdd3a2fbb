"""Read the sheets of one .xlsx workbook as the lines of the pack's files, within limits that no zip bomb passes."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl

from server.service.packs.fault import Remarks
from server.service.packs.pack import BY_NAME, SHEETS
from server.service.packs.sheet import RawCell, Unreadable

LARGEST_INFLATED = 128 * 1024 * 1024  # a sheet of 100,000 rows is about a third
MOST_ROWS = 200_000
MOST_COLUMNS = 100
DIGITS = 10**15  # a spreadsheet keeps 15 digits of a number, and what came after them is lost

Lines = list[tuple[int, Sequence[RawCell]]]


def is_workbook(name: str) -> bool:
    """Say whether a file is a workbook, by its name."""
    return name.lower().endswith(".xlsx") and not name.startswith(("~$", "."))


def read_workbook(name: str, content: bytes, beside: Collection[str], remarks: Remarks) -> dict[str, Lines]:
    """Give the lines of each known sheet by the pack's file name; `beside` are the names of the pack's other files."""
    try:
        if _inflated(content) > LARGEST_INFLATED:
            remarks.fault(
                name, 0, "", None, f"this inflates to over {LARGEST_INFLATED // 1024 // 1024} MiB; split it"
            )
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that a pack has no use for
            return _sheets(name, content, beside, remarks)
    except Exception as why:  # whatever a broken or forged file makes the library raise
        remarks.fault(
            name,
            0,
            "",
            None,
            f"this is no workbook that can be read ({type(why.__cause__ or why).__name__}); save it again as .xlsx",
        )
        return {}


def _inflated(content: bytes) -> int:
    """Count what the parts inflate to, whatever their headers say, up to the limit and a little over."""
    total = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as part:
                while total <= LARGEST_INFLATED and (piece := part.read(1024 * 1024)):
                    total += len(piece)
    return total


def _sheets(name: str, content: bytes, beside: Collection[str], remarks: Remarks) -> dict[str, Lines]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    found: dict[str, Lines] = {}
    try:
        for sheet in book.worksheets:
            place = f"[{name}]{sheet.title}"
            kind = SHEETS.get(sheet.title.strip().lower())
            if kind is None:
                _refuse_unknown(place, sheet.title, remarks)
            elif kind.name in beside or kind.name in found:
                remarks.fault(place, 0, "", None, f"{kind.name} is in the pack twice; leave one of them")
            else:
                remarks.place(kind.name, place)
                found[kind.name] = _lines(place, sheet, remarks)
        if not found and not remarks.faults:
            remarks.fault(
                name, 0, "", None, f"no sheet of this is part of a pack; name them {', '.join(SHEETS)}"
            )
        return found
    finally:
        book.close()


def _refuse_unknown(place: str, title: str, remarks: Remarks) -> None:
    gtfs = f"{title.strip().lower().removesuffix('.txt')}.txt"
    if gtfs in BY_NAME:
        remarks.fault(place, 0, "", None, f"GTFS is text: save this sheet as CSV UTF-8 under the name {gtfs}")
    else:
        remarks.warn(place, 0, "", None, "this sheet is not read; no part of a pack has this name")


def _lines(place: str, sheet: Any, remarks: Remarks) -> Lines:  # noqa: ANN401 - openpyxl carries no types
    sheet.reset_dimensions()  # what the file says of its size may be a lie, or the whole of an empty sheet
    lines: Lines = []
    for number, row in enumerate(sheet.iter_rows(), 1):
        if number > MOST_ROWS:
            remarks.fault(
                place, number, "", None, f"a sheet has at most {MOST_ROWS} rows; save it as CSV instead"
            )
            break
        cells = [_cell(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            remarks.fault(
                place, number, "", None, f"a row has at most {MOST_COLUMNS} cells; this one {len(cells)}"
            )
            break
        if cells:
            lines.append((number, cells))
    return lines


def _cell(cell: Any) -> RawCell:  # noqa: ANN401 - one answer for each kind of cell
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return Unreadable(_shown(value), "this is a formula; copy the column and paste it as values")
    if cell.data_type == "e":
        return Unreadable(str(value), "this is a spreadsheet's error; write what should be here")
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, cell.number_format)
    if isinstance(value, datetime):
        if value.time() != time():
            return Unreadable(str(value), "this holds a time of day too; write the date alone")
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, time | timedelta):
        return Unreadable(
            str(value), "this is a time of day; make the column's format Text and type it again"
        )
    return str(value).strip()


def _shown(formula: object) -> str:
    return formula if isinstance(formula, str) else str(getattr(formula, "text", "a formula"))


def _number(value: float, shown_as: str) -> RawCell:
    """Write a number as the sheet shows it: 12.0 is 12, and 12 under the format 0000 is 0012."""
    if abs(value) >= DIGITS:
        return Unreadable(
            f"{value:.15g}",
            "a spreadsheet keeps 15 digits of a number; make the format Text and type it again",
        )
    if value == int(value):
        return str(int(value)).zfill(len(shown_as) if re.fullmatch("0+", shown_as) else 0)
    return format(value, ".15g")
