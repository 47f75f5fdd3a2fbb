"""Trips are made from the plan for yesterday to tomorrow, once, and follow a changed plan until a bus has them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, update

from server.adapters.db import tables as t
from server.adapters.db.counters import value_of
from server.adapters.db.engine import Database
from server.adapters.db.plan_store import DbPackStore
from server.adapters.db.timetabling import DbTimetabling
from server.ids import new_id
from server.service.devices import DeviceHasher
from server.service.packs.importing import import_pack
from server.service.timetabling import MadeTrips, make_trips
from tests.builders.pack import FILES, edit_pack, write_pack

SHANGHAI = timedelta(hours=8)


def at(text: str) -> int:
    """Give the instant of a wall-clock time in Shanghai."""
    return round((datetime.fromisoformat(text).replace(tzinfo=UTC) - SHANGHAI).timestamp() * 1000)


MONDAY_6 = at("2026-11-02T06:00")


def load(db: Database, path: Path, now_ms: int = MONDAY_6) -> None:
    hasher = DeviceHasher()
    import_pack(path, DbPackStore(db), secret_hasher=hasher, password_hasher=hasher, now_ms=now_ms)


@pytest.fixture
def county(db: Database, tmp_path: Path) -> Database:
    load(db, write_pack(tmp_path / "pack"))
    return db


def trips(db: Database) -> dict[tuple[str, str], Any]:
    with db.read() as connection:
        return {(row.code, row.service_on): row for row in connection.execute(select(t.trips))}


def roster(db: Database, trip_id: str) -> dict[str, tuple[str, str]]:
    with db.read() as connection:
        rows = connection.execute(
            select(t.riders.c.code, t.stops.c.code.label("stop"), t.trip_riders.c.state)
            .join(t.riders, t.riders.c.id == t.trip_riders.c.rider_id)
            .join(t.stops, t.stops.c.id == t.trip_riders.c.stop_id)
            .where(t.trip_riders.c.trip_id == trip_id)
        )
        return {row.code: (row.stop, row.state) for row in rows}


def code_of(db: Database, table: Table, row_id: str | None) -> str:
    with db.read() as connection:
        row = connection.execute(select(table).where(table.c.id == row_id)).one()
        return str(row._mapping["badge" if "badge" in row._mapping else "code"])


def make(db: Database, now_ms: int = MONDAY_6) -> MadeTrips:
    return make_trips(DbTimetabling(db), now_ms)


def test_trips_are_made_for_the_days_around_with_all_that_the_permit_names(county: Database) -> None:
    assert make(county) == MadeTrips(4, 0, 0)
    made = trips(county)
    # Yesterday was a Sunday.
    assert set(made) == {(code, f"2026-11-0{day}") for code in ("R1-AM", "R1-PM") for day in (2, 3)}
    trip = made["R1-AM", "2026-11-02"]
    assert (trip.planned_start_ms, trip.planned_end_ms) == (at("2026-11-02T07:01"), at("2026-11-02T07:14"))
    assert (trip.state, trip.direction, trip.assigned_at_ms, trip.next_seq) == (
        "scheduled",
        "to_school",
        None,
        0,
    )
    assert code_of(county, t.vehicles, trip.vehicle_id) == "V1"
    assert code_of(county, t.people, trip.driver_id) == "D-1"
    assert code_of(county, t.people, trip.attendant_id) == "T-1"
    assert code_of(county, t.permits, trip.permit_id) == "P-AM"
    assert code_of(county, t.schools, trip.school_id) == "SC1"
    assert code_of(county, t.schools, made["R1-PM", "2026-11-02"].school_id) == "SC1"
    assert roster(county, trip.id) == {"ST-1": ("A", "expected"), "ST-2": ("B", "expected")}
    assert roster(county, made["R1-PM", "2026-11-02"].id) == {
        "ST-1": ("A", "expected"),
        "ST-3": ("C", "expected"),
    }


def test_making_them_again_changes_nothing(county: Database) -> None:
    make(county)
    before = trips(county)
    with county.read() as connection:
        version = value_of(connection, "catalog")
    assert make(county, MONDAY_6 + 3_600_000) == MadeTrips(0, 0, 0)
    assert trips(county) == before
    with county.read() as connection:
        assert value_of(connection, "catalog") == version
    assert make(county, MONDAY_6 + 86_400_000) == MadeTrips(2, 0, 0)


def test_a_made_up_day_follows_the_weekday_that_it_is_named_for(county: Database) -> None:
    make(county, at("2026-10-10T06:00"))  # a Saturday, as a Thursday; Friday is 9 October
    made = trips(county)
    assert roster(county, made["R1-AM", "2026-10-10"].id)["ST-2"] == ("B", "expected")
    assert roster(county, made["R1-AM", "2026-10-09"].id)["ST-2"] == ("C", "expected")
    assert ("R1-AM", "2026-10-11") not in made


def test_a_holiday_has_no_trips(county: Database) -> None:
    make(county, at("2026-10-01T06:00"))
    assert {on for _, on in trips(county)} == {"2026-09-30", "2026-10-02"}


def test_a_child_that_is_said_absent_is_absent_from_the_start(county: Database) -> None:
    with county.write() as connection:
        rider = connection.scalar(select(t.riders.c.id).where(t.riders.c.code == "ST-1"))
        row = {"id": new_id(), "rider_id": rider, "service_on": "2026-11-02", "direction": "to_school"}
        row |= {"kind": "absent", "user_id": "u", "made_at_ms": 1}
        connection.execute(insert(t.exceptions), row)
    make(county)
    made = trips(county)
    assert roster(county, made["R1-AM", "2026-11-02"].id)["ST-1"] == ("A", "absent")
    assert roster(county, made["R1-PM", "2026-11-02"].id)["ST-1"] == ("A", "expected")
    assert roster(county, made["R1-AM", "2026-11-03"].id)["ST-1"] == ("A", "expected")


def test_a_day_outside_every_permit_has_its_trip_without_a_bus(county: Database, tmp_path: Path) -> None:
    files = {"calendar.txt": FILES["calendar.txt"].replace("20270115", "20271231")}
    load(county, write_pack(tmp_path / "longer", files))
    make(county, at("2027-03-01T06:00"))
    trip = trips(county)["R1-AM", "2027-03-01"]
    assert (trip.permit_id, trip.vehicle_id, trip.driver_id) == (None, None, None)
    assert trip.school_id is not None


def test_an_untouched_trip_follows_a_changed_plan(county: Database, tmp_path: Path) -> None:
    make(county)
    first = trips(county)["R1-AM", "2026-11-02"]
    files = edit_pack("permits.csv", "R1-AM,V1,D-1", "R1-AM,V2,D-2")
    files["ride_plans.csv"] = (
        FILES["ride_plans.csv"]
        .replace("ST-2,R1-AM,B,1234", "ST-2,R1-AM,C,1234")
        .replace("ST-2,R1-AM,C,5\n", "")
        .replace("ST-1,R1-AM,A,12345\n", "ST-3,R1-AM,A,12345\n")
    )
    files["stop_times.txt"] = (
        FILES["stop_times.txt"].replace("7:14:00", "7:16:00").replace("7:15:00", "7:17:00")
    )
    load(county, write_pack(tmp_path / "changed", files))
    assert make(county) == MadeTrips(0, 4, 0)
    trip = trips(county)["R1-AM", "2026-11-02"]
    assert trip.id == first.id
    assert trip.plan_id != first.plan_id
    assert trip.planned_end_ms == at("2026-11-02T07:16")
    assert code_of(county, t.vehicles, trip.vehicle_id) == "V2"
    assert code_of(county, t.people, trip.driver_id) == "D-2"
    assert roster(county, trip.id) == {"ST-2": ("C", "expected"), "ST-3": ("A", "expected")}


@pytest.mark.parametrize("change", [{"assigned_at_ms": 5}, {"state": "en_route"}, {"state": "cancelled"}])
def test_a_trip_that_a_bus_has_or_that_is_over_stays(
    county: Database, tmp_path: Path, change: dict[str, Any]
) -> None:
    make(county)
    with county.write() as connection:
        connection.execute(update(t.trips).where(t.trips.c.service_on == "2026-11-02").values(**change))
    before = trips(county)
    load(county, write_pack(tmp_path / "changed", edit_pack("permits.csv", "R1-AM,V1,D-1", "R1-AM,V2,D-2")))
    assert make(county) == MadeTrips(0, 1, 0)
    after = trips(county)
    assert {key for key in before if before[key] != after[key]} == {("R1-AM", "2026-11-03")}


def test_a_trip_whose_time_is_over_is_not_bound_anew(county: Database, tmp_path: Path) -> None:
    make(county)
    load(county, write_pack(tmp_path / "changed", edit_pack("permits.csv", "R1-AM,V1,D-1", "R1-AM,V2,D-2")))
    make(county, at("2026-11-02T09:00"))
    made = trips(county)
    assert code_of(county, t.vehicles, made["R1-AM", "2026-11-02"].vehicle_id) == "V1"
    assert code_of(county, t.vehicles, made["R1-AM", "2026-11-03"].vehicle_id) == "V2"


def test_trips_ahead_of_an_ended_timetable_are_taken_back(county: Database, tmp_path: Path) -> None:
    make(county)
    fewer = {
        name: "".join(line for line in text.splitlines(True) if "R1-AM" not in line)
        for name, text in FILES.items()
    }
    load(county, write_pack(tmp_path / "fewer", fewer))
    noon = at("2026-11-02T12:00")
    assert make(county, noon) == MadeTrips(0, 0, 1)
    assert set(trips(county)) == {("R1-AM", "2026-11-02"), ("R1-PM", "2026-11-02"), ("R1-PM", "2026-11-03")}


def test_each_operators_days_are_its_own_zones(db: Database, tmp_path: Path) -> None:
    load(db, write_pack(tmp_path / "pack", edit_pack("agency.txt", "Asia/Shanghai", "America/New_York")))
    make(db, at("2026-11-03T09:00"))  # Monday evening in New York
    assert sorted({date.fromisoformat(on) for _, on in trips(db)}) == [date(2026, 11, 2), date(2026, 11, 3)]
