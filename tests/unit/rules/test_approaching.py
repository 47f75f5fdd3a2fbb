"""When each guardian is told that the bus comes near: by minutes, by stops, once, and by what they had chosen by then."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from server.domain.plan import TripPlan
from server.domain.preference import Choice, Choices, Lead
from server.domain.record import Position
from server.domain.trip import Announcement
from tests.builders.road import LEG_M, START_MS, Plans, Recorder, a_morning, a_plan, folded

LONG_AGO = START_MS - 86_400_000


def chosen(*choices: tuple[str, str, int, Lead]) -> TripPlan:
    """Make a plan whose guardians chose: rider, user, from when, lead."""
    return replace(a_plan(), choices=Choices.of(Choice(*choice) for choice in choices))


def told(plan: TripPlan) -> list[Announcement]:
    trip = folded(a_morning(), Plans(plan)).trip
    assert trip is not None
    return [one for one in trip.announcements if one.kind == "approaching"]


def of(announcements: list[Announcement], user_id: str | None, rider_id: str = "rider4") -> Announcement:
    """Give the one announcement for a guardian; fail where there are none or more."""
    (found,) = [one for one in announcements if (one.rider_id, one.user_id) == (rider_id, user_id)]
    return found


def test_who_chose_nothing_is_told_five_minutes_before() -> None:
    found = told(a_plan())
    assert {(one.rider_id, one.user_id) for one in found} == {
        ("rider2", None),
        ("rider3", None),
        ("rider4", None),
    }
    assert of(found, None).minutes in (4, 5)


@pytest.mark.parametrize("minutes", [1, 2, 3])
def test_a_choice_of_minutes_is_told_that_long_before_and_the_default_stays_for_the_others(
    minutes: int,
) -> None:
    found = told(chosen(("rider4", "mother", LONG_AGO, Lead("minutes", minutes))))
    assert of(found, "mother").minutes == minutes
    assert of(found, "mother").at_ms > of(found, None).at_ms


def test_a_longer_lead_than_the_default_is_told_earlier() -> None:
    found = told(chosen(("rider4", "mother", LONG_AGO, Lead("minutes", 30))))
    assert of(found, "mother").at_ms < of(found, None).at_ms


@pytest.mark.parametrize("stops", [1, 2, 3])
def test_a_choice_of_stops_is_told_when_the_bus_has_left_the_stop_so_many_before(stops: int) -> None:
    plan = chosen(("rider4", "mother", LONG_AGO, Lead("stops", stops)))
    trip = folded(a_morning(), Plans(plan)).trip
    assert trip is not None
    left_ms = next(visit.departed_at_ms for visit in trip.visits if visit.seq == 3 - stops)
    one = of([each for each in trip.announcements if each.kind == "approaching"], "mother")
    assert (one.stops, one.minutes, one.stop_id) == (stops, None, "stop3")
    assert left_ms is not None and 0 <= one.at_ms - left_ms <= 10_000


def test_more_stops_than_there_are_before_is_told_from_the_first_stop() -> None:
    found = told(
        chosen(
            ("rider4", "mother", LONG_AGO, Lead("stops", 5)), ("rider1", "aunt", LONG_AGO, Lead("stops", 5))
        )
    )
    assert of(found, "mother").stops == 3
    assert not [one for one in found if one.rider_id == "rider1"], "the trip begins at that stop"


def test_a_stop_that_was_driven_past_counts_as_left() -> None:
    bus = Recorder(at_ms=START_MS - 60_000)
    bus.duty()
    bus.wait(60)
    bus.stop_at(0)
    bus.drive(0, LEG_M * 2.2, 220)
    trip = folded(bus.entries, Plans(chosen(("rider4", "mother", LONG_AGO, Lead("stops", 1))))).trip
    assert trip is not None
    assert of(list(trip.announcements), "mother").stops == 1


def test_each_guardian_of_a_child_has_their_own_lead() -> None:
    found = told(
        chosen(
            ("rider4", "mother", LONG_AGO, Lead("minutes", 2)),
            ("rider4", "father", LONG_AGO, Lead("stops", 3)),
        )
    )
    assert of(found, "father").at_ms < of(found, None).at_ms < of(found, "mother").at_ms


def test_who_was_told_by_the_default_is_not_told_again_when_they_choose_meanwhile() -> None:
    default_ms = of(told(a_plan()), None).at_ms
    plan = chosen(("rider4", "mother", default_ms + 1, Lead("minutes", 2)))
    found = told(plan)
    assert [one.user_id for one in found if one.rider_id == "rider4"] == [None]
    assert plan.choices.is_for(found[-1], "mother")


def test_who_was_told_by_one_choice_is_not_told_again_by_the_next() -> None:
    first_ms = of(told(chosen(("rider4", "mother", LONG_AGO, Lead("stops", 3)))), "mother").at_ms
    plan = chosen(
        ("rider4", "mother", LONG_AGO, Lead("stops", 3)),
        ("rider4", "mother", first_ms + 1, Lead("minutes", 2)),
    )
    assert of(told(plan), "mother").stops == 3


def test_a_lead_chosen_when_its_moment_is_past_is_told_with_the_next_position() -> None:
    chosen_ms = of(told(a_plan()), None).at_ms + 20_000
    plan = chosen(
        ("rider4", "mother", LONG_AGO, Lead("minutes", 1)),
        ("rider4", "mother", chosen_ms, Lead("minutes", 20)),
    )
    fixes = [entry.key.t for entry in a_morning() if isinstance(entry.record, Position)]
    assert of(told(plan), "mother").at_ms == min(t for t in fixes if t >= chosen_ms)


def test_the_default_is_not_for_who_chose_before_it() -> None:
    plan = chosen(("rider4", "mother", LONG_AGO, Lead("minutes", 1)))
    default = of(told(plan), None)
    assert not plan.choices.is_for(default, "mother")
    assert plan.choices.is_for(default, "father")


def test_a_rider_who_is_already_aboard_is_not_told_of_by_stops_either() -> None:
    bus = Recorder(at_ms=START_MS - 60_000)
    bus.duty()
    bus.wait(60)
    bus.stop_at(0, ("CARD4",))
    bus.drive(0, LEG_M)
    trip = folded(bus.entries, Plans(chosen(("rider4", "mother", LONG_AGO, Lead("stops", 5))))).trip
    assert trip is not None
    assert not [one for one in trip.announcements if one.kind == "approaching" and one.rider_id == "rider4"]


def test_folding_again_with_every_choice_gives_the_same() -> None:
    plan = chosen(
        ("rider3", "mother", LONG_AGO, Lead("stops", 1)),
        ("rider4", "father", START_MS + 90_000, Lead("minutes", 3)),
    )
    assert told(plan) == told(plan)
