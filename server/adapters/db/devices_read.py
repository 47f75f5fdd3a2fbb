"""Recorders and what was refused from them, read from the database."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from server.adapters.db.scopes import owned_in
from server.adapters.db.tables import device_status, devices, operators, rejected, vehicles
from server.service.policy import Scope
from server.service.rows import DeviceRow, RejectedRow
from server.service.shapes import Named


class DevicesDb:
    """Implements `DeviceStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, scope: Scope, code: str | None, after: str | None, limit: int) -> list[DeviceRow]:
        refused = (
            select(func.count())
            .where(rejected.c.device_id == devices.c.id)
            .correlate(devices)
            .scalar_subquery()
        )
        query = (
            select(
                devices.c.id, devices.c.active, vehicles.c.id.label("bus_id"), vehicles.c.code, vehicles.c.plate,
                operators.c.timezone, device_status.c.online, device_status.c.changed_at_ms,
                device_status.c.seen_at_ms, device_status.c.skew_ms, device_status.c.body, refused.label("refused"),
            )
            .join(vehicles, vehicles.c.id == devices.c.vehicle_id)
            .join(operators, operators.c.id == vehicles.c.operator_id)
            .join(device_status, device_status.c.device_id == devices.c.id, isouter=True)
            .where(owned_in(scope, vehicles.c.operator_id), devices.c.ended_at_ms.is_(None))
            .order_by(devices.c.id)
            .limit(limit)
        )  # fmt: skip
        if code is not None:
            query = query.where(devices.c.id == code)
        if after is not None:
            query = query.where(devices.c.id > after)
        return [
            DeviceRow(
                row.id, Named(row.bus_id, row.code, row.plate), row.timezone, row.active, row.online,
                row.changed_at_ms, row.seen_at_ms, row.skew_ms, row.body, row.refused,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def list_rejected(self, device_id: str, after: int | None, limit: int) -> list[RejectedRow]:
        query = (
            select(rejected)
            .where(rejected.c.device_id == device_id)
            .order_by(rejected.c.id.desc())
            .limit(limit)
        )
        if after is not None:
            query = query.where(rejected.c.id < after)
        return [
            RejectedRow(row.id, row.seq, row.kind, row.reason, row.received_ms, row.payload)
            for row in self._connection.execute(query)
        ]
