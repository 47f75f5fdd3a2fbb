"""A line on the ground that a bus follows by the metre: places, headings, stops on it, and how fast it may be driven."""

from __future__ import annotations

import math
from bisect import bisect_right

from device_sim.geo import Plane

STEP_M = 5.0
# Sideways pull in a bend that passengers bear without holding on, and braking they bear standing
# (TCRP Report 100 uses 0.12 g and about 1.1 m/s2 for service braking).
BEND_MPS2 = 1.3
BRAKE_MPS2 = 1.0
SLOWEST_BEND_MPS = 2.5


class Path:
    """A polyline with its metres; `stop_metres` are where the given stops lie on it, never going back."""

    def __init__(self, points: list[tuple[float, float]], stops: list[tuple[float, float]]) -> None:
        self._plane = Plane(*points[0])
        self._xy: list[tuple[float, float]] = []
        self._metres: list[float] = []
        for lat, lon in points:
            x, y = self._plane.to_metres(lat, lon)
            step = math.dist(self._xy[-1], (x, y)) if self._xy else 0.0
            if not self._xy or step > 0.05:
                self._metres.append(self._metres[-1] + step if self._metres else 0.0)
                self._xy.append((x, y))
        self.length_m = self._metres[-1]
        self.stop_metres = self._place([self._plane.to_metres(lat, lon) for lat, lon in stops])
        self._ceiling = self._make_ceiling()

    def at(self, metre: float) -> tuple[float, float, float]:
        """(lat, lon, heading in degrees clockwise from north) at a metre."""
        (x, y), heading = self._point(metre)
        lat, lon = self._plane.to_degrees(x, y)
        return lat, lon, heading

    def between(self, from_m: float, to_m: float, piece_m: float) -> list[float]:
        """The metres of the line's points from one metre to another, either way, none further than `piece_m` from the next."""
        low, high = min(from_m, to_m), max(from_m, to_m)
        count = max(math.ceil((high - low) / piece_m), 1)
        even = [low + (high - low) * n / count for n in range(count + 1)]
        metres = sorted({*even, *(metre for metre in self._metres if low < metre < high)})
        return metres if from_m <= to_m else metres[::-1]

    def ceiling_mps(self, metre: float) -> float:
        """The speed at which the bends from here on can still be taken."""
        return self._ceiling[min(int(max(metre, 0.0) / STEP_M), len(self._ceiling) - 1)]

    def _point(self, metre: float) -> tuple[tuple[float, float], float]:
        if len(self._xy) == 1:
            return self._xy[0], 0.0
        metre = min(max(metre, 0.0), self.length_m)
        i = min(bisect_right(self._metres, metre), len(self._xy) - 1) - 1
        (ax, ay), (bx, by) = self._xy[i], self._xy[i + 1]
        share = (metre - self._metres[i]) / (self._metres[i + 1] - self._metres[i])
        heading = math.degrees(math.atan2(bx - ax, by - ay)) % 360.0
        return (ax + share * (bx - ax), ay + share * (by - ay)), heading

    def _make_ceiling(self) -> list[float]:
        """Bend speeds from the turn within 10 m to either side, then room to brake for each of them."""
        count = int(self.length_m / STEP_M) + 2
        ceiling = []
        for i in range(count):
            here = i * STEP_M
            before, after = self._point(here - 10.0)[1], self._point(here + 10.0)[1]
            turn = abs((after - before + 180.0) % 360.0 - 180.0)
            radius = 20.0 / math.radians(turn) if turn > 0.1 else math.inf
            ceiling.append(max(math.sqrt(BEND_MPS2 * radius), SLOWEST_BEND_MPS))
        for i in range(count - 2, -1, -1):
            ceiling[i] = min(ceiling[i], math.sqrt(ceiling[i + 1] ** 2 + 2 * BRAKE_MPS2 * STEP_M))
        return ceiling

    def _place(self, stops: list[tuple[float, float]]) -> list[float]:
        """Put each stop on the line so that metres never fall and the squares of the distances are least.

        The nearest point alone is wrong where a line passes a stop twice (a loop, a way there and back).
        """
        best: list[tuple[float, float, list[float]]] = [(0.0, 0.0, [])]
        for stop in stops:
            grown: list[tuple[float, float, list[float]]] = []
            for metre, off in self._candidates(stop):
                ways = [way for way in best if way[1] <= metre + 1e-6]
                if ways:
                    cost, _, metres = min(ways, key=lambda way: way[0])
                    grown.append((cost + off * off, metre, [*metres, metre]))
            if not grown:
                # The stops do not follow the line at all: stay where the last one was.
                cost, metre, metres = min(best, key=lambda way: way[0])
                grown = [(cost, metre, [*metres, metre])]
            best = grown
        return min(best, key=lambda way: way[0])[2]

    def _candidates(self, stop: tuple[float, float]) -> list[tuple[float, float]]:
        """(metre, metres off) of the places where the line comes nearest to a stop."""
        if len(self._xy) == 1:
            return [(0.0, math.dist(self._xy[0], stop))]
        feet = []
        for i in range(len(self._xy) - 1):
            (ax, ay), (bx, by) = self._xy[i], self._xy[i + 1]
            length = self._metres[i + 1] - self._metres[i]
            along = ((stop[0] - ax) * (bx - ax) + (stop[1] - ay) * (by - ay)) / length
            along = min(max(along, 0.0), length)
            foot = (ax + (bx - ax) * along / length, ay + (by - ay) * along / length)
            feet.append((self._metres[i] + along, math.dist(foot, stop)))
        near = max(60.0, min(off for _, off in feet) + 25.0)
        return [
            foot
            for i, foot in enumerate(feet)
            if foot[1] <= near
            and (i == 0 or foot[1] <= feet[i - 1][1])
            and (i == len(feet) - 1 or foot[1] <= feet[i + 1][1])
        ]
