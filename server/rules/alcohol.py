"""Alcohol: while a driver is signed on whose breath was measured above 0 (PRODUCT, 5; the limit is a setting).

Said at the sign-on, before the bus departs. It ends when somebody else signs on, or the same driver with a reading within the limit.
A unit without a tester sends none: not measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.finding import Evidence, Finding
from server.rules.case import Case


def check(case: Case) -> Iterator[Finding]:
    """List the driver who has drunk."""
    crew, limit = case.crew, case.road.thresholds.alcohol_mg_per_l
    if crew.driver is not None and crew.alcohol is not None and crew.alcohol > limit:
        proof = Evidence("alcohol", crew.driver_ms or case.at_ms, crew.alcohol, source=crew.driver_source)
        yield Finding(
            "alcohol",
            case.at_ms,
            about=crew.driver,
            badge=crew.driver,
            measured=crew.alcohol,
            limit=limit,
            evidence=(proof,),
        )
