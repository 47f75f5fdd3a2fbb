"""Recorders as their operator sees them, and what was refused from them."""

from __future__ import annotations

import msgspec

from server.service import shapes
from server.service.instants import at
from server.service.policy import Scope
from server.service.rows import DeviceRow
from server.service.web_ports import Work


class _Online(msgspec.Struct):
    fw: str | None = None
    model: str | None = None


def list_devices(
    work: Work, scope: Scope, code: str | None, after: str | None, limit: int
) -> shapes.Items[shapes.DeviceItem]:
    """List the recorders of the scope by id, which is their code too."""
    rows = work.devices.page(scope, code, after, limit + 1)
    page = rows[:limit]
    return shapes.Items([_device(row) for row in page], page[-1].id if len(rows) > limit else None)


def list_rejected(
    work: Work, device_id: str, after: int | None, limit: int
) -> shapes.Items[shapes.RejectedItem]:
    """List what was refused from one recorder, newest first; bytes that are no UTF-8 are shown replaced."""
    rows = work.devices.list_rejected(device_id, after, limit + 1)
    page, zone = rows[:limit], work.scopes.timezone()
    items = [
        shapes.RejectedItem(
            row.seq, row.kind, row.reason, at(row.received_ms, zone), row.payload.decode("utf-8", "replace")
        )
        for row in page
    ]
    return shapes.Items(items, str(page[-1].id) if len(rows) > limit else None)


def _device(row: DeviceRow) -> shapes.DeviceItem:
    said = _Online()
    if row.body is not None:
        try:
            said = msgspec.json.decode(row.body, type=_Online)
        except msgspec.DecodeError:
            said = _Online()  # the device's own words, shown if they can be
    return shapes.DeviceItem(
        id=row.id,
        code=row.id,
        vehicle=row.vehicle,
        active=row.active,
        online=row.online,
        changed_at=at(row.changed_at_ms, row.timezone),
        seen_at=at(row.seen_at_ms, row.timezone),
        skew_ms=row.skew_ms,
        firmware=said.fw,
        model=said.model,
        rejected=row.rejected,
    )
