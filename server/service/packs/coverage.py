"""Warn of the dates around today that no calendar of the pack covers: no trips are made for them."""

from __future__ import annotations

from server.domain.calendar import Calendar, DatedChange, WeeklyService
from server.service.calendar_watch import TimetableUse, find_gaps, sentence
from server.service.packs.fault import Remarks
from server.service.packs.pack import Pack
from server.service.packs.rows import Weekly


def warn_uncovered(pack: Pack, full: Pack, remarks: Remarks, now_ms: int) -> None:
    """Warn once a service; nothing when the pack says nothing of calendars or timetables, or has faults anyway."""
    if remarks.faults or (pack.weekly is None and pack.dated is None and pack.timetables is None):
        return
    zones = {one.agency_id: one.agency_timezone for one in full.agencies or ()}
    routes = {one.route_id: one.agency_id for one in full.routes or ()}
    uses = []
    for one in full.timetables or ():
        owner = routes[one.route_id]
        if owner is not None:
            line = f"{one.route_id} {one.direction_id or 0}"
            uses.append(TimetableUse(owner, zones[owner], one.service_id, line))
    weeks = {week.service_id: week for week in full.weekly or ()}
    for gaps in find_gaps(_calendar(full), uses, now_ms).values():
        for gap in gaps:
            week = weeks.get(gap.service)
            column = "start_date" if gap.why == "not_begun" else "end_date"
            file, column = ("calendar.txt", column) if week is not None else ("calendar_dates.txt", "date")
            remarks.warn(
                file, week.line if week else 0, column, gap.edge, f"no calendar covers {sentence(gap)}"
            )


def _calendar(full: Pack) -> Calendar:
    return Calendar.of(
        (
            WeeklyService(week.service_id, _bits(week), week.start_date, week.end_date)
            for week in full.weekly or ()
        ),
        (
            DatedChange(day.service_id, day.date, 1 if day.exception_type == 1 else 2, day.as_weekday)
            for day in full.dated or ()
        ),
    )


def _bits(week: Weekly) -> str:
    days = (week.monday, week.tuesday, week.wednesday, week.thursday, week.friday, week.saturday, week.sunday)
    return "".join(map(str, days))
