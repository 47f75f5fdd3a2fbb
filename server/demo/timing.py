"""Time the demo's buses: each goes to school and back without end, and every plan can be kept."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

DAY_S = 86_400
CYCLE_S = 2_880  # to school and back, thirty times a day: a day of 24 h ends where the next begins
GAP_S = 240  # between two trips: all leave the bus at the school, and board it there again
DRIVE_MPS = 32 / 3.6  # on average between stops; a bus that may drive 60 km/h makes this up when it is late
DWELL_S = 15  # doors open, doors close
RIDER_S = 4  # a card


class Call(msgspec.Struct, frozen=True):
    """A stop of a timetable by its place on the route (0 the school); seconds after noon minus 12 h."""

    place: int
    arrival_s: int
    departure_s: int


class Run(msgspec.Struct, frozen=True):
    """One timetable of a bus: direction 0 to school, 1 from school."""

    cycle: int
    direction: int
    calls: tuple[Call, ...]


def runs(legs_m: tuple[float, ...], riders: tuple[int, ...], phase_s: int) -> Iterator[Run]:
    """Give a day's runs of a bus: `legs_m` and `riders` by place from the school outwards (riders[0] for place 1)."""
    for cycle in range(DAY_S // CYCLE_S):
        start_s = phase_s + cycle * CYCLE_S
        inward = _calls(legs_m, riders, start_s, inward=True)
        yield Run(cycle, 0, inward)
        yield Run(cycle, 1, _calls(legs_m, riders, inward[-1].arrival_s + GAP_S, inward=False))


def _calls(
    legs_m: tuple[float, ...], riders: tuple[int, ...], start_s: int, *, inward: bool
) -> tuple[Call, ...]:
    count = len(legs_m)
    places = range(count, -1, -1) if inward else range(count + 1)
    at_s = start_s
    calls = []
    for order, place in enumerate(places):
        if order:
            leg_m = legs_m[place] if inward else legs_m[place - 1]
            at_s += round(leg_m / DRIVE_MPS)
        aboard = sum(riders) if place == 0 else riders[place - 1]
        leaves_s = at_s if order == count else at_s + DWELL_S + RIDER_S * aboard
        calls.append(Call(place, at_s, leaves_s))
        at_s = leaves_s
    return tuple(calls)
