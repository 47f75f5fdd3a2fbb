"""Substitutions in the database: what was approved of a trip, and its effect on the trips that are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import BindParameter, Connection, Row, bindparam, select, update

from server.adapters.db.tables import (
    people,
    permits,
    plans,
    ride_plans,
    substitutions,
    trip_riders,
    trips,
)
from server.domain.plan import PlanVersion
from server.domain.service_time import instant_ms
from server.domain.substitute import (
    Detour,
    Staffing,
    Substitute,
    detour_at,
    shift_at,
    staffing_at,
)

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

_RIDE_PLANS: Final = (
    select(ride_plans.c.rider_id, ride_plans.c.stop_id, ride_plans.c.weekdays)
    .join(
        trip_riders,
        (trip_riders.c.rider_id == ride_plans.c.rider_id) & (trip_riders.c.trip_id == bindparam("trip")),
    )
    .where(
        ride_plans.c.timetable_id == bindparam("timetable"),
        ride_plans.c.ended_at_ms.is_(None),
        trip_riders.c.stranger.is_(False),
    )
    .order_by(ride_plans.c.id)
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
        plan_id = _plan_id(trip, given)
        values = {
            "vehicle_id": now.vehicle_id,
            "driver_id": now.driver_badge,
            "attendant_id": now.attendant_badge,
            "plan_id": plan_id,
            **_times(connection, trip, shift_at(given, None)),
        }
        if trip.assigned_at_ms is None and any(each.detour is not None for each in given):
            _place_riders(connection, trip, detour_of(plan_id, given))
        if any(getattr(trip, name) != value for name, value in values.items()):
            connection.execute(update(trips).where(trips.c.id == trip.id).values(values))
            changed.append(trip.id)
    return changed


def usual_stops(connection: Connection, trip: Trip) -> dict[str, str]:
    """Read where riders are planned to be on a trip, by rider, but for what was approved instead."""
    weekday = str(date.fromisoformat(trip.service_on).isoweekday())
    found: dict[str, str] = {}
    for row in connection.execute(_RIDE_PLANS, {"trip": trip.id, "timetable": trip.timetable_id}):
        if weekday in row.weekdays or row.rider_id not in found:
            found[row.rider_id] = row.stop_id
    return found


def detour_of(plan_id: str, given: Iterable[Substitute]) -> Detour | None:
    """Find the detour that made a plan version."""
    return next(
        (each.detour for each in given if each.detour is not None and each.detour.plan_id == plan_id), None
    )


def _plan_id(trip: Trip, given: list[Substitute]) -> str:
    """Give the plan version by which a trip is to be run now."""
    known, now = detour_of(trip.plan_id, given), detour_at(given, None)
    usual: str = trip.plan_id if known is None else known.of_plan
    return now.plan_id if now is not None and now.of_plan == usual else usual


def _place_riders(connection: Connection, trip: Trip, detour: Detour | None) -> None:
    """Plan the riders of a trip that no bus has taken where the bus comes."""
    mine = trip_riders.c.trip_id == trip.id
    for rider_id, stop_id in usual_stops(connection, trip).items():
        there = stop_id if detour is None else detour.stop_of(stop_id)
        connection.execute(
            update(trip_riders).where(mine, trip_riders.c.rider_id == rider_id).values(stop_id=there)
        )


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
