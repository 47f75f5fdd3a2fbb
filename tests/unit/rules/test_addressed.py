"""What is said of a trip that the bus has left for its next one reaches that trip, whichever is said first."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest

from server.domain.finding import Finding
from server.domain.hand import HAND, Hand, Handed, HeadCount, RearChecked, Received, Synced, Tick
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Key, VehicleState
from server.rules.closing import agreed
from tests.builders.road import LEG_M, LEGS, Plans, Recorder, a_plan, folded

SIGNED = msgspec.structs.replace(a_plan(), signed_off=True)


def two_trips(*, started: bool = True, aboard: tuple[str, ...] = ()) -> tuple[Recorder, Plans]:
    """Drive the first trip, everybody off but who stays aboard on the manifest; sign on to the second, and drive off with it."""
    bus = Recorder(at_ms=START_MS_BEFORE)
    bus.duty()
    bus.duty("A-1", "attendant", tag=None)
    for n in range(LEGS):
        bus.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        bus.drive(LEG_M * n, LEG_M * (n + 1))
    bus.stop_at(LEG_M * LEGS, tuple(f"CARD{n}" for n in range(1, 5) if f"rider{n}" not in aboard), dwell_s=30)
    bus.wait(300)
    later = a_plan(trip_id="trip2", code="T2", start_ms=bus.t + 120_000)
    bus.duty(trip="T2")
    bus.pos(0, 0, door=1)
    bus.wait(60)
    bus.pos(0, 0, door=0)
    if started:
        bus.drive(0, 600, seconds=60)
        bus.pos(600, 36)
    return bus, Plans(SIGNED, later)


START_MS_BEFORE = SIGNED.start_ms - 60_000


def say(entries: list[Entry], *said: Hand) -> list[Entry]:
    """Put what people say into the log, in its order."""
    hand = [Entry(Key(one.t, HAND, 0, n), one) for n, one in enumerate(said, start=1)]
    return sorted([*entries, *hand], key=lambda entry: entry.key)


def before(state: VehicleState) -> TripState:
    """Give the first trip, which the bus has left."""
    assert state.trip is not None and state.trip.trip_id == "trip2"
    (trip,) = state.earlier
    return trip


@pytest.mark.parametrize("started", [True, False])
def test_a_school_that_confirms_while_the_bus_is_on_its_next_trip_closes_the_first(started: bool) -> None:
    bus, plans = two_trips(started=started)
    for order in permutations(
        (
            lambda t: HeadCount(t, "trip1", 4, "attendant"),
            lambda t: RearChecked(t, "trip1", "attendant"),
            lambda t: Received(t, "trip1", 4, "school"),
        )
    ):
        said = [make(bus.t + n * 1000) for n, make in enumerate(order, start=1)]
        state = folded(say(bus.entries, *said), plans)
        trip = before(state)
        assert (trip.state, trip.ended_at_ms, trip.rear_checked_at_ms is not None) == (
            "closed",
            said[-1].t,
            True,
        )
        assert agreed(trip)
        assert state.trip is not None and (state.trip.delivered, state.trip.received) == (None, None)


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_as_long_as_one_of_them_is_missing_it_stays_open(left_out: int) -> None:
    bus, plans = two_trips()
    said: list[Hand] = [
        HeadCount(bus.t + 1, "trip1", 4, "attendant"),
        RearChecked(bus.t + 2, "trip1", "attendant"),
        Received(bus.t + 3, "trip1", 4, "school"),
    ]
    del said[left_out]
    assert before(folded(say(bus.entries, *said), plans)).state == "arrived"


def test_counts_that_differ_are_found_on_the_trip_that_was_counted() -> None:
    bus, plans = two_trips()
    said = [HeadCount(bus.t + 1, "trip1", 4, "a"), Received(bus.t + 2, "trip1", 3, "s")]
    state = folded(say(bus.entries, *said), plans)
    assert [one.ended_ms for one in mismatches(before(state))] == [None]
    corrected = folded(say(bus.entries, *said, Received(bus.t + 3, "trip1", 4, "s", "found her")), plans)
    assert [one.ended_ms for one in mismatches(before(corrected))] == [bus.t + 3]
    assert state.trip is not None and mismatches(state.trip) == []


def mismatches(trip: TripState) -> list[Finding]:
    """Give what was found of a trip's counts."""
    return [one for one in trip.findings if one.kind == "count_mismatch"]


@pytest.mark.parametrize("started", [True, False])
def test_a_child_who_is_ticked_off_later_leaves_the_first_trip_and_the_next_one_goes_on(
    started: bool,
) -> None:
    bus, plans = two_trips(started=started, aboard=("rider4",))
    said: list[Hand] = [
        HeadCount(bus.t + 1, "trip1", 4, "attendant"),
        RearChecked(bus.t + 2, "trip1", "attendant"),
        Received(bus.t + 3, "trip1", 4, "school"),
    ]
    assert before(folded(say(bus.entries, *said), plans)).state == "arrived"
    state = folded(say(bus.entries, *said, Tick(bus.t + 4000, "trip1", "rider4", "off", "c")), plans)
    trip = before(state)
    assert trip.state == "closed" and {rider.state for rider in trip.riders} == {"alighted"}
    # The bus is elsewhere by now: where the child got off isn't known from that, and no wrong stop is.
    assert not [one for one in trip.findings if one.kind == "wrong_stop"]
    assert state.trip is not None and {rider.state for rider in state.trip.riders} == {"expected"}


def test_a_child_who_is_handed_over_later_is_handed_over_of_the_first_trip() -> None:
    bus, plans = two_trips()
    state = folded(say(bus.entries, Handed(bus.t + 1, "trip1", "rider2", "Grandmother")), plans)
    trip = before(state)
    assert {rider.rider_id for rider in trip.riders if rider.state == "handed_over"} == {"rider2"}
    assert [told.detail for told in trip.announcements if told.kind == "handed_over"] == ["Grandmother"]


def test_a_phone_that_syncs_the_first_trip_counts_for_it() -> None:
    bus, plans = two_trips()
    state = folded(say(bus.entries, Synced(bus.t + 1, "trip1", bus.t)), plans)
    assert (before(state).synced_ms, before(state).by_phone) == (bus.t, True)
    assert state.trip is not None and (state.trip.synced_ms, state.trip.by_phone) == (None, False)


def test_a_tick_of_a_trip_that_was_left_on_its_way_goes_back_to_it_while_the_next_waits() -> None:
    """Its crew signed on to the wrong trip, say: a tick of the one that still runs tells."""
    bus = Recorder(at_ms=START_MS_BEFORE)
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M)
    later = a_plan(trip_id="trip2", code="T2", start_ms=bus.t + 1_800_000)
    bus.duty(trip="T2")
    state = folded(say(bus.entries, Tick(bus.t + 1, "trip1", "rider2", "on", "c")), Plans(SIGNED, later))
    assert state.trip is not None and state.trip.trip_id == "trip1"
    assert {rider.rider_id for rider in state.trip.riders if rider.state == "aboard"} == {"rider1", "rider2"}
