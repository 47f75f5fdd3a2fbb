"""Watch that a calendar covers each date from yesterday to two weeks after tomorrow: a date without one is an alarm."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from server.domain.calendar import Calendar, Gap, ServiceUse
from server.domain.service_time import dates_around

AHEAD = timedelta(days=14)  # own choice, beyond tomorrow: time to ask for the next term's calendar
KINDS = ("calendar_ended", "calendar_not_begun", "calendar_missing")

log = logging.getLogger("sixfixed.calendar")


class Alarm(msgspec.Struct, frozen=True):
    """What is wrong and waits for a person; `detail` is JSON by kind."""

    kind: str
    operator_id: str | None
    object: str
    detail: str


class AlarmChanges(msgspec.Struct, frozen=True):
    """What was raised and what ended; an open alarm whose detail moved on is neither."""

    raised: tuple[Alarm, ...]
    ended: tuple[Alarm, ...]


class AlarmStore(Protocol):
    """The database, seen by whoever watches over something."""

    def keep_alarms(self, kinds: Iterable[str], wanted: Iterable[Alarm], now_ms: int) -> AlarmChanges:
        """Make the open alarms of these kinds be `wanted`, in one transaction."""


class TimetableUse(msgspec.Struct, frozen=True):
    """What of a timetable its calendar is asked for; ids or codes, as the caller's."""

    operator_id: str
    timezone: str
    service: str
    line: str


def find_gaps(calendar: Calendar, timetables: Iterable[TimetableUse], now_ms: int) -> Mapping[str, list[Gap]]:
    """Give each operator's gaps from its yesterday to two weeks after its tomorrow, by its own zone; pure."""
    uses: dict[tuple[str, str], list[ServiceUse]] = defaultdict(list)
    for one in timetables:
        uses[one.operator_id, one.timezone].append(ServiceUse(one.service, one.line))
    found = {}
    for (operator_id, timezone), used in uses.items():
        yesterday, _, tomorrow = dates_around(now_ms, ZoneInfo(timezone))
        if gaps := calendar.gaps(used, _days(yesterday, tomorrow + AHEAD)):
            found[operator_id] = gaps
    return found


def sentence(gap: Gap) -> str:
    """Say a gap and what to do about it.

    >>> sentence(Gap("AUTUMN", "ended", "2027-01-15", ("2027-01-16", "2027-01-17"), 2)).split(";")[0]
    '2027-01-16 to 2027-01-17: service AUTUMN ended on 2027-01-15, so its 2 timetables have no trips'
    """
    days = gap.dates[0] if len(gap.dates) == 1 else f"{gap.dates[0]} to {gap.dates[-1]}"
    why = {
        "ended": f"ended on {gap.edge}",
        "not_begun": f"begins on {gap.edge}",
        "missing": "is in no calendar",
    }[gap.why]
    whose = "timetable has" if gap.timetables == 1 else f"{gap.timetables} timetables have"
    return (
        f"{days}: service {gap.service} {why}, so its {whose} no trips; if buses run, extend it in calendar.txt, "
        "and if none do, name the days off in calendar_dates.txt"
    )


def watch_calendar(
    store: AlarmStore, calendar: Calendar, timetables: Iterable[TimetableUse], now_ms: int
) -> AlarmChanges:
    """Raise an alarm for each gap and end those that are filled; each is logged once, when it begins and ends."""
    gaps = {
        Alarm(f"calendar_{gap.why}", operator_id, gap.service, _detail(gap)): gap
        for operator_id, found in find_gaps(calendar, timetables, now_ms).items()
        for gap in found
    }
    changes = store.keep_alarms(KINDS, gaps, now_ms)
    for alarm in changes.raised:
        log.warning("no calendar covers %s", sentence(gaps[alarm]))
    for alarm in changes.ended:
        log.info("a calendar covers service %s again, or nothing uses it (%s)", alarm.object, alarm.kind)
    return changes


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _detail(gap: Gap) -> str:
    said = {"edge": gap.edge, "from": gap.dates[0], "to": gap.dates[-1], "timetables": gap.timetables}
    return msgspec.json.encode(said).decode()
