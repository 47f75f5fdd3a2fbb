"""Read where a zone lies: a WKT polygon or line, lon lat, checked as a shape on the Earth."""

from __future__ import annotations

import re
import warnings
from typing import Annotated

import shapely

from server.service.packs.cells import Cell

LONGEST_WKT = 32_767  # what one cell of a workbook holds; some 1,500 points
_FORM = re.compile(r"\s*(POLYGON|LINESTRING)\s*\([-+0-9.,()\s]*\)\s*", re.IGNORECASE)
_ADVICE = "write POLYGON ((lon lat, …)) with its first point again at the end, or LINESTRING (lon lat, …)"


def read_wkt(text: str) -> str:
    """Take a POLYGON or LINESTRING of lon lat pairs in degrees, written as the geometry library writes it.

    >>> read_wkt("linestring(105.10 37.50,105.2 37.5)")
    'LINESTRING (105.1 37.5, 105.2 37.5)'
    """
    if len(text) > LONGEST_WKT:
        raise ValueError(
            f"this is {len(text)} characters long; draw it with fewer points ({LONGEST_WKT} fit)"
        )
    if _FORM.fullmatch(text) is None:
        raise ValueError(_ADVICE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a number beyond all floats: refused below
            geometry = shapely.from_wkt(text)
    except shapely.errors.GEOSException as why:
        reason = str(why).split(": ", 1)[-1].strip().rstrip(".")
        raise ValueError(f"this can't be read ({reason}); {_ADVICE}") from None
    if geometry.has_z:
        raise ValueError("a point of this has three numbers; write two numbers a point, lon lat")
    west, south, east, north = geometry.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        swapped = south >= -180 and north <= 180 and west >= -90 and east <= 90
        hint = "; latitude and longitude may be swapped: longitude comes first" if swapped else ""
        raise ValueError(f"this reaches beyond 180 degrees of longitude or 90 of latitude{hint}")
    if not geometry.is_valid:
        raise ValueError(f"this is no sound shape ({shapely.is_valid_reason(geometry)}); draw it again")
    return str(shapely.to_wkt(geometry, rounding_precision=-1, trim=True))


def is_line(wkt: str) -> bool:
    """Say whether a zone is a line along a road, as `read_wkt` gave it; else it is an area."""
    return wkt.startswith("LINESTRING")


Wkt = Annotated[str, Cell(read_wkt)]
