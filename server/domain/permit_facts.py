"""What papers say of a trip's bus, people and permit: the dates and numbers that a trip is held against beside its plan.

Dates are inclusive ISO text, as the pack brings them; None: it isn't recorded, so nothing may be concluded from it.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class VehicleFacts(msgspec.Struct, frozen=True):
    """A bus: approved seats, and until when it is inspected and insured. `tags` are those of the permits it has."""

    vehicle_id: str
    seats: int | None = None
    inspection_until: str | None = None
    insurance_until: str | None = None
    tags: tuple[str, ...] = ()


class PersonFacts(msgspec.Struct, frozen=True):
    """A driver or attendant, by badge."""

    badge: str
    role: Literal["driver", "attendant"]
    qualified_until: str | None = None
    born: str | None = None
    licence_since: str | None = None


class PermitFacts(msgspec.Struct, frozen=True):
    """The permit of a trip: `valid_until` of the one in force; without one, `expired_on` is when the last one ended."""

    in_force: bool = True
    valid_from: str | None = None
    valid_until: str | None = None
    expired_on: str | None = None


def is_over(until: str | None, on: str) -> bool:
    """Say whether a date that is valid until a day, that day included, is over on another.

    >>> is_over("2026-09-20", "2026-09-21"), is_over("2026-09-21", "2026-09-21"), is_over(None, "2026-09-21")
    (True, False, False)
    """
    return until is not None and until < on


def whole_years(since: str, on: str) -> int:
    """Count the whole years between two dates.

    >>> whole_years("2000-05-17", "2026-05-16"), whole_years("2000-05-17", "2026-05-17")
    (25, 26)
    """
    first, last = date.fromisoformat(since), date.fromisoformat(on)
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))
