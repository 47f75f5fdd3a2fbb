"""The emulated fleet drives the demo's day: on time everywhere, and every child rides exactly as planned."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from device_sim.bus import Bus
from device_sim.fleet import Fleet, choose_devices
from device_sim.packreader import read_pack
from device_sim.runs import Run, Runs
from device_sim.wire import Ride
from server.demo.county_pack import make_county
from server.demo.timing import DEMO_DAY_S
from server.service.packs.exporting import write_folder

START_MS = round(datetime(2026, 9, 1, 10, 0, tzinfo=UTC).timestamp() * 1000)  # 18:00 in Zhongwei
DAY_MS = 86_400_000
CHILDS_DAY_MS = DEMO_DAY_S * 1000  # after which every route's turns come round again
SLACK_MS = 600_000
Door = tuple[str, tuple[int, str], int]  # bus, run, stop


def doors_and_rides(pack: Path, buses: int, long_ms: int) -> tuple[dict[Door, int], dict[str, list[Ride]]]:
    """Let the fleet drive so long and a bit: how late each bus's door opened at a stop (s), and its cards in order."""
    county = read_pack(pack)
    fleet = Fleet(county, choose_devices(county, [], buses), 1, START_MS - SLACK_MS, absent_share=0.0)
    opened: dict[Door, int] = {}
    rides: dict[str, list[Ride]] = defaultdict(list)

    def look(name: str, bus: Bus) -> None:
        if bus.state.door and bus.run is not None:
            plan = bus.run.arrival_ms(bus.state.stop_index)
            opened.setdefault((name, bus.run.key, bus.state.stop_index), (bus.state.opened_ms - plan) // 1000)

    # A door is open for eight seconds at least: looking every five sees each of them.
    for at_ms in range(START_MS - SLACK_MS, START_MS + long_ms + SLACK_MS, 5_000):
        for written in fleet.advance(at_ms):
            rides[written.device] += [one for one in written.records if isinstance(one, Ride)]
        for name, bus in fleet.buses.items():
            look(name, bus)
    return opened, rides


def runs_of_the_day(pack: Path, device: str, long_ms: int) -> list[Run]:
    county = read_pack(pack)
    runs = Runs(county, county.devices[device].vehicle_id)
    found: list[Run] = []
    run = runs.find_next((START_MS, ""), START_MS)
    while run is not None and run.end_ms < START_MS + long_ms:
        found.append(run)
        run = runs.find_next(run.key, START_MS)
    return found


@pytest.mark.parametrize(
    ("buses", "long_ms"),
    [
        (6, DAY_MS),
        pytest.param(46, CHILDS_DAY_MS, marks=pytest.mark.slow),
        pytest.param(46, DAY_MS, marks=pytest.mark.soak),
    ],
)
def test_every_bus_is_on_time_and_every_child_rides_once_a_plan(
    tmp_path: Path, buses: int, long_ms: int
) -> None:
    pack = tmp_path / "pack"
    write_folder(pack, make_county(date(2026, 9, 1), buses))
    county = read_pack(pack)
    opened, rides = doors_and_rides(pack, buses, long_ms)
    assert len(rides) == buses
    for device, passed in rides.items():
        runs = runs_of_the_day(pack, device, long_ms)
        assert len(runs) >= 28 * long_ms // DAY_MS
        for run in runs:
            lateness = [opened[device, run.key, index] for index in range(1, len(run.timetable.calls))]
            # A stop's time is met to the quarter of a minute, and no bus opens its doors a minute early.
            assert min(lateness) >= -20 and max(lateness) <= 30, (run.key, lateness)
            first_ms = run.departure_ms(0) - 150_000
            cards = Counter(one.card for one in passed if first_ms <= one.t <= run.end_ms + 150_000)
            planned = {plan.card for plan in county.riders_on(run.timetable.id, run.weekday)}
            # On once, off once; a neighbouring run's cards are other children's.
            assert {card: cards[card] for card in planned} == dict.fromkeys(planned, 2), run.key
        everything = Counter(one.card for one in passed)
        assert set(everything) <= {plan.card for plans in county.plans.values() for plan in plans}
