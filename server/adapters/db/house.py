"""Counters that the roles leave for each other, in the database."""

from __future__ import annotations

from sqlalchemy import Connection, Select, func, insert, select, text, update

from server.adapters.db.engine import upsert
from server.adapters.db.tables import (
    counters,
    device_status,
    devices,
    findings,
    notice_deliveries,
    notices,
    rejected,
    role_runs,
    trips,
    vehicle_heads,
)


def note_start(connection: Connection, role: str, at_ms: int, version: str) -> None:
    """Keep when a role started (UTC ms of the machine), and the program that it runs."""
    row = {"role": role, "started_at_ms": at_ms, "version": version}
    upsert(connection, role_runs, [row], ["role"], ["started_at_ms", "version"])


class HouseDb:
    """Implements `HouseStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counter(self, name: str) -> int | None:
        return self._connection.scalar(select(counters.c.value).where(counters.c.name == name))

    def pushes_waiting(self) -> int:
        waiting = notice_deliveries.c.state == "waiting"
        return (
            self._connection.scalar(select(func.count()).select_from(notice_deliveries).where(waiting)) or 0
        )

    def move_counter(self, name: str) -> None:
        moved = self._connection.execute(
            update(counters).where(counters.c.name == name).values(value=counters.c.value + 1)
        )
        if moved.rowcount == 0:
            self._connection.execute(insert(counters).values(name=name, value=1))

    def runs(self) -> dict[str, tuple[int, str]]:
        return {
            row.role: (row.started_at_ms, row.version) for row in self._connection.execute(select(role_runs))
        }

    def database(self) -> tuple[str, int | None, str | None]:
        kind = self._connection.dialect.name
        size = text(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            if kind == "sqlite"
            else "SELECT pg_database_size(current_database())"
        )
        revision = self._connection.scalar(text("SELECT version_num FROM alembic_version"))
        return kind, self._connection.scalar(size), revision

    def outbox(self) -> tuple[int, int | None, int]:
        open_ = (
            notices.c.sent_at_ms.is_(None),
            notices.c.expired_at_ms.is_(None),
            notices.c.withdrawn_at_ms.is_(None),
            notices.c.muted.is_(False),
        )
        row = self._connection.execute(
            select(func.count(), func.min(notices.c.made_at_ms)).where(*open_)
        ).one()
        calling = select(func.count()).select_from(findings).where(findings.c.call_next_ms.is_not(None))
        return row[0], row[1], self._connection.scalar(calling) or 0

    def recorders(self, heard_ms: int, day_ms: int) -> tuple[int, int, int, int]:
        def count(query: Select[int]) -> int:
            return self._connection.scalar(query) or 0

        in_use = (
            select(func.count()).select_from(devices).where(devices.c.active, devices.c.ended_at_ms.is_(None))
        )
        online = (
            select(func.count())
            .select_from(devices)
            .join(device_status, device_status.c.device_id == devices.c.id)
            .where(devices.c.active, devices.c.ended_at_ms.is_(None), device_status.c.online)
        )
        silent = (
            select(func.count())
            .select_from(trips)
            .join(vehicle_heads, vehicle_heads.c.vehicle_id == trips.c.run_vehicle_id)
            .where(trips.c.state == "en_route", vehicle_heads.c.received_ms < heard_ms)
        )
        refused = select(func.count()).select_from(rejected).where(rejected.c.received_ms >= day_ms)
        return count(in_use), count(online), count(silent), count(refused)
