"""What stands near a few records: the rows that judging a change of them has to see, and no others.

A record is judged by the very checks that judge a whole pack; those look at what it names, at what it must not collide with, and
where it ends at what names it. So a change costs the same in a province as in a village.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, Table, select

from server.adapters.db import tables as t

PLAN_TABLES: tuple[Table, ...] = (
    t.jurisdictions, t.operators, t.stops, t.schools, t.routes, t.shapes, t.calendars, t.calendar_dates, t.timetables,
    t.vehicles, t.devices, t.people, t.permits, t.riders, t.users, t.guardians, t.ride_plans, t.zones, t.settings,
)  # fmt: skip
_BY_NAME = {table.name: table for table in PLAN_TABLES}
# Whose id a column without a foreign key holds, by the value of another column.
_SCOPES: Mapping[str, tuple[str, Mapping[str, Table]]] = {
    "users": (
        "role",
        {
            "regulator": t.jurisdictions,
            "operator": t.operators,
            "school": t.schools,
            "attendant": t.people,
            "driver": t.people,
        },
    ),
    "settings": ("scope", {"operator": t.operators, "route": t.routes, "permit": t.permits}),
}


class Near:
    """The ids of the rows that count, by table; `timed` are the timetables whose stop times do too.

    `operator_id` is whose a new stop, shape or calendar is; `ending`: something is about to end.
    """

    def __init__(
        self, connection: Connection, *, operator_id: str | None = None, ending: bool = False
    ) -> None:
        self._connection = connection
        self.operator_id = operator_id
        self.ending = ending
        self._ids: dict[str, set[str]] = defaultdict(set)
        self.timed: set[str] = set()

    def holds(self, table: Table) -> ColumnElement[bool]:
        """Say that a row of the table is one of these."""
        return table.c.id.in_(self._ids[table.name])

    def add_made(self, table: Table, ids: Iterable[str]) -> None:
        """Take in rows that the change itself made."""
        self._ids[table.name].update(ids)

    def add(self, table: Table, ids: Iterable[str | None]) -> None:
        """Take in rows, and all that they name."""
        fresh = {one for one in ids if one is not None} - self._ids[table.name]
        if not fresh:
            return
        self._ids[table.name].update(fresh)
        named: dict[str, set[str | None]] = defaultdict(set)
        for row in self._connection.execute(select(table).where(table.c.id.in_(fresh))):
            for column in table.columns:
                for key in column.foreign_keys:
                    if key.column.table.name in _BY_NAME:
                        named[key.column.table.name].add(row._mapping[column.name])
            if table.name in _SCOPES:
                by, targets = _SCOPES[table.name]
                target = targets.get(row._mapping[by])
                if target is not None:
                    named[target.name].add(row.scope_id)
        for name, found in named.items():
            self.add(_BY_NAME[name], found)

    def add_where(self, table: Table, where: ColumnElement[bool], *, ended: bool = False) -> None:
        """Take in the live rows that a condition holds for; `ended`: the ended ones too."""
        query = select(table.c.id).where(where)
        if not ended:
            query = query.where(table.c.ended_at_ms.is_(None))
        self.add(table, self._connection.scalars(query))

    def add_timed(self, timetable_ids: Iterable[str]) -> None:
        """Take in timetables with all that their plans are made of: stops and times, shape, calendar."""
        fresh = set(timetable_ids) - self.timed
        if not fresh:
            return
        self.timed |= fresh
        self.add(t.timetables, fresh)
        times = select(t.stop_times.c.stop_id).where(t.stop_times.c.timetable_id.in_(fresh))
        self.add(t.stops, self._connection.scalars(times))
        rows = self._connection.execute(
            select(t.timetables.c.shape_code, t.timetables.c.service_code).where(t.timetables.c.id.in_(fresh))
        ).all()
        self.add_where(t.shapes, t.shapes.c.code.in_({row.shape_code for row in rows}))
        self.add_services({row.service_code for row in rows})

    def add_services(self, codes: set[str]) -> None:
        """Take in calendars with their dates."""
        self.add_where(t.calendars, t.calendars.c.code.in_(codes))
        self.add_where(t.calendar_dates, t.calendar_dates.c.service_code.in_(codes))
