"""Whether a bus or a person may lawfully run a trip in another's place, and why not; a paper that isn't there is none.

Ages, years of licence and yearly review: State Council decree 617, articles 23 to 25; papers and seats: articles 14, 15 and 34.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from server.domain.permit_facts import whole_years
from server.domain.thresholds import DEFAULTS, Thresholds


class WhyNot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A code word and what it is about: the last day of a paper, or a number that falls short of `needed`."""

    code: Literal["same", "inspection", "insurance", "seats", "qualification", "age", "licence"]
    until: str | None = None
    number: int | None = None
    needed: int | None = None


def judge_bus(
    *, seats: int, riders: int, inspection_until: str | None, insurance_until: str | None, until_on: str
) -> WhyNot | None:
    """Say why a bus may not run up to a date (ISO text), None where it may.

    >>> judge_bus(seats=36, riders=30, inspection_until="2026-12-31", insurance_until="2026-10-01", until_on="2026-11-01")
    WhyNot(code='insurance', until='2026-10-01', number=None, needed=None)
    """
    if inspection_until is None or inspection_until < until_on:
        return WhyNot("inspection", until=inspection_until)
    if insurance_until is None or insurance_until < until_on:
        return WhyNot("insurance", until=insurance_until)
    return WhyNot("seats", number=seats, needed=riders) if seats < riders else None


def judge_person(
    *,
    drives: bool,
    qualified_until: str | None,
    born: str | None,
    licence_since: str | None,
    from_on: str,
    until_on: str,
    limits: Thresholds = DEFAULTS,
) -> WhyNot | None:
    """Say why a person may not work from one date to another (ISO text), None where they may; unknown ages aren't judged.

    `limits` has the ages and years of licence that are asked for.

    >>> judge_person(drives=True, qualified_until="2027-01-01", born="1960-01-01", licence_since=None,
    ...              from_on="2026-09-01", until_on="2026-09-01").code
    'age'
    """
    if qualified_until is None or qualified_until < until_on:
        return WhyNot("qualification", until=qualified_until)
    if not drives:
        return None
    if born is not None:
        youngest, oldest = whole_years(born, from_on), whole_years(born, until_on)
        if youngest < limits.driver_age_min:
            return WhyNot("age", number=youngest, needed=limits.driver_age_min)
        if oldest > limits.driver_age_max:
            return WhyNot("age", number=oldest, needed=limits.driver_age_max)
    years = None if licence_since is None else whole_years(licence_since, from_on)
    if years is not None and years < limits.licence_years_min:
        return WhyNot("licence", number=years, needed=limits.licence_years_min)
    return None
