"""Substitutions in the database: what was approved of a trip, and its effect on the trips that are there."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, select, update

from server.adapters.db.tables import people, permits, substitutions, trips
from server.domain.substitute import Staffing, Substitute, staffing_at

Trip = Row[Any]
_OPEN = ("scheduled", "en_route")


def read_staffing(connection: Connection, trip: Trip) -> tuple[Staffing, tuple[Substitute, ...]]:
    """Read whom and what a trip's permit names, and what was approved instead, oldest first; people by their badges."""
    given = _read(connection, trip.timetable_id, trip.service_on)
    permit = _permit(connection, trip, has_substitutes=bool(given))
    named = {permit.driver_badge, permit.attendant_badge}
    named |= {each.driver_badge for each in given} | {each.attendant_badge for each in given}
    badges: dict[str | None, str] = {
        row.id: row.badge
        for row in connection.execute(
            select(people.c.id, people.c.badge).where(people.c.id.in_(named - {None}))
        )
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
            )
            for each in given
        ),
    )


def apply(connection: Connection, timetable_id: str, from_on: str, until_on: str) -> list[str]:
    """Name on the trips that are there, and not over, whom and what is approved now; give those that changed."""
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
        }
        if any(getattr(trip, name) != value for name, value in values.items()):
            connection.execute(update(trips).where(trips.c.id == trip.id).values(values))
            changed.append(trip.id)
    return changed


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
    query = (
        select(substitutions)
        .where(
            substitutions.c.timetable_id == timetable_id,
            substitutions.c.from_on <= service_on,
            substitutions.c.until_on >= service_on,
        )
        .order_by(substitutions.c.made_at_ms, substitutions.c.id)
    )
    return [_substitute(row) for row in connection.execute(query)]


def _substitute(row: Row[Any]) -> Substitute:
    """Read a row; people are named by their ids here."""
    return Substitute(row.made_at_ms, row.ended_at_ms, row.vehicle_id, row.driver_id, row.attendant_id)


def _permit(connection: Connection, trip: Trip, *, has_substitutes: bool) -> Staffing:
    """Read whom the permit names, by id; a trip without a permit and with substitutes has nobody but them."""
    if trip.permit_id is None:
        return Staffing() if has_substitutes else Staffing(trip.vehicle_id, trip.driver_id, trip.attendant_id)
    row = connection.execute(
        select(permits.c.vehicle_id, permits.c.driver_id, permits.c.attendant_id).where(
            permits.c.id == trip.permit_id
        )
    ).one()
    return Staffing(row.vehicle_id, row.driver_id, row.attendant_id)
