"""A trip's road has its own numbers, zones, permit and papers, as the county gave them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, update

from server.adapters.db import tables as t
from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.engine import Database
from server.adapters.db.migrate import upgrade
from server.domain.vehicle_day import Road
from server.service.ingest_ports import Bus
from tests.builders.road import LAT, START_MS, lon_at
from tests.builders.town import a_town
from tests.fakes.clock import FakeClock


@pytest.fixture
def town(tmp_path: Path) -> Database:
    url = f"sqlite:///{tmp_path}/town.db"
    upgrade(url)
    database = Database(url)
    a_town(database)
    return database


def setting(town: Database, scope: str, scope_id: str, name: str, value: str) -> None:
    with town.write() as connection:
        connection.execute(
            insert(t.settings).values(
                id=f"{scope}-{name}", scope=scope, scope_id=scope_id, name=name, value=value, ended_at_ms=None
            )
        )


def road_of(town: Database) -> Road:
    road = DatabaseCatalogue(town, FakeClock(START_MS)).find_road("trip1")
    assert road is not None
    return road


def test_the_nearest_scope_that_says_something_wins(town: Database) -> None:
    assert road_of(town).thresholds.corridor_m == 50
    for scope, scope_id, value in (
        ("system", "", "40"),
        ("operator", "operator", "45"),
        ("route", "route", "60"),
    ):
        setting(town, scope, scope_id, "corridor_m", value)
        assert road_of(town).thresholds.corridor_m == int(value)
    setting(town, "permit", "permit1", "corridor_m", "35")
    setting(town, "operator", "another", "harsh_g", "0.9")
    thresholds = road_of(town).thresholds
    assert (thresholds.corridor_m, thresholds.harsh_g, thresholds.off_route_s) == (35, 0.3, 20)


def test_a_zone_lies_on_the_road_on_its_dates(town: Database) -> None:
    line = ", ".join(f"{lon_at(metre)} {LAT}" for metre in (1000, 2000))
    with town.write() as connection:
        connection.execute(
            insert(t.zones).values(
                id="z1", code="Z1", kind="limit", limit_kmh=30, wkt=f"LINESTRING ({line})", width_m=20,
                valid_from="2026-09-21", valid_until=None, ended_at_ms=None,
            )
        )  # fmt: skip
    speeds = road_of(town).speeds
    assert [speeds.at(metre).kmh for metre in (500, 1500, 2500)] == [60, 30, 60]
    assert speeds.at(1500).zone == "Z1" and speeds.lowest_kmh == 30
    with town.write() as connection:
        connection.execute(update(t.zones).values(valid_from="2026-09-22"))
    assert road_of(town).speeds.at(1500).kmh == 60


def test_bad_weather_holds_from_the_instant_that_is_declared(town: Database) -> None:
    setting(town, "operator", "operator", "bad_weather_from", "2609210830")
    road = road_of(town)
    half_past_ms = road.plan.day_ms + 8 * 3_600_000 + 30 * 60_000
    before, then = (road.speeds.at(500, half_past_ms + step).kmh for step in (-1, 0))
    assert (before, then, road.speeds.lowest_kmh) == (60, 20, 20)


def test_a_permit_in_force_and_one_that_has_run_out(town: Database) -> None:
    permit = road_of(town).permit
    assert permit.in_force and permit.valid_until == "2026-09-21"
    with town.write() as connection:
        connection.execute(update(t.permits).values(valid_from="2026-03-01", valid_until="2026-09-20"))
        connection.execute(
            update(t.trips).values(permit_id=None, vehicle_id=None, driver_id=None, attendant_id=None)
        )
    permit = road_of(town).permit
    assert not permit.in_force and permit.expired_on == "2026-09-20"


def test_the_papers_of_a_bus_and_of_a_badge(town: Database) -> None:
    context = DatabaseCatalogue(town, FakeClock(START_MS)).context(Bus("bus1", "operator"))
    bus = context.find_vehicle("bus1")
    assert bus is not None and (bus.seats, bus.inspection_until, bus.tags) == (40, "2026-12-31", ("TAG-1",))
    person = context.find_person("D-1")
    assert person is not None and (person.role, person.qualified_until) == ("driver", "2026-12-31")
    assert context.find_person("D-7") is None and context.find_vehicle("bus9") is None
