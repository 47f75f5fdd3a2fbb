"""Read what trips are made from, and store the trips that `service/timetabling` makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, exists, func, insert, select, text, update

from server.adapters.db import tables as t
from server.adapters.db.alarms import keep_alarms
from server.adapters.db.counters import bump
from server.adapters.db.engine import Database, upsert
from server.adapters.db.former_plans import read_former
from server.adapters.db.substitutions import in_force
from server.domain.calendar import Calendar, DatedChange, WeeklyService
from server.domain.plan import PlanVersion
from server.ids import new_id
from server.service.calendar_watch import Alarm, AlarmChanges
from server.service.timetabling import (
    Binding,
    FormerPlan,
    MadeTrips,
    Permit,
    PlanState,
    RidePlan,
    School,
    Timetable,
    TripChanges,
    TripThere,
    WantedTrip,
)

_LOCK = 6_012_028  # PostgreSQL's advisory lock of trips: an import and the hourly job take turns
_BINDING = tuple(field.name for field in msgspec.structs.fields(Binding))


class DbTimetabling:
    """Satisfies `server.service.timetabling.TimetablingStore`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def load(self, since_on: str) -> PlanState:
        """Give the plan and the trips since a service date, in one snapshot."""
        with self._db.read() as connection:
            return PlanState(
                read_timetables(connection, since_on),
                read_calendar(connection),
                read_permits(connection),
                _ride_plans(connection),
                _schools(connection),
                _absences(connection, since_on),
                _trips(connection, since_on),
                in_force(connection, since_on),
            )

    def apply(self, changes: TripChanges, now_ms: int) -> MadeTrips:
        """Do it in one transaction; a trip that was made or taken in the meantime is left alone."""
        with self._db.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            made = _insert(connection, changes.missing)
            rebound = sum(_rebind(connection, trip, wanted) for trip, wanted in changes.stale)
            removed = sum(_remove(connection, trip.id, now_ms) for trip in changes.surplus)
            if made or rebound or removed:
                bump(connection, "catalog")
            return MadeTrips(made, rebound, removed)

    def keep_alarms(self, kinds: Iterable[str], wanted: Iterable[Alarm], now_ms: int) -> AlarmChanges:
        """Make the open alarms of these kinds be `wanted`."""
        return keep_alarms(self._db, kinds, wanted, now_ms)


def read_timetables(connection: Connection, since_on: str) -> tuple[Timetable, ...]:
    """Read the timetables that are not ended, with the ends of their plans, those that hold from `since_on` on among them."""
    ends = (
        select(
            t.stop_times.c.timetable_id,
            func.min(t.stop_times.c.seq).label("first"),
            func.max(t.stop_times.c.seq).label("last"),
        )
        .group_by(t.stop_times.c.timetable_id)
        .subquery()
    )
    first, last = t.stop_times.alias(), t.stop_times.alias()
    query = (
        select(
            t.timetables.c.id,
            t.timetables.c.code,
            t.timetables.c.operator_id,
            t.operators.c.timezone,
            t.timetables.c.route_id,
            t.timetables.c.service_code,
            t.timetables.c.direction,
            t.timetables.c.plan_id,
            first.c.stop_id.label("first_stop_id"),
            last.c.stop_id.label("last_stop_id"),
            first.c.departure_s.label("start_s"),
            last.c.arrival_s.label("end_s"),
        )
        .join(t.operators, t.operators.c.id == t.timetables.c.operator_id)
        .join(ends, ends.c.timetable_id == t.timetables.c.id)
        .join(first, (first.c.timetable_id == ends.c.timetable_id) & (first.c.seq == ends.c.first))
        .join(last, (last.c.timetable_id == ends.c.timetable_id) & (last.c.seq == ends.c.last))
        .where(
            t.timetables.c.ended_at_ms.is_(None),
            t.operators.c.ended_at_ms.is_(None),
            t.timetables.c.plan_id.is_not(None),
        )
        .order_by(t.timetables.c.code)
    )
    former = _former(connection, since_on)
    return tuple(
        Timetable(**row._mapping, former=former.get(row.id, ())) for row in connection.execute(query)
    )


def _former(connection: Connection, since_on: str) -> dict[str, tuple[FormerPlan, ...]]:
    found = read_former(connection, since_on)
    named = {plan_id for versions in found.values() for _, plan_id in versions}
    bodies = connection.execute(select(t.plans.c.id, t.plans.c.body).where(t.plans.c.id.in_(named)))
    plans = {row.id: msgspec.json.decode(row.body, type=PlanVersion) for row in bodies}
    return {
        timetable_id: tuple(
            FormerPlan(
                before_on,
                plan_id,
                tuple(stop.id for stop in plans[plan_id].stops),
                plans[plan_id].stops[0].departure_s,
                plans[plan_id].stops[-1].arrival_s,
            )
            for before_on, plan_id in versions
        )
        for timetable_id, versions in found.items()
    }


def read_calendar(connection: Connection) -> Calendar:
    """Read the service calendars."""
    weeks = select(t.calendars).where(t.calendars.c.ended_at_ms.is_(None))
    dates = select(t.calendar_dates).where(t.calendar_dates.c.ended_at_ms.is_(None))
    return Calendar.of(
        (
            WeeklyService(row.code, row.weekdays, row.start_on, row.end_on)
            for row in connection.execute(weeks)
        ),
        (
            DatedChange(row.service_code, row.service_on, row.exception_type, row.as_weekday)
            for row in connection.execute(dates)
        ),
    )


def read_permits(connection: Connection) -> tuple[Permit, ...]:
    """Read the permits that are not ended, the oldest first."""
    columns = [t.permits.c[field.name] for field in msgspec.structs.fields(Permit)]
    query = select(*columns).where(t.permits.c.ended_at_ms.is_(None)).order_by(t.permits.c.valid_from)
    return tuple(Permit(*row) for row in connection.execute(query))


def _ride_plans(connection: Connection) -> tuple[RidePlan, ...]:
    columns = [t.ride_plans.c[field.name] for field in msgspec.structs.fields(RidePlan)]
    query = (
        select(*columns)
        .join(t.riders, t.riders.c.id == t.ride_plans.c.rider_id)
        .where(t.ride_plans.c.ended_at_ms.is_(None), t.riders.c.ended_at_ms.is_(None))
    )
    return tuple(RidePlan(*row) for row in connection.execute(query))


def _schools(connection: Connection) -> tuple[School, ...]:
    query = select(t.schools.c.id, t.schools.c.stop_id).where(
        t.schools.c.ended_at_ms.is_(None), t.schools.c.stop_id.is_not(None)
    )
    return tuple(School(*row) for row in connection.execute(query))


def _absences(connection: Connection, since_on: str) -> frozenset[tuple[str, str, str]]:
    query = select(t.exceptions.c.rider_id, t.exceptions.c.service_on, t.exceptions.c.direction).where(
        t.exceptions.c.service_on >= since_on,
        t.exceptions.c.kind == "absent",
        t.exceptions.c.withdrawn_at_ms.is_(None),
    )
    return frozenset(tuple(row) for row in connection.execute(query))


def _trips(connection: Connection, since_on: str) -> tuple[TripThere, ...]:
    trips = list(connection.execute(select(t.trips).where(t.trips.c.service_on >= since_on)))
    riders = connection.execute(
        select(
            t.trip_riders.c.trip_id, t.trip_riders.c.rider_id, t.trip_riders.c.stop_id, t.trip_riders.c.state
        )
        .join(t.trips, t.trips.c.id == t.trip_riders.c.trip_id)
        .where(t.trips.c.service_on >= since_on)
    )
    rosters: dict[str, dict[str, tuple[str | None, str]]] = defaultdict(dict)
    met: set[str] = set()  # trips on which a child has been seen, bus or no bus
    for row in riders:
        if row.state not in ("expected", "absent"):
            met.add(row.trip_id)
        rosters[row.trip_id][row.rider_id] = (row.stop_id, row.state)
    return tuple(
        TripThere(
            row.id,
            row.timetable_id,
            row.service_on,
            row.state == "scheduled" and row.assigned_at_ms is None and row.id not in met,
            Binding(**{name: getattr(row, name) for name in _BINDING}),
            rosters.get(row.id, {}),
        )
        for row in trips
    )


def _insert(connection: Connection, missing: tuple[WantedTrip, ...]) -> int:
    rows = []
    rosters = {}
    for trip in missing:
        timetable = trip.timetable
        row = {
            "id": new_id(),
            "timetable_id": timetable.id,
            "service_on": trip.service_on,
            "state": "scheduled",
        }
        row |= {
            "operator_id": timetable.operator_id,
            "code": timetable.code,
            "direction": timetable.direction,
        }
        rows.append(row | msgspec.structs.asdict(trip.binding))
        rosters[row["id"]] = trip.roster
    upsert(connection, t.trips, rows, ["timetable_id", "service_on"])
    ours = set(
        connection.scalars(
            select(t.trips.c.id).where(t.trips.c.service_on.in_({row["service_on"] for row in rows}))
        )
    )
    riders = [
        _rider(trip_id, rider_id, stop_id, state)
        for trip_id, roster in rosters.items()
        if trip_id in ours
        for rider_id, (stop_id, state) in roster.items()
    ]
    if riders:
        connection.execute(insert(t.trip_riders), riders)
    return len(ours & rosters.keys())


def _rider(trip_id: str, rider_id: str, stop_id: str, state: str) -> dict[str, Any]:
    return {"trip_id": trip_id, "rider_id": rider_id, "stop_id": stop_id, "stranger": False, "state": state}


def _rebind(connection: Connection, trip: TripThere, wanted: WantedTrip) -> bool:
    done = connection.execute(
        update(t.trips)
        .where(t.trips.c.id == trip.id, t.trips.c.state == "scheduled", t.trips.c.assigned_at_ms.is_(None))
        .values(msgspec.structs.asdict(wanted.binding))
    )
    if done.rowcount == 0:
        return False
    gone = [rider_id for rider_id in trip.roster if rider_id not in wanted.roster]
    mine = t.trip_riders.c.trip_id == trip.id
    for rider_id in gone:
        connection.execute(delete(t.trip_riders).where(mine, t.trip_riders.c.rider_id == rider_id))
    rows = [_rider(trip.id, rider_id, stop_id, state) for rider_id, (stop_id, state) in wanted.roster.items()]
    upsert(connection, t.trip_riders, rows, ["trip_id", "rider_id"], ["stop_id", "state", "stranger"])
    return True


def _remove(connection: Connection, trip_id: str, now_ms: int) -> bool:
    named = [exists().where(table.c.trip_id == trip_id) for table in (t.notices, t.inputs, t.rides, t.visits)]
    may_go = select(t.trips.c.id).where(
        t.trips.c.id == trip_id,
        t.trips.c.state == "scheduled",
        t.trips.c.assigned_at_ms.is_(None),
        t.trips.c.planned_start_ms > now_ms,
        *(~one for one in named),
    )
    if connection.scalar(may_go) is None:
        return False
    connection.execute(delete(t.trip_riders).where(t.trip_riders.c.trip_id == trip_id))
    connection.execute(delete(t.trips).where(t.trips.c.id == trip_id))
    return True
