"""The benches' roads: for each bus one of its own, 8 km with 200 bends and ten stops, the same in every run."""

from __future__ import annotations

from math import cos, radians, sin
from random import Random
from typing import Final, NamedTuple

SEGMENTS: Final = 200
SEGMENT_M: Final = 40.0
STOPS: Final = 10
SPEED_MPS: Final = 8.0
DWELL_S: Final = 30
M_PER_DEG: Final = 111_195.0
_AROUND: Final = (37.5, 105.2)


class Road(NamedTuple):
    """A bus's road: (lat, lon) every SEGMENT_M, and at which of them the stops are."""

    points: list[tuple[float, float]]
    stops: list[int]

    def at(self, metre: float) -> tuple[float, float]:
        """Give the place (lat, lon) at a metre."""
        index = min(int(metre / SEGMENT_M), SEGMENTS - 1)
        (lat_a, lon_a), (lat_b, lon_b) = self.points[index], self.points[index + 1]
        share = min(1.0, metre / SEGMENT_M - index)
        return lat_a + share * (lat_b - lat_a), lon_a + share * (lon_b - lon_a)

    def arrival_s(self, stop: int) -> int:
        """Give when the bus is to be at a stop, in seconds after it was at the first one."""
        return round(self.stops[stop] * SEGMENT_M / SPEED_MPS) + DWELL_S * stop


def make_road(bus: int) -> Road:
    """Make a bus's road: it winds, and never crosses itself, so that the nearest place on it is the right one."""
    dice = Random(bus)
    lat, lon = _AROUND[0] + bus % 25 * 0.004, _AROUND[1] + bus // 25 * 0.004
    course, bend = dice.uniform(0, 360), 0.0
    points = [(lat, lon)]
    for _ in range(SEGMENTS):
        bend = max(-50.0, min(50.0, bend + dice.uniform(-12, 12)))
        heading = radians(course + bend)
        lat += SEGMENT_M * cos(heading) / M_PER_DEG
        lon += SEGMENT_M * sin(heading) / (M_PER_DEG * cos(radians(lat)))
        points.append((round(lat, 6), round(lon, 6)))
    return Road(points, [round(n * SEGMENTS / (STOPS - 1)) for n in range(STOPS)])
