"""Plans and people as the fold needs them, read when first asked and kept until the catalogue's number moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, exists, select

from server.adapters.db.away import AWAY
from server.adapters.db.engine import Database
from server.adapters.db.tables import (
    counters,
    devices,
    exceptions,
    guardians,
    operators,
    people,
    permits,
    plans,
    records,
    riders,
    stops,
    trip_riders,
    trips,
    users,
    vehicles,
)
from server.clock import Clock
from server.domain.geo import Polyline
from server.domain.limits import TRIP_WINDOW_AFTER_MS, TRIP_WINDOW_BEFORE_MS
from server.domain.plan import Absence, PlanVersion, RosterEntry, TripPlan, TripStop
from server.domain.service_time import instant_ms
from server.domain.trip import Announcement, TripState
from server.domain.vehicle_day import Context, Road
from server.service.ingest_ports import Bus, LogUnavailable, Told
from server.service.passwords import LOCKED
from server.service.wording import Facts, bus_names, words

DAY_MS: Final = 86_400_000
WATCHED: Final = ("catalog", "inputs", "trips")  # counters that move when what is kept here has changed
_plan_decoder: Final = msgspec.json.Decoder(PlanVersion)


class _Listed(msgspec.Struct, frozen=True, gc=False):
    """A trip as the search for candidates needs it."""

    trip_id: str
    code: str
    start_ms: int
    end_ms: int


class DatabaseCatalogue:
    """The catalogue over one database. Not shared between threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self.forget()

    def forget(self) -> None:
        """Read everything again when next asked; what `changed` has named counts as known."""
        self._known = self._now
        self._buses: dict[str, Bus | None] = {}
        self._roads: dict[str, Road | None] = {}
        self._versions: dict[str, tuple[PlanVersion, Polyline]] = {}
        self._listed: dict[tuple[str, int], list[_Listed]] = {}
        self._cards: dict[str, str] | None = None
        self._guardians: dict[str, list[tuple[str, str | None]]] = {}
        self._names: dict[str, str] = {}
        self._bus_called: dict[str, tuple[str, str]] = {}

    def changed(self) -> frozenset[str]:
        """Name what changed since it was last forgotten: `catalog` (plans, people), `inputs` (exceptions), `trips`."""
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
        if device_id not in self._buses:
            query = (
                select(devices.c.vehicle_id, vehicles.c.operator_id)
                .join(vehicles, vehicles.c.id == devices.c.vehicle_id)
                .where(devices.c.id == device_id)
            )
            with self._read() as connection:
                row = connection.execute(query).one_or_none()
            if row is None:
                return None  # not kept: the device may be added at any moment
            self._buses[device_id] = Bus(row.vehicle_id, row.operator_id)
        return self._buses[device_id]

    def list_active_buses(self) -> list[Bus]:
        """List the vehicles of which something of the last day is in the log."""
        lately = exists().where(
            records.c.vehicle_id == vehicles.c.id, records.c.t_ms > self._clock.now_ms() - DAY_MS
        )
        query = select(vehicles.c.id, vehicles.c.operator_id).where(lately)
        with self._read() as connection:
            return [Bus(*row) for row in connection.execute(query)]

    def context(self, bus: Bus) -> Context:
        """Give what the fold of this bus may ask."""
        return _VehicleContext(self, bus)

    def tell(self, trip: TripState, announcements: Sequence[Announcement]) -> list[Told]:
        """Put announcements into words for each guardian who is to know."""
        told: list[Told] = []
        with self._read() as connection:
            zone = ZoneInfo(self._name(connection, "zone", trip.trip_id))
            bus_zh, bus_en = self._bus_names(connection, trip.vehicle_id or "")
            now_ms = self._clock.now_ms()
            for one in announcements:
                if one.kind == "correction":
                    one = replace(
                        one, at_ms=now_ms
                    )  # it happens when it is said, however old what it corrects
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

    def find_road(self, trip_id: str) -> Road | None:
        """Find a trip's plan by id."""
        if trip_id not in self._roads:
            with self._read() as connection:
                self._roads[trip_id] = self._load_road(connection, trip_id)
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

    def list_roads(self, operator_id: str, t_ms: int, code: str | None) -> list[Road]:
        """List an operator's trips whose window holds t_ms."""
        day = t_ms // DAY_MS
        if (operator_id, day) not in self._listed:
            self._listed[operator_id, day] = self._load_day(operator_id, day)
        found = [
            self.find_road(trip.trip_id)
            for trip in self._listed[operator_id, day]
            if (code is None or trip.code == code)
            and trip.start_ms - TRIP_WINDOW_BEFORE_MS <= t_ms <= trip.end_ms + TRIP_WINDOW_AFTER_MS
        ]
        return [road for road in found if road is not None]

    def _load_day(self, operator_id: str, day: int) -> list[_Listed]:
        query = select(trips.c.id, trips.c.code, trips.c.planned_start_ms, trips.c.planned_end_ms).where(
            trips.c.operator_id == operator_id,
            trips.c.planned_start_ms < (day + 1) * DAY_MS + TRIP_WINDOW_BEFORE_MS,
            trips.c.planned_start_ms > day * DAY_MS - TRIP_WINDOW_AFTER_MS - DAY_MS,
            trips.c.planned_end_ms > day * DAY_MS - TRIP_WINDOW_AFTER_MS,
            trips.c.state != "cancelled",
        )
        with self._read() as connection:
            return [
                _Listed(*row)
                for row in connection.execute(query.order_by(trips.c.planned_start_ms, trips.c.id))
            ]

    def _load_road(self, connection: Connection, trip_id: str) -> Road | None:
        row = connection.execute(
            select(trips, permits.c.tag.label("permit_tag"))
            .join(permits, permits.c.id == trips.c.permit_id, isouter=True)
            .where(trips.c.id == trip_id)
        ).one_or_none()
        if row is None:
            return None
        version, line = self._load_version(connection, row.plan_id)
        on, zone = date.fromisoformat(row.service_on), ZoneInfo(version.timezone)
        badges = {
            person.id: person.badge
            for person in connection.execute(
                select(people.c.id, people.c.badge).where(people.c.id.in_([row.driver_id, row.attendant_id]))
            )
        }
        plan = TripPlan(
            trip_id=trip_id,
            code=row.code,
            service_on=row.service_on,
            direction=version.direction,
            operator_id=row.operator_id,
            stops=tuple(
                TripStop(
                    seq=stop.seq,
                    id=stop.id,
                    lat=stop.lat,
                    lon=stop.lon,
                    arrival_ms=instant_ms(on, stop.arrival_s, zone),
                    departure_ms=instant_ms(on, stop.departure_s, zone),
                    metre=stop.metre,
                )
                for stop in version.stops
            ),
            shape=version.shape,
            metres=version.metres,
            roster=self._load_roster(connection, trip_id),
            vehicle_id=row.vehicle_id,
            driver_badge=badges.get(row.driver_id),
            attendant_badge=badges.get(row.attendant_id),
            tag=row.permit_tag,
            signed_off=self._signs_off(connection, row.school_id),
            absences=self._load_absences(connection, trip_id, row.service_on, version.direction),
        )
        return Road(plan, line)

    def _signs_off(self, connection: Connection, school_id: str | None) -> bool:
        """Say whether somebody at the school has an account to sign with, and can log in to it."""
        if school_id is None:
            return False
        staff = select(users.c.id).where(
            users.c.role == "school",
            users.c.scope_id == school_id,
            users.c.password_hash != LOCKED,
            users.c.ended_at_ms.is_(None),
        )
        return connection.execute(staff.limit(1)).first() is not None

    def _load_version(self, connection: Connection, plan_id: str) -> tuple[PlanVersion, Polyline]:
        if plan_id not in self._versions:
            body = connection.execute(select(plans.c.body).where(plans.c.id == plan_id)).scalar_one()
            version = _plan_decoder.decode(body)
            self._versions[plan_id] = (version, Polyline.of(version.shape, version.metres))
        return self._versions[plan_id]

    def _load_absences(
        self, connection: Connection, trip_id: str, service_on: str, direction: str
    ) -> tuple[Absence, ...]:
        query = (
            select(exceptions.c.rider_id, exceptions.c.made_at_ms, exceptions.c.withdrawn_at_ms)
            .join(trip_riders, trip_riders.c.rider_id == exceptions.c.rider_id)
            .where(
                trip_riders.c.trip_id == trip_id,
                exceptions.c.service_on == service_on,
                exceptions.c.direction == direction,
            )
            .order_by(exceptions.c.made_at_ms, exceptions.c.id)
        )
        return tuple(Absence(*row) for row in connection.execute(query))

    def _load_roster(self, connection: Connection, trip_id: str) -> tuple[RosterEntry, ...]:
        rows = connection.execute(
            select(trip_riders.c.rider_id, trip_riders.c.stop_id)
            .where(
                trip_riders.c.trip_id == trip_id,
                trip_riders.c.stranger.is_(False),
                trip_riders.c.stop_id.is_not(None),
            )
            .order_by(trip_riders.c.rider_id)
        )
        return tuple(RosterEntry(row.rider_id, row.stop_id) for row in rows)

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


class _VehicleContext:
    """What the fold of one bus may ask."""

    def __init__(self, catalogue: DatabaseCatalogue, bus: Bus) -> None:
        self._catalogue = catalogue
        self._bus = bus
        self.find_road = catalogue.find_road
        self.find_rider = catalogue.find_rider

    def list_roads(self, t_ms: int, code: str | None = None) -> list[Road]:
        """List the trips of the vehicle's operator whose window holds t_ms."""
        return self._catalogue.list_roads(self._bus.operator_id, t_ms, code)
