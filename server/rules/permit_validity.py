"""The permit itself: `no_permit` where none is in force on the service date, and `permit_expired` where the last one has run out.

Both dates of a permit are inclusive. A trip without one fails vehicle, people and marking (PRODUCT, Words: Trip).
"""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.finding import Evidence, Finding
from server.domain.permit_facts import is_over
from server.rules.case import Case


def check(case: Case) -> Iterator[Finding]:
    """List what is wrong with the permit of a trip."""
    permit, on = case.road.permit, case.road.plan.service_on
    if not permit.in_force:
        yield Finding("no_permit", case.at_ms, evidence=(Evidence("service_date", case.at_ms, on),))
        if permit.expired_on is not None:
            yield Finding(
                "permit_expired",
                case.at_ms,
                evidence=(Evidence("valid_until", case.at_ms, permit.expired_on),),
            )
    elif is_over(permit.valid_until, on):
        yield Finding(
            "permit_expired", case.at_ms, evidence=(Evidence("valid_until", case.at_ms, permit.valid_until),)
        )
