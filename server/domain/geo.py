"""Distances and projections in local metres.

Equirectangular around a reference point: under 0.1 % off within a route, and a hundred times cheaper than a geodesic, which
checks the shapes at import and the tests.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import cos, hypot, radians

import msgspec

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG 1980
M_PER_DEG = EARTH_RADIUS_M * 3.141592653589793 / 180  # of latitude


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Metres between two near points (degrees).

    >>> round(distance_m(37.5, 105.0, 37.5, 105.01))
    882
    """
    kx = M_PER_DEG * cos(radians((lat_a + lat_b) / 2))
    return hypot((lon_b - lon_a) * kx, (lat_b - lat_a) * M_PER_DEG)


class Projection(msgspec.Struct, frozen=True, gc=False):
    """Where a point falls on a line: metre along it, and how far beside it (m)."""

    metre: float
    offset_m: float


class Polyline(msgspec.Struct, frozen=True):
    """A shape in local metres: x east, y north of (lat0, lon0), `ms` the shape's own metre at each point.

    Arrays and not tuples: a quarter of the memory, and ingest keeps one for each trip that runs.
    """

    lat0: float
    lon0: float
    kx: float
    ky: float
    xs: array[float]
    ys: array[float]
    ms: array[float]

    @classmethod
    def of(cls, points: Sequence[tuple[float, float]], metres: Sequence[float]) -> Polyline:
        """Prepare a shape; points (lat, lon) in degrees, metres never falling, both of one length >= 2."""
        lat0 = (min(p[0] for p in points) + max(p[0] for p in points)) / 2
        lon0 = (min(p[1] for p in points) + max(p[1] for p in points)) / 2
        kx = M_PER_DEG * cos(radians(lat0))
        xs = array("d", [(lon - lon0) * kx for _, lon in points])
        ys = array("d", [(lat - lat0) * M_PER_DEG for lat, _ in points])
        return cls(lat0, lon0, kx, M_PER_DEG, xs, ys, array("d", metres))

    @property
    def length_m(self) -> float:
        return self.ms[-1]

    def local(self, lat: float, lon: float) -> tuple[float, float]:
        """Give a place in the shape's local metres."""
        return (lon - self.lon0) * self.kx, (lat - self.lat0) * self.ky

    def point(self, metre: float) -> tuple[float, float]:
        """Give the place at a metre, in local metres.

        >>> line = Polyline.of([(37.5, 105.0), (37.5, 105.01)], [0, 882])
        >>> [round(line.point(metre)[0]) for metre in (0, 441, 882, 900)]
        [-441, 0, 441, 441]
        """
        k = min(max(1, bisect_right(self.ms, metre)), len(self.ms) - 1)
        span = self.ms[k] - self.ms[k - 1]
        u = min(1.0, max(0.0, (metre - self.ms[k - 1]) / span)) if span > 0 else 0.0
        ax, ay = self.xs[k - 1], self.ys[k - 1]
        return ax + u * (self.xs[k] - ax), ay + u * (self.ys[k] - ay)

    def project(
        self, lat: float, lon: float, from_m: float, to_m: float, expected_m: float, pull: float = 0.0
    ) -> Projection:
        """Find the nearest place between metres from_m and to_m.

        `pull` > 0 adds that many metres of cost for each metre away from expected_m, which decides between two passes of a
        shape that crosses itself or runs back beside itself.
        """
        px, py = (lon - self.lon0) * self.kx, (lat - self.lat0) * self.ky
        xs, ys, ms = self.xs, self.ys, self.ms
        first = max(0, bisect_right(ms, from_m) - 1)
        last = min(len(ms) - 1, max(first + 1, bisect_left(ms, to_m)))
        if first >= last:
            first = last - 1
        best_cost = best_sq = float("inf")
        best_m = ms[first]
        ax, ay = xs[first], ys[first]
        for k in range(first + 1, last + 1):
            # From here on every place is too far ahead to cost less, however near it lies.
            if pull and pull * (ms[k - 1] - expected_m) >= best_cost:
                break
            bx, by = xs[k], ys[k]
            dx, dy = bx - ax, by - ay
            sq = dx * dx + dy * dy
            u = ((px - ax) * dx + (py - ay) * dy) / sq if sq else 0.0
            if u < 0.0:
                u = 0.0
            elif u > 1.0:
                u = 1.0
            ex, ey = px - ax - u * dx, py - ay - u * dy
            d_sq = ex * ex + ey * ey
            if pull:
                metre = ms[k - 1] + u * (ms[k] - ms[k - 1])
                cost = d_sq**0.5 + pull * abs(metre - expected_m)
                if cost < best_cost:
                    best_cost, best_sq, best_m = cost, d_sq, metre
            elif d_sq < best_sq:
                best_sq, best_m = d_sq, ms[k - 1] + u * (ms[k] - ms[k - 1])
            ax, ay = bx, by
        return Projection(best_m, best_sq**0.5)

    def passes(self, lat: float, lon: float, within_m: float) -> list[Projection]:
        """List every separate pass of the line within `within_m` of the point, in driving order."""
        px, py = (lon - self.lon0) * self.kx, (lat - self.lat0) * self.ky
        found: list[Projection] = []
        run: Projection | None = None
        for k in range(1, len(self.ms)):
            ax, ay = self.xs[k - 1], self.ys[k - 1]
            dx, dy = self.xs[k] - ax, self.ys[k] - ay
            sq = dx * dx + dy * dy
            u = min(1.0, max(0.0, ((px - ax) * dx + (py - ay) * dy) / sq)) if sq else 0.0
            offset = hypot(px - ax - u * dx, py - ay - u * dy)
            if offset <= within_m:
                here = Projection(self.ms[k - 1] + u * (self.ms[k] - self.ms[k - 1]), offset)
                run = here if run is None or offset < run.offset_m else run
            elif run is not None:
                found.append(run)
                run = None
        if run is not None:
            found.append(run)
        return found
