"""Fill the demo county's pack: its network, fleet, children and accounts, as rows of the pack's files."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec

from server.demo.county import AREAS, BUSES, OPERATOR, ROUTES, SCHOOLS, ZONE, DemoBus
from server.demo.names import Names
from server.demo.streets import draw
from server.demo.timing import CYCLE_S, DAY_S, Run, runs
from server.domain.service_time import format_service_time
from server.service.packs import rows as p
from server.service.packs.pack import Pack

SERVICE = "DAILY"
PERMIT_DAYS = 183
SCHOOL_DAY = 10  # cycles from a child's way there to the way back: eight hours
_SEED = 617  # State Council decree 617


class _Rows(msgspec.Struct):
    timetables: list[p.Timetable]
    stop_times: list[p.StopTime]
    permits: list[p.Permit]
    riders: list[p.Rider]
    guardians: list[p.Guardian]
    ride_plans: list[p.RidePlan]
    users: list[p.User]


def make_county(today: date) -> Pack:
    """Give the whole pack; the same for the same date but for the devices' secrets."""
    rows = _Rows([], [], [], [], [], [], _staff())
    families = _Families(rows)
    for bus in BUSES:
        _run_bus(bus, rows, families, today)
    return Pack(
        **_network(),
        **_fleet(today),
        timetables=tuple(rows.timetables),
        stop_times=tuple(rows.stop_times),
        permits=tuple(rows.permits),
        riders=tuple(rows.riders),
        guardians=tuple(rows.guardians),
        ride_plans=tuple(rows.ride_plans),
        users=tuple(rows.users),
    )


def renew(pack: Pack, today: date) -> Pack:
    """Give the pack with papers that are valid from yesterday on; all else stays."""
    fresh = _fleet(today)
    span = _validity(today)
    permits = tuple(
        msgspec.structs.replace(one, valid_from=span[0], valid_until=span[1]) for one in pack.permits or ()
    )
    return msgspec.structs.replace(pack, permits=permits, vehicles=fresh["vehicles"], people=fresh["people"])


def _validity(today: date) -> tuple[str, str]:
    # From yesterday, whose last trips may still be on the road.
    return (today - timedelta(days=1)).isoformat(), (today + timedelta(days=PERMIT_DAYS - 2)).isoformat()


def _network() -> dict[str, Any]:
    stops = []
    points = []
    for school in SCHOOLS:
        stops.append(
            p.Stop(
                stop_id=school.stop, stop_name=school.name, stop_lat=school.place[0], stop_lon=school.place[1]
            )
        )
    for route in ROUTES:
        line, places = draw(route.street)
        for number, (name, (lat, lon)) in enumerate(zip(route.stops, places[1:], strict=True), start=1):
            stops.append(
                p.Stop(stop_id=f"{route.code}-{number:02}", stop_name=name, stop_lat=lat, stop_lon=lon)
            )
        for shape, way in ((f"{route.code}-T", line[::-1]), (f"{route.code}-F", line)):
            points += [
                p.ShapePoint(shape_id=shape, shape_pt_lat=lat, shape_pt_lon=lon, shape_pt_sequence=place)
                for place, (lat, lon) in enumerate(way)
            ]
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1)
    return {
        "jurisdictions": tuple(
            p.Jurisdiction(id=code, parent_id=parent, name=name, level=level)
            for code, parent, name, level in AREAS
        ),
        "agencies": (
            p.Agency(
                agency_id=OPERATOR,
                agency_name="沙坡头区校车服务有限公司",
                agency_url="https://example.org/",
                agency_timezone=ZONE,
                agency_lang="zh",
            ),
        ),
        "operators": (
            p.Operator(
                id=OPERATOR, jurisdiction_id="ZW-SPT", name="沙坡头区校车服务有限公司", phone="10000000000"
            ),
        ),
        "schools": tuple(
            p.School(
                id=one.code, jurisdiction_id=one.area, stop_id=one.stop, name=one.name, phone="10000000001"
            )
            for one in SCHOOLS
        ),
        "stops": tuple(stops),
        "routes": tuple(
            p.Route(
                route_id=one.code,
                agency_id=OPERATOR,
                route_short_name=one.short_name,
                route_long_name=one.long_name,
                route_type=712,  # extended GTFS route type: school bus
            )
            for one in ROUTES
        ),
        "shape_points": tuple(points),
        "weekly": (p.Weekly(service_id=SERVICE, **week, start_date="2020-01-01", end_date="2039-12-31"),),
    }


def _fleet(today: date) -> dict[str, Any]:
    names = Names(_SEED)
    papers = (today + timedelta(days=PERMIT_DAYS)).isoformat()
    qualified = (today + timedelta(days=365)).isoformat()
    people = []
    for bus in BUSES:
        for letter, role, born in (("D", "driver", 1978), ("A", "attendant", 1986)):
            people.append(
                p.Person(
                    badge=f"{letter}-{bus.number:04}",
                    operator_id=OPERATOR,
                    role=role,
                    name=names.person(),
                    phone=names.phone(),
                    born=f"{born + bus.number}-05-17",
                    licence_since="2008-03-01" if role == "driver" else None,
                    qualified_until=qualified,
                )
            )
    return {
        "vehicles": tuple(
            p.Vehicle(
                id=f"ZW-{bus.number:04}",
                operator_id=OPERATOR,
                plate=f"宁E·A{bus.number + 10:04}校",
                seats=36,
                inspection_until=papers,
                insurance_until=papers,
            )
            for bus in BUSES
        ),
        "devices": tuple(
            p.Device(
                id=f"ZW-{bus.number:04}", vehicle_id=f"ZW-{bus.number:04}", secret=secrets.token_urlsafe(24)
            )
            for bus in BUSES
        ),
        "people": tuple(people),
    }


def _staff() -> list[p.User]:
    users = [
        p.User(username="admin", role="admin", name="系统管理员"),
        p.User(username="city", role="regulator", scope_id="ZW", name="中卫市教育局"),
        p.User(username="district", role="regulator", scope_id="ZW-SPT", name="沙坡头区教育局"),
        p.User(username="dispatch", role="operator", scope_id=OPERATOR, name="调度室"),
    ]
    users += [
        p.User(username=f"school{number}", role="school", scope_id=school.code, name=f"{school.name}门卫")
        for number, school in enumerate(SCHOOLS, start=1)
    ]
    for bus in BUSES:
        users.append(p.User(username=f"driver{bus.number}", role="driver", scope_id=f"D-{bus.number:04}"))
        users.append(
            p.User(username=f"attendant{bus.number}", role="attendant", scope_id=f"A-{bus.number:04}")
        )
    return users


def _run_bus(bus: DemoBus, rows: _Rows, families: _Families, today: date) -> None:
    route = bus.route
    # Three or four children a stop, another pattern for each bus.
    riders = tuple(3 + (place + bus.number) % 2 for place in range(len(route.stops)))
    day = list(runs(route.street.legs_m, riders, bus.phase_s))
    valid_from, valid_until = _validity(today)
    for run in day:
        code = _code(bus, run)
        rows.timetables.append(
            p.Timetable(
                route_id=route.code,
                service_id=SERVICE,
                trip_id=code,
                trip_headsign=route.stops[-1] if run.direction else route.school.name,
                direction_id=run.direction,
                shape_id=f"{route.code}-{'F' if run.direction else 'T'}",
            )
        )
        rows.stop_times += [
            p.StopTime(
                trip_id=code,
                arrival_time=call.arrival_s,
                departure_time=call.departure_s,
                stop_id=_stop(bus, call.place),
                stop_sequence=sequence,
            )
            for sequence, call in enumerate(run.calls, start=1)
        ]
        rows.permits.append(
            p.Permit(
                id=f"P-{code}",
                operator_id=OPERATOR,
                trip_id=code,
                vehicle_id=f"ZW-{bus.number:04}",
                driver_badge=f"D-{bus.number:04}",
                attendant_badge=f"A-{bus.number:04}",
                tag=f"NX-E-{bus.number:04}",
                issuer="沙坡头区人民政府",
                valid_from=valid_from,
                valid_until=valid_until,
            )
        )
    there = [run for run in day if run.direction == 0]
    back = [run for run in day if run.direction == 1]
    for run in there:
        home = back[(run.cycle + SCHOOL_DAY) % (DAY_S // CYCLE_S)]
        for place, count in enumerate(riders, start=1):
            for _ in range(count):
                families.add(route.school.code, _stop(bus, place), _code(bus, run), _code(bus, home))


def _code(bus: DemoBus, run: Run) -> str:
    hhmm = format_service_time(run.calls[0].departure_s)[:5].replace(":", "")
    return f"{bus.route.code}-{bus.number}-{hhmm}-{'F' if run.direction else 'T'}"


def _stop(bus: DemoBus, place: int) -> str:
    return bus.route.school.stop if place == 0 else f"{bus.route.code}-{place:02}"


class _Families:
    """Children and who looks after them: some have two guardians, some guardians two children."""

    def __init__(self, rows: _Rows) -> None:
        self._rows = rows
        self._names = Names(_SEED + 1)
        self._random = Random(_SEED)
        self._count = 0
        self._last: tuple[str, str, str] | None = (
            None  # user name, their name, family name: may get a second child
        )

    def add(self, school: str, stop: str, there: str, back: str) -> None:
        """Add a child with both ride plans, an account that is told, and now and then a second one."""
        self._count += 1
        code = f"ST-{self._count:05}"
        shared = self._last if self._last is not None and self._random.random() < 0.08 else None
        family = shared[2] if shared else self._names.family()
        self._rows.riders.append(
            p.Rider(
                id=code,
                school_id=school,
                name=family + self._names.given(),
                grade=f"{self._random.choice('一二三四五六')}年级",
                card=f"04{self._random.getrandbits(24):06X}{self._count:06X}",
            )
        )
        for timetable in (there, back):
            self._rows.ride_plans.append(
                p.RidePlan(rider_id=code, trip_id=timetable, stop_id=stop, weekdays="1234567")
            )
        if shared:
            self._last = None
            self._guard(shared[0], shared[1], code, "母亲")
        else:
            username, name = f"p{self._count:05}", family + self._names.given()
            self._account(username, name, code, "父亲")
            self._last = (username, name, family)
        if self._random.random() < 0.15:
            self._account(f"q{self._count:05}", self._names.person(), code, "祖父母")

    def _account(self, username: str, name: str, rider: str, relation: str) -> None:
        self._rows.users.append(p.User(username=username, role="guardian", name=name))
        self._guard(username, name, rider, relation)

    def _guard(self, username: str, name: str, rider: str, relation: str) -> None:
        self._rows.guardians.append(
            p.Guardian(
                username=username, rider_id=rider, name=name, phone=self._names.phone(), relation=relation
            )
        )
