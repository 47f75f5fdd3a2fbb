"""Children who leave at a wrong stop or board a wrong bus, and what looks like it and isn't."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from server.domain.hand import HAND, Handed, Tick
from server.domain.vehicle_day import Entry, Key
from tests.builders.moments import found, shown, told
from tests.builders.road import LEG_M, START_MS, Plans, Recorder, a_morning, a_plan, folded

HOME = a_plan("from_school")


def by_hand(bus: Recorder, record: Tick | Handed) -> None:
    bus.entries.append(Entry(Key(record.t, HAND, 0, len(bus.entries) + 1), record))


def loaded(*cards: str) -> Recorder:
    """Load riders at the school."""
    bus = Recorder()
    bus.duty()
    bus.stop_at(0, cards, dwell_s=30)
    return bus


def test_a_child_who_leaves_at_another_stop_is_found_there_and_the_guardians_are_told() -> None:
    bus = loaded("CARD2")
    bus.drive(0, LEG_M)
    bus.stop_at(LEG_M, ("CARD2",))
    trip = shown(bus.entries, HOME, bus.t)
    (one,) = found(trip, "wrong_stop")
    assert (one.rider_id, one.stop_id, one.ended_ms) == ("rider2", "stop1", None)
    assert one.evidence[1].value == "stop2"
    assert told(trip, "wrong_stop") == [("rider2", one.began_ms)]


def test_the_own_stop_is_none() -> None:
    bus = loaded("CARD1", "CARD2")
    for leg, card in ((0, "CARD1"), (1, "CARD2")):
        bus.drive(LEG_M * leg, LEG_M * (leg + 1))
        bus.stop_at(LEG_M * (leg + 1), (card,))
    assert not found(shown(bus.entries, HOME, bus.t), "wrong_stop")


@pytest.mark.parametrize(("after_s", "finding"), [(30, False), (90, True)])
def test_a_tick_may_come_a_minute_after_the_stop(after_s: int, finding: bool) -> None:
    bus = loaded("CARD1", "CARD2")
    bus.drive(0, LEG_M)
    bus.stop_at(LEG_M, ())
    left_ms = bus.t
    bus.drive(LEG_M, 2 * LEG_M - 100, seconds=after_s + 1)
    by_hand(bus, Tick(left_ms + after_s * 1000, "trip1", "rider1", "off", "c1"))
    bus.entries.sort(key=lambda entry: entry.key)
    assert bool(found(shown(bus.entries, HOME, bus.t), "wrong_stop")) is finding


def test_boarding_again_ends_it_and_so_does_a_named_adult() -> None:
    for put_right in ("boards", "handed"):
        bus = loaded("CARD2")
        bus.drive(0, LEG_M)
        bus.pos(LEG_M, 0, door=1)
        bus.card("CARD2")
        bus.wait(70)
        if put_right == "boards":
            bus.card("CARD2")
        else:
            by_hand(bus, Handed(bus.t, "trip1", "rider2", "the aunt"))
        trip = shown(bus.entries, HOME, bus.t)
        (one,) = found(trip, "wrong_stop")
        assert one.ended_ms == bus.t
    handed = [each for each in trip.announcements if each.kind == "handed_over"]
    assert [(each.rider_id, each.detail) for each in handed] == [("rider2", "the aunt")]


def test_a_wrong_tick_taken_back_where_it_was_made_is_nothing() -> None:
    bus = Recorder()
    bus.duty()
    bus.pos(0, 0, door=1)
    by_hand(bus, Tick(bus.t + 5_000, "trip1", "rider1", "on", "c1"))
    by_hand(bus, Tick(bus.t + 15_000, "trip1", "rider1", "off", "c2"))
    assert not found(shown(bus.entries, a_plan(), bus.t + 20_000), "wrong_stop")


def test_in_the_morning_every_stop_but_the_school_is_wrong() -> None:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M)
    bus.stop_at(LEG_M, ("CARD1",))
    assert len(found(shown(bus.entries, a_plan(), bus.t), "wrong_stop")) == 1
    assert not found(shown(a_morning(), a_plan()), "wrong_stop")


def test_where_the_place_is_not_known_nothing_is_said_of_it() -> None:
    bus = loaded("CARD2")
    bus.wait(300)
    bus.card("CARD2")
    trip = folded(bus.entries, Plans(HOME)).trip
    assert trip is not None and trip.rides[-1].dir == "off"
    assert not found(trip, "wrong_stop")


def test_a_stranger_who_boards_is_on_the_wrong_bus_until_they_leave_and_the_right_trip_is_named() -> None:
    plan = replace(a_plan(), roster=a_plan().roster[:1])
    theirs = msgspec.structs.replace(a_plan(trip_id="trip9", code="T9"), roster=a_plan().roster[1:])
    bus = Recorder()
    bus.duty()
    bus.stop_at(0, ("CARD1", "CARD2"))
    boarded = shown(bus.entries, plan, bus.t, None, theirs)
    (one,) = found(boarded, "wrong_bus")
    assert (one.rider_id, one.ended_ms) == ("rider2", None)
    assert [each.value for each in one.evidence if each.what == "own_trip"] == ["T9"]
    assert told(boarded, "wrong_bus") == [("rider2", one.began_ms)]
    bus.drive(0, LEG_M)
    bus.stop_at(LEG_M, ("CARD2",))
    trip = shown(bus.entries, plan, bus.t)
    (one,) = found(trip, "wrong_bus")
    assert one.ended_ms is not None and not found(trip, "wrong_stop")


def test_a_card_that_is_nobodys_is_on_no_wrong_bus() -> None:
    bus = Recorder(at_ms=START_MS)
    bus.duty()
    bus.stop_at(0, ("NOBODYS",))
    assert not found(shown(bus.entries, a_plan(), bus.t), "wrong_bus")


@pytest.mark.parametrize("fix", [0, 1])
def test_a_place_without_a_fix_or_after_a_jump_blames_nobody(fix: int) -> None:
    bus = loaded("CARD1")
    bus.drive(0, LEG_M / 2)
    bus.wait(60)
    # In a tunnel the recorder says its last place again; after a jump, one where the bus can't be.
    bus.pos(LEG_M / 2 if fix == 0 else 400_000, 0, door=1, fix=fix)
    bus.wait(4)
    bus.card("CARD1")
    assert not found(shown(bus.entries, HOME, bus.t), "wrong_stop")


def test_a_stranger_who_is_brought_to_a_school_got_off_there_and_did_not_arrive() -> None:
    plan = a_plan()
    plan = replace(plan, roster=tuple(one for one in plan.roster if one.rider_id != "rider1"))
    trip = shown(a_morning(), plan)
    assert {kind for kind in ("arrived", "alighted") if "rider1" in dict(told(trip, kind))} == {"alighted"}
    assert {rider for rider, _ in told(trip, "arrived")} == {"rider2", "rider3", "rider4"}
