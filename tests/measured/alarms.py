"""Measure which alarms are missed: seeded runs at 1.2 times each threshold must be found, at 0.8 times none of them.

`python -m tests.measured.alarms [--kind NAME …] [--runs 100] [--seed 1]` prints a table and exits 1 where a kind falls short.
Roads, fix intervals, places and the receiver's noise are drawn anew for each run; what is drawn depends on the seed alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

import msgspec

from tests.measured.county import County, a_county
from tests.measured.driving import drive
from tests.measured.judging import judged
from tests.measured.kinds import KINDS, Kind
from tests.measured.places import Place

OVER, UNDER = 1.2, 0.8
ENOUGH: Final = 0.99


class Tally(msgspec.Struct):
    """How many of the runs of a kind were found at both shares, the seeds that were judged wrongly, and what else came up under it."""

    name: str
    limit: str
    runs: int
    over: int = 0
    under: int = 0
    wrong: list[str] = []
    also: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def good(self) -> bool:
        """Say whether enough was found over the threshold, and nothing under it."""
        return self.over >= ENOUGH * self.runs and not self.under and not self.also


def measure(kind: Kind, county: County, share: float, runs: int, seed: int, tally: Tally) -> None:
    """Drive the runs of one kind at one share of its threshold."""
    for run in range(runs):
        chance = random.Random(f"{kind.name} {seed} {run}")
        place = Place(county, chance.randrange(len(county.ways)), chance.randrange(1 << 30), chance)
        every_s = chance.choice(kind.every_s)
        trial = kind.make(place, share)
        driven = drive(county, place.bus, trial.deviations, every_s=every_s, seed=place.seed)
        found = Counter(one.kind for one in judged(county, place.bus, driven.records, trial.change).findings)
        told = kind.finds in found
        if told is not (share > 1):
            tally.wrong.append(f"x{share} run {run}, road {place.bus}, every {every_s} s")
        if share > 1:
            tally.over += told
        else:
            tally.under += told
            tally.also.update(name for name in found if name not in (kind.finds, *kind.also))


def measure_all(kinds: Sequence[Kind], runs: int, seed: int, roads: int = 100) -> list[Tally]:
    """Measure kinds one after another; counties are made once."""
    tallies = []
    with ExitStack() as stack:
        made: dict[float | None, County] = {}
        for kind in kinds:
            tally = Tally(kind.name, kind.limit, runs)
            for share in (OVER, UNDER):
                twins_m = None if kind.twins_m is None else kind.twins_m(share)
                if twins_m not in made:
                    made[twins_m] = stack.enter_context(a_county(roads, seed, twins_m))
                measure(kind, made[twins_m], share, runs, seed, tally)
            tallies.append(tally)
    return tallies


def table(tallies: Sequence[Tally]) -> str:
    """Write what was found as a table."""
    lines = [
        f"| threshold | is | runs | found at {OVER} | found at {UNDER} | else at {UNDER} |",
        "|---|---|---|---|---|---|",
    ]
    for one in tallies:
        also = ", ".join(f"{name} {count}" for name, count in sorted(one.also.items()))
        lines.append(f"| {one.name} | {one.limit} | {one.runs} | {one.over} | {one.under} | {also} |")
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.measured.alarms", description=__doc__)
    parser.add_argument("--kind", action="append", help="only thresholds whose name begins so")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words)
    kinds = [kind for kind in KINDS if not asked.kind or kind.name.startswith(tuple(asked.kind))]
    if not kinds:
        print(
            f"no threshold begins with {asked.kind}; there are: {', '.join(kind.name for kind in KINDS)}",
            file=sys.stderr,
        )
        return 2
    began_s = time.monotonic()
    tallies = measure_all(kinds, asked.runs, asked.seed)
    print(table(tallies))
    short = [one for one in tallies if not one.good]
    for one in short:
        print(f"{one.name}: {'; '.join(one.wrong[:12]) or dict(one.also)}")
    print(
        f"{2 * asked.runs * len(kinds)} trips in {time.monotonic() - began_s:.0f} s; {len(short)} of {len(kinds)} fall short"
    )
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
