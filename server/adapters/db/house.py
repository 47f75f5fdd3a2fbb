"""Counters that the roles leave for each other, in the database."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select, update

from server.adapters.db.tables import counters, notice_deliveries


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
