"""Say which services run on a date, and which weekday's ride plans they follow (GTFS calendar and calendar_dates)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

ADDED = 1
REMOVED = 2


class WeeklyService(msgspec.Struct, frozen=True):
    """A service's usual week: `weekdays` is seven 0/1, Monday first; both dates are inclusive ISO text."""

    code: str
    weekdays: str
    start_on: str
    end_on: str


class DatedChange(msgspec.Struct, frozen=True):
    """A date on which a service is added or removed; `as_weekday` 1–7 for a make-up working day (调休)."""

    code: str
    service_on: str
    exception_type: Literal[1, 2]
    as_weekday: int | None = None


class Calendar(msgspec.Struct, frozen=True):
    """Every service of an operator, by code and by (code, date)."""

    weekly: Mapping[str, WeeklyService]
    dated: Mapping[tuple[str, str], DatedChange]

    @classmethod
    def of(cls, weekly: Iterable[WeeklyService], dated: Iterable[DatedChange]) -> Calendar:
        """Index services and their changes."""
        return cls({one.code: one for one in weekly}, {(one.code, one.service_on): one for one in dated})

    def weekday_of(self, code: str, on: date) -> int | None:
        """Give the weekday (Monday 1) whose ride plans a service follows on a date; None when it doesn't run.

        >>> school = WeeklyService("SCHOOL", "1111100", "2026-09-01", "2027-01-15")
        >>> made_up = DatedChange("SCHOOL", "2026-10-10", 1, as_weekday=3)
        >>> holiday = DatedChange("SCHOOL", "2026-10-01", 2)
        >>> calendar = Calendar.of([school], [made_up, holiday])
        >>> calendar.weekday_of("SCHOOL", date(2026, 9, 4)), calendar.weekday_of("SCHOOL", date(2026, 9, 5))
        (5, None)
        >>> calendar.weekday_of("SCHOOL", date(2026, 10, 10)), calendar.weekday_of("SCHOOL", date(2026, 10, 1))
        (3, None)
        """
        change = self.dated.get((code, on.isoformat()))
        if change is not None:
            return None if change.exception_type == REMOVED else change.as_weekday or on.isoweekday()
        usual = self.weekly.get(code)
        if usual is None or not usual.start_on <= on.isoformat() <= usual.end_on:
            return None
        return on.isoweekday() if usual.weekdays[on.weekday()] == "1" else None
