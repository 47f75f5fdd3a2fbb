"""Write the files of a pack that GTFS has no word for as the sheets of one .xlsx workbook, as `workbook` reads them."""

from __future__ import annotations

import io
from typing import Any, Final

import openpyxl
from openpyxl.cell import WriteOnlyCell

from server.errors import ConflictError
from server.service.packs.pack import SHEETS, Pack
from server.service.packs.sheet import columns_of, texts_of
from server.service.packs.workbook import MOST_ROWS

LONGEST_CELL: Final = (
    32_767  # what a cell of the format may hold; the library would cut the rest off in silence
)


def write_workbook(pack: Pack) -> bytes:
    """Give the workbook's bytes, every cell a text, row by row; raise ConflictError where a sheet or a cell can't hold it."""
    _require_room(pack)  # all of it first: a workbook that is given up in the middle keeps its files open
    book = openpyxl.Workbook(write_only=True)
    for title, kind in SHEETS.items():
        sheet = book.create_sheet(title)
        sheet.append([_text(sheet, column.name) for column in columns_of(kind.row)])
        for row in pack.of(kind) or ():
            sheet.append([_text(sheet, text) if text else None for text in texts_of(kind, row)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _require_room(pack: Pack) -> None:
    for kind in SHEETS.values():
        rows = pack.of(kind) or ()
        if len(rows) >= MOST_ROWS:
            raise ConflictError(
                f"{kind.name} has {len(rows)} rows, and a sheet at most {MOST_ROWS - 1}; export a folder or a .zip"
            )
        longest = max((len(text) for row in rows for text in texts_of(kind, row)), default=0)
        if longest > LONGEST_CELL:
            raise ConflictError(
                f"{kind.name} has a cell of {longest} characters, and one of a workbook holds {LONGEST_CELL}; "
                "export a folder or a .zip"
            )


def _text(sheet: Any, text: str) -> Any:  # noqa: ANN401 - openpyxl carries no types
    """Make a cell that stays what it says: neither a formula, nor an error, nor a number that loses its zeros when it is typed again."""
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    cell.number_format = "@"
    return cell
