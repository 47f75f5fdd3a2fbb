"""Judge zones: a limit where the kind needs one, a width where the place is a line, dates in order."""

from __future__ import annotations

from server.service.packs.fault import Remarks
from server.service.packs.geometry import is_line
from server.service.packs.pack import Pack


def judge_zones(pack: Pack, remarks: Remarks) -> None:
    """Note what each row of zones.csv lacks for its kind and its form."""
    for zone in pack.zones or ():
        line = is_line(zone.wkt)
        found: tuple[str, object, str] | None = None
        if zone.kind == "limit" and zone.limit_kmh is None:
            found = "limit_kmh", None, "a zone of kind limit says its limit; write 5 to 120 km/h"
        elif line and zone.width_m is None:
            found = "width_m", None, "a LINESTRING needs the road's width; write it in metres"
        elif not line and zone.width_m is not None:
            found = "width_m", zone.width_m, "a POLYGON has no width; leave this blank"
        elif (
            zone.valid_from is not None
            and zone.valid_until is not None
            and zone.valid_until < zone.valid_from
        ):
            advice = f"this is before valid_from {zone.valid_from}; put them in order"
            found = "valid_until", zone.valid_until, advice
        if found is not None:
            remarks.fault("zones.csv", zone.line, *found)
