"""What has been kept long enough, deleted in portions."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, or_, select

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.domain.retention import Kept

# Rows that come in the order of their ids, and the column of the instant at which they came.
_IN_ORDER: Final[dict[Kept, tuple[Table, str]]] = {
    "tracks": (t.records, "received_ms"),
    "rejected": (t.rejected, "received_ms"),
    "audit": (t.audit, "at_ms"),
}


class DatabaseRetention:
    """Implements `RetentionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def delete(self, kind: Kept, before_ms: int, limit: int) -> int:
        """Delete a portion; the writers are left alone where there is none."""
        with self._database.read() as connection:
            ids = _due(connection, kind, before_ms, limit)
        if ids:
            with self._database.write() as connection:
                _drop(connection, kind, ids)
                if kind == "tracks":
                    _forget_beginnings(connection, before_ms)
        return len(ids)


def _due(connection: Connection, kind: Kept, before_ms: int, limit: int) -> list[Any]:
    if kind in _IN_ORDER:
        table, column = _IN_ORDER[kind]
        oldest = select(table.c.id, table.c[column].label("at_ms")).order_by(table.c.id).limit(limit)
        return [row.id for row in connection.execute(oldest) if row.at_ms < before_ms]
    if kind == "notices":
        return list(
            connection.scalars(select(t.notices.c.id).where(t.notices.c.made_at_ms < before_ms).limit(limit))
        )
    # A finding that nobody has closed is not over, however old.
    over = or_(t.findings.c.state == "closed", t.findings.c.withdrawn_at_ms.is_not(None))
    return list(
        connection.scalars(
            select(t.findings.c.id).where(t.findings.c.began_ms < before_ms, over).limit(limit)
        )
    )


def _drop(connection: Connection, kind: Kept, ids: list[Any]) -> None:
    if kind in _IN_ORDER:
        _delete(connection, _IN_ORDER[kind][0], ids)
        return
    told = (
        ids
        if kind == "notices"
        else list(connection.scalars(select(t.notices.c.id).where(t.notices.c.finding_id.in_(ids))))
    )
    connection.execute(delete(t.notice_deliveries).where(t.notice_deliveries.c.notice_id.in_(told)))
    _delete(connection, t.notices, told)
    if kind == "findings":
        connection.execute(delete(t.finding_steps).where(t.finding_steps.c.finding_id.in_(ids)))
        _delete(connection, t.findings, ids)


def _delete(connection: Connection, table: Table, ids: list[Any]) -> None:
    connection.execute(delete(table).where(table.c.id.in_(ids)))


def _forget_beginnings(connection: Connection, before_ms: int) -> None:
    """Delete checkpoints that lead to nothing any more; the newest of each bus stays, since the log after it begins there."""
    newer = t.checkpoints.alias("newer")
    same: ColumnElement[bool] = and_(
        newer.c.vehicle_id == t.checkpoints.c.vehicle_id,
        newer.c.t_ms > t.checkpoints.c.t_ms,
        newer.c.t_ms < before_ms,
    )
    superseded = select(newer.c.t_ms).where(same).exists()
    connection.execute(delete(t.checkpoints).where(t.checkpoints.c.t_ms < before_ms, superseded))
    connection.execute(delete(t.driver_sign_ons).where(t.driver_sign_ons.c.at_ms < before_ms))
