"""Service time holds on every date and in every zone, also when clocks change."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.service_time import (
    dates_around,
    format_service_time,
    instant_ms,
    local_date,
    parse_service_time,
    service_start_ms,
)

ZONES = [
    ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
]
dates = st.dates(date(2000, 1, 1), date(2035, 12, 31))
zones = st.sampled_from(ZONES)


@given(st.integers(0, 99 * 3600 + 3599))
def test_a_time_is_read_as_it_was_written(service_s: int) -> None:
    assert parse_service_time(format_service_time(service_s)) == service_s


@given(dates, zones, st.integers(8 * 3600, 23 * 3600))
def test_a_daytime_is_what_the_wall_clock_shows(on: date, zone: ZoneInfo, service_s: int) -> None:
    shown = datetime.fromtimestamp(instant_ms(on, service_s, zone) / 1000, zone)
    assert shown.date() == on
    assert shown.hour * 3600 + shown.minute * 60 + shown.second == service_s


@given(dates, zones)
def test_days_follow_each_other_after_23_to_25_hours(on: date, zone: ZoneInfo) -> None:
    hours = (service_start_ms(on + timedelta(days=1), zone) - service_start_ms(on, zone)) / 3_600_000
    assert 23 <= hours <= 25


@given(dates, zones, st.integers(0, 40 * 3600), st.integers(1, 3600))
def test_later_times_are_later_instants_by_just_as_much(
    on: date, zone: ZoneInfo, at_s: int, more_s: int
) -> None:
    assert instant_ms(on, at_s + more_s, zone) - instant_ms(on, at_s, zone) == more_s * 1000


@given(dates, zones, st.integers(6 * 3600, 23 * 3600))
def test_the_date_around_an_instant_is_its_own(on: date, zone: ZoneInfo, service_s: int) -> None:
    at_ms = instant_ms(on, service_s, zone)
    assert local_date(at_ms, zone) == on
    assert dates_around(at_ms, zone) == (on - timedelta(days=1), on, on + timedelta(days=1))


@pytest.mark.parametrize(
    "text", ["", "7:30", "7:3:00", "07:60:00", "07:00:60", "-1:00:00", "100:00:00", "7:00:0x", "٧:00:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a time is"):
        parse_service_time(text)
