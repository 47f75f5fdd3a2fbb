"""Put announcements into words for each guardian who is to know, with the names that the sentences use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import Connection, Row, and_, or_, select

from server.adapters.db.tables import (
    guardians,
    operators,
    riders,
    schools,
    stops,
    trip_riders,
    trips,
    users,
    vehicles,
)
from server.domain.plan import TripPlan
from server.domain.trip import Announcement, Ride, TripState
from server.service.ingest_ports import Told
from server.service.wording import (
    UNKNOWN_BUS,
    Case,
    Facts,
    Moved,
    bus_names,
    day_names,
    whom_to_call,
    words,
)
from server.service.wording_corrections import Truth

_giver: Final = guardians.alias("giver")
# A carer is told for as long as the guardian who shared the child is one.
_GUARDIANS: Final = (
    select(guardians.c.user_id, guardians.c.valid_until, _giver.c.valid_until.label("giver_until"))
    .join(users, users.c.id == guardians.c.user_id)
    .join(
        _giver,
        and_(
            _giver.c.user_id == guardians.c.shared_by,
            _giver.c.rider_id == guardians.c.rider_id,
            _giver.c.shared_by.is_(None),
            _giver.c.ended_at_ms.is_(None),
        ),
        isouter=True,
    )
    .where(
        guardians.c.ended_at_ms.is_(None),
        users.c.ended_at_ms.is_(None),
        or_(guardians.c.shared_by.is_(None), _giver.c.id.is_not(None)),
    )
)


class Teller:
    """Tells; names and guardians are kept for as long as it is."""

    def __init__(self) -> None:
        self._guardians: dict[str, list[tuple[str, str | None]]] = {}
        self._names: dict[str, str] = {}
        self._bus_called: dict[str, tuple[str, str]] = {}
        self._calls: dict[tuple[str, str], tuple[str, str]] = {}
        self._trips: set[str] = set()

    def tell(
        self,
        connection: Connection,
        now_ms: int,
        trip: TripState,
        plan: TripPlan | None,
        announcements: Sequence[Announcement],
    ) -> list[Told]:
        """Put announcements into words for each guardian who is to know; `plan` None where the trip has none any more."""
        told: list[Told] = []
        self._prepare(connection, trip.trip_id, plan)
        zone = ZoneInfo(self._name(connection, "zone", trip.trip_id))
        for one in announcements:
            if one.kind == "correction":
                one = replace(one, at_ms=now_ms)  # it happens when it is said, however old what it corrects
            at = datetime.fromtimestamp(one.at_ms / 1000, zone)
            case = _case(trip, plan, one)
            zh, en = words(one.kind, self._facts(connection, trip, plan, one, at, case), case)
            for user_id in self._guardians_of(connection, one.rider_id, f"{at:%Y-%m-%d}"):
                if plan is None or plan.choices.is_for(one, user_id):
                    muted = plan is not None and plan.choices.is_muted(one, user_id)
                    told.append(Told(user_id, trip.trip_id, one, now_ms, zh, en, muted))
        return told

    def _facts(
        self,
        connection: Connection,
        trip: TripState,
        plan: TripPlan | None,
        one: Announcement,
        at: datetime,
        case: Case,
    ) -> Facts:
        """Gather what the sentence may name."""
        bus_zh, bus_en = self._bus_names(connection, _bus_of(trip, plan, one))
        call_zh, call_en = self._whom_to_call(connection, one.rider_id, trip.trip_id)
        ride = _last_ride(trip, one.rider_id, case.truth) if one.kind == "correction" else None
        stop_id = one.stop_id or (ride.stop_id if ride else None)
        facts = Facts(
            child=self._name(connection, "rider", one.rider_id),
            bus_zh=bus_zh,
            bus_en=bus_en,
            at=f"{at:%H:%M}",
            minutes=one.minutes,
            stops=one.stops,
            detail=one.detail,
            not_stop=self._stop(connection, one.not_stop_id),
            done_at=f"{datetime.fromtimestamp(ride.at_ms / 1000, at.tzinfo):%H:%M}" if ride else None,
            call_zh=call_zh,
            call_en=call_en,
        )
        if plan is None:
            return replace(facts, stop=self._stop(connection, stop_id))
        own, planned_ms = _place(plan, one.rider_id)
        usual_stop_id, usual_ms = _usual_place(plan, one.rider_id)
        day_zh, day_en = day_names(date.fromisoformat(plan.service_on), at.date())
        if one.kind in ("late", "substituted"):
            stop_id = stop_id or own  # the time that such a sentence names is of the child's own stop
        return replace(
            facts,
            stop=self._stop(connection, stop_id),
            usual_stop=self._stop(connection, usual_stop_id),
            planned=_clock(planned_ms, at),
            usually=_clock(usual_ms, at),
            start=_clock(plan.start_ms, at),
            day_zh=day_zh,
            day_en=day_en,
        )

    def _prepare(self, connection: Connection, trip_id: str, plan: TripPlan | None) -> None:
        """Read what the sentences of a trip name in a few statements; who isn't planned on it is read when it is told of them."""
        if trip_id in self._trips:
            return
        self._trips.add(trip_id)
        operator = connection.execute(
            select(operators.c.timezone, operators.c.phone)
            .join(trips, trips.c.operator_id == operators.c.id)
            .where(trips.c.id == trip_id)
        ).one()
        self._names[f"zone:{trip_id}"] = operator.timezone
        own = trip_riders.c.trip_id == trip_id
        for row in connection.execute(
            select(riders.c.id, riders.c.name, schools.c.phone)
            .join(trip_riders, trip_riders.c.rider_id == riders.c.id)
            .join(schools, schools.c.id == riders.c.school_id, isouter=True)
            .where(own)
        ):
            self._names[f"rider:{row.id}"] = row.name
            self._calls[row.id, trip_id] = whom_to_call(row.phone, operator.phone)
            self._guardians[row.id] = []
        of_trip = _GUARDIANS.add_columns(guardians.c.rider_id).join(
            trip_riders, trip_riders.c.rider_id == guardians.c.rider_id
        )
        for row in connection.execute(of_trip.where(own)):
            self._guardians[row.rider_id].append((row.user_id, _until(row)))
        if plan is not None:
            named = select(stops.c.id, stops.c.name).where(stops.c.id.in_([stop.id for stop in plan.stops]))
            self._names |= {f"stop:{row.id}": row.name for row in connection.execute(named)}

    def _guardians_of(self, connection: Connection, rider_id: str, on: str) -> list[str]:
        if rider_id not in self._guardians:
            query = _GUARDIANS.where(guardians.c.rider_id == rider_id)
            self._guardians[rider_id] = [(row.user_id, _until(row)) for row in connection.execute(query)]
        return [user_id for user_id, until in self._guardians[rider_id] if until is None or on <= until]

    def _bus_names(self, connection: Connection, vehicle_id: str | None) -> tuple[str, str]:
        if vehicle_id is None:
            return UNKNOWN_BUS
        if vehicle_id not in self._bus_called:
            query = select(vehicles.c.code, vehicles.c.plate).where(vehicles.c.id == vehicle_id)
            self._bus_called[vehicle_id] = bus_names(*connection.execute(query).one())
        return self._bus_called[vehicle_id]

    def _whom_to_call(self, connection: Connection, rider_id: str, trip_id: str) -> tuple[str, str]:
        if (rider_id, trip_id) not in self._calls:
            school = select(schools.c.phone).join(riders, riders.c.school_id == schools.c.id)
            operator = select(operators.c.phone).join(trips, trips.c.operator_id == operators.c.id)
            self._calls[rider_id, trip_id] = whom_to_call(
                connection.scalar(school.where(riders.c.id == rider_id)),
                connection.scalar(operator.where(trips.c.id == trip_id)),
            )
        return self._calls[rider_id, trip_id]

    def _stop(self, connection: Connection, stop_id: str | None) -> str | None:
        return None if stop_id is None else self._name(connection, "stop", stop_id)

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


def _until(row: Row[*tuple[Any, ...]]) -> str | None:
    return min(filter(None, (row.valid_until, row.giver_until)), default=None)


def _case(trip: TripState, plan: TripPlan | None, one: Announcement) -> Case:
    state = next((rider.state for rider in trip.riders if rider.rider_id == one.rider_id), None)
    truth: Truth = (
        "aboard" if state == "aboard" else "off" if state in ("alighted", "handed_over") else "none"
    )
    usual = plan is not None and _bus_of(trip, plan, one) == plan.vehicle_id
    moved = "" if plan is None or one.kind != "substituted" else _moved(plan, one)
    return Case("to_school" if plan is None else plan.direction, truth, one.corrects, usual, moved)


def _moved(plan: TripPlan, one: Announcement) -> Moved:
    """Say what is another one now for a rider, their stop or their time; `back`: neither, and it isn't the bus that changed."""
    (stop_id, planned_ms), (usual_id, usual_ms) = _place(plan, one.rider_id), _usual_place(plan, one.rider_id)
    if stop_id != usual_id:
        return "stop"
    if planned_ms != usual_ms:
        return "time"
    told = plan.changes()[one.occurrence - 1 : one.occurrence]
    return "back" if told and not told[0].bus else ""


def _place(plan: TripPlan, rider_id: str) -> tuple[str | None, int | None]:
    """Give at which stop a rider is planned, and when the bus is there (UTC ms)."""
    own = next((rider.stop_id for rider in plan.roster if rider.rider_id == rider_id), None)
    return own, next((stop.arrival_ms for stop in plan.stops if stop.id == own), None)


def _usual_place(plan: TripPlan, rider_id: str) -> tuple[str | None, int | None]:
    """Give the same but for what was approved instead."""
    own, planned_ms = _place(plan, rider_id)
    if not plan.usual:
        return own, planned_ms
    usual = next((rider.stop_id for rider in plan.usual_roster if rider.rider_id == rider_id), own)
    return usual, next((at_ms for stop_id, at_ms in plan.usual if stop_id == usual), None)


def _bus_of(trip: TripState, plan: TripPlan | None, one: Announcement) -> str | None:
    """Give the bus that a sentence is about: the one that runs the trip, else the one that is to; a substitute is to."""
    to_run = None if plan is None else plan.staffing(one.at_ms).vehicle_id
    return to_run if one.kind == "substituted" else trip.vehicle_id or to_run


def _last_ride(trip: TripState, rider_id: str, truth: Truth) -> Ride | None:
    """Give the ride that made a rider's state what it is."""
    way = {"aboard": "on", "off": "off"}.get(truth)
    return next((ride for ride in reversed(trip.rides) if (ride.rider_id, ride.dir) == (rider_id, way)), None)


def _clock(ms: int | None, like: datetime) -> str | None:
    return None if ms is None else f"{datetime.fromtimestamp(ms / 1000, like.tzinfo):%H:%M}"
