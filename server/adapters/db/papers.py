"""Read what papers say of a trip's permit, buses and people, and the numbers that its rules go by."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from server.adapters.db.tables import people, permits, settings, vehicles
from server.domain.permit_facts import PermitFacts, PersonFacts, VehicleFacts
from server.domain.settings_catalog import BY_NAME
from server.domain.thresholds import Thresholds, resolve

Said = dict[tuple[str, str], dict[str, int | float]]


# Built once: to build a statement takes longer than to run it, and these are run for every bus that comes into memory.
_VEHICLE: Final = select(vehicles.c.seats, vehicles.c.inspection_until, vehicles.c.insurance_until).where(
    vehicles.c.id == bindparam("vehicle")
)
_TAGS: Final = (
    select(permits.c.tag)
    .where(permits.c.vehicle_id == bindparam("vehicle"), permits.c.tag.is_not(None))
    .distinct()
)
_PERSON: Final = select(people).where(
    people.c.operator_id == bindparam("operator"),
    people.c.badge == bindparam("badge"),
    people.c.ended_at_ms.is_(None),
)
_VALIDITY: Final = select(permits.c.valid_from, permits.c.valid_until).where(
    permits.c.id == bindparam("permit")
)


def read_vehicle(connection: Connection, vehicle_id: str) -> VehicleFacts | None:
    """Read what papers say of a bus, with the tags of every permit that it has had."""
    row = connection.execute(_VEHICLE, {"vehicle": vehicle_id}).one_or_none()
    if row is None:
        return None
    tags = connection.scalars(_TAGS, {"vehicle": vehicle_id})
    return VehicleFacts(
        vehicle_id, row.seats, row.inspection_until, row.insurance_until, tuple(sorted(filter(None, tags)))
    )


def read_person(connection: Connection, operator_id: str, badge: str) -> PersonFacts | None:
    """Read whose badge this is among an operator's people."""
    row = connection.execute(_PERSON, {"operator": operator_id, "badge": badge}).one_or_none()
    if row is None:
        return None
    return PersonFacts(row.badge, row.role, row.qualified_until, row.born, row.licence_since)


class PaperReader:
    """Reads permits and numbers of trips; keeps the settings until the catalogue makes a new one."""

    def __init__(self) -> None:
        self._settings: Said | None = None
        self._resolved: dict[tuple[str, ...], Thresholds] = {}

    def permit(self, connection: Connection, trip: Row[Any]) -> PermitFacts:
        """Read a trip's permit; without one, when the timetable's last permit before its date ended."""
        if trip.permit_id is not None:
            row = connection.execute(_VALIDITY, {"permit": trip.permit_id}).one()
            return PermitFacts(True, row.valid_from, row.valid_until)
        expired = connection.scalar(
            select(permits.c.valid_until)
            .where(permits.c.timetable_id == trip.timetable_id, permits.c.valid_until < trip.service_on)
            .order_by(permits.c.valid_until.desc())
            .limit(1)
        )
        return PermitFacts(in_force=False, expired_on=expired)

    def thresholds(self, connection: Connection, trip: Row[*tuple[Any, ...]]) -> Thresholds:
        """Resolve a trip's numbers: what its permit says over its route, its operator, the system, the default."""
        return self.resolved(
            connection, permit_id=trip.permit_id, route_id=trip.route_id, operator_id=trip.operator_id
        )

    def resolved(
        self,
        connection: Connection,
        *,
        operator_id: str,
        permit_id: str | None = None,
        route_id: str | None = None,
    ) -> Thresholds:
        """Resolve the numbers of a permit, a route, an operator; of what belongs to no trip, those of its operator."""
        if self._settings is None:
            self._settings = _read_settings(connection)
        scopes = {"permit": permit_id or "", "route": route_id or "", "operator": operator_id, "system": ""}
        key = tuple(scopes.values())
        if key not in self._resolved:
            self._resolved[key] = resolve(
                {scope: self._settings.get((scope, id_), {}) for scope, id_ in scopes.items()}
            )
        return self._resolved[key]

    def span(self, connection: Connection, name: str) -> tuple[float, float]:
        """Give the least and the greatest value of a setting that any scope has, the default among them."""
        if self._settings is None:
            self._settings = _read_settings(connection)
        said = [BY_NAME[name].default, *(each[name] for each in self._settings.values() if name in each)]
        return min(said), max(said)


def _read_settings(connection: Connection) -> Said:
    found: Said = defaultdict(dict)
    for row in connection.execute(select(settings).where(settings.c.ended_at_ms.is_(None))):
        known = BY_NAME.get(row.name)
        if known is not None:
            found[row.scope, row.scope_id][row.name] = known.read(row.value)
    return dict(found)
