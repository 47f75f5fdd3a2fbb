"""Where and how one run is driven: a road of the county, a die of its own, and the size at which a deviation measures what it is to."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import msgspec

from device_sim.deviations import AnyDeviation
from server.domain.vehicle_day import Road
from tests.measured.county import County
from tests.measured.driving import Moment, drive
from tests.measured.judging import Change, as_it_is


class Trial(msgspec.Struct, frozen=True):
    """One run to be driven: who drives how, and what of the road's plan is changed for it."""

    deviations: tuple[AnyDeviation, ...]
    change: Change = as_it_is


Make = Callable[["Place", float], Trial]


class Place(msgspec.Struct, frozen=True):
    """Where a run is driven: the road's number, its plan, and a die of its own."""

    county: County
    bus: int
    seed: int
    chance: random.Random

    @property
    def plan(self) -> Road:
        """The road's plan as imported."""
        return self.county.plans[self.bus]

    @property
    def legs(self) -> int:
        """How many legs the road has."""
        return len(self.plan.plan.stops) - 1

    def leg_m(self, leg: int) -> float:
        """How long a leg is."""
        stops = self.county.ways[self.bus].stops_m
        return stops[leg + 1] - stops[leg]

    def on(self, leg: int, metre: float) -> float:
        """Give the place, counted in stops, at a metre of a leg."""
        return leg + metre / self.leg_m(leg)

    @property
    def straight(self) -> int:
        """The leg on which a bus may be driven fast."""
        return self.county.ways[self.bus].straight

    def truth(self, trial: Trial) -> list[Moment]:
        """Drive the trial for its truth alone."""
        return drive(self.county, self.bus, trial.deviations, every_s=15, seed=self.seed, truth=True).truth


def seconds_of(truth: Sequence[Moment], holds: Callable[[Moment], bool]) -> int:
    """Count the seconds of a drive in which something holds."""
    return sum(1 for moment in truth if holds(moment))


def calibrated(
    place: Place, make: Callable[[float], Trial], measure: Callable[[Sequence[Moment]], float], goal: float, guess: float,
    least: float = 1.0,
) -> Trial:  # fmt: skip
    """Find the size of a deviation at which the truth measures the goal: within one unit, or as near as twelve drives come."""
    size, best = guess, (float("inf"), make(guess))
    for _ in range(12):
        trial = make(max(size, least))
        off = measure(place.truth(trial)) - goal
        if abs(off) < best[0]:
            best = abs(off), trial
        if abs(off) < 0.5:
            break
        size = max(size - off * (guess / goal), least)
    return best[1]
