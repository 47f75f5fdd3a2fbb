"""The clock that every role shares, and its spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.clock import ClockSpec, SystemClock, format_clock, make_clock, parse_clock, resolve_clock
from server.errors import SettingError
from tests.fakes.clock import FakeClock

START_MS = 1_788_215_400_000  # 2026-09-01T06:30:00+08:00


def test_a_fast_clock_runs_fast_from_its_start() -> None:
    real = FakeClock(1_000_000)
    clock = make_clock("start=2026-09-01T06:30:00+08:00,speed=20,at=1000000", real)
    assert clock.now_ms() == START_MS
    real.advance(3)
    assert clock.now_ms() == START_MS + 60_000
    assert clock.monotonic() == 3
    assert clock.speed == 20


def test_two_processes_that_start_apart_share_one_resolved_clock() -> None:
    real = FakeClock(5_000_000)
    spec = resolve_clock("start=2026-09-01T06:30:00+08:00,speed=20", real)
    first = make_clock(spec, real)
    real.advance(7.5)
    assert make_clock(spec, real).now_ms() == first.now_ms() == START_MS + 150_000
    assert resolve_clock(spec, real) == spec


def test_speed_alone_starts_from_now() -> None:
    real = FakeClock(START_MS)
    clock = make_clock(resolve_clock("speed=2", real), real)
    real.advance(10)
    assert clock.now_ms() == START_MS + 20_000


def test_without_a_spec_it_is_the_machines_clock() -> None:
    assert resolve_clock("") == ""
    assert isinstance(make_clock(""), SystemClock)


@pytest.mark.parametrize(
    "spec",
    [
        *("start", "start=yesterday", "start=2026-09-01T06:30:00", "at=1.5", "at=-1", "begin=1"),
        *("speed=fast", "speed=0", "speed=-1", "speed=nan", "speed=1e9", "speed=2,speed=3"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(spec: str) -> None:
    with pytest.raises(SettingError, match="clock: ") as told:
        parse_clock(spec)
    assert "\n" not in told.value.message


@given(
    st.builds(
        ClockSpec,
        start_ms=st.none() | st.integers(0, 4_000_000_000_000),
        speed=st.integers(1, 1000).map(float),
        at_ms=st.none() | st.integers(0, 4_000_000_000_000),
    )
)
def test_what_is_written_is_read_again(spec: ClockSpec) -> None:
    assert parse_clock(format_clock(spec)) == spec
