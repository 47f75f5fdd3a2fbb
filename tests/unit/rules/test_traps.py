"""What went wrong in the rules once, each by its name."""

from __future__ import annotations

import pytest

from server.domain.vehicle_day import Entry, Road, Unavailable, VehicleState
from server.rules.pipeline import fold
from tests.builders.road import LEG_M, START_MS, Plans, Recorder, a_plan, folded


def test_a_ride_in_a_tunnel_is_not_put_at_the_stop_before_it() -> None:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0)
    bus.pos(30, 10)
    for _ in range(30):
        bus.wait(5)
        bus.pos(30, 30, fix=0)
    bus.card("CARD2")
    trip = folded(bus.entries, Plans(a_plan())).trip
    assert trip is not None and [ride.stop_id for ride in trip.rides] == [None]


def test_a_ride_a_moment_after_the_last_position_is_at_its_stop() -> None:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0)
    bus.wait(30)
    bus.card("CARD1")
    trip = folded(bus.entries, Plans(a_plan())).trip
    assert trip is not None and [ride.stop_id for ride in trip.rides] == ["stop0"]


def test_a_door_that_closes_without_a_fix_ends_the_visit() -> None:
    bus = Recorder()
    bus.duty()
    bus.pos(0, 0, door=1)
    bus.wait(20)
    bus.pos(0, 0, door=0, fix=0)
    trip = folded(bus.entries, Plans(a_plan())).trip
    assert trip is not None and trip.visits[0].departed_at_ms == bus.t


def test_a_second_sign_on_near_the_next_trips_start_does_not_end_the_running_one() -> None:
    """Crew and tag of the next trip are the same, and its start may be nearer than that of the one on its way."""
    later = a_plan(trip_id="trip2", code="T2", start_ms=START_MS + 600_000)
    bus = Recorder()
    bus.duty(trip=None)
    bus.stop_at(0)
    bus.drive(0, LEG_M)
    bus.wait(300)
    bus.pos(LEG_M + 500, 30)
    bus.duty("A-1", "attendant", trip=None, tag=None)
    trip = folded(bus.entries, Plans(a_plan(), later)).trip
    assert trip is not None and trip.trip_id == "trip1"


def test_a_trip_that_never_began_does_not_keep_its_bus_from_the_next_one() -> None:
    later = a_plan(trip_id="trip2", code="T2", start_ms=START_MS + 40 * 60_000)
    bus = Recorder()
    bus.duty(trip="T1")
    bus.pos(LEG_M, 20)
    bus.wait(38 * 60)
    bus.pos(0, 20)
    bus.wait(5)
    bus.pos(0, 0)
    trip = folded(bus.entries, Plans(a_plan(), later)).trip
    assert trip is not None and trip.trip_id == "trip2"


class Away(Plans):
    """A catalogue whose database is away."""

    def find_road(self, trip_id: str) -> Road | None:
        raise Unavailable("the database is away")


def test_a_database_that_is_away_is_no_fault_of_a_rule() -> None:
    """A step that is left out for want of an answer would leave the trip wrong for good."""
    bus = Recorder()
    bus.duty()
    bus.pos(0)
    state = folded(bus.entries[:1], Plans(a_plan()))

    def fail(rule: str, entry: Entry, error: Exception) -> None:
        raise AssertionError(f"{rule} was blamed for {error}")

    with pytest.raises(Unavailable):
        fold(state, bus.entries[1], Away(a_plan()), fail)


def test_a_rule_that_breaks_is_told_and_stops_neither_the_others_nor_the_record() -> None:
    class Broken(Plans):
        def find_rider(self, card: str) -> str | None:
            raise ZeroDivisionError

    bus = Recorder()
    bus.card("CARD1")
    told: list[str] = []
    state = fold(
        VehicleState("bus"), bus.entries[0], Broken(a_plan()), lambda rule, entry, error: told.append(rule)
    )
    assert told == ["server.rules.rides.evaluate"]
    assert state.key == bus.entries[0].key
