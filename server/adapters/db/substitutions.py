"""Substitutions in the database: what was approved of a trip, and its effect on the trips that are there."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import BindParameter, Connection, Row, bindparam, select, update

from server.adapters.db.tables import people, permits, plans, substitutions, trips
from server.domain.plan import PlanVersion
from server.domain.service_time import instant_ms
from server.domain.substitute import Detour, Staffing, Substitute, shift_at, staffing_at

Trip = Row[Any]
_OPEN = ("scheduled", "en_route")
_plan: Final = msgspec.json.Decoder(PlanVersion)
_detour: Final = msgspec.json.Decoder(Detour)
# Built once: to build a statement takes longer than to run it, and these are run for every trip that is read.
_BADGES: Final = select(people.c.id, people.c.badge).where(
    people.c.id.in_(bindparam("people", expanding=True))
)
_on: Final[BindParameter[str]] = bindparam("service_on")
_GIVEN: Final = (
    select(substitutions)
    .where(
        substitutions.c.timetable_id == bindparam("timetable"),
        substitutions.c.from_on <= _on,
        substitutions.c.until_on >= _on,
    )
    .order_by(substitutions.c.made_at_ms, substitutions.c.id)
)
_NAMED: Final = select(permits.c.vehicle_id, permits.c.driver_id, permits.c.attendant_id).where(
    permits.c.id == bindparam("permit")
)

_BODY: Final = select(plans.c.body).where(plans.c.id == bindparam("plan"))


def read_staffing(connection: Connection, trip: Trip) -> tuple[Staffing, tuple[Substitute, ...]]:
    """Read whom and what a trip's permit names, and what was approved instead, oldest first; people by their badges."""
    given = _read(connection, trip.timetable_id, trip.service_on)
    permit = _permit(connection, trip, has_substitutes=bool(given))
    named = {permit.driver_badge, permit.attendant_badge}
    named |= {each.driver_badge for each in given} | {each.attendant_badge for each in given}
    badges: dict[str | None, str] = {
        row.id: row.badge for row in connection.execute(_BADGES, {"people": sorted(filter(None, named))})
    }
    return (
        Staffing(permit.vehicle_id, badges.get(permit.driver_badge), badges.get(permit.attendant_badge)),
        tuple(
            Substitute(
                each.from_ms,
                each.until_ms,
                each.vehicle_id,
                badges.get(each.driver_badge),
                badges.get(each.attendant_badge),
                each.shift_s,
                each.detour,
            )
            for each in given
        ),
    )


def apply(connection: Connection, timetable_id: str, from_on: str, until_on: str) -> list[str]:
    """Name on the trips that are there, and not over, whom, what and when is approved now; give those that changed."""
    changed = []
    query = select(trips).where(
        trips.c.timetable_id == timetable_id,
        trips.c.service_on.between(from_on, until_on),
        trips.c.state.in_(_OPEN),
    )
    for trip in connection.execute(query).all():
        given = _read(connection, timetable_id, trip.service_on)
        now = staffing_at(_permit(connection, trip, has_substitutes=bool(given)), given, None)
        values = {
            "vehicle_id": now.vehicle_id,
            "driver_id": now.driver_badge,
            "attendant_id": now.attendant_badge,
            **_times(connection, trip, shift_at(given, None)),
        }
        if any(getattr(trip, name) != value for name, value in values.items()):
            connection.execute(update(trips).where(trips.c.id == trip.id).values(values))
            changed.append(trip.id)
    return changed


def _times(connection: Connection, trip: Trip, shift_s: int) -> dict[str, int]:
    """Give when a trip begins and ends by plan, moved by so much."""
    version = _plan.decode(connection.execute(_BODY, {"plan": trip.plan_id}).scalar_one())
    on, zone = date.fromisoformat(trip.service_on), ZoneInfo(version.timezone)
    ends = {"planned_start_ms": version.stops[0].departure_s, "planned_end_ms": version.stops[-1].arrival_s}
    return {name: instant_ms(on, at_s + shift_s, zone) for name, at_s in ends.items()}


def in_force(connection: Connection, since_on: str) -> dict[str, list[tuple[str, str, Substitute]]]:
    """Read what is approved from a date on: (first date, last date, what) by timetable, oldest first; people by their ids."""
    query = (
        select(substitutions)
        .where(substitutions.c.until_on >= since_on, substitutions.c.ended_at_ms.is_(None))
        .order_by(substitutions.c.made_at_ms, substitutions.c.id)
    )
    found: dict[str, list[tuple[str, str, Substitute]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.timetable_id].append((row.from_on, row.until_on, _substitute(row)))
    return found


def _read(connection: Connection, timetable_id: str, service_on: str) -> list[Substitute]:
    asked = {"timetable": timetable_id, "service_on": service_on}
    return [_substitute(row) for row in connection.execute(_GIVEN, asked)]


def _substitute(row: Row[Any]) -> Substitute:
    """Read a row; people are named by their ids here."""
    detour = None if row.detour is None else _detour.decode(row.detour)
    return Substitute(
        row.made_at_ms, row.ended_at_ms, row.vehicle_id, row.driver_id, row.attendant_id, row.shift_s, detour
    )


def _permit(connection: Connection, trip: Trip, *, has_substitutes: bool) -> Staffing:
    """Read whom the permit names, by id; a trip without a permit and with substitutes has nobody but them."""
    if trip.permit_id is None:
        return Staffing() if has_substitutes else Staffing(trip.vehicle_id, trip.driver_id, trip.attendant_id)
    row = connection.execute(_NAMED, {"permit": trip.permit_id}).one()
    return Staffing(row.vehicle_id, row.driver_id, row.attendant_id)
