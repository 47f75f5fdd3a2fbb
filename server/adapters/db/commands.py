"""Commands to recorders as web keeps and reads them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from server.adapters.db.tables import device_commands, devices, operators, users, vehicles
from server.service.command_rows import CommandRow, DueCommand
from server.service.shapes import Named

_ROWS = (
    select(device_commands, operators.c.timezone, users.c.username, users.c.name)
    .join(devices, devices.c.id == device_commands.c.device_id)
    .join(vehicles, vehicles.c.id == devices.c.vehicle_id)
    .join(operators, operators.c.id == vehicles.c.operator_id)
    .join(users, users.c.id == device_commands.c.user_id, isouter=True)
)


class CommandsDb:
    """Implements `CommandStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, command: DueCommand, user_id: str, now_ms: int) -> None:
        self._connection.execute(
            insert(device_commands).values(
                id=command.id, device_id=command.device_id, kind=command.kind, args=command.args, user_id=user_id,
                made_at_ms=now_ms, until_ms=command.until_ms,
            )
        )  # fmt: skip

    def get(self, command_id: str) -> CommandRow:
        (found,) = self._read(_ROWS.where(device_commands.c.id == command_id))
        return found

    def page(self, device_id: str, after: str | None, limit: int) -> list[CommandRow]:
        # Ids are made in the order of time, so the newest first is the greatest first.
        query = _ROWS.where(device_commands.c.device_id == device_id).order_by(device_commands.c.id.desc())
        if after is not None:
            query = query.where(device_commands.c.id < after)
        return self._read(query.limit(limit))

    def count_waiting(self, device_id: str, now_ms: int) -> int:
        open_ = (
            device_commands.c.device_id == device_id,
            device_commands.c.answered_at_ms.is_(None),
            device_commands.c.until_ms > now_ms,
            device_commands.c.user_id.is_not(None),
        )
        return self._connection.scalar(select(func.count()).where(*open_)) or 0

    def is_active(self, device_id: str) -> bool:
        query = select(devices.c.id).where(
            devices.c.id == device_id, devices.c.active, devices.c.ended_at_ms.is_(None)
        )
        return self._connection.execute(query).first() is not None

    def _read(self, query: Select[*tuple[Any, ...]]) -> list[CommandRow]:
        return [
            CommandRow(
                row.id, row.device_id, row.kind, row.args,
                None if row.user_id is None else Named(row.user_id, row.username or "", row.name or row.username or ""),
                row.made_at_ms, row.until_ms, row.sent_at_ms, row.answered_at_ms, row.ok, row.answer, row.timezone,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip
