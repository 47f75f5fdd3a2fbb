"""The fixed people: `wrong_driver`, `wrong_attendant` while a badge is signed on that no permit or substitution names (PRODUCT, 5).

A permit that names no attendant is content with any, and where two may be wanted, with any beside the permit's. Nobody signed on is
another matter: `crew_absent`.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.finding import Evidence, Finding
from server.rules import permitted
from server.rules.case import Case


def check(case: Case) -> Iterator[Finding]:
    """List who is signed on and shouldn't be."""
    crew = case.crew
    right = permitted.driver(case.road, case.at_ms)
    if right is not None and crew.driver is not None and crew.driver != right:
        proof = Evidence("badge", crew.driver_ms or case.at_ms, crew.driver, source=crew.driver_source)
        yield Finding("wrong_driver", case.at_ms, about=crew.driver, badge=crew.driver, evidence=(proof,))
    right = permitted.attendant(case.road, case.at_ms)
    there = permitted.attendants(case.road, crew)
    if len(there) == 1 and case.road.thresholds.second_attendant_above and case.trip.state == "scheduled":
        return  # of two the other may sign on first; at the departure it is asked again
    if right is not None and there and right not in there:
        proof = Evidence("badge", crew.attendant_ms or case.at_ms, there[-1], source=crew.attendant_source)
        yield Finding("wrong_attendant", case.at_ms, about=there[-1], badge=there[-1], evidence=(proof,))
