"""A bus behaves like a bus: it obeys physics, its timetable and the rules of its doors."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from device_sim.fleet import Fleet, choose_devices
from device_sim.packreader import read_pack
from device_sim.runs import DayPlan, Told
from device_sim.wire import Duty, Event, Pos, Record, Ride
from tests.sim.packs import PackFolder, at

ALL_DAY = (
    "06:00 down",
    "06:20 up",
    "06:40 down",
    "07:00 up",
    "12:00 down",
    "23:40 down",
    "23:56 up",
    "24:20 down",
)


def drive(
    folder: Path,
    begin: str,
    end: str,
    *,
    seed: int = 1,
    absent: float = 0.0,
    moving_s: int = 5,
    buses: int = 1,
) -> dict[str, list[Record]]:
    """What each bus of a pack folder writes between two local times of 2026-09-01."""
    pack = read_pack(folder)
    fleet = Fleet(pack, choose_devices(pack, [], buses), seed, at(begin), absent)
    for bus in fleet.buses.values():
        bus.state.moving_s = moving_s
    return {part.device: part.records for part in fleet.advance(at(end))}


def positions(records: list[Record]) -> list[Pos]:
    return [record for record in records if isinstance(record, Pos)]


@pytest.fixture
def day(tmp_path: Path) -> list[Record]:
    """A full day and the night after it of one bus, noted every second, nobody absent."""
    PackFolder(tmp_path, ALL_DAY)
    return drive(tmp_path, "05:30", "25:30", moving_s=1)["ZW-0001"]


def test_speed_and_its_changes_are_a_buss(day: list[Record]) -> None:
    noted = [pos for pos in positions(day) if pos.ign]
    assert max(pos.spd for pos in noted) <= 60.0
    assert max(pos.spd for pos in noted) > 30.0
    changes = [(b.spd - a.spd) / 3.6 for a, b in itertools.pairwise(noted) if b.t - a.t == 1000]
    assert max(changes) <= 1.1
    assert min(changes) >= -2.1


def test_the_odometer_agrees_with_speed_and_place(day: list[Record]) -> None:
    noted = positions(day)
    assert all(b.odo >= a.odo for a, b in itertools.pairwise(noted))
    for a, b in itertools.pairwise(noted):
        if b.t - a.t == 1000:
            assert abs((b.odo - a.odo) - (a.spd + b.spd) / 7.2) <= 2.0


def test_it_never_moves_with_its_door_open_and_shows_lamps_and_sign(day: list[Record]) -> None:
    opened = [(a, b) for a, b in itertools.pairwise(positions(day)) if a.door]
    assert len(opened) > 100
    for a, b in opened:
        assert a.spd == 0.0
        assert a.lamp == a.arm == 1
        assert b.odo == a.odo
    assert all(pos.lamp == pos.arm == pos.door for pos in positions(day))


def test_every_expected_rider_boards_once_and_alights_once_on_every_trip(day: list[Record]) -> None:
    taken = Counter(record.card for record in day if isinstance(record, Ride))
    assert len(taken) == 9
    assert set(taken.values()) == {2 * len(ALL_DAY)}


def test_rides_come_one_after_another_while_the_door_is_open(day: list[Record]) -> None:
    rides = [record for record in day if isinstance(record, Ride)]
    assert min(b.t - a.t for a, b in itertools.pairwise(rides)) >= 3000
    door = 0
    for record in day:
        if isinstance(record, Pos):
            door = record.door
        elif isinstance(record, Ride):
            assert door == 1


def test_records_are_in_order_of_time(day: list[Record]) -> None:
    assert all(a.t <= b.t for a, b in itertools.pairwise(day))


def test_it_keeps_its_timetable_and_never_leaves_early(day: list[Record]) -> None:
    for start in ALL_DAY:
        clock = start.split()[0]
        trip = f"R1-{start.split()[1]}-{clock.replace(':', '')}"
        signed = next(r.t for r in day if isinstance(r, Duty) and r.trip == trip and r.state == "on")
        left = next(r.t for r in day if isinstance(r, Duty) and r.trip == trip and r.state == "off")
        # A bus that is back only minutes before its start signs on when it is there.
        assert at(clock) - 330_000 <= signed <= at(clock)
        noted = [pos for pos in positions(day) if signed <= pos.t <= left]
        opened = [b.t for a, b in itertools.pairwise(noted) if b.door > a.door]
        closed = [b.t for a, b in itertools.pairwise(noted) if b.door < a.door]
        assert len(opened) == len(closed) == 4
        for i in range(4):
            planned = at(clock) + i * 150_000
            if i:
                assert opened[i] - planned <= 60_000
            if i < 3:
                assert 0 <= closed[i] - planned <= 60_000


def test_a_trip_begins_with_the_crew_and_ends_with_the_check_of_the_seats(day: list[Record]) -> None:
    story = [
        f"{record.role} {record.state}" if isinstance(record, Duty) else record.kind
        for record in day
        if isinstance(record, Duty) or (isinstance(record, Event) and record.kind == "child_check")
    ]
    one = ["driver on", "attendant on", "child_check", "attendant off", "driver off"]
    assert story == one * len(ALL_DAY)
    duty = next(record for record in day if isinstance(record, Duty))
    assert (duty.badge, duty.trip, duty.alcohol, duty.tag) == ("D-1", "R1-down-0600", 0.0, "TAG-1")


def test_nobody_is_aboard_when_the_seats_are_checked(day: list[Record]) -> None:
    aboard: set[str] = set()
    for record in day:
        if isinstance(record, Ride):
            aboard ^= {record.card}
        elif isinstance(record, Event) and record.kind == "child_check":
            assert not aboard


def test_power_events_go_with_the_ignition(day: list[Record]) -> None:
    power = [record.kind for record in day if isinstance(record, Event) and record.kind.startswith("power")]
    assert power == ["power_on", "power_off"] * (len(power) // 2)
    assert len(power) == 6  # before 06:00, 12:00 and 23:40: shorter waits are spent with the engine on


def test_it_is_noted_every_5_s_on_the_road_every_60_s_parked_and_at_once_at_a_change(tmp_path: Path) -> None:
    PackFolder(tmp_path)
    noted = positions(drive(tmp_path, "05:00", "09:00")["ZW-0001"])
    for a, b in itertools.pairwise(noted):
        if (a.ign, a.door) == (b.ign, b.door):
            assert b.t - a.t == (5000 if a.ign else 60_000)
        else:
            assert b.t - a.t <= (60_000 if not a.ign else 5000)
    assert sum((a.ign, a.door) != (b.ign, b.door) for a, b in itertools.pairwise(noted)) == 10


def test_a_fix_wanders_by_metres_and_not_from_one_second_to_the_next(day: list[Record]) -> None:
    still = [
        (a, b)
        for a, b in itertools.pairwise(positions(day))
        if b.t - a.t == 1000 and a.odo == b.odo and a.spd == b.spd == 0
    ]
    jumps = [abs(b.lat - a.lat) * 111_195 for a, b in still]
    wander = [a.lat for a, _ in still if 37.5299 < a.lat < 37.5301]
    assert max(jumps) < 2.5
    assert (max(wander) - min(wander)) * 111_195 > 3.0
    assert all(2.4 <= pos.acc <= 6.0 and pos.fix == 1 and pos.sat >= 11 for pos in positions(day))


def test_between_trips_it_drives_to_the_next_start_in_time(tmp_path: Path) -> None:
    # Two trips to school in a row: it has to come back empty, along its own road.
    PackFolder(tmp_path, ("07:00 down", "07:40 down"))
    records = drive(tmp_path, "06:30", "08:10")["ZW-0001"]
    signed = [r.t for r in records if isinstance(r, Duty) and r.role == "driver" and r.state == "on"]
    assert len(signed) == 2
    assert abs(signed[1] - (at("07:40") - 300_000)) <= 20_000
    back = [pos for pos in positions(records) if at("07:15") < pos.t < signed[1] and pos.spd > 0]
    assert back[0].lon > 105.21
    assert back[-1].lon < 105.20


def test_a_late_bus_drives_faster_but_not_over_the_limit(tmp_path: Path) -> None:
    PackFolder(tmp_path, ("07:00 down",), leg_s=75)
    noted = positions(drive(tmp_path, "06:30", "08:00", moving_s=1)["ZW-0001"])
    assert 50.0 < max(pos.spd for pos in noted) <= 60.0


def test_the_same_seed_writes_the_same_and_another_seed_does_not(tmp_path: Path) -> None:
    PackFolder(tmp_path)
    first = drive(tmp_path, "06:30", "08:00", buses=2)
    assert drive(tmp_path, "06:30", "08:00", buses=2) == first
    assert drive(tmp_path, "06:30", "08:00", buses=2, seed=2) != first


def test_a_share_of_riders_stays_at_home_for_the_whole_day(tmp_path: Path) -> None:
    PackFolder(tmp_path, riders_a_stop=20)
    records = drive(tmp_path, "06:30", "17:30", absent=0.2)["ZW-0001"]
    taken = Counter(record.card for record in records if isinstance(record, Ride))
    assert set(taken.values()) == {4}
    assert 30 <= len(taken) < 60


def test_started_in_the_middle_of_a_trip_it_tells_the_trip_from_its_sign_on(tmp_path: Path) -> None:
    PackFolder(tmp_path)
    records = drive(tmp_path, "07:03", "07:03")["ZW-0001"]
    assert isinstance(next(r for r in records if not isinstance(r, Pos)), Event)
    assert [r.role for r in records if isinstance(r, Duty)] == ["driver", "attendant"]
    assert sum(isinstance(r, Ride) for r in records) >= 3


@pytest.mark.parametrize("begin", ["07:00", "07:07", "07:12", "07:25"])
def test_started_between_two_trips_in_a_row_it_begins_the_one_at_whose_start_it_stands(
    tmp_path: Path, begin: str
) -> None:
    # Back to back, less than a sign-on apart: the run before is still under way when the later one's crew signs on.
    starts = ("06:50 down", "06:59 up", "07:08 down", "07:17 up", "07:26 down")
    PackFolder(tmp_path, starts)
    records = drive(tmp_path, begin, "07:30")["ZW-0001"]
    first = next(r for r in records if isinstance(r, Duty))
    start = positions(records)[0]
    assert first.trip is not None
    assert ("down" in first.trip) == (start.lon < 105.195)
    assert records[0].t >= at(begin) - 20 * 60_000
    for a, b in itertools.pairwise(positions(records)):
        assert abs(b.lon - a.lon) * 88_000 <= 20.0 * max((b.t - a.t) / 1000, 1.0)


def test_how_time_is_cut_does_not_matter(tmp_path: Path) -> None:
    PackFolder(tmp_path)
    pack = read_pack(tmp_path)
    whole = Fleet(pack, choose_devices(pack, [], 1), 1, at("06:30"), 0.0).buses["ZW-0001"]
    cut = Fleet(pack, choose_devices(pack, [], 1), 1, at("06:30"), 0.0).buses["ZW-0001"]
    expected = whole.step(5400.0)
    pieces: list[Record] = []
    for step in itertools.cycle((0.4, 7.3, 61.1, 1.0)):
        if cut.now_ms >= at("08:00"):
            break
        pieces += cut.step(min(step, (at("08:00") - cut.now_ms) / 1000))
    assert pieces == expected


@pytest.mark.parametrize("stopped", ["06:51:30", "06:59:10", "07:02:33", "07:08:20", "07:12:00"])
def test_written_down_and_read_again_it_goes_on_as_if_nothing_had_been(tmp_path: Path, stopped: str) -> None:
    PackFolder(tmp_path)
    pack = read_pack(tmp_path)
    devices = choose_devices(pack, [], 1)
    expected = drive(tmp_path, "06:30", "08:00")["ZW-0001"]
    before = Fleet(pack, devices, 1, at("06:30"), 0.0).advance(at(stopped))[0]
    again = Fleet(pack, devices, 1, at("07:30"), 0.0, states={"ZW-0001": before.state})
    assert before.records + again.advance(at("08:00"))[0].records == expected


def test_left_off_for_a_day_in_the_middle_of_a_trip_it_ends_that_trip_first(tmp_path: Path) -> None:
    PackFolder(tmp_path)
    pack = read_pack(tmp_path)
    devices = choose_devices(pack, [], 1)
    before = Fleet(pack, devices, 1, at("06:30"), 0.0).advance(at("07:04"))[0]
    again = Fleet(pack, devices, 1, at("16:40", day=1), 0.0, states={"ZW-0001": before.state})
    after = again.advance(at("16:40", day=1))[0].records
    assert after[0].t > before.records[-1].t
    rides = Counter(r.card for r in [*before.records, *after] if isinstance(r, Ride) and r.t < at("12:00"))
    assert set(rides.values()) == {2}
    trips = {r.trip for r in after if isinstance(r, Duty) and r.t > at("12:00")}
    assert trips == {"R1-up-1630"}
    assert not [r for r in after if at("12:00") < r.t < at("16:00", day=1)]


def test_a_bus_begins_when_the_server_says(tmp_path: Path) -> None:
    PackFolder(tmp_path, ("07:00 down",))
    pack = read_pack(tmp_path)
    (device,) = chosen = choose_devices(pack, [], 1)
    (own,) = pack.permits[device.vehicle_id]
    signed = []
    for start in (None, at("07:10")):
        fleet = Fleet(pack, chosen, 1, at("06:00"), 0.0)
        fleet.heed(device.id, DayPlan(date(2026, 9, 1), [Told(own.trip_id, own.driver_badge, start=start)]))
        written = [one for part in fleet.advance(at("08:00")) for one in part.records]
        signed.append(next(one.t for one in written if isinstance(one, Duty)))
    assert signed[1] - signed[0] == pytest.approx(600_000, abs=30_000)  # a crew is never on the second


def test_a_bus_runs_what_the_server_says_and_the_other_leaves_it(tmp_path: Path) -> None:
    PackFolder(tmp_path, ("07:00 down", "16:30 up"))
    pack = read_pack(tmp_path)
    fleet = Fleet(pack, choose_devices(pack, [], 2), 1, at("06:00"), 0.0)
    own = {name: pack.permits[device.vehicle_id] for name, device in pack.devices.items()}
    first, second = sorted(own)
    morning = next(
        permit.trip_id for permit in own[first] if "0700" in permit.trip_id or permit.trip_id.endswith("-1")
    )
    on = pack.permits[pack.devices[first].vehicle_id][0].valid_from.replace(year=2026, month=9, day=1)
    afternoon = [Told(each.trip_id, each.driver_badge) for each in own[first] if each.trip_id != morning]
    assert fleet.heed(first, DayPlan(on, afternoon)) == len(own[first]) - 1
    assert fleet.heed(second, DayPlan(on, [Told(morning, "D-9", "A-9")])) == 1
    written = {part.device: part.records for part in fleet.advance(at("09:00"))}
    said = [one for one in written[second] if isinstance(one, Duty) and one.state == "on"]
    assert {(one.trip, one.badge) for one in said} == {(morning, "D-9"), (morning, "A-9")}
    assert not [one for one in written.get(first, []) if isinstance(one, Duty)]
    assert [one for one in written[second] if isinstance(one, Ride)]
