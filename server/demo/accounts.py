"""Choose the demo's accounts to log in with: a guardian whose child boards next, and one of each other role."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, select, update

from server.adapters.db import tables as t
from server.adapters.db.counters import bump
from server.adapters.db.engine import Database
from server.clock import Clock
from server.config import Settings
from server.domain.plan import PlanVersion
from server.errors import NotFoundError
from server.service.passwords import hash_password

AHEAD_S = 20  # a person needs this long to log in
WITHIN_S = 3_600
EARLY_S = 600  # children board at the first stop so much before the trip begins, at the most


class DemoAccount(msgspec.Struct, frozen=True):
    """An account as the command prints it; the note says whose it is and what will be seen."""

    role: str
    username: str
    password: str
    note: str


class Boarding(msgspec.Struct, frozen=True):
    """A child that will board: when by plan (UTC ms), where, on which trip."""

    at_ms: int
    rider_id: str
    stop: str
    trip: Row[Any]


def announce(settings: Settings, clock: Clock) -> list[DemoAccount]:
    """Give the accounts fresh passwords, kept nowhere but in the answer; raise NotFoundError when no bus will run."""
    database = Database(settings.database_url)
    try:
        now_ms = clock.now_ms()
        with database.read() as connection:
            chosen = _choose(connection, now_ms)
        made = [
            (user_id, username, role, note, secrets.token_urlsafe(12))
            for user_id, username, role, note in chosen
        ]
        hashes = [hash_password(password) for *_, password in made]
        with database.write() as connection:
            for (user_id, *_), encoded in zip(made, hashes, strict=True):
                connection.execute(
                    update(t.users)
                    .where(t.users.c.id == user_id)
                    .values(password_hash=encoded, changed_at_ms=now_ms)
                )
            bump(connection, "catalog")
        return [DemoAccount(role, username, password, note) for _, username, role, note, password in made]
    finally:
        database.dispose()


def _choose(connection: Connection, now_ms: int) -> list[tuple[str, str, str, str]]:
    """Give (id, user name, role, note) of each account."""
    boarding = next_boarding(connection, now_ms)
    guardian = connection.execute(
        select(t.users.c.id, t.users.c.username, t.riders.c.name)
        .join(t.guardians, t.guardians.c.user_id == t.users.c.id)
        .join(t.riders, t.riders.c.id == t.guardians.c.rider_id)
        .where(
            t.riders.c.id == boarding.rider_id,
            t.users.c.ended_at_ms.is_(None),
            t.guardians.c.ended_at_ms.is_(None),
        )
        .order_by(t.users.c.username)
        .limit(1)
    ).one()
    wait_s = round((boarding.at_ms - now_ms) / 1000)
    note = f"{guardian.name} boards at {boarding.stop} in about {wait_s} s"
    found = [(guardian.id, guardian.username, "guardian", note)]
    trip = boarding.trip
    school = _name(connection, t.schools, trip.school_id)
    company = _name(connection, t.operators, trip.operator_id)
    city = connection.execute(
        select(t.jurisdictions.c.id, t.jurisdictions.c.name).where(t.jurisdictions.c.parent_id.is_(None))
    ).first()
    for role, scope_id, what in (
        ("attendant", trip.attendant_id, f"rides on that bus (trip {trip.code})"),
        ("driver", trip.driver_id, "drives it"),
        ("school", trip.school_id, f"{school}, where it goes"),
        ("operator", trip.operator_id, f"{company}: its buses"),
        ("regulator", city.id if city else None, f"{city.name if city else 'the city'}: every bus"),
        ("admin", None, "accounts and settings"),
    ):
        query = select(t.users.c.id, t.users.c.username).where(
            t.users.c.role == role, t.users.c.ended_at_ms.is_(None)
        )
        if scope_id is not None:
            query = query.where(t.users.c.scope_id == scope_id)
        user = connection.execute(query.order_by(t.users.c.username.desc()).limit(1)).first()
        if user is not None:
            found.append((user.id, user.username, role, what))
    return found


def _name(connection: Connection, table: Table, row_id: str | None) -> str:
    return connection.scalar(select(table.c.name).where(table.c.id == row_id)) or ""


def next_boarding(connection: Connection, now_ms: int) -> Boarding:
    """Find who boards soonest, AHEAD_S from now at least: at their own stop on the way to school; raise NotFoundError."""
    earliest = now_ms + AHEAD_S * 1000
    trips = connection.execute(
        select(t.trips)
        .where(
            t.trips.c.direction == "to_school",
            t.trips.c.state.in_(("scheduled", "en_route")),
            t.trips.c.vehicle_id.is_not(None),
            t.trips.c.planned_end_ms > earliest,
            t.trips.c.planned_start_ms < now_ms + WITHIN_S * 1000,
        )
        .order_by(t.trips.c.planned_start_ms)
    )
    found: list[Boarding] = []
    for trip in trips:
        if found and trip.planned_start_ms > min(one.at_ms for one in found) + EARLY_S * 1000:
            break
        body = connection.scalar(select(t.plans.c.body).where(t.plans.c.id == trip.plan_id)) or b""
        plan = msgspec.json.decode(body, type=PlanVersion)
        day_ms = trip.planned_start_ms - plan.stops[0].departure_s * 1000
        waiting = connection.execute(
            select(t.trip_riders.c.rider_id, t.trip_riders.c.stop_id)
            .join(t.guardians, t.guardians.c.rider_id == t.trip_riders.c.rider_id)
            .where(
                t.trip_riders.c.trip_id == trip.id,
                t.trip_riders.c.state == "expected",
                t.guardians.c.ended_at_ms.is_(None),
            )
            .order_by(t.trip_riders.c.rider_id)
        )
        stops = {stop.id: stop for stop in plan.stops}
        for row in waiting:
            stop = stops.get(row.stop_id)
            if stop is not None and day_ms + stop.arrival_s * 1000 >= earliest:
                found.append(Boarding(day_ms + stop.arrival_s * 1000, row.rider_id, stop.name, trip))
    if not found:
        raise NotFoundError(
            "no bus of the demo boards a child within the hour; import a pack whose buses run now"
        )
    return min(found, key=lambda one: (one.at_ms, one.rider_id))
