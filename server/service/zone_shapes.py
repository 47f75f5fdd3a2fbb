"""Speed zones from the text that the database keeps, and where a road's shape runs through them.

The import has read and checked the WKT with shapely (decision 58) and the database has it as shapely writes it, so a few lines read it
here, without the library's 30 MB in every role that runs all day (decision 136).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil
from typing import Final, Literal

from msgspec.structs import replace

from server.domain.speed_zones import Ring, Zone

STEP_M: Final = 10.0  # how finely a shape is asked: a second's drive at most
NEAR_DEG: Final = 0.02  # a bus that strays further than 2 km from its shape has the speed limits of no zone


def read_zone(
    code: str,
    kind: Literal["expressway", "hazard", "limit"],
    limit_kmh: int | None,
    wkt: str,
    width_m: int | None,
) -> Zone:
    """Read a zone: a POLYGON is an area, a LINESTRING a way that is width_m wide in all.

    >>> read_zone("Z", "hazard", None, "POLYGON ((105 37, 106 37, 106 38, 105 37))", None).rings[0][:2]
    ((37.0, 105.0), (37.0, 106.0))
    >>> read_zone("Z", "limit", 40, "LINESTRING (105 37, 106 37)", 20).beside_m
    10.0
    """
    rings = tuple(_ring(text) for text in re.findall(r"\(([^()]+)\)", wkt))
    if wkt.lstrip().upper().startswith("LINESTRING"):
        return Zone(code, kind, limit_kmh, way=rings[0], beside_m=(width_m or 0) / 2)
    return Zone(code, kind, limit_kmh, rings=rings)


def lay(zone: Zone, shape: Sequence[tuple[float, float]], metres: Sequence[float]) -> Zone | None:
    """Give a zone with the stretches of a shape (lat, lon; metres) that lie within; None where it is far from all of it."""
    south, north, west, east = zone.box()
    lats, lons = [lat for lat, _ in shape], [lon for _, lon in shape]
    if (
        max(lats) < south - NEAR_DEG
        or min(lats) > north + NEAR_DEG
        or max(lons) < west - NEAR_DEG
        or min(lons) > east + NEAR_DEG
    ):
        return None
    spans: list[tuple[float, float]] = []
    begun: float | None = None
    for metre, lat, lon in _places(shape, metres):
        within = south <= lat <= north and west <= lon <= east and zone.holds(lat, lon)
        if within and begun is None:
            begun = metre
        elif not within and begun is not None:
            spans.append((begun, metre))
            begun = None
    if begun is not None:
        spans.append((begun, metres[-1] + STEP_M))  # the shape's very end is within too
    return replace(zone, spans=tuple(spans))


def _places(
    shape: Sequence[tuple[float, float]], metres: Sequence[float]
) -> list[tuple[float, float, float]]:
    """List (metre, lat, lon) every STEP_M at most, each point of the shape among them."""
    found = [(metres[0], *shape[0])]
    for k in range(1, len(shape)):
        (lat_a, lon_a), (lat_b, lon_b) = shape[k - 1], shape[k]
        span = metres[k] - metres[k - 1]
        steps = max(1, ceil(span / STEP_M))
        for n in range(1, steps + 1):
            u = n / steps
            found.append((metres[k - 1] + u * span, lat_a + u * (lat_b - lat_a), lon_a + u * (lon_b - lon_a)))
    return found


def _ring(text: str) -> Ring:
    pairs = (pair.split() for pair in text.split(","))
    return tuple((float(lat), float(lon)) for lon, lat in pairs)
