"""Hours at the wheel: 4 h by day, 2 h at night, 8 h in 24 h, rests of 20 min."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.plan import TripPlan
from server.domain.thresholds import Thresholds
from server.rules.driven_elsewhere import spells
from tests.builders.judged import a_road
from tests.builders.road import LEG_M, START_MS, Plans, Recorder, a_plan, folded

HOUR = 3600.0
MIDNIGHT_MS = START_MS - 8 * 3_600_000  # the trip begins at eight
LONG = Thresholds(missed_after_s=14400)


def a_long_plan(start_ms: int = START_MS) -> TripPlan:
    """Make the road's plan for a day: whoever drives it does so for as long as the test likes."""
    return replace(a_plan(start_ms=start_ms), day_ms=MIDNIGHT_MS)


def driving(bus: Recorder, hours: float) -> None:
    """Circle for hours away from the stops, a position every 10 s."""
    end = bus.t + round(hours * HOUR * 1000)
    n = 0
    while bus.t < end:
        bus.wait(10)
        n += 1
        bus.pos(LEG_M + 300 + (n % 10), 30)


def resting(bus: Recorder, minutes: float) -> None:
    """Stand, with a position a minute."""
    for _ in range(round(minutes)):
        bus.pos(LEG_M + 300, 0)
        bus.wait(60)


def a_shift(start_ms: int = START_MS) -> Recorder:
    bus = Recorder(at_ms=start_ms - 60_000)
    bus.duty()
    bus.duty("A-1", "attendant", tag=None)
    bus.stop_at(0)
    bus.drive(0, LEG_M + 300, 60)
    return bus


def tired(
    bus: Recorder, start_ms: int = START_MS, elsewhere: tuple[tuple[float, float], ...] = ()
) -> list[Finding]:
    """Fold a shift; `elsewhere` is what the driver drove on other buses, in hours before the sign-on."""
    plans = Plans(a_road(a_long_plan(start_ms), thresholds=LONG))
    signed_ms = bus.entries[0].key.t
    plans.driven["D-1"] = tuple(
        (signed_ms - round(begin * HOUR * 1000), signed_ms - round(end * HOUR * 1000))
        for begin, end in elsewhere
    )
    state = folded(bus.entries, plans)
    assert state.trip is not None
    return [one for one in state.trip.findings if one.kind == "fatigue"]


@pytest.mark.parametrize(("hours", "expected"), [(3.2, 0), (4.8, 1)], ids=["0.8", "1.2"])
def test_four_hours_by_day(hours: float, expected: int) -> None:
    bus = a_shift()
    driving(bus, hours)
    told = tired(bus)
    assert len(told) == expected
    for one in told:
        assert (one.badge, one.limit) == ("D-1", 4 * HOUR)
        assert one.measured is not None and one.measured >= 4 * HOUR
        assert one.began_ms == pytest.approx(START_MS + 4 * HOUR * 1000, abs=60_000)


@pytest.mark.parametrize(("minutes", "expected"), [(16, 1), (24, 0)], ids=["0.8", "1.2"])
def test_a_rest_of_twenty_minutes_begins_a_new_stint(minutes: float, expected: int) -> None:
    bus = a_shift()
    driving(bus, 2.5)
    resting(bus, minutes)
    driving(bus, 2.5)
    assert len(tired(bus)) == expected


def test_it_ends_where_the_rest_began() -> None:
    bus = a_shift()
    driving(bus, 4.5)
    stood_ms = bus.t
    resting(bus, 30)
    driving(bus, 0.1)
    (one,) = tired(bus)
    assert one.ended_ms == pytest.approx(stood_ms, abs=11_000)


@pytest.mark.parametrize(("hours", "expected"), [(1.6, 0), (2.4, 1)], ids=["0.8", "1.2"])
def test_two_hours_at_night(hours: float, expected: int) -> None:
    ten_ms = MIDNIGHT_MS + round(22 * HOUR * 1000)
    bus = a_shift(ten_ms)
    driving(bus, hours)
    told = tired(bus, ten_ms)
    assert len(told) == expected
    assert all(one.limit == 2 * HOUR for one in told)


@pytest.mark.parametrize(("last", "expected"), [(1.0, []), (2.5, [8 * HOUR])])
def test_eight_hours_in_a_day_however_many_rests(last: float, expected: list[float]) -> None:
    bus = a_shift()
    for _ in range(3):
        driving(bus, 1.9)
        resting(bus, 25)
    driving(bus, last)
    told = tired(bus)
    assert [one.limit for one in told] == expected


def test_somebody_else_at_the_wheel_has_their_own_hours() -> None:
    bus = a_shift()
    driving(bus, 3.5)
    bus.duty(state="off", trip=None, tag=None)
    bus.duty("D-2")
    driving(bus, 1)
    assert tired(bus) == []
    bus.duty("D-1")
    driving(bus, 0.6)
    assert tired(bus) == []  # an hour beside the wheel was a rest
    driving(bus, 3.6)
    assert [one.badge for one in tired(bus)] == ["D-1"]


def test_a_silence_as_long_as_a_rest_is_one_unless_the_bus_went_on() -> None:
    stood = a_shift()
    driving(stood, 2.5)
    stood.wait(25 * 60)
    driving(stood, 2.5)
    assert tired(stood) == []

    drove = a_shift()
    driving(drove, 2.5)
    drove.wait(25 * 60)
    drove.pos(LEG_M + 300 + 12_000, 30)
    end = drove.t + round(2.5 * HOUR * 1000)
    while drove.t < end:
        drove.wait(10)
        drove.pos(LEG_M + 12_300, 30)
    assert len(tired(drove)) == 1


@pytest.mark.parametrize(
    ("hours", "pause", "expected"),
    [(0.8, 0.1, []), (2.4, 0.1, [4 * HOUR]), (2.4, 0.4, [])],
    ids=["0.8", "1.2", "after a rest"],
)
def test_what_was_driven_on_another_bus_is_of_the_same_stint(
    hours: float, pause: float, expected: list[float]
) -> None:
    bus = a_shift()
    driving(bus, hours)
    told = tired(bus, elsewhere=((2.4 + pause, pause),))
    assert [one.limit for one in told] == expected
    for one in told:
        assert one.began_ms == pytest.approx(bus.entries[0].key.t + (4 - 2.5) * HOUR * 1000, abs=60_000)
        assert [proof.what for proof in one.evidence] == ["driving_day", "driving_elsewhere"]


@pytest.mark.parametrize(("hours", "expected"), [(0.4, []), (3.5, [8 * HOUR])], ids=["0.8", "1.2"])
def test_eight_hours_in_a_day_on_two_buses(hours: float, expected: list[float]) -> None:
    bus = a_shift()
    driving(bus, hours)
    early = ((12.0, 9.0), (8.5, 5.5))
    assert [one.limit for one in tired(bus, elsewhere=early)] == expected
    assert tired(bus, elsewhere=((30.0, 27.0), (8.5, 5.5))) == []  # more than a day ago


def test_two_hours_at_night_on_two_buses() -> None:
    ten_ms = MIDNIGHT_MS + round(23.5 * HOUR * 1000)
    bus = a_shift(ten_ms)
    driving(bus, 0.8)
    assert [one.limit for one in tired(bus, ten_ms, ((1.6, 0.1),))] == [2 * HOUR]
    assert tired(bus, ten_ms, ((1.0, 0.1),)) == []


def test_the_log_of_a_bus_says_who_was_at_its_wheel() -> None:
    bus = a_shift()
    driving(bus, 1)
    stood_ms = bus.t
    resting(bus, 25)
    driving(bus, 0.5)
    again_ms, changed_ms = bus.t - 1_790_000, bus.t
    bus.duty("D-2", trip=None, tag=None)
    driving(bus, 0.5)
    left_ms = bus.t
    bus.duty("D-2", state="off", trip=None, tag=None)
    driving(bus, 0.2)
    far_ms = bus.t + round(HOUR * 1000)
    mine = spells(bus.entries, "D-1", far_ms, 1200)
    assert mine == (
        (START_MS - 35_000, pytest.approx(stood_ms, abs=11_000)),
        (again_ms, changed_ms),
    )
    (hers,) = spells(bus.entries, "D-2", far_ms, 1200)
    assert hers == (pytest.approx(left_ms - 1_790_000, abs=11_000), left_ms)
    ((since_ms, until_ms),) = spells(bus.entries, "D-1", START_MS + 600_000, 1200)  # still driving then
    assert (since_ms, until_ms) == (START_MS - 35_000, pytest.approx(START_MS + 595_000, abs=10_000))
    assert spells(bus.entries, "D-9", far_ms, 1200) == ()
    assert spells(bus.entries, "D-1", far_ms + 25 * 3_600_000, 1200) == ()
