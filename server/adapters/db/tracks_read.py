"""What a recorder sent while a trip ran, as it sent it: positions and sign-ons; and the road that both are held against."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection, select

from server.adapters.db.roads import RoadReader
from server.adapters.db.tables import people, records, vehicles
from server.domain.hand import HAND
from server.domain.record import Duty, Position
from server.domain.vehicle_day import Road
from server.service.rows import SignOnRow, TrackPoint

_position: Final = msgspec.json.Decoder(Position)
_duty: Final = msgspec.json.Decoder(Duty)


class TracksDb:
    """Implements `TrackStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def points(self, vehicle_id: str, device_id: str, from_ms: int, to_ms: int) -> list[TrackPoint]:
        bodies = self._connection.scalars(
            select(records.c.body)
            .where(
                records.c.vehicle_id == vehicle_id, records.c.device_id == device_id, records.c.kind == "pos",
                records.c.t_ms.between(from_ms, to_ms),
            )
            .order_by(records.c.t_ms, records.c.epoch, records.c.seq)
        )  # fmt: skip
        return [
            TrackPoint(
                pos.t, pos.lat, pos.lon, pos.spd, pos.hdg, pos.acc, pos.fix, pos.door, pos.lamp, pos.arm
            )
            for pos in map(_position.decode, bodies)
        ]

    def sign_ons(
        self, vehicle_id: str, device_id: str, code: str, from_ms: int, to_ms: int
    ) -> list[SignOnRow]:
        rows = self._connection.execute(
            select(records.c.body, vehicles.c.operator_id)
            .join(vehicles, vehicles.c.id == records.c.vehicle_id)
            .where(
                records.c.vehicle_id == vehicle_id, records.c.device_id.in_((device_id, HAND)),
                records.c.kind == "duty", records.c.t_ms.between(from_ms, to_ms),
            )
            .order_by(records.c.t_ms, records.c.epoch, records.c.seq)
        ).all()  # fmt: skip
        said = [(_duty.decode(row.body), row.operator_id) for row in rows]
        said = [(duty, operator_id) for duty, operator_id in said if duty.trip in (None, code)]
        return [
            SignOnRow(
                at_ms=duty.t,
                role=duty.role,
                state=duty.state,
                badge=duty.badge,
                name=self._name(operator_id, duty.badge),
                alcohol=duty.alcohol,
                tag=duty.tag,
            )
            for duty, operator_id in said
        ]

    def find_road(self, trip_id: str) -> Road | None:
        return RoadReader().read(self._connection, trip_id)

    def _name(self, operator_id: str, badge: str) -> str | None:
        return self._connection.scalar(
            select(people.c.name)
            .where(people.c.operator_id == operator_id, people.c.badge == badge)
            .order_by(people.c.ended_at_ms.is_not(None))
            .limit(1)
        )
