"""Vehicle, people and marking: who and what runs the trip, and whether their papers hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from server.domain.permit_facts import PermitFacts, PersonFacts, VehicleFacts
from server.domain.substitute import Substitute
from server.domain.thresholds import Thresholds
from server.domain.vehicle_day import Road
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
from tests.builders.road import LEG_M, START_MS, Plans, Recorder, a_plan

ON = "2026-09-21"


def morning(crew: Callable[[Recorder], None]) -> Recorder:
    bus = Recorder(at_ms=START_MS - 120_000)
    crew(bus)
    bus.wait(60)
    return a_drive(bus=bus)


def test_another_bus_than_the_permits_fails_the_vehicle_until_it_is_approved() -> None:
    plans = Plans(replace(a_plan(), vehicle_id="bus2"))
    bus = a_drive()
    assert kinds(bus, plans) == ["wrong_vehicle"]
    (one,) = found(bus, plans)
    assert one.about == "bus" and one.ended_ms == the_trip(bus, plans).arrived_at_ms
    assert values(bus, plans) == all_pass_but(vehicle="fail")

    approved = Substitute(START_MS - 3_600_000, None, "bus")
    plans = Plans(replace(a_plan(), vehicle_id="bus2", substitutes=(approved,)))
    assert kinds(bus, plans) == []
    assert values(bus, plans) == all_pass_but()


def test_a_substitute_carries_the_plate_of_its_own_permit() -> None:
    approved = Substitute(START_MS - 3_600_000, None, "bus")
    plans = Plans(replace(a_plan(), vehicle_id="bus2", tag="TAG-2", substitutes=(approved,)))
    plans.vehicles["bus"] = VehicleFacts("bus", 40, "2026-12-31", "2026-12-31", ("TAG-1",))
    assert kinds(a_drive(), plans) == []
    plans.vehicles["bus"] = VehicleFacts("bus", 40, "2026-12-31", "2026-12-31", ("TAG-7",))
    assert kinds(a_drive(), plans) == ["wrong_tag"]


@pytest.mark.parametrize(
    ("inspection", "insurance", "expected", "value"),
    [
        (ON, ON, [], "pass"),
        ("2026-09-20", ON, ["vehicle_document_expired"], "fail"),
        (ON, "2026-09-20", ["vehicle_document_expired"], "fail"),
        (None, ON, [], "unknown"),
    ],
)
def test_the_vehicles_papers_hold_on_the_day_itself(
    inspection: str | None, insurance: str | None, expected: list[str], value: str
) -> None:
    plans = Plans(a_plan())
    plans.vehicles["bus"] = VehicleFacts("bus", 40, inspection, insurance)
    bus = a_drive()
    assert kinds(bus, plans) == expected
    assert values(bus, plans) == all_pass_but(vehicle=value)


def test_a_trip_without_a_permit_fails_vehicle_people_and_marking() -> None:
    bare = replace(a_plan(), vehicle_id=None, driver_badge=None, attendant_badge=None, tag=None)
    never = Plans(Road.of(bare, permit=PermitFacts(in_force=False)))
    bus = a_drive()
    assert kinds(bus, never) == ["no_permit"]
    assert values(bus, never) == all_pass_but(vehicle="fail", people="fail", marking="fail")
    ran_out = Plans(Road.of(bare, permit=PermitFacts(in_force=False, expired_on="2026-09-20")))
    assert sorted(kinds(bus, ran_out)) == ["no_permit", "permit_expired"]
    assert verdicts(bus, ran_out).marking.evidence[-1].value == "2026-09-20"


def wrong_driver(bus: Recorder) -> None:
    bus.duty("D-2")
    bus.duty("A-1", "attendant", tag=None)


def wrong_attendant(bus: Recorder) -> None:
    bus.duty()
    bus.duty("A-2", "attendant", tag=None)


def nobody_drives(bus: Recorder) -> None:
    bus.duty("A-1", "attendant", tag="TAG-1")


def nobody_attends(bus: Recorder) -> None:
    bus.duty()


@pytest.mark.parametrize(
    ("crew", "expected"),
    [
        (wrong_driver, ["wrong_driver"]),
        (wrong_attendant, ["wrong_attendant"]),
        (nobody_drives, ["no_driver"]),
        (nobody_attends, ["no_attendant"]),
    ],
)
def test_who_is_signed_on_is_held_against_the_permit(
    crew: Callable[[Recorder], None], expected: list[str]
) -> None:
    bus = morning(crew)
    assert kinds(bus) == expected
    assert values(bus) == all_pass_but(people="fail")
    assert all(one.ended_ms is not None for one in found(bus))


def test_a_wrong_driver_who_is_sent_home_before_the_departure_fails_nothing() -> None:
    def changed(bus: Recorder) -> None:
        bus.duty("D-2")
        bus.wait(20)
        bus.duty("D-2", state="off", trip=None, tag=None)
        bus.duty("D-1")
        bus.duty("A-1", "attendant", tag=None)

    bus = morning(changed)
    (one,) = found(bus)
    assert (one.kind, one.badge) == ("wrong_driver", "D-2")
    assert one.ended_ms == one.began_ms + 20_000
    assert values(bus) == all_pass_but()


def test_an_approved_driver_is_a_right_one() -> None:
    plans = Plans(replace(a_plan(), substitutes=(Substitute(START_MS - 1000_000, None, None, "D-2"),)))
    assert kinds(morning(wrong_driver), plans) == []
    assert kinds(a_drive(), plans) == ["wrong_driver"]


def test_an_attendant_who_comes_a_moment_late_is_forgiven_and_one_who_comes_late_is_not() -> None:
    for seconds, expected in ((24, []), (45, ["no_attendant"])):
        bus = Recorder(at_ms=START_MS - 120_000)
        bus.duty()
        bus.wait(60)
        bus.stop_at(0, ("CARD1",))
        bus.drive(0, seconds * 10, seconds)
        bus.duty("A-1", "attendant", tag=None)
        bus.drive(seconds * 10, LEG_M, 100 - seconds)
        bus.stop_at(LEG_M, ("CARD2",))
        bus.drive(LEG_M, LEG_M + 100, 10)
        assert kinds(bus) == expected
        for one in found(bus):
            assert (one.measured, one.limit) == (0, 1) and one.ended_ms is not None


def test_without_riders_no_attendant_is_missed() -> None:
    bus = Recorder(at_ms=START_MS - 120_000)
    bus.duty()
    bus.wait(60)
    bus.stop_at(0)
    bus.drive(0, LEG_M)
    assert "no_attendant" not in kinds(bus)


TWO = Plans(a_road(thresholds=Thresholds(second_attendant_above=20)))


def crowded(riders: int, *attendants: str, later: str | None = None) -> Recorder:
    """Drive off from the first stop with so many aboard; `later` signs on half a minute before the second one."""
    bus = Recorder(at_ms=START_MS - 120_000)
    bus.duty()
    for badge in attendants:
        bus.duty(badge, "attendant", tag=None)
    bus.wait(70 - riders)
    bus.pos(0, 0, door=1)
    for n in range(riders):
        bus.wait(1)
        bus.card(f"X{n}")
    bus.wait(2)
    bus.pos(0, 0)
    bus.drive(0, 700, 70)
    if later is not None:
        bus.duty(later, "attendant", tag=None)
    bus.drive(700, LEG_M, 30)
    bus.stop_at(LEG_M)
    bus.drive(LEG_M, LEG_M + 100, 10)
    return bus


@pytest.mark.parametrize(
    ("riders", "expected"), [(16, []), (20, []), (24, ["no_attendant"])], ids=["0.8", "1.0", "1.2"]
)
def test_more_than_twenty_riders_want_two_attendants_where_the_city_says_so(
    riders: int, expected: list[str]
) -> None:
    alone = crowded(riders, "A-1")
    assert kinds(alone, TWO) == expected
    assert kinds(alone) == []  # nobody says so by default
    assert kinds(crowded(riders, "A-1", "A-2"), TWO) == kinds(crowded(riders, "A-2", "A-1"), TWO) == []
    for one in found(alone, TWO):
        assert (one.measured, one.limit, one.ended_ms) == (1, 2, None)


def test_the_second_attendants_sign_on_ends_it_and_nobody_at_all_is_worse() -> None:
    (one,) = found(crowded(24, "A-1", later="A-2"), TWO)
    assert one.ended_ms is not None and (one.measured, one.limit) == (1, 2)
    (one,) = found(crowded(24, later="A-1"), TWO)
    assert one.ended_ms is None and (one.measured, one.limit) == (0, 2)


def test_whoever_is_beside_the_permits_attendant_is_right_and_two_strangers_are_not() -> None:
    assert kinds(crowded(24, "A-2", "A-3"), TWO) == ["wrong_attendant"]
    TWO.people["A-3"] = PersonFacts("A-3", "attendant", "2026-09-20")
    assert kinds(crowded(24, "A-1", "A-3"), TWO) == ["qualification_expired"]
    assert kinds(crowded(4, "A-1", "A-2")) == [
        "wrong_attendant"
    ]  # where one is enough the last one is the attendant


def test_who_never_signed_off_from_another_trip_is_no_second_attendant() -> None:
    bus = Recorder(at_ms=START_MS - 3_600_000)
    bus.duty("A-2", "attendant", trip="T0", tag=None)
    later = crowded(24, "A-1")
    bus.entries += [replace(one, key=replace(one.key, seq=one.key.seq + 1)) for one in later.entries]
    assert kinds(bus, TWO) == ["no_attendant"]


def test_the_first_attendant_is_still_there_when_the_second_leaves() -> None:
    bus = crowded(4, "A-1", "A-2")
    bus.duty("A-2", "attendant", state="off", trip=None, tag=None)
    bus.drive(LEG_M + 100, LEG_M + 700, 60)
    assert "no_attendant" not in kinds(bus, TWO)
    assert "no_attendant" in kinds(bus)  # without the setting the last word is all that counts


def test_a_change_of_drivers_at_a_stop_is_nobodys_absence() -> None:
    bus = a_start()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M)
    bus.pos(LEG_M, 0, door=1)
    bus.duty(state="off", trip=None, tag=None)
    bus.wait(100)
    bus.duty()
    bus.pos(LEG_M, 0, door=0)
    bus.drive(LEG_M, 2 * LEG_M)
    assert kinds(bus) == []


@pytest.mark.parametrize(
    ("until", "expected", "value"),
    [(ON, [], "pass"), ("2026-09-20", ["qualification_expired"], "fail"), (None, [], "unknown")],
)
def test_the_drivers_qualification_holds_on_the_day_itself(
    until: str | None, expected: list[str], value: str
) -> None:
    plans = Plans(a_plan())
    plans.people["D-1"] = PersonFacts("D-1", "driver", until)
    bus = a_drive()
    assert kinds(bus, plans) == expected
    assert values(bus, plans) == all_pass_but(people=value)


@pytest.mark.parametrize(
    ("born", "licence", "said"),
    [
        ("2006-09-21", "2020-01-01", [("age", 20.0)]),  # 0.8 of 25
        ("2001-09-21", "2020-01-01", []),  # the birthday itself
        ("2001-09-22", "2020-01-01", [("age", 24.0)]),
        ("1978-09-21", "2020-01-01", []),  # 48, 0.8 of 60
        ("1954-09-21", "2020-01-01", [("age", 72.0)]),
        ("1980-01-01", "2023-09-22", [("licence_since", "2023-09-22")]),
        ("1980-01-01", "2023-03-21", []),  # 1.2 of 3 years
        ("2006-09-21", "2024-05-21", [("age", 20.0), ("licence_since", "2024-05-21")]),
    ],
)
def test_a_driver_is_25_to_60_years_old_and_has_the_licence_for_three(
    born: str, licence: str, said: list[tuple[str, object]]
) -> None:
    plans = Plans(a_plan())
    plans.people["D-1"] = PersonFacts("D-1", "driver", ON, born, licence)
    plans.people["A-1"] = PersonFacts("A-1", "attendant", ON, "2006-09-21")  # nobody asks an attendant
    bus = a_drive()
    assert kinds(bus, plans) == (["qualification_expired"] if said else [])
    assert values(bus, plans) == all_pass_but(**({"people": "fail"} if said else {}))
    for one in found(bus, plans):
        assert [(proof.what, proof.value) for proof in one.evidence] == said
        assert (one.measured, one.limit) in {(20, 25), (24, 25), (72, 60), (2, 3)}


def test_a_date_that_the_pack_leaves_out_is_not_measured_and_no_reason_to_know_nothing() -> None:
    plans = Plans(a_plan())
    plans.people["D-1"] = PersonFacts("D-1", "driver", ON)
    said = verdicts(a_drive(), plans).people
    assert (said.value, said.not_measured) == ("pass", ("alcohol", "age", "licence"))


def test_another_countrys_ages_are_settings() -> None:
    plans = Plans(a_road(thresholds=Thresholds(driver_age_min=18, licence_years_min=1)))
    plans.people["D-1"] = PersonFacts("D-1", "driver", ON, "2006-09-21", "2025-01-01")
    assert kinds(a_drive(), plans) == []


def breath(bus: Recorder, reading: float | None, badge: str = "D-1") -> None:
    from msgspec import convert

    from server.domain.record import Duty

    bus.seq += 1
    said = {
        "v": 1,
        "seq": bus.seq,
        "t": bus.t,
        "badge": badge,
        "role": "driver",
        "state": "on",
        "trip": "T1",
        "tag": "TAG-1",
    }
    bus.say(convert(said | ({} if reading is None else {"alcohol": reading}), Duty))


def test_alcohol_is_said_at_the_sign_on_before_the_bus_departs() -> None:
    bus = Recorder(at_ms=START_MS - 120_000)
    breath(bus, 0.12)
    (one,) = found(bus)
    assert (one.kind, one.measured, one.limit, one.badge, one.ended_ms) == ("alcohol", 0.12, 0, "D-1", None)
    breath(bus, None)  # signing on again doesn't make it go away
    assert [each.ended_ms for each in found(bus)] == [None]
    bus.duty("A-1", "attendant", tag=None)
    bus.wait(60)
    drive = a_drive(bus=bus)
    assert values(drive) == all_pass_but(people="fail")


def test_a_sober_driver_is_measured_and_passes() -> None:
    def sober(bus: Recorder) -> None:
        breath(bus, 0.0)
        bus.duty("A-1", "attendant", tag=None)

    bus = morning(sober)
    assert kinds(bus) == []
    assert verdicts(bus).people.not_measured == ()


def test_the_tag_of_another_permit_fails_the_marking() -> None:
    def other(bus: Recorder) -> None:
        bus.duty(tag="TAG-9")
        bus.duty("A-1", "attendant", tag=None)

    bus = morning(other)
    assert kinds(bus) == ["wrong_tag"]
    assert values(bus) == all_pass_but(marking="fail")


def test_a_tag_that_was_read_for_an_earlier_trip_is_not_held_against_this_one() -> None:
    def later(bus: Recorder) -> None:
        bus.duty(trip=None, tag="TAG-OLD")
        bus.wait(30)
        bus.duty(tag=None)
        bus.duty("A-1", "attendant", tag=None)

    bus = morning(later)
    assert kinds(bus) == []
    assert "tag" in verdicts(bus).marking.not_measured


def test_no_badge_and_no_tag_read_leaves_the_marking_unknown_and_fails_the_people() -> None:
    """INTERFACES ruling 9: the trip is known by its attendant's phone."""
    from server.domain.hand import HAND, Tick
    from server.domain.vehicle_day import Entry, Key

    bus = Recorder(at_ms=START_MS - 60_000)
    tick = Tick(bus.t, "trip1", "rider1", "on", "c1")
    bus.entries.append(Entry(Key(bus.t, HAND, 0, 1), tick))
    bus.wait(5)
    drive = a_drive(bus=bus)
    said = values(drive)
    assert said["people"] == "fail" and said["marking"] == "unknown"
    assert set(kinds(drive)) >= {"no_driver"}
