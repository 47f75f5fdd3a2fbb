"""A whole trip through the fold, and the near neighbours of each of its rules."""

from __future__ import annotations

import msgspec
import pytest

from server.domain.trip import TripState
from tests.builders.road import (
    LAT,
    LEG_M,
    LEG_MS,
    START_MS,
    Plans,
    Recorder,
    a_morning,
    a_plan,
    folded,
    states,
)


def trip_of(bus: Recorder, *plans: object) -> TripState:
    trip = folded(bus.entries, Plans(*(plans or (a_plan(),)))).trip  # type: ignore[arg-type]
    assert trip is not None
    return trip


def told(trip: TripState, kind: str) -> list[str]:
    return [one.rider_id for one in trip.announcements if one.kind == kind]


def test_a_morning_is_driven_from_sign_on_to_closing() -> None:
    seen = list(states(a_morning(), Plans(a_plan())))
    phases = list(dict.fromkeys(state.trip.state for state in seen if state.trip))
    assert phases == ["scheduled", "en_route", "arrived", "closed"]
    trip = seen[-1].trip
    assert trip is not None
    assert [visit.seq for visit in trip.visits] == [0, 1, 2, 3, 4]
    assert all(visit.by_door and visit.arrived_at_ms and visit.departed_at_ms for visit in trip.visits)
    assert {rider.rider_id: rider.state for rider in trip.riders} == {
        f"rider{n}": "alighted" for n in range(1, 5)
    }
    assert [(ride.rider_id, ride.dir, ride.stop_id) for ride in trip.rides[:4]] == [
        (f"rider{n}", "on", f"stop{n - 1}") for n in range(1, 5)
    ]
    assert {ride.stop_id for ride in trip.rides[4:]} == {"stop4"}
    assert told(trip, "boarded") == [f"rider{n}" for n in range(1, 5)]
    assert sorted(told(trip, "arrived")) == [f"rider{n}" for n in range(1, 5)]
    assert told(trip, "alighted") == []


def test_the_times_of_a_visit_are_the_doors_opening_and_its_last_closing() -> None:
    bus = Recorder()
    bus.duty()
    opened = bus.t
    bus.stop_at(0, dwell_s=10)
    bus.wait(5)
    bus.stop_at(5, dwell_s=7)  # a late child: the door opens once more
    closed = bus.t
    bus.drive(0, LEG_M)
    visit = trip_of(bus).visits[0]
    assert (visit.arrived_at_ms, visit.departed_at_ms) == (opened, closed)


def test_without_a_door_signal_standing_still_is_arriving_and_moving_off_is_departing() -> None:
    bus = Recorder(door_fitted=False)
    bus.duty()
    bus.pos(0, 0)
    arrived = bus.t
    bus.wait(15)
    bus.pos(0, 0)
    bus.wait(5)
    bus.pos(10, 12)
    departed = bus.t
    bus.drive(10, LEG_M)
    visit = trip_of(bus).visits[0]
    assert (visit.arrived_at_ms, visit.departed_at_ms, visit.by_door) == (arrived, departed, False)


def test_a_stop_driven_past_is_passed_and_not_visited() -> None:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0)
    bus.drive(0, 2 * LEG_M, seconds=200)
    bus.stop_at(2 * LEG_M)
    visits = trip_of(bus).visits
    assert [visit.arrived_at_ms is not None for visit in visits] == [True, False, True]
    assert visits[1].passed_at_ms is not None


def test_a_door_opened_between_stops_visits_nothing() -> None:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0)
    bus.drive(0, 500, seconds=50)
    bus.stop_at(500)
    assert [visit.seq for visit in trip_of(bus).visits] == [0]


def test_a_jump_of_500_km_moves_nothing() -> None:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0)
    bus.drive(0, 500, seconds=50)
    before = trip_of(bus)
    bus.pos(600, 40, lat=LAT + 4.5)
    bus.pos(0, 0, lat=0.0)
    assert trip_of(bus) == before


def test_a_shape_that_runs_back_beside_itself_is_followed_by_progress_not_by_nearness() -> None:
    """Out 2 km and back 15 m beside: stops 0, 1 on the way out, 3, 4 on the way back near the same places."""
    from tests.builders.road import lon_at

    plan = a_plan()
    beside = LAT + 15 / 111_195
    shape = ((LAT, lon_at(0)), (LAT, lon_at(2000)), (beside, lon_at(2000)), (beside, lon_at(0)))
    plan = msgspec.structs.replace(plan, shape=shape, metres=(0.0, 2000.0, 2015.0, 4015.0))
    bus = Recorder()
    bus.duty()
    bus.stop_at(0)
    bus.drive(0, 1000)
    bus.stop_at(1000)
    seqs = [visit.seq for visit in trip_of(bus, plan).visits]
    assert seqs == [0, 1]


def test_approaching_is_told_once_and_never_for_a_stop_that_is_behind() -> None:
    seen = list(states(a_morning(), Plans(a_plan())))
    trip = seen[-1].trip
    assert trip is not None
    approached = told(trip, "approaching")
    assert sorted(approached) == ["rider2", "rider3", "rider4"]  # rider1's stop is where the trip begins
    by_rider = {one.rider_id: one for one in trip.announcements if one.kind == "approaching"}
    for n in (2, 3, 4):
        boarded = next(
            one for one in trip.announcements if one.kind == "boarded" and one.rider_id == f"rider{n}"
        )
        assert 0 < boarded.at_ms - by_rider[f"rider{n}"].at_ms <= 5 * 60_000 + 30_000


def test_the_same_card_within_a_minute_is_one_reading() -> None:
    bus = Recorder()
    bus.duty()
    bus.pos(0, 0, door=1)
    bus.card("CARD1")
    bus.wait(59)
    bus.card("CARD1")
    assert len(trip_of(bus).rides) == 1
    bus.wait(2)
    bus.card("CARD1")
    assert [ride.dir for ride in trip_of(bus).rides] == ["on", "off"]


def test_a_stranger_counts_as_aboard_and_an_unknown_card_is_kept() -> None:
    plan = a_plan()
    plan = msgspec.structs.replace(plan, roster=plan.roster[:1])
    bus = Recorder()
    bus.duty()
    bus.pos(0, 0, door=1)
    bus.card("CARD2")
    bus.card("NOBODYS")
    trip = trip_of(bus, plan)
    stranger = next(rider for rider in trip.riders if rider.rider_id == "rider2")
    assert stranger.stranger and stranger.state == "aboard"
    assert [ride.rider_id for ride in trip.rides] == ["rider2", None]


def test_a_trip_does_not_close_while_somebody_is_aboard() -> None:
    bus = Recorder()
    entries = [
        entry
        for entry in a_morning(bus)
        if getattr(entry.record, "card", None) != "CARD2" or entry.key.t < START_MS + 4 * LEG_MS - 60_000
    ]
    trip = folded(entries, Plans(a_plan())).trip
    assert trip is not None
    assert trip.state == "arrived"
    assert [rider.rider_id for rider in trip.riders if rider.state == "aboard"] == ["rider2"]


def test_a_trip_does_not_close_without_the_rear_check() -> None:
    entries = [entry for entry in a_morning() if getattr(entry.record, "kind", None) != "child_check"]
    trip = folded(entries, Plans(a_plan())).trip
    assert trip is not None and trip.state == "arrived"


def test_without_a_trips_name_badge_and_tag_decide() -> None:
    other = msgspec.structs.replace(
        a_plan(trip_id="trip2", code="T2"), driver_badge="D-2", attendant_badge="A-2", tag="TAG-2"
    )
    state = folded(a_morning(trip=None), Plans(other, a_plan()))
    assert state.trip is not None and state.trip.trip_id == "trip1" and state.trip.state == "closed"


@pytest.mark.parametrize("later_s", [-120, 0, 120])
def test_another_buss_driver_at_a_stop_that_both_trips_begin_at_drives_the_buss_own_trip(
    later_s: int,
) -> None:
    """A wrong driver is one thing wrong; the other bus's trip would have a wrong bus and a wrong plate."""
    own = a_plan()
    other = msgspec.structs.replace(
        a_plan(trip_id="trip0", code="T0", start_ms=START_MS + 1000 * later_s),
        vehicle_id="bus2", driver_badge="D-2", attendant_badge="A-2", tag="TAG-2",
    )  # fmt: skip
    bus = Recorder(at_ms=START_MS - 120_000)
    bus.pos(0)
    bus.wait(5)
    bus.duty("D-2", trip=None)
    state = folded(bus.entries, Plans(own, other))
    assert state.trip is not None and state.trip.trip_id == "trip1"
    assert [one.kind for one in state.trip.findings] == ["wrong_driver"]


def test_one_sign_alone_assigns_no_trip() -> None:
    bus = Recorder(at_ms=START_MS - 50 * 60_000)
    bus.duty(trip=None, tag=None)
    bus.pos(3000, 0)
    assert folded(bus.entries, Plans(a_plan())).trip is None


def test_back_to_back_trips_are_cut_where_the_crew_signs_on_to_the_next() -> None:
    bus = Recorder(at_ms=START_MS - 120_000)
    a_morning(bus)
    second = a_plan(trip_id="trip2", code="T2", start_ms=bus.t + 300_000)
    bus.wait(60)
    bus.duty(trip="T2")
    state = folded(bus.entries, Plans(a_plan(), second))
    assert state.trip is not None and state.trip.trip_id == "trip2" and state.trip.state == "scheduled"
    assert [trip.state for trip in state.earlier] == ["closed"]


def test_a_deadhead_over_the_shape_in_reverse_starts_nothing() -> None:
    bus = Recorder(at_ms=START_MS - 600_000)
    bus.duty()
    for metre in range(4000, 0, -100):
        bus.wait(10)
        bus.pos(metre, 36)
    trip = trip_of(bus)
    assert trip.state == "scheduled" and trip.visits == ()


def test_a_bus_that_missed_its_first_stop_joins_on_the_way() -> None:
    bus = Recorder(at_ms=START_MS + 60_000)
    bus.duty()
    bus.pos(600, 36)
    bus.drive(600, 1000, seconds=60)
    bus.stop_at(1000, ("CARD2",))
    trip = trip_of(bus)
    assert trip.state == "en_route"
    assert trip.visits[0].passed_at_ms is not None and trip.visits[1].arrived_at_ms is not None


def test_a_ride_without_a_trip_is_kept_loose() -> None:
    bus = Recorder()
    bus.card("CARD1")
    bus.wait(120)
    bus.card("CARD1")
    state = folded(bus.entries, Plans(a_plan()))
    assert state.trip is None
    assert [(ride.rider_id, ride.dir) for ride in state.loose] == [("rider1", "on"), ("rider1", "off")]


def test_a_state_survives_its_serialisation() -> None:
    for state in states(a_morning(), Plans(a_plan())):
        assert msgspec.json.decode(msgspec.json.encode(state), type=type(state)) == state
