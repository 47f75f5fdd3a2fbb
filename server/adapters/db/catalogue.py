"""Plans and people as the fold needs them, read when first asked and kept until the catalogue's number moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Connection, Row, bindparam, exists, or_, select

from server.adapters.db.away import AWAY
from server.adapters.db.engine import Database
from server.adapters.db.papers import read_person, read_vehicle
from server.adapters.db.roads import RoadReader
from server.adapters.db.tables import (
    counters,
    devices,
    exceptions,
    notice_preferences,
    records,
    riders,
    substitutions,
    trip_riders,
    trips,
    vehicles,
)
from server.adapters.db.telling import Teller
from server.clock import Clock
from server.domain.limits import MOST_SHIFT_S, TRIP_WINDOW_AFTER_MS, TRIP_WINDOW_BEFORE_MS
from server.domain.permit_facts import PersonFacts, VehicleFacts
from server.domain.trip import Announcement, TripState
from server.domain.vehicle_day import Lookup, Road
from server.service.ingest_ports import Bus, LogUnavailable, Told

DAY_MS: Final = 86_400_000
WATCHED: Final = (
    "catalog",
    "inputs",
    "substitutions",
    "trips",
)  # counters that move when what is kept here has changed
_FITTED: Final = select(devices.c.id, devices.c.vehicle_id, vehicles.c.operator_id).join(
    vehicles, vehicles.c.id == devices.c.vehicle_id
)
# Own choice, of the school day: what was committed late, or by a clock that is a little behind, is looked at again.
SAID_BACK_MS: Final = 600_000
_since_ms: Final = bindparam("since_ms", type_=BigInteger)
# The trips whose roads rest on an exception or a choice that was made, or taken back, since an instant.
_SAID_OF: Final = (
    select(trip_riders.c.trip_id)
    .join(exceptions, exceptions.c.rider_id == trip_riders.c.rider_id)
    .where(or_(exceptions.c.made_at_ms >= _since_ms, exceptions.c.withdrawn_at_ms >= _since_ms))
    .distinct(),
    select(trip_riders.c.trip_id)
    .join(notice_preferences, notice_preferences.c.rider_id == trip_riders.c.rider_id)
    .where(notice_preferences.c.changed_at_ms >= _since_ms)
    .distinct(),
)


class _Listed(msgspec.Struct, frozen=True, gc=False):
    """A trip as the search for candidates needs it, with its window (UTC ms)."""

    trip_id: str
    code: str
    from_ms: int
    until_ms: int


class DatabaseCatalogue:
    """The catalogue over one database. Not shared between threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._contexts: dict[Bus, _VehicleContext] = {}
        self._known: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self.forget()

    def forget(self, changed: frozenset[str] = frozenset(WATCHED)) -> None:
        """Read again, when next asked, what rests on one of these; what `changed` has named counts as known."""
        if changed == {"inputs"}:
            self._forget_inputs()
            self._known = self._now
            return
        self._known = self._now
        self._inputs_ms = self._clock.now_ms() - SAID_BACK_MS
        self._buses: dict[str, Bus] = {}
        self._roads: dict[str, Road | None] = {}
        self._reader = RoadReader()
        self._vehicles: dict[str, VehicleFacts | None] = {}
        self._people: dict[tuple[str, str], PersonFacts | None] = {}
        self._listed: dict[tuple[str, int], list[_Listed]] = {}
        self._cards: dict[str, str] | None = None
        self._teller = Teller()

    def _forget_inputs(self) -> None:
        """Read the trips again whose riders somebody lately said something of; on a school morning that is every other second."""
        from_ms = self._clock.now_ms() - SAID_BACK_MS
        since_ms = min(self._inputs_ms, from_ms)  # the clock may have been set back
        with self._read() as connection:
            for statement in _SAID_OF:
                for trip_id in connection.scalars(statement, {"since_ms": since_ms}):
                    self._roads.pop(trip_id, None)
        self._inputs_ms = from_ms

    def changed(self) -> frozenset[str]:
        """Name what changed since it was last forgotten: `catalog` (plans, people), `inputs` (exceptions), `trips`, `substitutions`."""
        with self._read() as connection:
            rows = connection.execute(
                select(counters.c.name, counters.c.value).where(counters.c.name.in_(WATCHED))
            )
            self._now = {row.name: row.value for row in rows}
        return frozenset(name for name, value in self._now.items() if self._known.get(name) != value)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        try:
            with self._database.read() as connection:
                yield connection
        except AWAY as error:
            raise LogUnavailable(str(error.orig)) from error

    def find_bus(self, device_id: str) -> Bus | None:
        """Find the vehicle of a device that is in use."""
        if not self._buses:
            with self._read() as connection:
                self._buses = {row[0]: Bus(row[1], row[2]) for row in connection.execute(_FITTED)}
        if device_id not in self._buses:
            with self._read() as connection:
                row = connection.execute(_FITTED.where(devices.c.id == device_id)).one_or_none()
            if row is None:
                return None  # not kept: the device may be added at any moment
            self._buses[device_id] = Bus(row[1], row[2])
        return self._buses[device_id]

    def list_active_buses(self) -> list[Bus]:
        """List the vehicles of which something of the last day is in the log."""
        lately = exists().where(
            records.c.vehicle_id == vehicles.c.id, records.c.t_ms > self._clock.now_ms() - DAY_MS
        )
        query = select(vehicles.c.id, vehicles.c.operator_id).where(lately)
        with self._read() as connection:
            return [Bus(*row) for row in connection.execute(query)]

    def context(self, bus: Bus) -> Lookup:
        """Give what the fold of this bus may ask."""
        found = self._contexts.get(bus)
        if found is None:
            found = self._contexts[bus] = _VehicleContext(self, bus)
        return found

    def tell(self, trip: TripState, announcements: Sequence[Announcement]) -> list[Told]:
        """Put announcements into words for each guardian who is to know."""
        road = self.find_road(trip.trip_id)
        with self._read() as connection:
            return self._teller.tell(
                connection, self._clock.now_ms(), trip, None if road is None else road.plan, announcements
            )

    def find_road(self, trip_id: str) -> Road | None:
        """Find a trip's plan by id."""
        if trip_id not in self._roads:
            with self._read() as connection:
                self._roads[trip_id] = self._reader.read(connection, trip_id)
        return self._roads[trip_id]

    def find_rider(self, card: str) -> str | None:
        """Find the rider whose card this is."""
        if self._cards is None:
            query = select(riders.c.card, riders.c.id).where(
                riders.c.card.is_not(None), riders.c.ended_at_ms.is_(None)
            )
            with self._read() as connection:
                self._cards = {row.card: row.id for row in connection.execute(query)}
        return self._cards.get(card)

    def find_vehicle(self, vehicle_id: str) -> VehicleFacts | None:
        """Find what papers say of a bus."""
        if vehicle_id not in self._vehicles:
            with self._read() as connection:
                self._vehicles[vehicle_id] = read_vehicle(connection, vehicle_id)
        return self._vehicles[vehicle_id]

    def find_person(self, operator_id: str, badge: str) -> PersonFacts | None:
        """Find whose badge this is among an operator's people."""
        key = operator_id, badge
        if key not in self._people:
            with self._read() as connection:
                self._people[key] = read_person(connection, operator_id, badge)
        return self._people[key]

    def list_roads(self, operator_id: str, t_ms: int, code: str | None) -> list[Road]:
        """List an operator's trips whose window holds t_ms and that weren't called off by then."""
        day = t_ms // DAY_MS
        if (operator_id, day) not in self._listed:
            self._listed[operator_id, day] = self._load_day(operator_id, day)
        found = [
            self.find_road(trip.trip_id)
            for trip in self._listed[operator_id, day]
            if (code is None or trip.code == code) and trip.from_ms <= t_ms <= trip.until_ms
        ]
        return [road for road in found if road is not None and not _is_off(road, t_ms)]

    def _load_day(self, operator_id: str, day: int) -> list[_Listed]:
        query = (
            select(
                trips.c.id,
                trips.c.code,
                trips.c.planned_start_ms,
                trips.c.planned_end_ms,
                _MOVED.label("moved"),
            )
            .where(
                trips.c.operator_id == operator_id,
                trips.c.planned_start_ms < (day + 1) * DAY_MS + TRIP_WINDOW_BEFORE_MS,
                trips.c.planned_start_ms > day * DAY_MS - TRIP_WINDOW_AFTER_MS - DAY_MS,
                trips.c.planned_end_ms > day * DAY_MS - TRIP_WINDOW_AFTER_MS,
            )
            .order_by(trips.c.planned_start_ms, trips.c.id)
        )
        with self._read() as connection:
            return [_listed(row) for row in connection.execute(query)]


_MOVED: Final = exists().where(
    substitutions.c.timetable_id == trips.c.timetable_id,
    trips.c.service_on.between(substitutions.c.from_on, substitutions.c.until_on),
    substitutions.c.shift_s.is_not(None),
)


def _listed(row: Row[*tuple[Any, ...]]) -> _Listed:
    # A crew that signed on by the old time is on the trip still when the desk has moved it.
    more_ms = 1000 * MOST_SHIFT_S if row.moved else 0
    return _Listed(
        row.id,
        row.code,
        row.planned_start_ms - TRIP_WINDOW_BEFORE_MS - more_ms,
        row.planned_end_ms + TRIP_WINDOW_AFTER_MS + more_ms,
    )


def _is_off(road: Road, t_ms: int) -> bool:
    """Say whether a trip was called off by an instant: before it, a bus may well have begun it."""
    cancelled_ms = road.plan.cancelled_at_ms
    return cancelled_ms is not None and cancelled_ms <= t_ms


class _VehicleContext:
    """What the fold of one bus may ask."""

    def __init__(self, catalogue: DatabaseCatalogue, bus: Bus) -> None:
        self._catalogue = catalogue
        self._bus = bus
        self.find_road = catalogue.find_road
        self.find_rider = catalogue.find_rider
        self.find_vehicle = catalogue.find_vehicle

    def find_person(self, badge: str) -> PersonFacts | None:
        """Find whose badge this is among the people of the bus's operator."""
        return self._catalogue.find_person(self._bus.operator_id, badge)

    def list_roads(self, t_ms: int, code: str | None = None) -> list[Road]:
        """List the trips of the vehicle's operator whose window holds t_ms."""
        return self._catalogue.list_roads(self._bus.operator_id, t_ms, code)
