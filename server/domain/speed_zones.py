"""How fast a bus with riders may drive: zones laid onto a road once, and the limit at a metre or, off the road, at a place.

The limit (State Council decree 617, article 35): 80 km/h on expressways, 60 elsewhere, what is posted where that is lower, and
20 in hazard zones and in bad weather. Where zones lie over one another the lowest holds.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from math import cos, hypot, radians
from typing import Literal

import msgspec

from server.domain.bad_weather import span_ms
from server.domain.geo import M_PER_DEG
from server.domain.thresholds import Thresholds

Kind = Literal["expressway", "hazard", "limit"]
Ring = tuple[tuple[float, float], ...]


class Zone(msgspec.Struct, frozen=True):
    """A zone as a road needs it: an area by its rings (lat, lon), holes among them, or a way and how far beside it still counts.

    `spans` are the stretches (m) of the road's shape that lie within.
    """

    code: str
    kind: Kind
    limit_kmh: int | None
    rings: tuple[Ring, ...] = ()
    way: Ring = ()
    beside_m: float = 0.0
    spans: tuple[tuple[float, float], ...] = ()

    def box(self) -> tuple[float, float, float, float]:
        """Give the least and greatest lat and lon that it may hold."""
        points = [point for ring in (*self.rings, self.way) for point in ring]
        more = self.beside_m / M_PER_DEG
        lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
        wider = more / max(0.01, cos(radians(max(map(abs, lats)))))
        return min(lats) - more, max(lats) + more, min(lons) - wider, max(lons) + wider

    def holds(self, lat: float, lon: float) -> bool:
        """Say whether a place is within: near the way, or an odd number of crossings of the rings lies beside it.

        >>> square = Zone("Z", "hazard", None, (((0, 0), (0, 1), (1, 1), (1, 0), (0, 0)),))
        >>> square.holds(0.5, 0.5), square.holds(1.5, 0.5)
        (True, False)
        >>> road = Zone("R", "limit", 40, way=((37.5, 105.0), (37.5, 105.01)), beside_m=10)
        >>> road.holds(37.50005, 105.005), road.holds(37.5002, 105.005)
        (True, False)
        """
        if self.way:
            return any(_is_near(lat, lon, a, b, self.beside_m) for a, b in pairwise(self.way))
        inside = False
        for ring in self.rings:
            for (lat_a, lon_a), (lat_b, lon_b) in pairwise(ring):
                if (lat_a > lat) != (lat_b > lat):
                    inside ^= lon < lon_a + (lat - lat_a) * (lon_b - lon_a) / (lat_b - lat_a)
        return inside


def _is_near(lat: float, lon: float, a: tuple[float, float], b: tuple[float, float], within_m: float) -> bool:
    kx = M_PER_DEG * cos(radians(lat))
    ax, ay = (a[1] - lon) * kx, (a[0] - lat) * M_PER_DEG
    dx, dy = (b[1] - lon) * kx - ax, (b[0] - lat) * M_PER_DEG - ay
    square = dx * dx + dy * dy
    share = min(1.0, max(0.0, -(ax * dx + ay * dy) / square)) if square else 0.0
    return hypot(ax + share * dx, ay + share * dy) <= within_m


class Limit(msgspec.Struct, frozen=True, gc=False):
    """A speed limit and the code of the zone it comes from, empty for none."""

    kmh: float
    zone: str = ""


class SpeedLimits(msgspec.Struct, frozen=True):
    """A road's limits: `limits[k]` holds from `starts[k]` on, and while bad weather is declared (`foul_ms`) `foul[k]`.

    `lowest_kmh` is the least of all, off the road and in bad weather too.
    """

    starts: tuple[float, ...]
    limits: tuple[Limit, ...]
    foul: tuple[Limit, ...]
    foul_ms: tuple[int, int] | None
    zones: tuple[Zone, ...]
    lowest_kmh: float
    thresholds: Thresholds

    @classmethod
    def of(cls, zones: tuple[Zone, ...], thresholds: Thresholds, on: str, day_ms: int = 0) -> SpeedLimits:
        """Lay zones out along a road for a service date (ISO) that begins at day_ms (UTC)."""
        foul_ms = span_ms(thresholds.bad_weather_from, thresholds.bad_weather_until, on, day_ms)
        cuts = sorted({0.0, *(edge for zone in zones for span in zone.spans for edge in span)})
        over = [[zone for zone in zones if any(a <= cut < b for a, b in zone.spans)] for cut in cuts]
        fair, foul = (
            tuple(_strictest(here, thresholds, bad_weather=bad) for here in over) for bad in (False, True)
        )
        bad = foul_ms is not None
        off_road = [
            _strictest(some, thresholds, bad_weather=bad) for some in ([], *([zone] for zone in zones))
        ]
        lowest = min(limit.kmh for limit in (*(foul if bad else fair), *off_road))
        return cls(tuple(cuts), fair, foul, foul_ms, zones, lowest, thresholds)

    def at(self, metre: float, t_ms: int = 0) -> Limit:
        """Give the limit at a metre of the road, at an instant (UTC ms)."""
        limits = self.foul if self.is_foul(t_ms) else self.limits
        return limits[max(0, bisect_right(self.starts, metre) - 1)]

    def at_place(self, lat: float, lon: float, t_ms: int = 0) -> Limit:
        """Give the limit at a place off the road, at an instant (UTC ms)."""
        here = [zone for zone in self.zones if zone.holds(lat, lon)]
        return _strictest(here, self.thresholds, bad_weather=self.is_foul(t_ms))

    def is_foul(self, t_ms: int) -> bool:
        """Say whether bad weather is declared for an instant (UTC ms)."""
        return self.foul_ms is not None and self.foul_ms[0] <= t_ms < self.foul_ms[1]


def _strictest(zones: list[Zone], thresholds: Thresholds, *, bad_weather: bool) -> Limit:
    fast = next((zone for zone in zones if zone.kind == "expressway"), None)
    base = thresholds.speed_elsewhere_kmh if fast is None else thresholds.speed_expressway_kmh
    found = [Limit(base, "" if fast is None else fast.code)]
    if bad_weather:
        found.append(Limit(thresholds.speed_hazard_kmh))
    for zone in zones:
        if zone.limit_kmh is not None:
            found.append(Limit(zone.limit_kmh, zone.code))
        elif zone.kind == "hazard":
            found.append(Limit(thresholds.speed_hazard_kmh, zone.code))
    return min(found, key=lambda limit: limit.kmh)
