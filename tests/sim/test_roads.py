"""Stops find their place on a road that passes them twice; runs find theirs in the calendar."""

from __future__ import annotations

import csv
import itertools
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.drive import CRUISE_MPS, drive_tick
from device_sim.geo import distance_m
from device_sim.packreader import read_pack
from device_sim.path import Path as Road
from device_sim.roads import Roads
from device_sim.runs import Runs
from device_sim.service_time import origin_ms
from tests.sim.packs import LAT, LON, PackFolder, at

NORTH = 1 / 111_195.0


def test_stops_on_a_way_there_and_back_are_put_on_the_right_leg() -> None:
    # 2 km north and back on the same road: the first stop is passed again at the end.
    end = (LAT + 2000 * NORTH, LON)
    road = Road(
        [(LAT, LON), end, (LAT, LON)], [(LAT + 500 * NORTH, LON), end, (LAT + 1000 * NORTH, LON), (LAT, LON)]
    )
    assert [round(metre, -1) for metre in road.stop_metres] == [500, 2000, 3000, 4000]


def test_metres_headings_and_places_agree() -> None:
    road = Road([(LAT, LON), (LAT + 1000 * NORTH, LON), (LAT + 1000 * NORTH, LON + 0.02)], [])
    lat, lon, heading = road.at(400.0)
    assert abs(distance_m(LAT, LON, lat, lon) - 400.0) < 0.5
    assert (round(heading), round(road.at(1500.0)[2])) == (0, 90)


def test_a_corner_is_slow_and_the_road_before_it_leaves_room_to_brake() -> None:
    road = Road([(LAT, LON), (LAT + 1000 * NORTH, LON), (LAT + 1000 * NORTH, LON + 0.02)], [])
    assert road.ceiling_mps(1000.0) < 5.0
    assert road.ceiling_mps(500.0) > 25.0
    assert all(road.ceiling_mps(metre) <= road.ceiling_mps(metre + 5) + 2.5 for metre in range(0, 1000, 5))


@given(
    st.lists(st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), min_size=2, max_size=8, unique=True),
    st.floats(3.0, CRUISE_MPS),
)
def test_on_any_road_a_bus_arrives_stops_at_the_stop_and_brakes_softly(
    corners: list[tuple[float, float]], cruise: float
) -> None:
    road = Road([(LAT + lat, LON + lon) for lat, lon in corners], [])
    metre = speed = 0.0
    for _ in range(20_000):
        before, metre_before = speed, metre
        metre, speed = drive_tick(road, metre, speed, road.length_m, cruise)
        assert -2.01 <= speed - before <= 1.01
        assert metre >= metre_before
        if metre >= road.length_m and speed == 0.0:
            break
    assert (metre, speed) == (road.length_m, 0.0)


def test_runs_over_midnight_belong_to_the_day_before_and_come_in_order(tmp_path: Path) -> None:
    PackFolder(tmp_path, ("23:30 down", "24:20 up", "06:00 down"))
    runs = Runs(read_pack(tmp_path), "V1")
    found: list[tuple[object, ...]] = []
    run = runs.find_next((0, ""), at("23:00"))
    while run and len(found) < 4:
        found.append((run.timetable.id, str(run.on), run.departure_ms(0)))
        assert runs.find(run.key) == run
        run = runs.find_next(run.key, at("23:00"))
    assert found == [
        ("R1-down-2330", "2026-09-01", at("23:30")),
        ("R1-up-2420", "2026-09-01", at("24:20")),
        ("R1-down-0600", "2026-09-02", at("06:00", day=1)),
        ("R1-down-2330", "2026-09-02", at("23:30", day=1)),
    ]


def test_a_holiday_has_no_run_and_a_make_up_saturday_follows_the_weekday_that_is_named(
    tmp_path: Path,
) -> None:
    folder = PackFolder(tmp_path, ("07:00 down",))
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    folder.write(
        "calendar.txt",
        [{"service_id": "every", **dict.fromkeys(days, 1), "saturday": 0, "sunday": 0,
          "start_date": "20260101", "end_date": "20271231"}],
    )  # fmt: skip
    with (tmp_path / "calendar_dates.txt").open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [["date", "service_id", "exception_type", "as_weekday"], ["20260902", "every", "2", ""],
             ["20260905", "every", "1", "3"]]
        )  # fmt: skip
    runs = Runs(read_pack(tmp_path), "V1")
    found: list[tuple[object, ...]] = []
    run = runs.find_next((0, ""), at("00:00"))
    while run and len(found) < 5:
        found.append((run.on.day, run.weekday))
        run = runs.find_next(run.key, at("00:00"))
    assert found == [(1, 2), (3, 4), (4, 5), (5, 3), (7, 1)]


def test_a_permit_ends_on_its_last_day(tmp_path: Path) -> None:
    folder = PackFolder(tmp_path, ("07:00 down",))
    rows = [row | {"valid_until": "2026-09-02"} for row in folder.files["permits.csv"]]
    folder.write("permits.csv", rows)
    runs = Runs(read_pack(tmp_path), "V1")
    run = runs.find_next((0, ""), at("06:00", day=1))
    assert run
    assert run.on == date(2026, 9, 2)
    assert runs.find_next(run.key, at("06:00", day=1)) is None


@pytest.mark.parametrize(
    ("on", "hours"), [(date(2026, 3, 29), -1), (date(2026, 10, 25), 1), (date(2026, 6, 1), 0)]
)
def test_a_service_day_counts_from_noon_less_twelve_hours_where_clocks_change(on: date, hours: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    midnight = origin_ms(date(2026, 6, 1), berlin) if hours == 0 else None
    noon_to_noon = origin_ms(on, berlin) - origin_ms(date.fromordinal(on.toordinal() - 1), berlin)
    assert noon_to_noon == (24 + hours) * 3_600_000
    assert midnight is None or midnight % 86_400_000 == 22 * 3_600_000


def test_a_stop_time_left_blank_gets_its_share_of_the_time(tmp_path: Path) -> None:
    folder = PackFolder(tmp_path, ("07:00 down",))
    rows = [
        row | ({"arrival_time": "", "departure_time": ""} if row["stop_sequence"] in (2, 3) else {})
        for row in folder.files["stop_times.txt"]
    ]
    folder.write("stop_times.txt", rows)
    calls = read_pack(tmp_path).timetables["R1-down-0700"].calls
    assert [b.arrival_s - a.arrival_s for a, b in itertools.pairwise(calls)] == [150, 150, 150]


def test_without_a_shape_the_road_is_straight_from_stop_to_stop(tmp_path: Path) -> None:
    folder = PackFolder(tmp_path, ("07:00 down",))
    (tmp_path / "shapes.txt").unlink()
    pack = read_pack(folder.folder)
    road = Roads(pack).trip("R1-down-0700")
    assert road.stop_metres[0] == 0.0
    assert road.stop_metres[-1] == pytest.approx(road.length_m)
