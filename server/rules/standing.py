"""Whether what was found is still so: then it calls people however late it is learnt (PROTOCOL, Time)."""

from __future__ import annotations

from server.domain.finding import Finding
from server.domain.trip import TripState

MISSING = ("no_show", "wrong_stop", "wrong_bus")


def still_stands(trip: TripState, finding: Finding) -> bool:
    """Say whether a child is still on the bus, or still missing while the bus is on its way."""
    if finding.ended_ms is not None:
        return False
    return finding.kind == "left_aboard" or (finding.kind in MISSING and trip.state == "en_route")
