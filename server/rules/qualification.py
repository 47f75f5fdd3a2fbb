"""The people's papers: `qualification_expired` while somebody is signed on who may not work on the service date (PRODUCT, 5).

The qualification of every badge, also of one that the permit doesn't name, has ended before that date; or the driver is younger than
25 or older than 60, or has held the licence for less than 3 years (State Council decree 617, article 23). The evidence says
which. A badge that nobody has, or a date that isn't recorded, says nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.finding import Evidence, Finding
from server.domain.permit_facts import PersonFacts, is_over, whole_years
from server.domain.thresholds import Thresholds
from server.rules import permitted
from server.rules.case import Case

Fault = tuple[
    Evidence, float | None, float | None
]  # what says so, and measured and limit in years where it is a number


def check(case: Case) -> Iterator[Finding]:
    """List who is signed on and may not work, once each, with everything that stands against it."""
    for badge in (case.crew.driver, *permitted.attendants(case.road, case.crew)):
        person = None if badge is None else case.context.find_person(badge)
        if person is None:
            continue
        faults = [*_reviewed(person, case)]
        if badge == case.crew.driver:
            faults += _of_age(person, case.road.thresholds, case)
        if faults:
            measured, limit = next(((a, b) for _, a, b in faults if a is not None), (None, None))
            yield Finding(
                "qualification_expired", case.at_ms, about=person.badge, badge=person.badge, measured=measured, limit=limit,
                evidence=tuple(proof for proof, _, _ in faults),
            )  # fmt: skip


def not_measured(person: PersonFacts) -> tuple[str, ...]:
    """Name what can't be said of a driver, since the pack doesn't have the date (its columns are optional)."""
    missing = (("age", person.born), ("licence", person.licence_since))
    return tuple(name for name, on in missing if on is None)


def _reviewed(person: PersonFacts, case: Case) -> Iterator[Fault]:
    if is_over(person.qualified_until, case.road.plan.service_on):
        yield Evidence("qualified_until", case.at_ms, person.qualified_until), None, None


def _of_age(person: PersonFacts, limits: Thresholds, case: Case) -> Iterator[Fault]:
    on = case.road.plan.service_on
    if person.born is not None:
        age = float(whole_years(person.born, on))
        if not limits.driver_age_min <= age <= limits.driver_age_max:
            limit = limits.driver_age_min if age < limits.driver_age_min else limits.driver_age_max
            yield Evidence("age", case.at_ms, age), age, limit
    if person.licence_since is not None:
        years = float(whole_years(person.licence_since, on))
        if years < limits.licence_years_min:
            yield Evidence("licence_since", case.at_ms, person.licence_since), years, limits.licence_years_min
