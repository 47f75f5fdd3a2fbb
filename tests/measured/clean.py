"""Measure false alarms: trips on which nothing is wrong but what the world does to recorders must open no finding.

`python -m tests.measured.clean [--trips 1000] [--seed N …]` prints what was found and exits 1 if anything was. On roads of all
kinds, at fix intervals of 1 to 15 s, with and without a door signal: places that drift while the bus stands, tunnels, jumps of
kilometres and to 0, 0, a road beside the shape, recorders that lose power, records that were lost.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from device_sim.deviations import AnyDeviation, Aside, Drift, ExtraHalt, GpsJump, Tunnel
from device_sim.wire import Pos, Record
from tests.measured.county import County, a_county
from tests.measured.driving import drive, thinned
from tests.measured.judging import judged

UNSEEN_S: Final = 60


def weather(county: County, bus: int, chance: random.Random) -> Iterator[AnyDeviation]:
    """Draw what befalls a bus on a trip that is clean all the same."""
    stops = county.ways[bus].stops_m
    legs = len(stops) - 1
    yield Drift(radius_m=chance.uniform(3, 30))
    at = chance.uniform(0.1, legs - 0.6)
    match chance.randrange(6):
        case 0:
            # It may hold a stop, but not the last one: what arrives in a tunnel has been seen by nobody.
            begin_m = stops[int(at)] + (at - int(at)) * (stops[int(at) + 1] - stops[int(at)])
            yield Tunnel(at=at, for_m=chance.uniform(50, max(60.0, stops[-1] - 150 - begin_m)))
        case 1:
            yield GpsJump(at=at, for_m=chance.uniform(20, 300), by_m=chance.uniform(2e3, 5e5))
        case 2:
            yield GpsJump(at=at, to_zero=True)
        case 3:
            yield Aside(aside_m=chance.uniform(-35, 35), at=at)
        case 4:
            yield ExtraHalt(at=at, for_s=chance.uniform(5, 60), door=False)  # a red light
        case _:
            pass


def with_gaps(records: Sequence[Record], chance: random.Random) -> list[Record]:
    """Lose the positions of up to two stretches: the receiver was out of order. Cards and buttons are told by others.

    A short one is not where the last door opens: that the bus came to its end is told by nothing else then.
    """
    first, last = records[0].t, records[-1].t
    opened_ms = max(record.t for record in records if isinstance(record, Pos) and record.spd > 0)
    gaps = []
    for _ in range(chance.randrange(3)):
        begin, lasts_s = (
            chance.uniform(first, last),
            chance.choice((chance.uniform(5, 40), chance.uniform(65, 180))),
        )
        if lasts_s > UNSEEN_S or not begin - 60_000 <= opened_ms <= begin + 60_000:
            gaps.append((begin, begin + lasts_s * 1000))
    return [
        record
        for record in records
        if not isinstance(record, Pos) or not any(begin <= record.t < end for begin, end in gaps)
    ]


def measure(county: County, trips: int, seed: int) -> tuple[int, Counter[str], list[str]]:
    """Drive clean trips; give how many were run to their end, the findings by kind, and which trips they were on."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    over = 0
    for trip in range(trips):
        chance = random.Random(f"clean {seed} {trip}")
        bus, every_s, door = chance.randrange(len(county.ways)), chance.randint(1, 15), chance.random() < 0.8
        befalls = tuple(weather(county, bus, chance))
        driven = drive(county, bus, befalls, every_s=1, seed=chance.randrange(1 << 30))
        records = thinned(driven.records, every_s, door=door)
        if not any(isinstance(one, Tunnel) for one in befalls):
            records = with_gaps(records, chance)
        state = judged(county, bus, records)
        over += state.state in ("arrived", "closed")
        found.update(one.kind for one in state.findings)
        if state.findings or state.state not in ("arrived", "closed"):
            kinds = ", ".join(f"{one.kind} {one.about}" for one in state.findings)
            wrong.append(f"trip {trip}, road {bus}, every {every_s} s, door {door}: {state.state} {kinds}")
    return over, found, wrong


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.measured.clean", description=__doc__)
    parser.add_argument("--trips", type=int, default=1000)
    parser.add_argument("--seed", type=int, action="append")
    asked = parser.parse_args(words)
    bad = 0
    with a_county(100) as county:
        for seed in asked.seed or [1, 2, 3]:
            began_s = time.monotonic()
            over, found, wrong = measure(county, asked.trips, seed)
            took_s = time.monotonic() - began_s
            print(
                f"seed {seed}: {over} of {asked.trips} trips run to their end in {took_s:.0f} s; found: {dict(found) or 'nothing'}"
            )
            for one in wrong[:20]:
                print(f"  {one}")
            bad += bool(found) or over < asked.trips
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
