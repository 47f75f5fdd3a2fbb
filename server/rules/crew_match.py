"""The fixed people: `wrong_driver`, `wrong_attendant` while a badge is signed on that no permit or substitution names (PRODUCT, 5).

A permit that names no attendant is content with any. Nobody signed on is another matter: `crew_absent`.
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
    if right is not None and crew.attendant is not None and crew.attendant != right:
        proof = Evidence(
            "badge", crew.attendant_ms or case.at_ms, crew.attendant, source=crew.attendant_source
        )
        yield Finding(
            "wrong_attendant", case.at_ms, about=crew.attendant, badge=crew.attendant, evidence=(proof,)
        )
