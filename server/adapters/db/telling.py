"""Put announcements into words for each guardian who is to know, with the names that the sentences use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import Connection, select

from server.adapters.db.tables import guardians, operators, riders, stops, trips, users, vehicles
from server.domain.trip import Announcement, TripState
from server.service.ingest_ports import Told
from server.service.wording import Facts, bus_names, words


class Teller:
    """Tells; names and guardians are kept for as long as it is."""

    def __init__(self) -> None:
        self._guardians: dict[str, list[tuple[str, str | None]]] = {}
        self._names: dict[str, str] = {}
        self._bus_called: dict[str, tuple[str, str]] = {}

    def tell(
        self, connection: Connection, now_ms: int, trip: TripState, announcements: Sequence[Announcement]
    ) -> list[Told]:
        """Put announcements into words for each guardian who is to know."""
        told: list[Told] = []
        zone = ZoneInfo(self._name(connection, "zone", trip.trip_id))
        bus_zh, bus_en = self._bus_names(connection, trip.vehicle_id or "")
        for one in announcements:
            if one.kind == "correction":
                one = replace(one, at_ms=now_ms)  # it happens when it is said, however old what it corrects
            at = datetime.fromtimestamp(one.at_ms / 1000, zone)
            facts = Facts(
                child=self._name(connection, "rider", one.rider_id),
                bus_zh=bus_zh,
                bus_en=bus_en,
                at=f"{at:%H:%M}",
                stop=self._name(connection, "stop", one.stop_id) if one.stop_id else None,
                minutes=one.minutes or 0,
            )
            zh, en = words(one.kind, facts)
            told += [
                Told(user_id, trip.trip_id, one, now_ms, zh, en)
                for user_id in self._guardians_of(connection, one.rider_id, f"{at:%Y-%m-%d}")
            ]
        return told

    def _guardians_of(self, connection: Connection, rider_id: str, on: str) -> list[str]:
        if rider_id not in self._guardians:
            query = (
                select(guardians.c.user_id, guardians.c.valid_until)
                .join(users, users.c.id == guardians.c.user_id)
                .where(
                    guardians.c.rider_id == rider_id,
                    guardians.c.ended_at_ms.is_(None),
                    users.c.ended_at_ms.is_(None),
                )
            )
            self._guardians[rider_id] = [(row.user_id, row.valid_until) for row in connection.execute(query)]
        return [user_id for user_id, until in self._guardians[rider_id] if until is None or on <= until]

    def _bus_names(self, connection: Connection, vehicle_id: str) -> tuple[str, str]:
        if not vehicle_id:
            return "校车", "the bus"
        if vehicle_id not in self._bus_called:
            query = select(vehicles.c.code, vehicles.c.plate).where(vehicles.c.id == vehicle_id)
            self._bus_called[vehicle_id] = bus_names(*connection.execute(query).one())
        return self._bus_called[vehicle_id]

    def _name(self, connection: Connection, kind: str, id_: str) -> str:
        """Give the name that a sentence uses for a rider or a stop; and the zone of a trip."""
        key = f"{kind}:{id_}"
        if key not in self._names:
            queries = {
                "rider": select(riders.c.name).where(riders.c.id == id_),
                "stop": select(stops.c.name).where(stops.c.id == id_),
                "zone": select(operators.c.timezone)
                .join(trips, trips.c.operator_id == operators.c.id)
                .where(trips.c.id == id_),
            }
            self._names[key] = connection.execute(queries[kind]).scalar_one()
        return self._names[key]
