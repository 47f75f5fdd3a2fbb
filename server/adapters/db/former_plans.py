"""Which plan a timetable's trips had before its present one: versions that hold until a service date."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from server.adapters.db.tables import former_plans as t
from server.service.instants import day_after

Former = tuple[tuple[str, str], ...]  # (before_on, plan id), the earliest first


def read_former(connection: Connection, since_on: str) -> dict[str, Former]:
    """Give each timetable's versions that hold on some date from `since_on` on."""
    query = select(t).where(t.c.before_on > since_on).order_by(t.c.timetable_id, t.c.before_on)
    found: dict[str, Former] = {}
    for row in connection.execute(query):
        found[row.timetable_id] = (*found.get(row.timetable_id, ()), (row.before_on, row.plan_id))
    return found


def plan_on(former: Former, present: str, on: str) -> str:
    """Say which plan a trip of a service date has.

    >>> [plan_on((("2026-09-03", "old"),), "new", on) for on in ("2026-09-02", "2026-09-03")]
    ['old', 'new']
    """
    return next((plan_id for before_on, plan_id in former if on < before_on), present)


def supersede(connection: Connection, timetable_id: str, present: str | None, holds_from: str | None) -> None:
    """Keep the plan of each date before `holds_from`, since `present` is about to be replaced; None: at once, for all dates."""
    mine = t.c.timetable_id == timetable_id
    if holds_from is None or present is None:
        connection.execute(delete(t).where(mine))
        return
    rows = connection.execute(select(t.c.before_on, t.c.plan_id).where(mine).order_by(t.c.before_on))
    former: Former = tuple((row.before_on, row.plan_id) for row in rows)
    last = plan_on(former, present, day_after(holds_from, -1))
    # What was to hold from that date or later never will.
    connection.execute(delete(t).where(mine, t.c.before_on >= holds_from))
    connection.execute(insert(t).values(timetable_id=timetable_id, before_on=holds_from, plan_id=last))
