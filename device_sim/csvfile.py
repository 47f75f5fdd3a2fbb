"""One CSV file of a pack as rows of text: BOM, quotes, short rows and any column order are fine."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from device_sim.errors import SimError


class Row:
    """One line of one file, which knows where it stands for the sake of messages."""

    __slots__ = ("cells", "file", "line")

    def __init__(self, file: str, line: int, cells: dict[str, str]) -> None:
        self.file = file
        self.line = line
        self.cells = cells

    def text(self, column: str, default: str = "") -> str:
        """The cell without blanks around it, `default` where it is empty or absent."""
        return self.cells.get(column, "") or default

    def need(self, column: str) -> str:
        """The cell; raises SimError where it is empty."""
        value = self.cells.get(column, "")
        if not value:
            raise self.fault(column, "is empty; give it a value")
        return value

    def number(self, column: str) -> float:
        """The cell as a number; raises SimError."""
        try:
            return float(self.need(column))
        except ValueError:
            raise self.fault(column, f"'{self.cells[column]}' is not a number") from None

    def fault(self, column: str, why: str) -> SimError:
        """An error that names file, line and column."""
        return SimError(f"{self.file}, line {self.line}, column {column}: {why}")


def read_rows(folder: Path, name: str, required: bool = False) -> Iterator[Row]:
    """Yield the rows of one file; nothing when it is absent and not required, else SimError."""
    path = folder / name
    if not path.is_file():
        if required:
            raise SimError(f"the pack {folder} has no {name}; name a folder that holds a county pack")
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream)
            head = [cell.strip() for cell in next(lines, [])]
            for cells in lines:
                if any(cell.strip() for cell in cells):
                    filled = dict(zip(head, (cell.strip() for cell in cells), strict=False))
                    yield Row(name, lines.line_num, filled)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SimError(f"{path} cannot be read as UTF-8 CSV: {error}; save it as CSV in UTF-8") from None
