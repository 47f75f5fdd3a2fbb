"""When children count as left on the bus, and when the rear was not checked: INTERFACES ruling 7 as timelines."""

from __future__ import annotations

import pytest

from server.domain.record import Position
from tests.builders.moments import found, shown, told
from tests.builders.road import LAT, LEG_M, LEGS, START_MS, Plans, Recorder, a_plan, folded, lon_at


def to_school(
    bus: Recorder, leave: tuple[str, ...] = (), boards: tuple[str, ...] = ("CARD1", "CARD2")
) -> None:
    """Drive to the school with riders aboard, and close the doors there with some of them off."""
    bus.duty()
    bus.stop_at(0, boards)
    for leg in range(LEGS):
        bus.drive(LEG_M * leg, LEG_M * (leg + 1))
        bus.stop_at(LEG_M * (leg + 1), leave if leg == LEGS - 1 else ())


def test_a_child_still_aboard_two_minutes_after_the_doors_have_closed_is_found_and_ends_with_the_alighting() -> (
    None
):
    bus = Recorder()
    to_school(bus, ("CARD1",))
    closed_ms = bus.t
    assert not found(shown(bus.entries, a_plan(), closed_ms + 119_000), "left_aboard")
    trip = shown(bus.entries, a_plan(), closed_ms + 120_000)
    (one,) = found(trip, "left_aboard")
    assert (one.began_ms, one.ended_ms, one.rider_id, one.measured) == (
        closed_ms + 120_000,
        None,
        "rider2",
        1,
    )
    assert told(trip, "left_aboard") == [("rider2", closed_ms + 120_000)]
    bus.wait(300)
    bus.card("CARD2")
    (one,) = found(shown(bus.entries, a_plan()), "left_aboard")
    assert one.ended_ms == bus.t


def test_all_off_in_time_is_nothing() -> None:
    bus = Recorder()
    to_school(bus, ("CARD1",))
    bus.wait(100)
    bus.card("CARD2")
    assert not found(shown(bus.entries, a_plan()), "left_aboard")


def test_several_children_are_one_finding_that_names_each_and_tells_each_guardian() -> None:
    bus = Recorder()
    to_school(bus)
    trip = shown(bus.entries, a_plan())
    (one,) = found(trip, "left_aboard")
    assert (one.rider_id, one.measured) == (None, 2)
    assert [each.value for each in one.evidence] == ["rider1", "rider2"]
    assert {rider for rider, _ in told(trip, "left_aboard")} == {"rider1", "rider2"}


@pytest.mark.parametrize(("metres", "finding"), [(60, False), (300, True)])
def test_driving_away_from_the_last_stop_with_a_child_finds_it_at_once_moving_up_does_not(
    metres: float, finding: bool
) -> None:
    bus = Recorder()
    to_school(bus, ("CARD1",))
    closed_ms = bus.t
    for step in (0.9, 1.0):
        bus.wait(10)
        bus.pos(LEG_M * LEGS + metres * step, spd=20, lat=LAT)
    trip = shown(bus.entries, a_plan(), bus.t)
    began = [one.began_ms for one in found(trip, "left_aboard")]
    assert began == ([closed_ms + 20_000] if finding else [])


def test_one_jump_is_no_driving_away() -> None:
    bus = Recorder()
    to_school(bus, ("CARD1",))
    bus.wait(10)
    bus.pos(LEG_M * LEGS, spd=40, lat=LAT + 4.5)
    bus.wait(10)
    bus.pos(LEG_M * LEGS, spd=0)
    assert not found(shown(bus.entries, a_plan(), bus.t), "left_aboard")


def test_the_ignition_going_off_counts_where_the_doors_are_never_closed() -> None:
    bus = Recorder()
    to_school(bus, ("CARD1",))
    bus.wait(5)
    bus.pos(LEG_M * LEGS, 0, door=1)  # open again, and left so
    bus.wait(10)
    bus.say(
        Position(v=1, seq=900, t=bus.t, lat=LAT, lon=lon_at(LEG_M * LEGS), spd=0, ign=0, door=1)
    )  # the recorder goes on by itself
    (one,) = found(shown(bus.entries, a_plan(), bus.t + 120_000), "left_aboard")
    assert one.began_ms == bus.t + 120_000


@pytest.mark.parametrize(
    ("checked_s", "off_s", "began_s", "ended"),
    [
        (200, 0, None, False),
        (400, 0, 300, True),
        (None, 0, 300, False),
        (None, 600, 600, False),
        (None, None, None, False),
    ],
)
def test_the_rear_is_checked_within_five_minutes_of_the_arrival_or_of_the_last_childs_leaving(
    checked_s: int | None, off_s: int | None, began_s: int | None, ended: bool
) -> None:
    bus = Recorder()
    to_school(bus, ("CARD1", "CARD2") if off_s == 0 else ("CARD1",))
    arrived_ms = shown(bus.entries, a_plan()).arrived_at_ms
    assert arrived_ms is not None
    for after_s, act in sorted((s, act) for s, act in ((checked_s, "check"), (off_s or None, "off")) if s):
        bus.t = arrived_ms + after_s * 1000
        if act == "check":
            bus.check()
        else:
            bus.card("CARD2")
    seen = found(shown(bus.entries, a_plan(), arrived_ms + 1_000_000), "rear_check_missing")
    assert [one.began_ms for one in seen] == ([] if began_s is None else [arrived_ms + began_s * 1000])
    assert [one.ended_ms is not None for one in seen] == ([] if began_s is None else [ended])


def test_a_check_while_the_next_trip_waits_to_begin_is_of_the_trip_before_and_closes_it() -> None:
    """The next trip begins where this one ended: by place it had the bus before the crew had walked to the rear."""
    later = a_plan(trip_id="trip2", code="T2", start_ms=START_MS + 20 * 60_000)
    bus = Recorder()
    to_school(bus, ("CARD1", "CARD2"))
    bus.wait(10)
    bus.duty(trip="T2")
    bus.wait(30)
    bus.check()
    state = folded(bus.entries, Plans(a_plan(), later))
    assert state.trip is not None and (state.trip.trip_id, state.trip.rear_checked_at_ms) == ("trip2", None)
    (before,) = state.earlier
    assert (before.state, before.rear_checked_at_ms, before.ended_at_ms) == ("closed", bus.t, bus.t)


def test_doors_that_open_again_to_let_the_child_out_take_nothing_back() -> None:
    bus = Recorder()
    to_school(bus, ("CARD1",))
    closed_ms = bus.t
    for _ in range(10):
        bus.wait(30)
        bus.pos(LEG_M * LEGS, 0, door=0)
    bus.stop_at(LEG_M * LEGS, ("CARD2",))
    (one,) = found(shown(bus.entries, a_plan()), "left_aboard")
    assert (one.began_ms, one.ended_ms) == (closed_ms + 120_000, closed_ms + 304_000)


def test_doors_that_open_again_within_two_minutes_begin_anew() -> None:
    bus = Recorder()
    to_school(bus, ("CARD1",))
    bus.wait(100)
    bus.stop_at(LEG_M * LEGS, (), dwell_s=60)
    closed_ms = bus.t
    bus.wait(300)
    bus.pos(LEG_M * LEGS, 0, door=0)
    (one,) = found(shown(bus.entries, a_plan()), "left_aboard")
    assert one.began_ms == closed_ms + 120_000
