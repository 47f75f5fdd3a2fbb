"""Keep the open alarms of some kinds as whoever watches over them says they are; an ended one stays as history."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select, text, update

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.ids import new_id
from server.service.calendar_watch import Alarm, AlarmChanges

_LOCK = 6_012_029  # PostgreSQL's advisory lock of alarms: an import and the hourly job take turns
Key = tuple[str, str | None, str]


def keep_alarms(db: Database, kinds: Iterable[str], wanted: Iterable[Alarm], now_ms: int) -> AlarmChanges:
    """Make the open alarms of these kinds be `wanted`; nothing is written when they are."""
    kinds = tuple(kinds)
    there = {_key(alarm): alarm for alarm in wanted}
    with db.read() as connection:
        if {_key(alarm): alarm for _, alarm in _open(connection, kinds)} == there:
            return AlarmChanges((), ())
    with db.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        ended = []
        known = set()
        for row_id, alarm in _open(connection, kinds):
            key = _key(alarm)
            known.add(key)
            if key not in there:
                ended.append(alarm)
                _set(connection, row_id, ended_at_ms=now_ms)
            elif there[key].detail != alarm.detail:
                _set(connection, row_id, detail=there[key].detail)
        raised = [alarm for key, alarm in there.items() if key not in known]
        for alarm in raised:
            row = {"id": new_id(), "kind": alarm.kind, "operator_id": alarm.operator_id}
            row |= {"object": alarm.object, "detail": alarm.detail}
            connection.execute(insert(t.alarms).values(row | {"since_ms": now_ms}))
        return AlarmChanges(tuple(raised), tuple(ended))


def _key(alarm: Alarm) -> Key:
    return alarm.kind, alarm.operator_id, alarm.object


def _open(connection: Connection, kinds: tuple[str, ...]) -> list[tuple[str, Alarm]]:
    query = select(t.alarms).where(t.alarms.c.ended_at_ms.is_(None), t.alarms.c.kind.in_(kinds))
    return [
        (row.id, Alarm(row.kind, row.operator_id, row.object, row.detail))
        for row in connection.execute(query)
    ]


def _set(connection: Connection, row_id: str, **values: object) -> None:
    connection.execute(update(t.alarms).where(t.alarms.c.id == row_id).values(values))
