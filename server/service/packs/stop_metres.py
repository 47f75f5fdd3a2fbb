"""Find at which metre of a shape each stop of a timetable lies, also where the shape passes a stop twice.

The sequence of places that never goes back and minimises the total distance from the stops to the shape, by dynamic
programming over every local minimum of that distance: so a stop between two passes of a loop gets the right one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from typing import NamedTuple

import msgspec

from server.domain.geo import Polyline, distance_m

# Two stops at one place may project in the wrong order by as much as a drawn line wiggles.
BACK_M = 20.0
# Where a road is driven there and back both passes are equally near. A metre from where the planned time has the bus
# costs this many metres of distance: enough to choose, too little to outweigh a nearer pass.
PULL = 0.005


class FittedStop(msgspec.Struct, frozen=True):
    """A stop's place: metre along the shape, and the nearest point there (degrees)."""

    metre: float
    lat: float
    lon: float


class _Place(NamedTuple):
    metre: float
    offset_m: float
    x: float
    y: float


def shape_metres(points: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Give the distance along the shape at each of its points (degrees), in metres.

    >>> [round(metre) for metre in shape_metres([(37.5, 105.0), (37.5, 105.01), (37.51, 105.01)])]
    [0, 882, 1994]
    """
    found = [0.0]
    for (lat_a, lon_a), (lat_b, lon_b) in pairwise(points):
        found.append(found[-1] + distance_m(lat_a, lon_a, lat_b, lon_b))
    return tuple(found)


def fit_stops(
    shape: Sequence[tuple[float, float]],
    metres: Sequence[float],
    stops: Sequence[tuple[float, float]],
    shares: Sequence[float],
    within_m: float,
) -> list[FittedStop | None] | None:
    """Give each stop's place on the shape, None for one that is not within `within_m` of it.

    `shares` is the part of the planned driving time, 0 to 1, at each stop. Gives None as a whole when the shape passes
    the stops in another order (each is near, but not one after the other).
    """
    line = Polyline.of(shape, metres)
    places = [_places(line, lat, lon, within_m) for lat, lon in stops]
    chosen = _cheapest(places, [share * line.length_m for share in shares])
    if chosen is None:
        return None
    found: list[FittedStop | None] = []
    furthest = 0.0
    for place in chosen:
        if place is None:
            found.append(None)
            continue
        furthest = max(furthest, place.metre)
        found.append(FittedStop(furthest, line.lat0 + place.y / line.ky, line.lon0 + place.x / line.kx))
    return found


def _places(line: Polyline, lat: float, lon: float, within_m: float) -> list[_Place]:
    """List every local minimum of the distance to the line that is near enough, in driving order."""
    px, py = (lon - line.lon0) * line.kx, (lat - line.lat0) * line.ky
    count = len(line.ms) - 1
    shares = []
    for k in range(count):
        dx, dy = line.xs[k + 1] - line.xs[k], line.ys[k + 1] - line.ys[k]
        sq = dx * dx + dy * dy
        u = ((px - line.xs[k]) * dx + (py - line.ys[k]) * dy) / sq if sq else 0.0
        shares.append(min(1.0, max(0.0, u)))
    found = []
    for k, u in enumerate(shares):
        # Inside a piece; or at the corner to the next one, if that leads away too; or at either end.
        if (u == 0.0 and k > 0) or (u == 1.0 and k + 1 < count and shares[k + 1] > 0.0):
            continue
        x = line.xs[k] + u * (line.xs[k + 1] - line.xs[k])
        y = line.ys[k] + u * (line.ys[k + 1] - line.ys[k])
        offset_m = hypot(px - x, py - y)
        if offset_m <= within_m:
            found.append(_Place(line.ms[k] + u * (line.ms[k + 1] - line.ms[k]), offset_m, x, y))
    return found


def _cheapest_so_far(costs: list[float]) -> list[int]:
    """Give for each index that of the least cost up to there."""
    found: list[int] = []
    for k, cost in enumerate(costs):
        found.append(k if not found or cost < costs[found[-1]] else found[-1])
    return found


def _cheapest(places: list[list[_Place]], expected: list[float]) -> list[_Place | None] | None:
    """Choose a place for each stop that has any, never going back by more than BACK_M, at the least total cost."""
    rows: list[tuple[int, list[_Place], list[int]]] = []  # stop, its places, for each the place before
    costs: list[float] = []
    for stop, candidates in enumerate(places):
        if not candidates:
            continue
        here, before = [], []
        cheapest = _cheapest_so_far(costs)
        passed = [place.metre for place in rows[-1][1]] if rows else []
        for place in candidates:
            cost = place.offset_m + PULL * abs(place.metre - expected[stop])
            if not rows:
                here.append(cost)
                before.append(-1)
                continue
            reach = bisect_right(passed, place.metre + BACK_M)
            best = cheapest[reach - 1] if reach else -1
            here.append(cost + costs[best] if best >= 0 else float("inf"))
            before.append(best)
        if min(here) == float("inf"):
            return None
        rows.append((stop, candidates, before))
        costs = here
    chosen: list[_Place | None] = [None] * len(places)
    k = costs.index(min(costs)) if costs else -1
    for stop, candidates, before in reversed(rows):
        chosen[stop] = candidates[k]
        k = before[k]
    return chosen
