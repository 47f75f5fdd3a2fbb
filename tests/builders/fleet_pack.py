"""Write a county pack of any number of buses that shuttle between villages and a school, for tests of the whole system.

Four buses share a straight road; each goes to school and back again and again, with other children each time, so that within
half an hour of the school's clock every bus has boarded and delivered some. Secrets are made anew.
"""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec

START = "2026-09-21T07:00:00+08:00"  # a Monday
FIRST_DEPARTURE_S = 7 * 3600 + 150
M_PER_DEG_LON = 88_214.0  # at 37.5° north
LEG_M, LEGS = 550, 4
LEG_S, DWELL_S, GAP_S = 75, 27, 170
RIDERS_A_STOP = 2
BUSES_A_ROAD = 4
PHASE_S = 37

Row = dict[str, object]


class Ride(msgspec.Struct, frozen=True):
    """One timetable of a bus: `back` is from school; calls are (stop, arrival s, departure s)."""

    code: str
    bus: int
    pair: int
    back: bool
    calls: tuple[tuple[str, int, int], ...]


def write_fleet_pack(folder: Path, buses: int = 20, pairs: int = 3) -> Path:
    """Write the pack: each bus goes `pairs` times to school and back from START on; give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rides = [ride for bus in range(1, buses + 1) for ride in _rides(bus, pairs)]
    roads = range((buses + BUSES_A_ROAD - 1) // BUSES_A_ROAD)
    for name, rows in {**_network(roads, rides), **_fleet(buses, rides), **_children(buses, pairs)}.items():
        _write(folder / name, list(rows))
    return folder


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _rides(bus: int, pairs: int) -> Iterator[Ride]:
    road, at_s = _road(bus), FIRST_DEPARTURE_S + PHASE_S * (bus % 7)
    for pair in range(pairs):
        for back in (False, True):
            order = list(range(LEGS, -1, -1) if back else range(LEGS + 1))
            calls = []
            for place in order:
                leaves_s = at_s if place == order[-1] else at_s + DWELL_S
                calls.append((f"R{road}-{place}", at_s, leaves_s))
                at_s = leaves_s + LEG_S
            at_s += GAP_S - LEG_S
            yield Ride(f"B{bus:04}-{pair}-{'F' if back else 'T'}", bus, pair, back, tuple(calls))


def _road(bus: int) -> int:
    return (bus - 1) // BUSES_A_ROAD


def _time(seconds: int) -> str:
    return str(timedelta(seconds=seconds)).zfill(8)


def _network(roads: range, rides: list[Ride]) -> dict[str, Iterable[Row]]:
    """Give the roads: each has the school's stop at its end."""
    places = {
        (road, place): (37.5 + road / 100, 105.0 + place * LEG_M / M_PER_DEG_LON)
        for road in roads
        for place in range(LEGS + 1)
    }
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1)
    points: list[Row] = []
    for road in roads:
        for shape, order in ((f"R{road}-T", range(LEGS + 1)), (f"R{road}-F", range(LEGS, -1, -1))):
            points += [
                {
                    "shape_id": shape,
                    "shape_pt_lat": places[road, place][0],
                    "shape_pt_lon": round(places[road, place][1], 7),
                    "shape_pt_sequence": n,
                }
                for n, place in enumerate(order)
            ]
    return {
        "agency.txt": [
            {"agency_id": "OP", "agency_name": "Fault buses", "agency_url": "https://example.org",
             "agency_timezone": "Asia/Shanghai", "agency_lang": "zh"}
        ],
        "jurisdictions.csv": [{"id": "COUNTY", "name": "Fault county", "level": "county"}],
        "operators.csv": [{"id": "OP", "jurisdiction_id": "COUNTY", "name": "Fault buses"}],
        "stops.txt": [
            {"stop_id": f"R{road}-{place}", "stop_name": f"Stop {road}-{place}", "stop_lat": lat,
             "stop_lon": round(lon, 7)}
            for (road, place), (lat, lon) in places.items()
        ],
        "schools.csv": [
            {"id": f"SC{road}", "jurisdiction_id": "COUNTY", "stop_id": f"R{road}-{LEGS}", "name": f"School {road}"}
            for road in roads
        ],
        "routes.txt": [
            {"route_id": f"R{road}", "agency_id": "OP", "route_short_name": str(road), "route_long_name": f"Road {road}",
             "route_type": 712}
            for road in roads
        ],
        "shapes.txt": points,
        "calendar.txt": [{"service_id": "DAILY", **week, "start_date": "20260101", "end_date": "20391231"}],
        "trips.txt": [
            {"route_id": f"R{_road(ride.bus)}", "service_id": "DAILY", "trip_id": ride.code,
             "direction_id": int(ride.back), "shape_id": f"R{_road(ride.bus)}-{'F' if ride.back else 'T'}"}
            for ride in rides
        ],
        "stop_times.txt": [
            {"trip_id": ride.code, "arrival_time": _time(arrival_s), "departure_time": _time(departure_s),
             "stop_id": stop, "stop_sequence": n}
            for ride in rides
            for n, (stop, arrival_s, departure_s) in enumerate(ride.calls, 1)
        ],
    }  # fmt: skip


def _fleet(buses: int, rides: list[Ride]) -> dict[str, Iterable[Row]]:
    numbers = range(1, buses + 1)
    return {
        "vehicles.csv": [
            {"id": f"V-{n:04}", "operator_id": "OP", "plate": f"A{n:05}", "seats": 40,
             "inspection_until": "2027-03-01", "insurance_until": "2027-03-01"}
            for n in numbers
        ],
        "devices.csv": [
            {"id": f"DEV-{n:04}", "vehicle_id": f"V-{n:04}", "secret": secrets.token_urlsafe(24)} for n in numbers
        ],
        "people.csv": [
            {"badge": f"{letter}-{n:04}", "operator_id": "OP", "role": role, "name": f"{role.title()} {n}",
             "qualified_until": "2027-09-01"}
            for n in numbers
            for letter, role in (("D", "driver"), ("A", "attendant"))
        ],
        "permits.csv": [
            {"id": f"P-{ride.code}", "operator_id": "OP", "trip_id": ride.code, "vehicle_id": f"V-{ride.bus:04}",
             "driver_badge": f"D-{ride.bus:04}", "attendant_badge": f"A-{ride.bus:04}", "tag": f"TAG-{ride.bus:04}",
             "issuer": "Fault office", "valid_from": "2026-09-01", "valid_until": "2027-01-31"}
            for ride in rides
        ],
    }  # fmt: skip


def _children(buses: int, pairs: int) -> dict[str, Iterable[Row]]:
    """Give children with both their rides, all of a bus under one guardian's eyes; and the staff."""
    children = [
        (bus, pair, place, f"ST-{bus:04}-{pair}-{place}-{n}")
        for bus in range(1, buses + 1)
        for pair in range(pairs)
        for place in range(LEGS)
        for n in range(RIDERS_A_STOP)
    ]
    return {
        "riders.csv": [
            {"id": code, "school_id": f"SC{_road(bus)}", "name": f"Child {code}", "card": f"04{n:08X}"}
            for n, (bus, _, _, code) in enumerate(children)
        ],
        "guardians.csv": [
            {"username": f"p{bus:04}", "rider_id": code, "name": f"Parent {bus}"} for bus, _, _, code in children
        ],
        "ride_plans.csv": [
            {"rider_id": code, "trip_id": f"B{bus:04}-{pair}-{way}", "stop_id": f"R{_road(bus)}-{place}",
             "weekdays": "1234567"}
            for bus, pair, place, code in children
            for way in "TF"
        ],
        "users.csv": [
            {"username": "admin", "role": "admin", "scope_id": ""},
            {"username": "desk", "role": "operator", "scope_id": "OP"},
            *({"username": f"p{bus:04}", "role": "guardian", "scope_id": ""} for bus in range(1, buses + 1)),
        ],
    }  # fmt: skip
