"""Write the standard county that scenarios are played in, and its variations.

A straight road of 5 km: four villages and a school, a bus there at 07:10 and back at 07:40, two children a village, each with a
guardian. A second bus does the same on a road 1.1 km beside it with one child a village. A third bus, its driver and attendant
are spare, with good papers and no permit.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

ON = "2026-09-21"  # a Monday
MIDNIGHT_MS = 1_789_920_000_000  # of it, in the county's zone
LAT, LON = 37.5, 105.0
M_PER_DEG_LAT, M_PER_DEG_LON = 111_195.0, 88_217.0  # at LAT
LEG_M, STOPS = 1250.0, 5
MORNING_S, AFTERNOON_S = 7 * 3600 + 600, 7 * 3600 + 2400
DWELL_S = 25
STANDSTILLS_S = 12.0
PACE_MPS = 10.6

Row = dict[str, object]
Point = tuple[float, float]
Files = dict[str, list[Row]]


class Road(msgspec.Struct, frozen=True):
    """A route's line in metres (east, north of LAT, LON), and the metres along it at which its stops are."""

    line: tuple[Point, ...]
    stops_m: tuple[float, ...]

    def at(self, metre: float) -> Point:
        """The place at a metre of the line."""
        left = metre
        for (ax, ay), (bx, by) in zip(self.line, self.line[1:], strict=False):
            length = math.hypot(bx - ax, by - ay)
            if left <= length:
                return ax + (bx - ax) * left / length, ay + (by - ay) * left / length
            left -= length
        return self.line[-1]


def straight(north_m: float) -> Road:
    """A straight road to the east."""
    whole = LEG_M * (STOPS - 1)
    return Road(((0.0, north_m), (whole, north_m)), tuple(LEG_M * n for n in range(STOPS)))


# It crosses its own second stop's place again on the way from the fourth to the school.
CROSSING = Road(
    ((0.0, 0.0), (2000.0, 0.0), (2000.0, 800.0), (1250.0, 800.0), (1250.0, -1200.0)),
    (0.0, 1250.0, 2400.0, 3550.0, 5550.0),
)
# A square whose last stop is the first one's neighbour, 15 m from it.
LOOP = Road(
    ((0.0, 0.0), (1250.0, 0.0), (1250.0, 1250.0), (0.0, 1250.0), (0.0, 15.0)),
    (0.0, 1250.0, 2500.0, 3750.0, 4985.0),
)


class County(msgspec.Struct, frozen=True):
    """What varies between the counties: the first route's road, the afternoon's start, and a last touch to the files."""

    road: Road = straight(0.0)
    afternoon_s: int = AFTERNOON_S
    touch: Callable[[Files], None] = lambda files: None


def _edit(name: str, key: str, id_: str, **values: object) -> Callable[[Files], None]:
    def touch(files: Files) -> None:
        rows = [row for row in files[name] if row[key] == id_]
        assert rows, (name, id_)
        for row in rows:
            row.update(values)

    return touch


def _hazard(files: Files) -> None:
    a, b = place(straight(0.0).at(2600.0)), place(straight(0.0).at(3600.0))
    wkt = f"LINESTRING ({a[1]} {a[0]}, {b[1]} {b[0]})"
    files["zones.csv"] = [{"id": "Z1", "kind": "hazard", "limit_kmh": "", "wkt": wkt, "width_m": 20}]


def _long_shift(files: Files) -> None:
    files["settings.csv"] = [{"scope": "system", "name": "driving_day_s", "value": 1500}]


def _two_attendants(files: Files) -> None:
    files["settings.csv"] = [{"scope": "system", "name": "second_attendant_above", "value": 5}]


COUNTIES: dict[str, County] = {
    "": County(),
    "approved_spare": County(),
    "expired_qualification": County(touch=_edit("people.csv", "badge", "D-1", qualified_until="2026-09-15")),
    "expired_permit": County(touch=_edit("permits.csv", "id", "P-AM-1", valid_until="2026-09-20")),
    "hazard_zone": County(touch=_hazard),
    "long_shift": County(afternoon_s=MORNING_S + 1200, touch=_long_shift),
    "closed_stop": County(),
    "moved_morning": County(),
    "two_attendants": County(touch=_two_attendants),
    "young_driver": County(touch=_edit("people.csv", "badge", "D-1", born="2001-09-22")),
    "self_crossing": County(road=CROSSING),
    "loop": County(road=LOOP),
    "back_to_back": County(afternoon_s=MORNING_S + 780),
}


def write_standard_pack(folder: Path, variation: str = "") -> Path:
    """Write the pack of a variation into a new folder; give the folder."""
    county = COUNTIES[variation]
    files = _shared()
    _route(files, 1, county.road, county.afternoon_s, riders_a_stop=2)
    _route(files, 2, straight(1100.0), county.afternoon_s, riders_a_stop=1)
    _spares(files)
    county.touch(files)
    folder.mkdir(parents=True)
    for name, rows in files.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


def place(point: Point) -> tuple[float, float]:
    """Metres (east, north) as (lat, lon)."""
    return round(LAT + point[1] / M_PER_DEG_LAT, 7), round(LON + point[0] / M_PER_DEG_LON, 7)


def calls(road: Road, start_s: int, *, back: bool) -> list[tuple[int, int, int]]:
    """The calls of a timetable: (number of the stop along the road, arrival s, departure s)."""
    order = range(STOPS - 1, -1, -1) if back else range(STOPS)
    made: list[tuple[int, int, int]] = []
    for stop in order:
        if not made:
            made.append((stop, start_s, start_s))
            continue
        before, _, left_s = made[-1]
        leg_m = abs(road.stops_m[stop] - road.stops_m[before])
        arrives_s = left_s + round(leg_m / PACE_MPS + STANDSTILLS_S)
        made.append((stop, arrives_s, arrives_s if stop == order[-1] else arrives_s + DWELL_S))
    return made


def _time(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _shared() -> Files:
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1)
    return {
        "agency.txt": [
            {"agency_id": "OP", "agency_name": "Buses", "agency_url": "https://example.org", "agency_timezone": "Asia/Shanghai"}
        ],
        "jurisdictions.csv": [{"id": "J", "name": "County", "level": "county"}],
        "operators.csv": [{"id": "OP", "jurisdiction_id": "J", "name": "Buses"}],
        "calendar.txt": [{"service_id": "DAILY", **week, "start_date": "20260101", "end_date": "20271231"}],
        "stops.txt": [], "schools.csv": [], "routes.txt": [], "shapes.txt": [], "trips.txt": [], "stop_times.txt": [],
        "vehicles.csv": [], "devices.csv": [], "people.csv": [], "permits.csv": [], "riders.csv": [], "users.csv": [],
        "guardians.csv": [], "ride_plans.csv": [],
    }  # fmt: skip


def _route(files: Files, n: int, road: Road, afternoon_s: int, *, riders_a_stop: int) -> None:
    for stop, metre in enumerate(road.stops_m):
        lat, lon = place(road.at(metre))
        files["stops.txt"].append(
            {"stop_id": f"S{n}-{stop}", "stop_name": f"Stop {n}-{stop}", "stop_lat": lat, "stop_lon": lon}
        )
    files["schools.csv"].append(
        {"id": f"SC{n}", "jurisdiction_id": "J", "stop_id": f"S{n}-{STOPS - 1}", "name": f"School {n}"}
    )
    files["routes.txt"].append(
        {"route_id": f"R{n}", "agency_id": "OP", "route_short_name": str(n), "route_long_name": f"Road {n}", "route_type": 712}
    )  # fmt: skip
    for way, start_s in (("AM", MORNING_S), ("PM", afternoon_s)):
        _timetable(files, n, road, way, start_s)
    _bus(files, n)
    children = [(stop, f"K{n}-{stop}-{k}") for stop in range(STOPS - 1) for k in range(riders_a_stop)]
    for number, (stop, code) in enumerate(children):
        files["riders.csv"].append(
            {"id": code, "school_id": f"SC{n}", "name": f"Child {code}", "card": f"04{n:02}{number:04}"}
        )
        files["users.csv"].append({"username": f"p-{code}", "role": "guardian"})
        files["guardians.csv"].append({"username": f"p-{code}", "rider_id": code, "name": f"Parent {code}"})
        for way in ("AM", "PM"):
            files["ride_plans.csv"].append(
                {"rider_id": code, "trip_id": f"{way}-{n}", "stop_id": f"S{n}-{stop}", "weekdays": "1234567"}
            )


def _timetable(files: Files, n: int, road: Road, way: str, start_s: int) -> None:
    back = way == "PM"
    shape: Sequence[Point] = road.line[::-1] if back else road.line
    for number, point in enumerate(shape):
        lat, lon = place(point)
        files["shapes.txt"].append(
            {"shape_id": f"{way}-{n}", "shape_pt_lat": lat, "shape_pt_lon": lon, "shape_pt_sequence": number}
        )
    files["trips.txt"].append(
        {"route_id": f"R{n}", "service_id": "DAILY", "trip_id": f"{way}-{n}", "direction_id": int(back), "shape_id": f"{way}-{n}"}
    )  # fmt: skip
    for number, (stop, arrives_s, leaves_s) in enumerate(calls(road, start_s, back=back), 1):
        files["stop_times.txt"].append(
            {"trip_id": f"{way}-{n}", "arrival_time": _time(arrives_s), "departure_time": _time(leaves_s),
             "stop_id": f"S{n}-{stop}", "stop_sequence": number}
        )  # fmt: skip
    files["permits.csv"].append(
        {"id": f"P-{way}-{n}", "operator_id": "OP", "trip_id": f"{way}-{n}", "vehicle_id": f"V{n}", "driver_badge": f"D-{n}",
         "attendant_badge": f"A-{n}", "tag": f"TAG-{n}", "issuer": "Bureau", "valid_from": "2026-09-01", "valid_until": "2027-01-31"}
    )  # fmt: skip


def _bus(files: Files, n: int) -> None:
    files["vehicles.csv"].append(
        {"id": f"V{n}", "operator_id": "OP", "plate": f"A{n:05}", "seats": 10, "inspection_until": "2027-03-01",
         "insurance_until": "2027-03-01"}
    )  # fmt: skip
    files["devices.csv"].append({"id": f"DEV-{n}", "vehicle_id": f"V{n}", "secret": f"secret of device {n}"})
    for letter, role in (("D", "driver"), ("A", "attendant")):
        files["people.csv"].append(
            {"badge": f"{letter}-{n}", "operator_id": "OP", "role": role, "name": f"{role.title()} {n}",
             "born": "1985-01-01", "licence_since": "2010-01-01", "qualified_until": "2027-09-01"}
        )  # fmt: skip


def _spares(files: Files) -> None:
    _bus(files, 3)
