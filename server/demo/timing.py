"""Time the demo's buses: each goes to school and back without end, and every plan can be kept.

The demo's day is short (docs/demo.md): a child goes to school and home again every DEMO_DAY_S, five times from midnight
to midnight. The children of a route ride in turns, so that every run of its bus has some.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

DAY_S = 86_400
DEMO_DAY_S = 17_280  # 4 h 48 min, a fifth of a day: 24 h end where the next begin
DWELL_S = 15  # doors open, doors close
RIDER_S = 4  # a card
PLANNED_AT_STOP = 2  # riders that a stop's time is enough for
SHORTEST_GAP_S = 245  # between two trips: all leave the bus at the school, and board it there again


class Pace(msgspec.Struct, frozen=True):
    """How a kind of route is run: a cycle there and back, and riders by stop (nearest first) of the first turn.

    The law lets a bus drive 60 km/h; `kmh` is the planned average between stops, so a late bus makes up for it.
    """

    cycle_s: int
    kmh: float
    riders: tuple[int, ...]

    @property
    def turns(self) -> int:
        """Say in how many turns its children ride: cycle c is the turn's c modulo this number."""
        return DEMO_DAY_S // self.cycle_s

    def riders_of(self, turn: int) -> tuple[int, ...]:
        """Give the children by stop who ride in a turn: as many in each, never none at a stop."""
        shift = 2 * turn % len(self.riders)
        return self.riders[shift:] + self.riders[:shift]


TOWN = Pace(2_880, 32.0, (2, 2, 1, 2, 2, 1, 2))
VALLEY = Pace(4_320, 36.0, (1, 1, 1, 1, 2, 1, 1, 1, 1))
FAR = Pace(5_760, 40.0, (1, 2, 1, 1, 1, 2, 1, 1, 1, 2, 1))


class Call(msgspec.Struct, frozen=True):
    """A stop of a timetable by its place on the route (0 the school); seconds after noon minus 12 h."""

    place: int
    arrival_s: int
    departure_s: int


class Run(msgspec.Struct, frozen=True):
    """One timetable of a bus: direction 0 to school, 1 from school, and the turn of children who ride."""

    cycle: int
    direction: int
    turn: int
    calls: tuple[Call, ...]


def room_for_driving_s(pace: Pace, gap_s: int) -> int:
    """Give how long a bus may drive on one way, so that two ways and two gaps fill the cycle."""
    stops = len(pace.riders)
    standing_s = (2 * stops - 1) * (DWELL_S + PLANNED_AT_STOP * RIDER_S) + _school_s(pace)
    return (pace.cycle_s - 2 * gap_s - standing_s) // 2


def runs(pace: Pace, legs_m: tuple[float, ...], phase_s: int) -> Iterator[Run]:
    """Give a day's runs of a bus: `legs_m` by place from the school outwards, the first run `phase_s` after midnight."""
    drives_s = tuple(round(leg_m / (pace.kmh / 3.6)) for leg_m in legs_m)
    turns = pace.turns
    for cycle in range(DAY_S // pace.cycle_s):
        start_s = phase_s + cycle * pace.cycle_s
        inward = _calls(pace, drives_s, start_s, inward=True)
        outward = _calls(pace, drives_s, 0, inward=False)
        # What the cycle has left is shared by the waits at the school and at the far end.
        gap_s = (pace.cycle_s - (inward[-1].arrival_s - start_s) - outward[-1].arrival_s) // 2
        outward = _calls(pace, drives_s, inward[-1].arrival_s + gap_s, inward=False)
        yield Run(cycle, 0, cycle % turns, inward)
        # Who goes home now went to school half a demo day ago.
        yield Run(cycle, 1, (cycle - turns // 2) % turns, outward)


def _school_s(pace: Pace) -> int:
    return DWELL_S + RIDER_S * sum(pace.riders)


def _calls(pace: Pace, drives_s: tuple[int, ...], start_s: int, *, inward: bool) -> tuple[Call, ...]:
    count = len(drives_s)
    places = range(count, -1, -1) if inward else range(count + 1)
    at_s = start_s
    calls = []
    for order, place in enumerate(places):
        if order:
            at_s += drives_s[place] if inward else drives_s[place - 1]
        standing_s = DWELL_S + PLANNED_AT_STOP * RIDER_S if place else _school_s(pace)
        leaves_s = at_s if order == count else at_s + standing_s
        calls.append(Call(place, at_s, leaves_s))
        at_s = leaves_s
    return tuple(calls)
