"""What the changing of single records asks of the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from server.service.packs.pack import Pack
from server.service.packs.port import Change


class Touched(msgspec.Struct, frozen=True):
    """A record about to be changed: which, what it is to name, and the new values that others could collide with.

    `id` is None for a new one; `key` are the fields of its noun's key, other records by their ids; `refs` are (plural, id).
    """

    plural: str
    id: str | None
    key: tuple[str, ...]
    refs: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, object] = {}
    operator_id: str | None = None
    ending: bool = False


class Looked(msgspec.Struct, frozen=True):
    """What stands around a record: those rows as a pack, and which record has its key already, ended or not."""

    pack: Pack
    taken_id: str | None
    taken_live: bool


class RecordStore(Protocol):
    """Looks around a record, then stores the judged change in the same unit of work."""

    def look(self, touched: Touched) -> Looked:
        """Give what judging the change has to see; from here on no other change of the plan comes between."""

    def apply(self, change: Change, now_ms: int) -> tuple[str, ...]:
        """Make the rows that were looked at say it, and move the catalogue if anything changed.

        Give the codes of the permits whose timetables have another plan from the change's date on.
        """

    def id_of(self, plural: str, key: tuple[str, ...]) -> str:
        """Give the id of the live record of a key."""

    def administrators(self) -> int:
        """Count the administrators' live accounts."""
