"""A county of many different roads, each with a bus, for measuring rules: the emulator's pack, and the server's plans by import.

Roads lie in all directions, bend and turn corners, are 3 to 12 km long and have four to eight stops; one leg of each is straight, so
that a bus may be driven fast there. Every second one leads away from its school.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from device_sim.pack import Pack
from device_sim.packreader import read_pack
from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.engine import Database
from server.adapters.db.plan_store import DbPackStore
from server.adapters.db.timetabling import DbTimetabling
from server.domain.vehicle_day import Road as Plan
from server.service.devices import DeviceHasher
from server.service.packs.importing import import_pack
from server.service.timetabling import make_trips
from tests.builders.schema import new_sqlite
from tests.fakes.clock import FakeClock

MIDNIGHT_MS = 1_789_920_000_000  # of 2026-09-21, a Monday, in the county's zone
START_S = 7 * 3600 + 600
SEATS = 20
RIDERS_A_STOP = 2
DWELL_S = 25
PACE_MPS = 9.5
STOP_LOSS_S = 14
M_PER_DEG = 111_195.0
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1)

Row = dict[str, object]


class Way(msgspec.Struct, frozen=True):
    """A road: its line (lat, lon), the metres of its stops, and which leg of it is straight."""

    line: list[tuple[float, float]]
    stops_m: list[float]
    straight: int
    back: bool


class County(msgspec.Struct, frozen=True):
    """The roads as drawn, as the emulator reads them, and the catalogue that has imported them."""

    ways: list[Way]
    pack: Pack
    catalogue: DatabaseCatalogue
    plans: dict[int, Plan]

    @property
    def start_ms(self) -> int:
        """The planned start of every trip (UTC ms)."""
        return MIDNIGHT_MS + START_S * 1000


@contextmanager
def a_county(roads: int, seed: int = 1, twins_m: float | None = None) -> Iterator[County]:
    """Make a county of so many roads; with `twins_m` the last two stops of each lie so near to each other."""
    chance = random.Random(f"roads {seed}")
    ways = [draw_way(chance, n, twins_m) for n in range(roads)]
    with TemporaryDirectory(prefix="sixfixed-measured-") as name:
        folder = Path(name)
        write_pack(folder / "pack", ways)
        database = Database(new_sqlite(folder / "county.db"))
        try:
            hasher, at_ms = DeviceHasher(), MIDNIGHT_MS + 6 * 3_600_000
            import_pack(
                folder / "pack",
                DbPackStore(database),
                secret_hasher=hasher,
                password_hasher=hasher,
                now_ms=at_ms,
            )
            make_trips(DbTimetabling(database), at_ms)
            catalogue = DatabaseCatalogue(database, FakeClock(at_ms))
            plans = {}
            for n in range(roads):
                bus = catalogue.find_bus(device(n))
                assert bus is not None
                (plans[n],) = catalogue.context(bus).list_roads(MIDNIGHT_MS + START_S * 1000, timetable(n))
            yield County(ways, read_pack(folder / "pack"), catalogue, plans)
        finally:
            database.dispose()


def device(n: int) -> str:
    """Give the recorder of a road's bus."""
    return f"DEV-{n:03}"


def timetable(n: int) -> str:
    """Give the code of a road's timetable."""
    return f"T-{n:03}"


def draw_way(chance: random.Random, n: int, twins_m: float | None) -> Way:
    """Draw a road that never comes back to itself: it wanders within 60 degrees of its direction, and turns corners in pairs."""
    lat, lon = 36.0 + 0.15 * (n // 10), 104.0 + 0.18 * (n % 10)
    ahead = math.radians(chance.uniform(0, 360))
    legs = chance.randint(3, 7)
    straight = chance.randrange(legs)
    x = y = metre = 0.0
    points, stops = [(0.0, 0.0)], [0.0]
    heading, side = 0.0, chance.choice((-1, 1))

    def go(length: float) -> None:
        nonlocal x, y, metre
        x, y = x + length * math.sin(ahead + heading), y + length * math.cos(ahead + heading)
        metre += length
        points.append((x, y))

    for leg in range(legs):
        if leg == straight:
            go(chance.uniform(1700, 2200))
        else:
            left = chance.uniform(550, 1600)
            corner = chance.uniform(0.3, 0.7) * left if chance.random() < 0.3 else -1.0
            while left > 0:
                piece = min(chance.uniform(40, 90), left)
                go(piece)
                left -= piece
                if 0 <= left < corner:
                    heading, side, corner = side * math.radians(60), -side, -1.0
                turned = heading + math.radians(chance.gauss(0, 5))
                heading = max(-math.radians(60), min(math.radians(60), turned))
        stops.append(metre)
    if twins_m is not None:
        go(twins_m)
        stops.append(metre)
        go(chance.uniform(500, 900))  # the school stays away from both
        stops.append(metre)
    scale = M_PER_DEG * math.cos(math.radians(lat))
    line = [(round(lat + b / M_PER_DEG, 7), round(lon + a / scale, 7)) for a, b in points]
    return Way(line, stops, straight, back=n % 2 == 1 or twins_m is not None)


def place_at(way: Way, metre: float) -> tuple[float, float]:
    """Give the place (lat, lon) at a metre of a road."""
    left = metre
    for (a_lat, a_lon), (b_lat, b_lon) in zip(way.line, way.line[1:], strict=False):
        scale = M_PER_DEG * math.cos(math.radians(a_lat))
        length = math.hypot((b_lat - a_lat) * M_PER_DEG, (b_lon - a_lon) * scale)
        if left <= length:
            u = left / length
            return round(a_lat + u * (b_lat - a_lat), 7), round(a_lon + u * (b_lon - a_lon), 7)
        left -= length
    return way.line[-1]


def write_pack(folder: Path, ways: list[Way]) -> None:
    """Write the county pack."""
    folder.mkdir(parents=True)
    files: dict[str, list[Row]] = {
        "agency.txt": [
            {"agency_id": "OP", "agency_name": "Buses", "agency_url": "https://example.org", "agency_timezone": "Asia/Shanghai"}
        ],
        "jurisdictions.csv": [{"id": "J", "name": "County", "level": "county"}],
        "operators.csv": [{"id": "OP", "jurisdiction_id": "J", "name": "Buses"}],
        "calendar.txt": [{"service_id": "DAILY", **WEEK, "start_date": "20260101", "end_date": "20271231"}],
    }  # fmt: skip
    for n, way in enumerate(ways):
        for name, rows in {**_road(n, way), **_bus(n), **_children(n, way)}.items():
            files.setdefault(name, []).extend(rows)
    for name, rows in files.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def _road(n: int, way: Way) -> dict[str, list[Row]]:
    last = len(way.stops_m) - 1
    places = [place_at(way, metre) for metre in way.stops_m]
    at_s, calls = START_S, [(0, START_S, START_S)]
    for stop in range(1, last + 1):
        at_s += round((way.stops_m[stop] - way.stops_m[stop - 1]) / PACE_MPS) + STOP_LOSS_S
        calls.append((stop, at_s, at_s if stop == last else at_s + DWELL_S))
        at_s += DWELL_S
    school = 0 if way.back else last
    return {
        "stops.txt": [
            {"stop_id": f"S{n}-{stop}", "stop_name": f"Stop {n}-{stop}", "stop_lat": lat, "stop_lon": lon}
            for stop, (lat, lon) in enumerate(places)
        ],
        "schools.csv": [
            {"id": f"SC{n}", "jurisdiction_id": "J", "stop_id": f"S{n}-{school}", "name": f"School {n}"}
        ],
        "routes.txt": [
            {"route_id": f"R{n}", "agency_id": "OP", "route_short_name": str(n), "route_long_name": f"Road {n}", "route_type": 712}
        ],
        "shapes.txt": [
            {"shape_id": f"R{n}", "shape_pt_lat": lat, "shape_pt_lon": lon, "shape_pt_sequence": number}
            for number, (lat, lon) in enumerate(way.line)
        ],
        "trips.txt": [
            {"route_id": f"R{n}", "service_id": "DAILY", "trip_id": timetable(n), "direction_id": int(way.back), "shape_id": f"R{n}"}
        ],
        "stop_times.txt": [
            {"trip_id": timetable(n), "arrival_time": _time(arrives_s), "departure_time": _time(leaves_s),
             "stop_id": f"S{n}-{stop}", "stop_sequence": stop}
            for stop, arrives_s, leaves_s in calls
        ],
    }  # fmt: skip


def _bus(n: int) -> dict[str, list[Row]]:
    return {
        "vehicles.csv": [
            {"id": f"V-{n:03}", "operator_id": "OP", "plate": f"A{n:05}", "seats": SEATS, "inspection_until": "2027-03-01",
             "insurance_until": "2027-03-01"}
        ],
        "devices.csv": [{"id": device(n), "vehicle_id": f"V-{n:03}", "secret": f"secret of device {n}"}],
        "people.csv": [
            {"badge": f"{letter}-{n:03}", "operator_id": "OP", "role": role, "name": f"{role.title()} {n}",
             "born": "1985-01-01", "licence_since": "2010-01-01", "qualified_until": "2027-09-01"}
            for letter, role in (("D", "driver"), ("A", "attendant"))
        ],
        "permits.csv": [
            {"id": f"P-{n:03}", "operator_id": "OP", "trip_id": timetable(n), "vehicle_id": f"V-{n:03}",
             "driver_badge": f"D-{n:03}", "attendant_badge": f"A-{n:03}", "tag": f"TAG-{n:03}", "issuer": "Bureau",
             "valid_from": "2026-09-01", "valid_until": "2027-01-31"}
        ],
    }  # fmt: skip


def _children(n: int, way: Way) -> dict[str, list[Row]]:
    stops = range(1, len(way.stops_m)) if way.back else range(len(way.stops_m) - 1)
    children = [
        (stop, f"K{n}-{stop}-{k}", f"04{n:03}{stop}{k}") for stop in stops for k in range(RIDERS_A_STOP)
    ]
    return {
        "riders.csv": [
            {"id": code, "school_id": f"SC{n}", "name": f"Child {code}", "card": card} for _, code, card in children
        ],
        "users.csv": [{"username": f"p{n}", "role": "guardian"}],
        "guardians.csv": [
            {"username": f"p{n}", "rider_id": code, "name": f"Parent {n}"} for _, code, _ in children
        ],
        "ride_plans.csv": [
            {"rider_id": code, "trip_id": timetable(n), "stop_id": f"S{n}-{stop}", "weekdays": "1234567"}
            for stop, code, _ in children
        ],
    }  # fmt: skip


def _time(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
