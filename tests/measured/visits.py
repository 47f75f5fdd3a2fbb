"""Measure visits: which of the stops at which a bus truly opened its door were found, which were invented, and how far off in time.

`python -m tests.measured.visits [--runs 60] [--seed 1]` prints a line for each fix interval, with and without a door signal, and exits 1
where one falls short of QUALITY: F1 of at least 0.99, under 0.5 % invented, a median error of at most 5 s.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from device_sim.deviations import Drift
from server.domain.geo import distance_m
from server.domain.vehicle_day import Road
from tests.measured.county import County, a_county
from tests.measured.driving import Moment, drive, thinned
from tests.measured.judging import judged

AT_STOP_M: Final = 60.0
INTERVALS: Final = (1, 5, 15)
LEAST_F1, MOST_INVENTED, MOST_ERROR_S = 0.99, 0.005, 5.0


class Tally(msgspec.Struct):
    """What was there, what was found of it, what was found beside it, and each found one's error (s)."""

    true: int = 0
    found: int = 0
    invented: int = 0
    errors_s: list[float] = msgspec.field(default_factory=list)

    @property
    def f1(self) -> float:
        """Give the harmonic mean of precision and recall."""
        return 2 * self.found / (2 * self.found + self.invented + self.true - self.found)

    @property
    def median_s(self) -> float:
        """Give the median of the errors' sizes."""
        return statistics.median(map(abs, self.errors_s))

    @property
    def good(self) -> bool:
        """Say whether it is what QUALITY asks for."""
        return (
            self.f1 >= LEAST_F1
            and self.invented <= MOST_INVENTED * self.found
            and self.median_s <= MOST_ERROR_S
        )


def true_visits(road: Road, truth: Sequence[Moment]) -> dict[int, int]:
    """Give by stop when the door first opened there (UTC ms): by what the bus did, not by what anything noted."""
    opened: dict[int, int] = {}
    was = False
    for moment in truth:
        if moment.door and not was:
            near = min(
                road.plan.stops, key=lambda stop: distance_m(stop.lat, stop.lon, moment.lat, moment.lon)
            )
            if distance_m(near.lat, near.lon, moment.lat, moment.lon) <= AT_STOP_M:
                opened.setdefault(near.seq, moment.t)
        was = moment.door
    return opened


def measure(county: County, every_s: int, runs: int, seed: int, *, door: bool) -> Tally:
    """Drive trips on drawn roads with a place that drifts; give what was found of their visits."""
    tally = Tally()
    for run in range(runs):
        chance = random.Random(f"visits {seed} {run}")
        bus = chance.randrange(len(county.ways))
        drift = Drift(radius_m=chance.uniform(3, 20))
        driven = drive(county, bus, (drift,), every_s=1, seed=chance.randrange(1 << 30), truth=True)
        true = true_visits(county.plans[bus], driven.truth)
        state = judged(county, bus, thinned(driven.records, every_s, door=door))
        found = {one.seq: one.arrived_at_ms for one in state.visits if one.arrived_at_ms is not None}
        tally.true += len(true)
        tally.found += len(true.keys() & found.keys())
        tally.invented += len(found.keys() - true.keys())
        tally.errors_s += [(found[seq] - true[seq]) / 1000 for seq in true.keys() & found.keys()]
    return tally


def main(words: Sequence[str] | None = None) -> int:
    """Measure all; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.measured.visits", description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words)
    good = True
    with a_county(100) as county:
        for door in (True, False):
            for every_s in INTERVALS:
                one = measure(county, every_s, asked.runs, asked.seed, door=door)
                good &= one.good
                print(
                    f"every {every_s:2} s, {'a door signal' if door else 'no door signal'}: {one.found} of {one.true} found, "
                    f"{one.invented} invented, F1 {one.f1:.4f}, error {one.median_s:.1f} s (median), "
                    f"{statistics.mean(one.errors_s):+.1f} s (mean)"
                )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
