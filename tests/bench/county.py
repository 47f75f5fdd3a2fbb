"""The benches' pack: as many buses as asked for, each with a road, a trip, a permit and riders of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.bench.roads import DWELL_S, STOPS, make_road

ON: Final = "2026-09-21"  # a Monday
ZONE: Final = "Asia/Shanghai"
START_S: Final = 7 * 3600
START_MS: Final = 1_789_945_200_000  # 07:00 of that day in that zone
STAGGER_S: Final = 300  # buses set out within five minutes
SECRET: Final = "a secret of the bench"
BUSES_OF_AN_OPERATOR: Final = 50  # what a county's company runs

Row = tuple[object, ...]


def device_id(bus: int) -> str:
    """Give the name of a bus's recorder."""
    return f"B{bus:05}"


def starts_s(bus: int) -> int:
    """Give when a bus leaves its first stop, in seconds after START_MS."""
    return bus % STAGGER_S


def card(bus: int, rider: int) -> str:
    """Give the number of a rider's card."""
    return f"C{bus:05}{rider:03}"


def boards_at(rider: int) -> int:
    """Give the stop where a rider of any bus boards; all leave at the last one."""
    return rider % (STOPS - 1)


def write_county(folder: Path, buses: int, riders: int) -> None:
    """Write the pack's files: `buses` buses, `riders` riders on each, everyone with a guardian."""
    folder.mkdir(parents=True)
    operators = range((buses - 1) // BUSES_OF_AN_OPERATOR + 1)
    every = range(buses)
    roads = {bus: make_road(bus) for bus in every}
    tables: dict[str, tuple[str, Iterable[Row]]] = {
        "agency.txt": (
            "agency_id,agency_name,agency_url,agency_timezone",
            ((f"OP{o}", f"Operator {o}", "https://example.org", ZONE) for o in operators),
        ),
        "jurisdictions.csv": ("id,parent_id,name,level", [("CITY", "", "City", "city"), ("TOWN", "CITY", "Town", "county")]),
        "operators.csv": ("id,jurisdiction_id,name", ((f"OP{o}", "TOWN", f"Operator {o}") for o in operators)),
        "stops.txt": (
            "stop_id,stop_name,stop_lat,stop_lon",
            (
                (f"S{bus}-{n}", f"Stop {bus}-{n}", *roads[bus].points[at])
                for bus in every
                for n, at in enumerate(roads[bus].stops)
            ),
        ),
        "schools.csv": (
            "id,jurisdiction_id,stop_id,name",
            ((f"SC{bus}", "TOWN", f"S{bus}-{STOPS - 1}", f"School {bus}") for bus in every),
        ),
        "routes.txt": (
            "route_id,agency_id,route_short_name,route_long_name,route_type",
            ((f"R{bus}", _operator(bus), bus, f"Route {bus}", 3) for bus in every),
        ),
        "trips.txt": (
            "route_id,service_id,trip_id,direction_id,shape_id",
            ((f"R{bus}", "DAILY", f"T{bus}", 0, f"L{bus}") for bus in every),
        ),
        "shapes.txt": (
            "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence",
            ((f"L{bus}", *place, n) for bus in every for n, place in enumerate(roads[bus].points)),
        ),
        "stop_times.txt": (
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
            (
                (f"T{bus}", _clock(due - (DWELL_S if n == 0 else 0)), _clock(due + (DWELL_S if n else 0)), f"S{bus}-{n}", n)
                for bus in every
                for n in range(STOPS)
                for due in (START_S + starts_s(bus) + roads[bus].arrival_s(n),)
            ),
        ),
        "calendar.txt": (
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            [("DAILY", 1, 1, 1, 1, 1, 1, 1, "20260901", "20270131")],
        ),
        "vehicles.csv": (
            "id,operator_id,plate,seats,inspection_until,insurance_until",
            ((f"V{bus}", _operator(bus), f"P{bus:05}", 56, "2027-03-01", "2027-03-01") for bus in every),
        ),
        "devices.csv": ("id,vehicle_id,secret", ((device_id(bus), f"V{bus}", SECRET) for bus in every)),
        "people.csv": (
            "badge,operator_id,role,name,qualified_until",
            ((f"D{bus}", _operator(bus), "driver", f"Driver {bus}", "2027-05-01") for bus in every),
        ),
        "permits.csv": (
            "id,operator_id,trip_id,vehicle_id,driver_badge,tag,issuer,valid_from,valid_until",
            (
                (f"P{bus}", _operator(bus), f"T{bus}", f"V{bus}", f"D{bus}", f"TAG{bus}", "Office", "2026-09-01", "2027-01-31")
                for bus in every
            ),
        ),
        "riders.csv": (
            "id,school_id,name,card",
            ((f"K{bus}-{n}", f"SC{bus}", f"Rider {bus}-{n}", card(bus, n)) for bus in every for n in range(riders)),
        ),
        # One guardian for all riders of an operator: a password's hash costs more than all else of a row here, and
        # a notice's row is the same.
        "users.csv": ("username,role", ((f"guardian{o}", "guardian") for o in operators)),
        "guardians.csv": (
            "username,rider_id,name",
            (
                (f"guardian{bus // BUSES_OF_AN_OPERATOR}", f"K{bus}-{n}", "Guardian")
                for bus in every
                for n in range(riders)
            ),
        ),
        "ride_plans.csv": (
            "rider_id,trip_id,stop_id,weekdays",
            (
                (f"K{bus}-{n}", f"T{bus}", f"S{bus}-{boards_at(n)}", "1234567")
                for bus in every
                for n in range(riders)
            ),
        ),
    }  # fmt: skip
    for name, (columns, rows) in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            file.write(columns + "\n")
            csv.writer(file, lineterminator="\n").writerows(rows)


def _operator(bus: int) -> str:
    return f"OP{bus // BUSES_OF_AN_OPERATOR}"


def _clock(second: int) -> str:
    return f"{second // 3600}:{second // 60 % 60:02}:{second % 60:02}"
