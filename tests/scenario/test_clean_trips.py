"""Trips on which nothing is wrong but what the world does to recorders: noise, tunnels, drifting places, lines that break."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_sim.deviations import AnyDeviation, Aside, Drift, GpsJump, Tunnel
from device_sim.faults import Fault
from device_sim.packreader import read_pack
from server.adapters.db.engine import Database
from tests.builders.fleet_pack import LEG_M, LEGS, write_fleet_pack
from tests.builders.schema import new_sqlite
from tests.scenario.school_morning import Morning, load

TRIP_MINUTES = 9.7  # of tests.builders.fleet_pack, with the wait before the next
STEP_MS = 30_000


def weather(buses: int, runs: int, chance: random.Random) -> Iterator[AnyDeviation]:
    """What may befall a bus on a run that is clean all the same."""
    for bus in range(buses):
        yield Drift(bus=bus, radius_m=chance.uniform(5, 30))
        for run in range(runs):
            at = chance.uniform(0.1, LEGS - 0.6)
            match chance.randrange(5):
                case 0:
                    # It may hold a stop, but not the last one: what arrives in a tunnel has been seen by nobody.
                    yield Tunnel(bus=bus, run=run, at=at, for_m=chance.uniform(50, (LEGS - 0.2 - at) * LEG_M))
                case 1:
                    yield GpsJump(
                        bus=bus, run=run, at=at, for_m=chance.uniform(20, 300), by_m=chance.uniform(2e3, 5e5)
                    )
                case 2:
                    yield GpsJump(bus=bus, run=run, at=at, to_zero=True)
                case 3:
                    yield Aside(bus=bus, run=run, aside_m=chance.uniform(-35, 35), at=at)
                case _:
                    pass


def broken_lines(buses: int, minutes: int, chance: random.Random) -> Iterator[Fault]:
    """Lines that break for two minutes at most, four times an hour on each bus."""
    for bus in range(1, buses + 1):
        for quarter in range(minutes // 15):
            begin = quarter * 900 + chance.uniform(0, 600)
            yield Fault("dead_zone", begin, begin + chance.uniform(10, 120), [f"DEV-{bus:04}"])


def drive(folder: Path, buses: int, pairs: int, seed: int) -> tuple[int, Counter[str]]:
    """Drive so many pairs of trips with each bus; give how many trips have closed, and the findings by kind."""
    chance = random.Random(seed)
    write_fleet_pack(folder / "pack", buses, pairs)
    database = Database(new_sqlite(folder / "fleet.db"))
    try:
        load(database, folder / "pack")
        minutes = round(pairs * 2 * TRIP_MINUTES) + 30
        morning = Morning(
            read_pack(folder / "pack"), database, weather(buses, 2 * pairs, chance),
            broken_lines(buses, minutes, chance), seed, step_ms=STEP_MS,
        )  # fmt: skip
        morning.run(minutes)
        played = morning.played()
    finally:
        database.dispose()
    return sum(state == "closed" for state in played.trips.values()), Counter(
        one.kind for one in played.found
    )


@pytest.mark.slow
def test_a_hundred_clean_trips_open_no_finding(quick_path: Path) -> None:
    assert drive(quick_path, buses=10, pairs=5, seed=1) == (100, Counter())


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_thousand_clean_trips_open_no_finding(quick_path: Path) -> None:
    assert drive(quick_path, buses=50, pairs=10, seed=2) == (1000, Counter())
