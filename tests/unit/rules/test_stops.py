"""Stops: passed, elsewhere, in another order; and halts that are none of these."""

from __future__ import annotations

import pytest

from server.domain.thresholds import Thresholds
from tests.builders.judged import (
    a_drive,
    a_road,
    a_start,
    all_pass_but,
    found,
    kinds,
    the_trip,
    values,
    verdicts,
)
from tests.builders.road import LAT, LEG_M, LEGS, Plans, Recorder, a_plan


def skipping(seq: int, *, rare: bool = False) -> Recorder:
    """Drive the morning without a halt at one stop."""
    bus = a_start()
    for n in range(LEGS):
        if n != seq:
            bus.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        bus.drive(LEG_M * n, LEG_M * (n + 1))
        if n + 1 == seq and not rare:
            bus.pos(LEG_M * seq, 36)
    bus.stop_at(LEG_M * LEGS, tuple(f"CARD{n}" for n in range(1, 5)), dwell_s=30)
    return bus


def test_a_stop_driven_past_while_a_child_waits_is_skipped() -> None:
    bus = skipping(2)
    assert kinds(bus) == ["stop_skipped"]
    (one,) = found(bus)
    assert (one.stop_id, one.measured, one.began_ms) == ("stop2", 1, one.ended_ms)
    assert values(bus) == all_pass_but(stops="fail")


def test_a_stop_where_nobody_is_expected_may_be_passed() -> None:
    from msgspec.structs import replace

    from server.domain.plan import Absence

    absent = replace(a_plan(), absences=(Absence("rider3", 0),))
    bus = skipping(2)
    assert kinds(bus, Plans(absent)) == []
    assert values(bus, Plans(absent)) == all_pass_but()


def test_a_stop_that_the_bus_went_by_unheard_is_unknown_and_not_skipped() -> None:
    bus = a_start()
    for n in range(2):
        bus.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        bus.drive(LEG_M * n, LEG_M * (n + 1) - 200)
    bus.wait(120)
    bus.drive(2 * LEG_M + 300, 3 * LEG_M, 70)
    bus.stop_at(3 * LEG_M, ("CARD4",))
    bus.drive(3 * LEG_M, 4 * LEG_M)
    bus.stop_at(4 * LEG_M, ("CARD1", "CARD2", "CARD4"))
    assert "stop_skipped" not in kinds(bus)
    said = verdicts(bus)
    assert (said.stops.value, said.stops.reason) == ("unknown", "positions_missing")
    assert (said.time.value, said.time.reason) == ("unknown", "positions_missing")
    assert [proof.value for proof in said.stops.evidence] == ["stop2"]


@pytest.mark.parametrize(
    ("north_m", "seconds", "expected"),
    [
        (0, 20, ["unscheduled_stop"]),
        (0, 6, ["unscheduled_stop"]),
        (0, 4, []),  # a contact that bounced
    ],
)
def test_a_door_that_opens_between_stops_is_an_unscheduled_stop(
    north_m: float, seconds: float, expected: list[str]
) -> None:
    def halt(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 500, 50)
        bus.stop_at(LEG_M + 500, dwell_s=seconds)
        bus.drive(LEG_M + 500, LEG_M * 2, 50)

    bus = a_drive(None, halt)
    assert kinds(bus) == expected
    assert values(bus) == all_pass_but(stops="fail" if expected else "pass")
    for one in found(bus):
        assert one.ended_ms is not None and one.ended_ms > one.began_ms


@pytest.mark.parametrize(
    ("metre", "expected"), [(1064, []), (1096, ["unscheduled_stop"])], ids=["0.8", "1.2"]
)
def test_how_far_from_a_stop_is_away_from_it(metre: float, expected: list[str]) -> None:
    def halt(bus: Recorder) -> None:
        bus.drive(LEG_M, metre, 10)
        bus.pos(metre, 0, door=1, acc=0)
        bus.wait(20)
        bus.pos(metre, 0, door=0, acc=0)
        bus.drive(metre, LEG_M * 2, 100)

    assert kinds(a_drive(None, halt)) == expected


def test_a_card_on_a_bus_that_stands_between_stops_is_an_unscheduled_stop_even_without_a_door_signal() -> (
    None
):
    bus = Recorder(at_ms=a_plan().start_ms - 120_000, door_fitted=False)
    bus.duty()
    bus.duty("A-1", "attendant", tag=None)
    bus.wait(60)
    bus.pos(0, 0)
    bus.wait(40)
    bus.drive(0, 500, 50)
    bus.pos(500, 0)
    bus.wait(3)
    bus.card("CARD1")
    bus.wait(5)
    bus.pos(500, 0)
    bus.wait(5)
    bus.pos(520, 20)
    (one,) = found(bus)
    assert one.kind == "unscheduled_stop" and one.ended_ms == bus.t
    assert [proof.what for proof in one.evidence] == ["position", "ride"]


def test_a_card_on_a_bus_that_has_moved_off_is_no_halt() -> None:
    def late_card(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 300, 30)
        bus.pos(LEG_M + 300, 36)
        bus.wait(1)
        bus.card("CARD9")
        bus.wait(4)
        bus.drive(LEG_M + 300, LEG_M * 2, 70)

    assert "unscheduled_stop" not in kinds(a_drive(None, late_card))


def test_a_door_at_a_stop_whose_fix_jumps_away_is_no_halt() -> None:
    bus = a_start()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M)
    bus.pos(LEG_M, 0, door=1)
    bus.wait(5)
    bus.pos(LEG_M + 400_000, 0, door=1)
    bus.wait(5)
    bus.pos(LEG_M + 400_000, 0, door=1)
    bus.wait(5)
    bus.pos(LEG_M + 600, 0, door=1, acc=300)  # nor where the receiver itself isn't sure
    bus.wait(6)
    bus.pos(LEG_M, 0, door=0)
    bus.drive(LEG_M, 2 * LEG_M)
    assert kinds(bus) == []


def test_a_stop_served_after_a_later_one_is_out_of_order_and_not_skipped() -> None:
    """The second stop is passed, the third is served, and then the bus comes back to the second."""
    bus = a_start()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M)
    bus.pos(LEG_M, 36)
    bus.drive(LEG_M, 2 * LEG_M)
    bus.stop_at(2 * LEG_M, ("CARD3",))
    bus.wait(5)
    for n in range(1, 20):
        bus.wait(5)
        bus.pos(2 * LEG_M - 50 * n, 36, lat=LAT)
    bus.wait(5)
    bus.stop_at(LEG_M, ("CARD2",))
    trip = the_trip(bus)
    assert [one.kind for one in trip.findings if one.kind.startswith("stop")] == ["stops_out_of_order"]
    assert "unscheduled_stop" not in kinds(bus)
    visit = next(each for each in trip.visits if each.seq == 1)
    assert visit.arrived_at_ms is not None and visit.departed_at_ms is not None
    assert values(bus)["stops"] == "fail"


def test_in_the_afternoon_a_stop_is_skipped_where_a_child_aboard_was_to_leave() -> None:
    plans = Plans(a_plan("from_school"))
    bus = a_start()
    bus.stop_at(0, tuple(f"CARD{n}" for n in range(1, 5)))
    bus.drive(0, LEG_M)
    bus.stop_at(LEG_M, ("CARD1",))
    bus.drive(LEG_M, 2 * LEG_M)
    bus.pos(2 * LEG_M, 36)
    bus.drive(2 * LEG_M, 3 * LEG_M)
    bus.stop_at(3 * LEG_M, ("CARD3",))
    bus.drive(3 * LEG_M, 4 * LEG_M)
    bus.stop_at(4 * LEG_M, ("CARD4",))
    assert [one.stop_id for one in found(bus, plans) if one.kind == "stop_skipped"] == ["stop2"]

    empty = a_start()
    empty.stop_at(0, ("CARD1",))
    empty.drive(0, LEG_M)
    empty.stop_at(LEG_M, ("CARD1",))
    empty.drive(LEG_M, 4 * LEG_M, 300)
    empty.stop_at(4 * LEG_M)
    assert "stop_skipped" not in kinds(empty, plans)


def test_a_county_has_its_own_radius_and_standstill() -> None:
    """60 m before its stop a bus is at it where the county says so."""

    def early(bus: Recorder) -> None:
        bus.drive(LEG_M, 2 * LEG_M - 60, 94)
        bus.stop_at(2 * LEG_M - 60, ("CARD3",))
        bus.drive(2 * LEG_M - 60, 3 * LEG_M, 100)

    bus = a_start()
    for n in range(2):
        bus.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        if n == 0:
            bus.drive(0, LEG_M)
    early(bus)
    assert kinds(bus) == []  # not far enough to be away from it, and the child is aboard
    assert [visit.seq for visit in the_trip(bus).visits if visit.arrived_at_ms is not None] == [0, 1]
    wide = Plans(a_road(thresholds=Thresholds(stop_radius_m=70)))
    assert [visit.seq for visit in the_trip(bus, wide).visits if visit.arrived_at_ms is not None] == [0, 1, 2]
