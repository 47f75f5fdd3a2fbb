"""Draw the demo county's roads: gently bent lines away from a school, with the places of stops along them."""

from __future__ import annotations

from math import atan2, cos, degrees, pi, radians, sin

import msgspec

from server.domain.geo import EARTH_RADIUS_M, distance_m

STEP_M = 10.0  # the road is followed in such steps; a point is kept
KEEP_DEG = 3.0  # where it has turned by so much,
KEEP_M = 250.0  # or gone so far: then its chords are less than 2 m off
ROADSIDE_M = 7.0  # a stop stands beside the lane, not in it
_M_PER_DEG = EARTH_RADIUS_M * pi / 180

Point = tuple[float, float]


class Bend(msgspec.Struct, frozen=True):
    """Turn by `by_deg` (clockwise) on the way from one metre to another."""

    from_m: float
    to_m: float
    by_deg: float


class Street(msgspec.Struct, frozen=True):
    """A road that begins at a school, heads somewhere and winds a little on its way."""

    start: Point
    heading_deg: float  # clockwise from north
    legs_m: tuple[float, ...]  # from the school to each stop, one after the other
    bends: tuple[Bend, ...]
    sway_deg: float  # how far it winds to either side,
    wave_m: float  # and how long one wave is


def draw(street: Street) -> tuple[list[Point], list[Point]]:
    """Give the road's points from the school outwards, and the place of each stop with the school's first (degrees).

    Points are dense in bends and sparse between them, and one lies beside each stop.
    """
    marks = [0.0]
    for leg_m in street.legs_m:
        marks.append(marks[-1] + leg_m)
    lat, lon = street.start
    metre = 0.0
    kept = (0.0, _heading(street, 0.0))
    line, stops = [street.start], []
    for mark in marks:
        while mark - metre > 1e-6:
            step_m = min(STEP_M, mark - metre)
            heading = radians(_heading(street, metre + step_m / 2))
            lat += step_m * cos(heading) / _M_PER_DEG
            lon += step_m * sin(heading) / (_M_PER_DEG * cos(radians(lat)))
            metre += step_m
            now = _heading(street, metre)
            at_stop = mark - metre <= 1e-6
            if at_stop or metre - kept[0] >= KEEP_M or abs(now - kept[1]) >= KEEP_DEG:
                line.append((round(lat, 6), round(lon, 6)))
                kept = (metre, now)
        side = radians(_heading(street, metre) + 90)
        stops.append(
            (
                round(lat + ROADSIDE_M * cos(side) / _M_PER_DEG, 6),
                round(lon + ROADSIDE_M * sin(side) / (_M_PER_DEG * cos(radians(lat))), 6),
            )
        )
    return line, stops


def _heading(street: Street, metre: float) -> float:
    turned = sum(
        bend.by_deg * min(1.0, max(0.0, (metre - bend.from_m) / (bend.to_m - bend.from_m)))
        for bend in street.bends
    )
    return street.heading_deg + turned + street.sway_deg * sin(2 * pi * metre / street.wave_m)


def sharpest_turn(line: list[Point]) -> float:
    """Give the greatest change of heading from one piece of a line to the next, in degrees."""
    worst = 0.0
    for a, b, c in zip(line, line[1:], line[2:], strict=False):
        turn = degrees(_bearing(b, c) - _bearing(a, b))
        worst = max(worst, abs((turn + 180) % 360 - 180))
    return worst


def _bearing(a: Point, b: Point) -> float:
    east = distance_m(a[0], a[1], a[0], b[1]) * (1 if b[1] > a[1] else -1)
    return atan2(east, (b[0] - a[0]) * _M_PER_DEG)
