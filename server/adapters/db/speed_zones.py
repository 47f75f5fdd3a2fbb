"""Read the speed zones, and lay those that hold on a date along a plan's shape, once for each plan and set of zones."""

from __future__ import annotations

from sqlalchemy import Connection, select

from server.adapters.db import tables as t
from server.domain.plan import PlanVersion
from server.domain.speed_zones import Zone
from server.service.zone_shapes import lay, read_zone

Dated = tuple[Zone, str | None, str | None]


class ZoneReader:
    """Reads zones when first asked, and keeps them until the catalogue makes a new one."""

    def __init__(self) -> None:
        self._zones: list[Dated] | None = None
        self._laid: dict[str, dict[str, Zone | None]] = {}

    def along(self, connection: Connection, plan_id: str, version: PlanVersion, on: str) -> tuple[Zone, ...]:
        """List the zones that hold on a date (ISO) and lie near a plan's shape, with the stretches that they cover."""
        if self._zones is None:
            self._zones = _read(connection)
        laid = self._laid.setdefault(plan_id, {})
        found: list[Zone] = []
        for zone, valid_from, valid_until in self._zones:
            if (valid_from or on) <= on <= (valid_until or on):
                if zone.code not in laid:
                    laid[zone.code] = lay(zone, version.shape, version.metres)
                near = laid[zone.code]
                if near is not None:
                    found.append(near)
        return tuple(found)


def _read(connection: Connection) -> list[Dated]:
    rows = connection.execute(select(t.zones).where(t.zones.c.ended_at_ms.is_(None)).order_by(t.zones.c.code))
    return [
        (
            read_zone(row.code, row.kind, row.limit_kmh, row.wkt, row.width_m),
            row.valid_from,
            row.valid_until,
        )
        for row in rows
    ]
