"""How fast a bus with riders may drive: zones laid onto a road once, and the limit at a metre or, off the road, at a place.

The limit (State Council decree 617, article 35): 80 km/h on expressways, 60 elsewhere, what is posted where that is lower, and
20 in hazard zones and in bad weather. Where zones lie over one another the lowest holds.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

import msgspec

from server.domain.thresholds import Thresholds

Kind = Literal["expressway", "hazard", "limit"]
Ring = tuple[tuple[float, float], ...]


class Zone(msgspec.Struct, frozen=True):
    """A zone as a road needs it: rings (lat, lon) of its area, holes among them, and the spans (m) of the shape within."""

    code: str
    kind: Kind
    limit_kmh: int | None
    rings: tuple[Ring, ...]
    spans: tuple[tuple[float, float], ...] = ()

    def holds(self, lat: float, lon: float) -> bool:
        """Say whether a place is within the area: an odd number of crossings of its rings lies beside it.

        >>> square = Zone("Z", "hazard", None, (((0, 0), (0, 1), (1, 1), (1, 0), (0, 0)),))
        >>> square.holds(0.5, 0.5), square.holds(1.5, 0.5)
        (True, False)
        """
        inside = False
        for ring in self.rings:
            for (lat_a, lon_a), (lat_b, lon_b) in zip(ring, ring[1:], strict=False):
                if (lat_a > lat) != (lat_b > lat) and lon < lon_a + (lat - lat_a) * (lon_b - lon_a) / (lat_b - lat_a):
                    inside = not inside
        return inside


class Limit(msgspec.Struct, frozen=True, gc=False):
    """A speed limit and the code of the zone it comes from, empty for none."""

    kmh: float
    zone: str = ""


class SpeedLimits(msgspec.Struct, frozen=True):
    """A road's limits: `limits[k]` holds from `starts[k]` on. `lowest_kmh` is the least of all, off the road too."""

    starts: tuple[float, ...]
    limits: tuple[Limit, ...]
    zones: tuple[Zone, ...]
    lowest_kmh: float
    thresholds: Thresholds
    bad_weather: bool

    @classmethod
    def of(cls, zones: tuple[Zone, ...], thresholds: Thresholds, on: str) -> SpeedLimits:
        """Lay zones out along a road for a service date (ISO)."""
        bad = thresholds.is_bad_weather(on)
        cuts = sorted({0.0, *(edge for zone in zones for span in zone.spans for edge in span)})
        limits = tuple(
            _strictest([zone for zone in zones if any(a <= cut < b for a, b in zone.spans)], thresholds, bad) for cut in cuts
        )
        alone = [_strictest([zone], thresholds, bad) for zone in zones]
        lowest = min(limit.kmh for limit in (*limits, *alone, _strictest([], thresholds, bad)))
        return cls(tuple(cuts), limits, zones, lowest, thresholds, bad)

    def at(self, metre: float) -> Limit:
        """Give the limit at a metre of the road."""
        return self.limits[max(0, bisect_right(self.starts, metre) - 1)]

    def at_place(self, lat: float, lon: float) -> Limit:
        """Give the limit at a place off the road."""
        return _strictest([zone for zone in self.zones if zone.holds(lat, lon)], self.thresholds, self.bad_weather)


def _strictest(zones: list[Zone], thresholds: Thresholds, bad_weather: bool) -> Limit:
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
