"""Say which services run on a date, and which weekday's ride plans they follow (GTFS calendar and calendar_dates)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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


class ServiceUse(msgspec.Struct, frozen=True):
    """A timetable's service, and the line (a route in one direction, however named) that it serves."""

    service: str
    line: str


class Gap(msgspec.Struct, frozen=True):
    """Dates of which a service's calendar says nothing: it ended on `edge`, begins on it, or there is none."""

    service: str
    why: Literal["ended", "not_begun", "missing"]
    edge: str | None
    dates: tuple[str, ...]
    timetables: int  # that are of this service


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

    def gaps(self, uses: Sequence[ServiceUse], dates: Sequence[date]) -> list[Gap]:
        """Give the dates that no calendar covers, by service and by what is wrong; a day off is covered, a gap is not.

        A service covers the span of its usual week, or of its dates where it has no week, and any other date that is
        named. A service is not blamed for a date that another one covers on all of its lines: terms follow each other.

        >>> autumn = WeeklyService("AUTUMN", "1111100", "2026-09-01", "2027-01-15")
        >>> calendar = Calendar.of([autumn], [])
        >>> days = [date(2027, 1, day) for day in (15, 16, 17)]
        >>> gap, = calendar.gaps([ServiceUse("AUTUMN", "R1")], days)
        >>> gap.why, gap.edge, gap.dates
        ('ended', '2027-01-15', ('2027-01-16', '2027-01-17'))
        """
        spans = self._spans()
        lines: dict[str, set[str]] = defaultdict(set)
        services: dict[str, set[str]] = defaultdict(set)
        count: dict[str, int] = defaultdict(int)
        for use in uses:
            lines[use.service].add(use.line)
            services[use.line].add(use.service)
            count[use.service] += 1
        covered = {
            (service, on)
            for service in lines
            for on in (day.isoformat() for day in dates)
            if (service, on) in self.dated
            or (service in spans and spans[service][0] <= on <= spans[service][1])
        }
        found: dict[tuple[str, Literal["ended", "not_begun", "missing"], str | None], list[str]] = {}
        for service in sorted(lines):
            for on in (day.isoformat() for day in dates):
                if all(any((other, on) in covered for other in services[line]) for line in lines[service]):
                    continue
                if (service, on) in covered:
                    continue
                if service not in spans:
                    found.setdefault((service, "missing", None), []).append(on)
                elif on > spans[service][1]:
                    found.setdefault((service, "ended", spans[service][1]), []).append(on)
                else:
                    found.setdefault((service, "not_begun", spans[service][0]), []).append(on)
        return [
            Gap(service, why, edge, tuple(missing), count[service])
            for (service, why, edge), missing in found.items()
        ]

    def _spans(self) -> dict[str, tuple[str, str]]:
        spans: dict[str, tuple[str, str]] = {}
        for code, on in self.dated:
            first, last = spans.get(code, (on, on))
            spans[code] = min(first, on), max(last, on)
        return spans | {code: (week.start_on, week.end_on) for code, week in self.weekly.items()}
