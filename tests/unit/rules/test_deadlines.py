"""What holds of every deadline, whatever happened on the trip and whenever the clock was looked at."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from server.domain.finding import Finding
from server.domain.plan import TripPlan
from server.domain.thresholds import DEFAULTS
from server.domain.trip import TripState
from server.rules import deadlines
from tests.builders.moments import fail, found, shown
from tests.builders.road import LEG_M, START_MS, Plans, Recorder, a_plan, folded

MINUTE_MS = 60_000
instants = st.integers(0, 40 * MINUTE_MS)


def a_trip(boards_s: list[int | None], leaves_s: list[int | None], check_s: int | None) -> Recorder:
    """Drive to school; rider n boards and leaves so many seconds after the doors opened at their stop, at the school, or never."""
    bus = Recorder()
    bus.duty()
    ways = [(f"CARD{n + 1}", n, s) for n, s in enumerate(boards_s)]
    for leg in range(4):
        bus.stop_at(LEG_M * leg)
        bus.drive(LEG_M * leg, LEG_M * (leg + 1))
    bus.stop_at(4 * LEG_M)
    trip = folded(bus.entries, Plans(a_plan())).trip
    assert trip is not None
    opened = {visit.seq: visit.arrived_at_ms or 0 for visit in trip.visits}
    rode = Recorder()
    rode.seq = 10_000
    for card, stop, after_s in ways:
        if after_s is not None:
            rode.t = opened[stop] + 1000 * after_s
            rode.card(card, "on")
    for n, after_s in enumerate(leaves_s):
        if after_s is not None:
            rode.t = opened[4] + 1000 * after_s
            rode.card(f"CARD{n + 1}", "off")
    if check_s is not None:
        rode.t = opened[4] + 1000 * check_s
        rode.check()
    bus.entries = sorted([*bus.entries, *rode.entries], key=lambda entry: entry.key)
    return bus


trips = st.builds(
    a_trip,
    st.lists(st.none() | st.integers(1, 110), min_size=4, max_size=4),
    st.lists(st.none() | st.integers(1, 900), min_size=4, max_size=4),
    st.none() | st.integers(1, 900),
)


@settings(max_examples=60, deadline=None)
@given(trips)
def test_a_no_show_is_whoever_had_not_boarded_a_minute_after_the_doors_closed(bus: Recorder) -> None:
    trip = shown(bus.entries, a_plan())
    left = {visit.seq: visit.departed_at_ms or 0 for visit in trip.visits}
    boarded = {ride.rider_id: ride.at_ms for ride in reversed(trip.rides)}
    expected = {
        (rider, left[n] + MINUTE_MS, boarded.get(rider))
        for n, rider in enumerate(("rider1", "rider2", "rider3", "rider4"))
        if boarded.get(rider, 2**60) > left[n] + MINUTE_MS
    }
    assert {(one.rider_id, one.began_ms, one.ended_ms) for one in found(trip, "no_show")} == expected


@settings(max_examples=60, deadline=None)
@given(trips, instants, instants, instants)
def test_what_was_shown_stays_shown_as_clock_and_data_go_on_but_for_late_data(
    bus: Recorder, now: int, more: int, complete: int
) -> None:
    trip = folded(bus.entries, Plans(a_plan())).trip
    assert trip is not None
    ahead = deadlines.ahead(trip, a_plan(), DEFAULTS, fail)
    now_ms, complete_ms = START_MS + now, START_MS + min(complete, now)
    first = deadlines.reach(ahead, now_ms, complete_ms)
    second = deadlines.reach(ahead, now_ms + more, complete_ms + more)
    lasting = {one for one in first.findings if one.kind != "data_late"}
    assert lasting <= set(second.findings)
    assert all(one.began_ms <= complete_ms for one in lasting), "I3"
    whole = deadlines.reach(ahead, now_ms, now_ms)
    assert not whole.waiting and not found(deadlines.advanced(trip, whole.findings), "data_late")
    again = deadlines.look_again_ms(ahead, first, now_ms)
    assert again is not None or all(one.began_ms <= now_ms for one in ahead)


@settings(max_examples=40, deadline=None)
@given(trips)
def test_whoever_is_aboard_two_minutes_after_the_school_is_left_aboard_until_the_last_is_off(
    bus: Recorder,
) -> None:
    trip = shown(bus.entries, a_plan())
    last = trip.visits[-1].departed_at_ms
    assume(last is not None)  # else the trip was closed before its doors were
    assert last is not None
    due_ms = last + 2 * MINUTE_MS
    aboard: dict[str, int | None] = {}
    for ride in trip.rides:
        if ride.rider_id is None:
            continue
        if ride.dir == "on" and ride.at_ms <= due_ms:
            aboard[ride.rider_id] = None
        elif ride.dir == "off" and ride.at_ms <= due_ms:
            aboard.pop(ride.rider_id, None)
        elif ride.rider_id in aboard and aboard[ride.rider_id] is None:
            aboard[ride.rider_id] = ride.at_ms
    seen = found(trip, "left_aboard")
    assert len(seen) == bool(aboard)
    if seen:
        gone = [at_ms for at_ms in aboard.values() if at_ms is not None]
        assert seen[0].measured == len(aboard)
        assert seen[0].ended_ms == (max(gone) if len(gone) == len(aboard) else None)


def test_a_deadline_rule_that_breaks_is_told_and_stops_neither_the_others_nor_the_trip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rider who was only ever read getting off once broke one, and with it every batch of that bus."""

    def broken(trip: TripState, plan: TripPlan) -> list[Finding]:
        raise ZeroDivisionError

    bus = a_trip([None, 1, 1, 1], [1, 1, 1, 1], None)
    trip = folded(bus.entries, Plans(a_plan())).trip
    assert trip is not None
    whole = deadlines.ahead(trip, a_plan(), DEFAULTS, fail)
    told: list[str] = []
    monkeypatch.setattr(deadlines, "DEADLINES", (broken, *deadlines.DEADLINES))
    assert deadlines.ahead(trip, a_plan(), DEFAULTS, lambda rule, error: told.append(rule)) == whole
    assert len(told) == 1 and "broken" in told[0]
