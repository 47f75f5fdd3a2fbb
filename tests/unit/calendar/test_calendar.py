"""Which services run on a date, and as which weekday."""

from datetime import date

import pytest

from server.domain.calendar import Calendar, DatedChange, WeeklyService

CALENDAR = Calendar.of(
    [WeeklyService("SCHOOL", "1111100", "2026-09-01", "2027-01-15")],
    [
        DatedChange("SCHOOL", "2026-10-01", 2),
        DatedChange("SCHOOL", "2026-10-10", 1, as_weekday=4),
        DatedChange("SCHOOL", "2026-10-11", 1),
        DatedChange("TRIP", "2026-10-17", 1),
    ],
)


@pytest.mark.parametrize(
    ("code", "on", "weekday"),
    [
        ("SCHOOL", date(2026, 9, 1), 2),
        ("SCHOOL", date(2027, 1, 15), 5),
        ("SCHOOL", date(2026, 8, 31), None),
        ("SCHOOL", date(2027, 1, 18), None),
        ("SCHOOL", date(2026, 9, 5), None),
        ("SCHOOL", date(2026, 10, 1), None),
        ("SCHOOL", date(2026, 10, 10), 4),
        ("SCHOOL", date(2026, 10, 11), 7),
        ("TRIP", date(2026, 10, 17), 6),
        ("TRIP", date(2026, 10, 18), None),
        ("NOBODY", date(2026, 10, 17), None),
    ],
)
def test_a_service_runs_as_its_calendar_says(code: str, on: date, weekday: int | None) -> None:
    assert CALENDAR.weekday_of(code, on) == weekday
