"""The people's papers: `qualification_expired` while somebody is signed on whose qualification ended before the service date (PRODUCT, 5).

Asked of every badge, also of one that the permit doesn't name. A badge that nobody has, or a date that isn't recorded, says nothing
here.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.finding import Evidence, Finding
from server.domain.permit_facts import is_over
from server.rules.case import Case


def check(case: Case) -> Iterator[Finding]:
    """List who is signed on without a valid qualification."""
    for badge in (case.crew.driver, case.crew.attendant):
        person = None if badge is None else case.context.find_person(badge)
        if person is not None and is_over(person.qualified_until, case.road.plan.service_on):
            proof = Evidence("qualified_until", case.at_ms, person.qualified_until)
            yield Finding(
                "qualification_expired", case.at_ms, about=person.badge, badge=person.badge, evidence=(proof,)
            )
