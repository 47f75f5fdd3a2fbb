"""Hold an import's place in the tables: the ids by code, whose each row is, and whether anything changed."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, Table, select, update

from server.adapters.db import tables as t
from server.adapters.db.near import Near
from server.adapters.db.sync import PLAIN, Extra, Key, Values, live_ids, sync
from server.service.packs.pack import Pack
from server.service.packs.port import Change


class PlanTables:
    """What every part of an import is stored with; `changed` says whether anything moved.

    With `near` the change is of some records, and every row that isn't near them is left alone.
    """

    def __init__(self, connection: Connection, change: Change, now_ms: int, near: Near | None = None) -> None:
        self._connection = connection
        self._change = change
        self._pack = change.pack
        self._full = change.full
        self._now_ms = now_ms
        self._near = near
        self._owners = Owners(change.full)
        self._ids: dict[str, dict[str, str]] = {}
        self.changed = False
        self.moved_plans: tuple[str, ...] = ()

    def _of(self, table: Table, key: str = "code") -> dict[str, str]:
        if table.name not in self._ids:
            self._ids[table.name] = live_ids(self._connection, table, key, self._within(table))
        return self._ids[table.name]

    def _sync(
        self, table: Table, key: tuple[str, ...], wanted: Mapping[Key, Values], extra: Extra = PLAIN
    ) -> None:
        self._ids.pop(table.name, None)
        done = sync(self._connection, table, key, wanted, self._now_ms, extra, self._within(table))
        self.changed |= done.changed
        if self._near is not None:
            self._near.add_made(table, done.made)

    def _within(self, table: Table) -> ColumnElement[bool] | None:
        return None if self._near is None else self._near.holds(table)

    def _owner(self, table: Table, owners: Mapping[str, str], code: str) -> str:
        """Give the operator's id: what a whole pack says of its timetables; of a single record whose it is already."""
        if self._near is not None:
            query = select(table.c.operator_id).where(table.c.code == code, self._near.holds(table))
            whose = self._connection.scalar(query) or self._near.operator_id
            if whose is not None:
                return whose
        return self._of(t.operators)[owners.get(code, self._owners.first)]

    def _rehash(self, table: Table, key: str, column: str, hashes: Mapping[str, str]) -> None:
        if not hashes:
            return
        query = select(table.c[key], table.c[column])
        within = self._within(table)
        known = dict(self._connection.execute(query if within is None else query.where(within)).all())
        for code, encoded in hashes.items():
            if known[code] != encoded:
                self.changed = True
                values = {column: encoded, "changed_at_ms": self._now_ms}
                self._connection.execute(update(table).where(table.c[key] == code).values(values))


def id_of(ids: Mapping[str, str], code: str | None) -> str | None:
    """Give the id of a code that may be missing."""
    return None if code is None else ids[code]


class Owners:
    """Which operator each part of the network is of: that of the first timetable that uses it, else the first one."""

    def __init__(self, full: Pack) -> None:
        routes = {row.route_id: row.agency_id or "" for row in full.routes or ()}
        agencies = full.agencies or ()
        self.first = (agencies[0].agency_id or "") if agencies else ""
        self.timetables = {
            row.trip_id: routes[row.route_id] for row in full.timetables or () if row.route_id in routes
        }
        self.shapes: dict[str, str] = {}
        self.services: dict[str, str] = {}
        self.stops: dict[str, str] = {}
        for row in full.timetables or ():
            owner = self.timetables.get(row.trip_id, self.first)
            self.services.setdefault(row.service_id, owner)
            if row.shape_id is not None:
                self.shapes.setdefault(row.shape_id, owner)
        for time in full.stop_times or ():
            self.stops.setdefault(time.stop_id, self.timetables.get(time.trip_id, self.first))
