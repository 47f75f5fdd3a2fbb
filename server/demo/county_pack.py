"""Fill the demo county's pack: its network, fleet, children and accounts, as rows of the pack's files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from server.demo.areas import AREAS, ZONE
from server.demo.county import DemoRoute
from server.demo.families import Families
from server.demo.fleet import companies_of, make_fleet, make_staff, schools_of, validity
from server.demo.routes import ROUTES
from server.demo.streets import draw
from server.demo.timing import Run, runs
from server.domain.service_time import format_service_time
from server.service.packs import rows as p
from server.service.packs.pack import Pack

SERVICE = "DAILY"
_SEED = 617  # State Council decree 617
# One crew drives the bus around the clock, which no county may: here a wait at the end of the road counts as a rest.
HOURS = (
    p.Setting(scope="system", name="driving_rest_s", value="120"),
    p.Setting(scope="system", name="driving_24h_s", value="86400"),
)


class _Plan(msgspec.Struct):
    timetables: list[p.Timetable]
    stop_times: list[p.StopTime]
    permits: list[p.Permit]


def make_county(today: date, buses: int = len(ROUTES)) -> Pack:
    """Give the pack of the first so many buses; the same for the same date but for the devices' secrets."""
    routes = ROUTES[:buses]
    plan, families = _Plan([], [], []), Families(_SEED)
    for route in routes:
        _run_bus(route, plan, families, today)
    return Pack(
        **_places(routes),
        **_network(routes),
        **make_fleet(routes, today),
        timetables=tuple(plan.timetables),
        stop_times=tuple(plan.stop_times),
        permits=tuple(plan.permits),
        riders=tuple(families.riders),
        guardians=tuple(families.guardians),
        ride_plans=tuple(families.ride_plans),
        users=(*make_staff(routes), *families.users),
        settings=HOURS,
    )


def renew(pack: Pack, today: date) -> Pack:
    """Give the pack with papers that are valid from yesterday on; all else stays."""
    fleet = make_fleet(ROUTES[: len(pack.routes or ())], today)
    span = validity(today)
    permits = tuple(
        msgspec.structs.replace(one, valid_from=span[0], valid_until=span[1]) for one in pack.permits or ()
    )
    return msgspec.structs.replace(pack, permits=permits, vehicles=fleet["vehicles"], people=fleet["people"])


def _places(routes: Sequence[DemoRoute]) -> dict[str, Any]:
    """Give who is responsible and where children go."""
    companies = companies_of(routes)
    return {
        "jurisdictions": tuple(
            p.Jurisdiction(id=code, parent_id=parent, name=name, level=level)
            for code, parent, name, level in AREAS
        ),
        "agencies": tuple(
            p.Agency(
                agency_id=one.code,
                agency_name=one.name,
                agency_url="https://example.org/",
                agency_timezone=ZONE,
                agency_lang="zh",
            )
            for one in companies
        ),
        "operators": tuple(
            p.Operator(id=one.code, jurisdiction_id=one.area, name=one.name, phone="10000000000")
            for one in companies
        ),
        "schools": tuple(
            p.School(
                id=one.code, jurisdiction_id=one.area, stop_id=one.stop, name=one.name, phone="10000000001"
            )
            for one in schools_of(routes)
        ),
    }


def _network(routes: Sequence[DemoRoute]) -> dict[str, Any]:
    stops = [
        p.Stop(stop_id=one.stop, stop_name=one.name, stop_lat=one.place[0], stop_lon=one.place[1])
        for one in schools_of(routes)
    ]
    points: list[p.ShapePoint] = []
    for route in routes:
        line, places = draw(route.street)
        for place, (name, (lat, lon)) in enumerate(zip(route.stops, places[1:], strict=True), start=1):
            stops.append(p.Stop(stop_id=_stop(route, place), stop_name=name, stop_lat=lat, stop_lon=lon))
        for direction, way in ((0, line[::-1]), (1, line)):
            points += [
                p.ShapePoint(
                    shape_id=_shape(route, direction),
                    shape_pt_lat=lat,
                    shape_pt_lon=lon,
                    shape_pt_sequence=place,
                )
                for place, (lat, lon) in enumerate(way)
            ]
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1)
    return {
        "stops": tuple(stops),
        "routes": tuple(
            p.Route(
                route_id=one.code,
                agency_id=one.company.code,
                route_short_name=f"{one.number}路",
                route_long_name=one.long_name,
                route_type=712,  # extended GTFS route type: school bus
            )
            for one in routes
        ),
        "shape_points": tuple(points),
        "weekly": (p.Weekly(service_id=SERVICE, **week, start_date="2020-01-01", end_date="2039-12-31"),),
    }


def _run_bus(route: DemoRoute, plan: _Plan, families: Families, today: date) -> None:
    valid_from, valid_until = validity(today)
    day = list(runs(route.pace, route.street.legs_m, route.phase_s))
    for run in day:
        code = _code(route, run)
        plan.timetables.append(
            p.Timetable(
                route_id=route.code,
                service_id=SERVICE,
                trip_id=code,
                trip_headsign=route.stops[-1] if run.direction else route.school.name,
                direction_id=run.direction,
                shape_id=_shape(route, run.direction),
            )
        )
        plan.stop_times += [
            p.StopTime(
                trip_id=code,
                arrival_time=call.arrival_s,
                departure_time=call.departure_s,
                stop_id=_stop(route, call.place),
                stop_sequence=sequence,
            )
            for sequence, call in enumerate(run.calls, start=1)
        ]
        plan.permits.append(
            p.Permit(
                id=f"P-{code}",
                operator_id=route.company.code,
                trip_id=code,
                vehicle_id=route.vehicle,
                driver_badge=route.driver,
                attendant_badge=route.attendant,
                tag=f"NX-E-{route.number:04}",
                issuer=route.company.issuer,
                valid_from=valid_from,
                valid_until=valid_until,
            )
        )
    for turn in range(route.pace.turns):
        rides = [_code(route, run) for run in day if run.turn == turn]
        for place, count in enumerate(route.pace.riders_of(turn), start=1):
            for _ in range(count):
                families.add(route.school.code, _stop(route, place), rides)


def _code(route: DemoRoute, run: Run) -> str:
    hhmm = format_service_time(run.calls[0].departure_s)[:5].replace(":", "")
    return f"{route.code}-{hhmm}-{'F' if run.direction else 'T'}"


def _stop(route: DemoRoute, place: int) -> str:
    return route.school.stop if place == 0 else f"{route.code}-{place:02}"


def _shape(route: DemoRoute, direction: int) -> str:
    return f"{route.code}-{'F' if direction else 'T'}"
