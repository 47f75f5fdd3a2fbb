"""The demo county is plausible, its plan can be kept, it is made once, and somebody boards soon whatever the hour."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.config import Settings, load_settings
from server.demo import announce, ensure_pack
from server.demo.accounts import next_boarding
from server.demo.county import BUSES, ROUTES
from server.demo.county_pack import make_county
from server.demo.streets import draw, sharpest_turn
from server.domain.geo import distance_m
from server.errors import StartError
from server.service.packs.fault import Remarks
from server.service.packs.judging import judge
from server.service.packs.network import lay_out
from server.service.packs.pack import Pack
from server.service.passwords import verify_password
from tests.builders.pack import write_pack
from tests.fakes.clock import FakeClock

TODAY = date(2026, 9, 1)
BRAKING_S = 17.0  # what pulling away at 1 m/s² and braking add to a leg at 60 km/h


@pytest.fixture(scope="module")
def county() -> Pack:
    return make_county(TODAY)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(environ={"SIXFIXED_DATA": str(tmp_path / "data"), "SIXFIXED_DEMO": "1"})


def test_the_pack_is_sound(county: Pack) -> None:
    remarks = Remarks()
    judge(county, county.over(Pack()), remarks)
    drafts = lay_out(county.over(Pack()), remarks)
    assert (remarks.faults, remarks.warnings) == ([], [])
    assert len(drafts) == 360


def test_every_leg_can_be_kept_by_a_bus_that_keeps_the_law(county: Pack) -> None:
    riders: dict[tuple[str, str], int] = {}
    for plan in county.ride_plans or ():
        riders[plan.trip_id, plan.stop_id] = riders.get((plan.trip_id, plan.stop_id), 0) + 1
    schools = {school.stop_id for school in county.schools or ()}
    for draft in lay_out(county.over(Pack()), Remarks()):
        aboard = sum(count for (trip, _), count in riders.items() if trip == draft.code)
        assert 20 <= aboard <= 30
        for here, there in pairwise(draft.stops):
            leg_m, leg_s = there[3] - here[3], there[1] - here[2]
            assert 850 <= leg_m <= 1550
            assert 25 <= leg_m / leg_s * 3.6 <= 40
            assert leg_s > leg_m / (60 / 3.6) + BRAKING_S + 10
        for code, arrival_s, departure_s, _ in draft.stops[:-1]:
            count = aboard if code in schools else riders[draft.code, code]
            assert departure_s - arrival_s >= 12 + 4 * count


def test_roads_bend_without_corners_and_lie_around_zhongwei() -> None:
    for route in ROUTES:
        line, stops = draw(route.street)
        assert sharpest_turn(line) < 25
        assert len(stops) == len(route.stops) + 1 == 8
        straight = distance_m(*line[0], *line[-1])
        assert 1.02 < sum(route.street.legs_m) / straight < 1.6
        for lat, lon in line:
            assert distance_m(lat, lon, 37.51, 105.19) < 10_000


def test_buses_run_around_the_clock_one_trip_after_the_other(county: Pack) -> None:
    drafts = {draft.code: draft for draft in lay_out(county.over(Pack()), Remarks())}
    for bus in BUSES:
        runs = sorted(
            (drafts[permit.trip_id].stops[0][1], drafts[permit.trip_id].stops[-1][1], permit.trip_id)
            for permit in county.permits or ()
            if permit.vehicle_id == f"ZW-{bus.number:04}"
        )
        runs.append((runs[0][0] + 86_400, 0, ""))
        gaps = [there[0] - here[1] for here, there in pairwise(runs)]
        assert min(gaps) >= 240
        assert max(gaps) <= 520
        assert [trip[-1] for *_, trip in runs[:-1]] == ["T", "F"] * 30


def test_every_child_has_one_way_there_one_back_and_somebody_who_is_told(county: Pack) -> None:
    direction = {one.trip_id: one.direction_id for one in county.timetables or ()}
    ways: dict[str, list[int | None]] = {}
    for plan in county.ride_plans or ():
        ways.setdefault(plan.rider_id, []).append(direction[plan.trip_id])
    assert all(sorted(map(str, found)) == ["0", "1"] for found in ways.values())
    told: dict[str, set[str]] = {}
    cares: dict[str, set[str]] = {}
    for guardian in county.guardians or ():
        told.setdefault(guardian.rider_id, set()).add(guardian.username)
        cares.setdefault(guardian.username, set()).add(guardian.rider_id)
    assert set(told) == {rider.id for rider in county.riders or ()} == set(ways)
    assert {len(found) for found in told.values()} == {1, 2}
    assert {len(found) for found in cares.values()} == {1, 2}
    assert {user.role for user in county.users or ()} == {
        "admin", "regulator", "operator", "school", "attendant", "driver", "guardian",
    }  # fmt: skip


def test_the_same_day_gives_the_same_county_but_for_secrets(county: Pack) -> None:
    def without_secrets(pack: Pack) -> Pack:
        bare = tuple(msgspec.structs.replace(device, secret=None) for device in pack.devices or ())
        return msgspec.structs.replace(pack, devices=bare)

    again = make_county(TODAY)
    assert without_secrets(again) == without_secrets(county)
    assert {one.secret for one in again.devices or ()}.isdisjoint(
        {one.secret for one in county.devices or ()}
    )


def test_it_is_made_once_and_its_papers_are_renewed(settings: Settings) -> None:
    clock = FakeClock()
    folder = ensure_pack(settings, clock)
    assert (folder.stat().st_mode & 0o777, (folder / "devices.csv").stat().st_mode & 0o777) == (0o700, 0o600)
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    clock.advance(86_400)
    ensure_pack(settings, clock)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first
    clock.advance(170 * 86_400)
    ensure_pack(settings, clock)
    renewed = {name for name in first if (folder / name).read_bytes() != first[name]}
    assert renewed == {"permits.csv", "vehicles.csv", "people.csv"}
    database = Database(settings.database_url)
    with database.read() as connection:
        today = (date(1970, 1, 1) + timedelta(milliseconds=clock.now_ms())).isoformat()
        found = connection.execute(select(t.trips.c.permit_id).where(t.trips.c.service_on == today))
        assert {row.permit_id is None for row in found} == {False}
    database.dispose()


def test_somebody_boards_within_two_minutes_whatever_the_hour(settings: Settings) -> None:
    clock = FakeClock()
    ensure_pack(settings, clock)
    database = Database(settings.database_url)
    with database.read() as connection:
        waits = []
        for _ in range(60):
            # Over a day, each time at another minute of the hour.
            clock.advance(24 * 60 + 7)
            waits.append((next_boarding(connection, clock.now_ms()).at_ms - clock.now_ms()) / 1000)
    database.dispose()
    assert min(waits) >= 15
    assert max(waits) <= 120
    assert sum(waits) / len(waits) <= 60


def test_announced_accounts_can_log_in_and_no_other(settings: Settings) -> None:
    clock = FakeClock()
    ensure_pack(settings, clock)
    accounts = announce(settings, clock)
    assert [account.role for account in accounts] == [
        "guardian", "attendant", "school", "operator", "regulator", "admin",
    ]  # fmt: skip
    database = Database(settings.database_url)
    with database.read() as connection:
        hashes = {row.username: row.password_hash for row in connection.execute(select(t.users))}
    database.dispose()
    for account in accounts:
        assert verify_password(hashes.pop(account.username), account.password)
    assert set(hashes.values()) == {"!"}
    assert not verify_password("!", "!")
    again = announce(settings, clock)
    assert {one.password for one in again}.isdisjoint({one.password for one in accounts})


def test_it_leaves_another_county_alone(settings: Settings, tmp_path: Path) -> None:
    from server.adapters.db import migrate
    from server.adapters.db.plan_store import DbPackStore
    from server.service.devices import DeviceHasher
    from server.service.packs.importing import import_pack

    migrate.upgrade(settings.database_url)
    database = Database(settings.database_url)
    hasher = DeviceHasher()
    import_pack(
        write_pack(tmp_path / "own"),
        DbPackStore(database),
        secret_hasher=hasher,
        password_hasher=hasher,
        now_ms=1,
    )
    database.dispose()
    with pytest.raises(StartError, match="operator OP"):
        ensure_pack(settings, FakeClock())
