"""The way that a bus really drives for a run, and where it halts on it: as planned, or as its script says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from device_sim.deviations import (
    Aside,
    EarlyDeparture,
    ExtraHalt,
    LateStart,
    ShortTurn,
    SkipStop,
    SwapStops,
    TurnBack,
    find_index,
)
from device_sim.geo import METRES_PER_DEGREE
from device_sim.path import Path
from device_sim.runs import Run
from device_sim.script import Script

STAY_S = 8.0
# A side street is turned into within so much of the road's length, and a detour is drawn in pieces of so much.
RAMP_M = 40.0
PIECE_M = 10.0


class Halt(msgspec.Struct, frozen=True):
    """A halt: at which planned call (None: at none), at which metre of the way, when to be there, and not to leave before."""

    call: int | None
    metre: float
    arrive_ms: int
    leave_ms: int
    stay_s: float = STAY_S
    door: bool = True


class Leg(NamedTuple):
    """A piece of the way: from one metre of the planned path to another (back, where that is less), beginning at `way_m`."""

    from_m: float
    to_m: float
    way_m: float
    length_m: float


class Itinerary(msgspec.Struct, frozen=True):
    """The way as a path, the halts in their order, and how the planned path's metres lie on it."""

    path: Path
    halts: tuple[Halt, ...]
    stop_metres: Sequence[float]
    legs: tuple[Leg, ...] = ()

    def metre_at(self, place: float) -> float:
        """The metre of the way at a place counted in stops, where the way first comes there."""
        metre = place_m(self.stop_metres, place)
        for leg in self.legs:
            if leg.from_m <= metre <= leg.to_m and leg.to_m > leg.from_m:
                return leg.way_m + (metre - leg.from_m) / (leg.to_m - leg.from_m) * leg.length_m
        return metre if not self.legs else self.path.length_m

    def holds(self, metre: float, place: float, for_m: float) -> bool:
        """Whether a metre of the way is within the stretch that begins at a place."""
        begin = self.metre_at(place)
        return begin <= metre < begin + for_m

    def calls_after(self, index: int) -> frozenset[int]:
        """The planned calls that are still ahead beyond a halt."""
        return frozenset(halt.call for halt in self.halts[index + 1 :] if halt.call is not None)


def place_m(stop_metres: Sequence[float], place: float) -> float:
    """The metre of a place counted in stops; beyond the last stop it is the last.

    >>> place_m([0.0, 1000.0, 1500.0], 1.5), place_m([0.0, 1000.0], 7)
    (1250.0, 1000.0)
    """
    before = min(int(place), len(stop_metres) - 1)
    after = min(before + 1, len(stop_metres) - 1)
    return stop_metres[before] + (place - int(place)) * (stop_metres[after] - stop_metres[before])


def make_itinerary(path: Path, run: Run, script: Script) -> Itinerary:
    """Work out a run's way and halts from its planned path."""
    halts = _timed(path, run, script)
    if not any(script.list(kind) for kind in (Aside, TurnBack, ShortTurn, SkipStop, SwapStops, ExtraHalt)):
        return Itinerary(path, tuple(halts), path.stop_metres)
    points = _points(path, run, script, halts)
    line: list[tuple[float, float]] = []
    legs: list[Leg] = []
    made: list[Halt] = []
    way_m = 0.0
    for (from_m, _), (to_m, halt) in pairwise(points):
        piece = _displaced(path, path.between(from_m, to_m, PIECE_M), script)
        if line:
            piece = piece[1:]
        before = line[-1:] + piece
        length = Path(before, []).length_m
        legs.append(Leg(from_m, to_m, way_m, length))
        line += piece
        way_m += length
        if halt is not None:
            made.append(msgspec.structs.replace(halt, metre=way_m))
    way = Path(line, [])
    return Itinerary(way, tuple(made), path.stop_metres, tuple(legs))


def _timed(path: Path, run: Run, script: Script) -> list[Halt]:
    count = len(run.timetable.calls)
    late_ms = round(1000 * sum(one.by_s for one in script.list(LateStart)))
    early = {find_index(one.stop, count): round(1000 * one.by_s) for one in script.list(EarlyDeparture)}
    halts = []
    for call in range(count):
        shift = (late_ms if call == 0 else 0) - early.get(call, 0)
        arrive = run.arrival_ms(call) + min(shift, 0)
        halts.append(Halt(call, path.stop_metres[call], arrive, run.departure_ms(call) + shift))
    return halts


def _points(path: Path, run: Run, script: Script, halts: list[Halt]) -> list[tuple[float, Halt | None]]:
    """The metres of the planned path that are driven to one after another, with the halt that is made there."""
    count = len(halts)
    skipped = {find_index(one.stop, count) for one in script.list(SkipStop)}
    points: list[tuple[float, Halt | None]] = [
        (halt.metre, halt) for halt in halts if halt.call not in skipped
    ]
    for one in script.list(ExtraHalt):
        metre = place_m(path.stop_metres, one.at)
        due_ms = _due_ms(run, min(one.at, count - 1))
        points.append((metre, Halt(None, metre, due_ms, due_ms, one.for_s, one.door)))
    points.sort(key=lambda point: point[0])
    for turn in script.list(TurnBack):
        metre = place_m(path.stop_metres, turn.at)
        first = next((n for n, point in enumerate(points) if point[0] > metre), len(points))
        points[first:first] = [(metre, None), (max(metre - turn.back_m, 0.0), None)]
    for swap in script.list(SwapStops):
        call = find_index(swap.stop, count)
        where = {halt.call: n for n, (_, halt) in enumerate(points) if halt is not None}
        if call in where and call is not None and call + 1 in where:
            a, b = where[call], where[call + 1]
            points[a], points[b] = points[b], points[a]
    end: list[tuple[float, Halt | None]] = [(path.length_m, None)]
    for short in script.list(ShortTurn):
        last = find_index(short.stop, count)
        at = next((n for n, (_, halt) in enumerate(points) if halt is not None and halt.call == last), None)
        if at is not None:
            points, end = points[: at + 1], []
    return [(0.0, None), *points, *end]


def _due_ms(run: Run, place: float) -> int:
    """When the bus would pass a place counted in stops."""
    before = int(place)
    if before + 1 >= len(run.timetable.calls):
        return run.arrival_ms(before)
    left = run.departure_ms(before)
    return left + round((place - before) * (run.arrival_ms(before + 1) - left))


def _displaced(path: Path, metres: list[float], script: Script) -> list[tuple[float, float]]:
    asides = [(one.aside_m, place_m(path.stop_metres, one.at), one.for_m) for one in script.list(Aside)]
    points = []
    for metre in metres:
        lat, lon, heading = path.at(metre)
        off = sum(aside * _share(metre - begin, for_m) for aside, begin, for_m in asides)
        if off:
            right = math.radians(heading + 90.0)
            lat += off * math.cos(right) / METRES_PER_DEGREE
            lon += off * math.sin(right) / (METRES_PER_DEGREE * math.cos(math.radians(lat)))
        points.append((lat, lon))
    return points


def _share(into_m: float, for_m: float) -> float:
    """How much of a detour's distance is held so far into it: all of it between its ends, less on the ramps before and behind."""
    if into_m < 0:
        return max(0.0, 1.0 + into_m / RAMP_M)
    return 1.0 if into_m <= for_m else max(0.0, 1.0 - (into_m - for_m) / RAMP_M)
