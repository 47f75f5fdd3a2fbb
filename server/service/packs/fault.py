"""Say what is wrong with a pack, exactly where, and what to do: faults refuse it, warnings go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from server.errors import FaultsError

SHOWN = 80  # characters of a bad value that a person needs to find it


class PackFault(msgspec.Struct, frozen=True, order=True):
    """One fault. `line` counts from 1 with the header; 0 and an empty column where it is the whole file's.

    `file` is `[county.xlsx]riders` for a workbook's sheet, as spreadsheets write it.
    """

    file: str
    line: int
    column: str
    value: str
    message: str

    def sentence(self) -> str:
        """Write the fault on one line.

        >>> PackFault("riders.csv", 3, "card", "A-1", "use 1 to 32 of 0-9, A-Z, a-z").sentence()
        "riders.csv line 3, card 'A-1': use 1 to 32 of 0-9, A-Z, a-z"
        >>> PackFault("[county.xlsx]riders", 3, "card", "A-1", "use 1 to 32 of 0-9, A-Z, a-z").sentence()
        "[county.xlsx]riders!3, card 'A-1': use 1 to 32 of 0-9, A-Z, a-z"
        """
        where = self.file
        if self.line:
            where += f"!{self.line}" if self.file.startswith("[") else f" line {self.line}"
        if self.column:
            value = self.value if len(self.value) <= SHOWN else f"{self.value[:SHOWN]}…"
            where += f", {self.column} {value!r}"
        return f"{where}: {self.message}"


class PackWarning(PackFault, frozen=True):
    """Something that is taken as it is, and that a person should look at."""


class FileChanges(msgspec.Struct, frozen=True):
    """How many rows of a file are new, differ from the database's, and are there no more."""

    new: int
    changed: int
    ended: int


class PackReport(msgspec.Struct, frozen=True):
    """What an import did. Secrets and passwords that it made are given here and nowhere else, once."""

    imported: dict[str, int]  # rows, by file
    warnings: tuple[PackWarning, ...]
    made_secrets: tuple[tuple[str, str], ...]  # (device, secret)
    made_passwords: tuple[tuple[str, str], ...]  # (username, password)
    changed: bool  # False: the database already said all this
    changes: Mapping[str, FileChanges]  # rows, by file


class PackPreview(msgspec.Struct, frozen=True):
    """What an import would do, and what keeps it from being done."""

    changes: Mapping[str, FileChanges]
    faults: tuple[PackFault, ...]
    warnings: tuple[PackWarning, ...]


class PackRejected(FaultsError):
    """The pack has faults, all of them listed, and nothing was changed."""

    code = "pack_rejected"

    def __init__(self, faults: Sequence[PackFault]) -> None:
        self.pack_faults = tuple(sorted(faults))
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(
            f"the pack has {count} and nothing was imported; mend what is listed and import it again",
            faults=[fault.sentence() for fault in self.pack_faults],
        )


def other_row(line: int) -> str:
    """Name another row in a remark; one that the database has already has no line.

    >>> other_row(3), other_row(0)
    ('line 3', 'another record')
    """
    return f"line {line}" if line else "another record"


class Remarks:
    """Collect faults and warnings while a pack is judged; a whole-file remark has line 0.

    Rows that could not be read are remembered by the first part of their key, so that what names them isn't blamed.
    """

    def __init__(self, earlier: Remarks | None = None) -> None:
        """Begin with nothing, or with a copy of earlier remarks."""
        self.faults: list[PackFault] = list(earlier.faults) if earlier else []
        self.warnings: list[PackWarning] = list(earlier.warnings) if earlier else []
        self._unread_files: set[str] = set(earlier._unread_files) if earlier else set()
        self._unread_rows: set[tuple[str, object]] = set(earlier._unread_rows) if earlier else set()
        self._places: dict[str, str] = dict(earlier._places) if earlier else {}

    def place(self, file: str, sheet: str) -> None:
        """Say a file's remarks of the workbook's sheet that it came as."""
        self._places[file] = sheet

    def skip_file(self, file: str) -> None:
        """Remember that a file as a whole could not be read."""
        self._unread_files.add(file)

    def skip_row(self, file: str, key: object) -> None:
        """Remember that a row with this key could not be read."""
        self._unread_rows.add((file, key))

    def is_unread(self, file: str, key: object) -> bool:
        """Say whether a row of this key may be there, but for a fault that is noted already."""
        return file in self._unread_files or (file, key) in self._unread_rows

    def fault(self, file: str, line: int, column: str, value: object, message: str) -> None:
        """Note a fault."""
        self.faults.append(PackFault(self._places.get(file, file), line, column, _text(value), message))

    def warn(self, file: str, line: int, column: str, value: object, message: str) -> None:
        """Note a warning."""
        self.warnings.append(PackWarning(self._places.get(file, file), line, column, _text(value), message))

    def raise_if_any(self) -> None:
        """Raise PackRejected when there is a fault."""
        if self.faults:
            raise PackRejected(self.faults)


def _text(value: object) -> str:
    return "" if value is None else str(value)
