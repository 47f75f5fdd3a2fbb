"""A trip that is given to another bus: handed over on the way, in every order, and told to those who wait or ride."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.adapters.db.counters import bump
from server.adapters.db.substitutions import apply
from server.adapters.db.substitutions_store import SubstitutionsDb
from server.domain.command import DayPlan, PlannedRun
from server.domain.hand import HAND
from server.domain.substitute import Detour
from server.domain.vehicle_day import Entry
from server.service.crew import Ticked
from server.service.detours import DetourWanted, detoured
from server.service.substitutions_rows import NewSubstitution
from tests.builders.road import (
    CARDS,
    LAT,
    LEG_M,
    LEG_MS,
    LEGS,
    START_MS,
    Recorder,
    a_morning,
    lon_at,
)
from tests.builders.town import ON, outcome
from tests.integration.ingest.conftest import House, Make
from tests.integration.ingest.test_hand import ATTENDANT, instant, say, staffed

BROKEN_M = 1.5 * LEG_M
APPROVED_MS = START_MS + 200_000


def breakdown(*, changing: bool = True) -> tuple[list[Entry], list[Entry]]:
    """Bus 1 takes two riders and breaks down half way between stops; bus 2 comes from behind, takes all of them on, and ends the trip."""
    one = Recorder("DEV-1", START_MS - 120_000)
    one.duty()
    one.duty("A-1", "attendant", tag=None)
    one.wait(60)
    for n in range(2):
        one.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        one.drive(LEG_M * n, LEG_M * n + (LEG_M if n == 0 else LEG_M / 2), 100)
    for _ in range(60):
        one.wait(5)
        one.pos(BROKEN_M)
    two = Recorder("DEV-2", APPROVED_MS + 60_000)
    two.duty("D-2", tag="TAG-9")
    two.duty("A-1", "attendant", tag=None)
    two.drive(0, BROKEN_M, 60)  # past both stops that are behind, without stopping
    two.pos(BROKEN_M, 0, door=1)
    one.t = two.t + 1000
    for card in ("CARD1", "CARD2") if changing else ():
        one.card(card)
        one.wait(3)
        two.wait(4)
        two.card(card)
    two.wait(5)
    two.pos(BROKEN_M, 0, door=0)
    two.drive(BROKEN_M, 2 * LEG_M, 50)
    for n in (2, 3):
        two.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        two.drive(LEG_M * n, LEG_M * (n + 1))
    two.stop_at(LEG_M * LEGS, tuple(CARDS), dwell_s=30)
    two.wait(20)
    two.check()
    return one.entries, two.entries


def approve(house: House, *, at_ms: int = APPROVED_MS, vehicle: str = "bus2", id_: str = "sub1") -> None:
    """Approve another bus (and its driver) as the desk does, at an instant."""
    with house.database.write() as connection:
        if connection.scalar(select(t.people.c.id).where(t.people.c.id == "driver2")) is None:
            connection.execute(
                insert(t.people).values(
                    id="driver2", operator_id="operator", badge="D-2", role="driver", name="Second"
                )
            )
        connection.execute(
            insert(t.substitutions).values(
                id=id_, operator_id="operator", timetable_id="tt1", from_on=ON, until_on=ON, vehicle_id=vehicle,
                driver_id="driver2", reason="broken down", user_id="user-d", made_at_ms=at_ms,
            )
        )  # fmt: skip
        apply(connection, "tt1", ON, ON)
        bump(connection, "substitutions")


def catch_up(house: House) -> None:
    house.clock.advance(2.1)
    house.ingest.tick()


def run(house: House, way: str, seed: int = 1) -> dict[str, list[tuple[Any, ...]]]:
    one, two = breakdown()
    house.clock.set_ms(two[-1].key.t + 1000)
    first, second = ([house.message(entry) for entry in entries] for entries in (one, two))
    chance = random.Random(seed)
    match way:
        case "as it happened":
            early = [m for m, e in zip(first, one, strict=True) if e.key.t < APPROVED_MS]
            late = [(e.key.t, m) for m, e in zip(first[len(early) :], one[len(early) :], strict=True)]
            late += [(e.key.t, m) for m, e in zip(second, two, strict=True)]
            house.feed(early)
            approve(house)
            catch_up(house)
            house.feed([message for _, message in sorted(late, key=lambda pair: pair[0])])
        case "first bus last":
            approve(house)
            catch_up(house)
            house.feed(second)
            house.settle()
            house.feed(first)
        case "second bus last":
            house.feed(first)
            house.settle()
            approve(house)
            catch_up(house)
            house.feed(second)
        case "approved last":
            house.feed(first)
            house.feed(second)
            house.settle()
            approve(house)
            catch_up(house)
        case "shuffled" | "shuffled with restarts":
            messages = [*first, *second]
            chance.shuffle(messages)
            for n in range(0, len(messages), 11):
                if n == 11 * (seed % 9):
                    approve(house)
                house.feed(messages[n : n + 11], at_once=4)
                if n % 2:
                    house.settle()
                if way != "shuffled" and n % 3 == 0:
                    house.start()
    for _ in range(3):
        house.settle()
        catch_up(house)
    found = outcome(house.database)
    with house.database.read() as connection:
        found["ran"] = sorted(
            tuple(row)
            for row in connection.execute(select(t.rides.c.source, t.rides.c.vehicle_id, t.rides.c.trip_id))
        )
        found["turns"] = [tuple(row) for row in connection.execute(select(t.trips.c.turns, t.trips.c.crew))]
    return found


def test_a_bus_that_broke_down_hands_its_trip_and_riders_over(make_any_house: Make) -> None:
    house = make_any_house(devices=2)
    found = run(house, "as it happened")
    trip = found["trips"][0]
    assert trip[1:3] == ("closed", "bus2")
    assert {row[4] for row in found["riders"]} == {"alighted"}
    assert [row[1] for row in found["visits"]] == [0, 1, 2, 3, 4]
    assert all(row[2] is not None and row[4] is None for row in found["visits"]), "no stop was passed by"
    assert {(source.split(":")[0], bus) for source, bus, trip_id in found["ran"] if trip_id == "trip1"} == {
        ("DEV-1", "bus1"), ("DEV-2", "bus2"),
    }  # fmt: skip
    told = [(row[1], row[3]) for row in found["notices"]]
    for rider in CARDS.values():
        assert told.count((rider, "boarded")) == 1, "to change the bus is not to board again"
        assert told.count((rider, "arrived")) == 1
        assert told.count((rider, "substituted")) == 1
    assert {row[6] for row in found["notices"] if row[3] == "substituted"} == {APPROVED_MS}


WAYS = ("first bus last", "second bus last", "approved last", "shuffled", "shuffled with restarts")


@pytest.mark.parametrize("way", WAYS)
def test_a_handed_over_trip_is_the_same_in_every_order(make_house: Make, way: str) -> None:
    straight = run(make_house(devices=2), "as it happened")
    for seed in range(3 if "shuffled" in way else 1):
        assert run(make_house(devices=2), way, seed) == straight, (way, seed)


def test_riders_whose_cards_nobody_read_on_the_way_over_get_off_at_school(make_house: Make) -> None:
    house = make_house(devices=2)
    one, two = breakdown(changing=False)
    house.clock.set_ms(two[-1].key.t)
    approve(house)
    house.feed([house.message(entry) for entry in sorted([*one, *two], key=lambda entry: entry.key)])
    found = house.outcome()
    assert found["trips"][0][1:3] == ("closed", "bus2")
    assert {row[4] for row in found["riders"]} == {"alighted"}


def test_a_bus_that_is_not_approved_does_not_take_a_trip_over(make_house: Make) -> None:
    house = make_house(devices=2)
    one, two = breakdown()
    house.clock.set_ms(two[-1].key.t)
    house.feed([house.message(entry) for entry in sorted([*one, *two], key=lambda entry: entry.key)])
    assert house.outcome()["trips"][0][1:3] == ("en_route", "bus1")


def test_the_first_bus_keeps_the_trip_until_the_other_signs_on(make_house: Make) -> None:
    house = make_house(devices=2)
    one, _ = breakdown()
    house.clock.set_ms(one[-1].key.t)
    approve(house)
    catch_up(house)
    house.feed([house.message(entry) for entry in one])
    assert house.outcome()["trips"][0][1:3] == ("en_route", "bus1")


def test_passengers_hear_of_another_bus_before_any_bus_begins(make_any_house: Make) -> None:
    house = make_any_house(devices=2)
    house.clock.set_ms(START_MS - 3_000_000)
    catch_up(house)
    approve(house, at_ms=house.clock.now_ms())
    catch_up(house)
    found = outcome(house.database)
    assert sorted(row[1] for row in found["notices"]) == sorted(CARDS.values())
    assert {row[3] for row in found["notices"]} == {"substituted"}
    catch_up(house)
    house.start()
    catch_up(house)
    assert outcome(house.database)["notices"] == found["notices"]


def test_what_was_approved_the_day_before_is_told_an_hour_before_the_trip(make_house: Make) -> None:
    house = make_house(devices=2)
    house.clock.set_ms(START_MS - 23 * 3_600_000)
    approve(house, at_ms=house.clock.now_ms())
    catch_up(house)
    assert outcome(house.database)["notices"] == []
    house.clock.set_ms(START_MS - 3_600_000 + 2_000)
    catch_up(house)
    assert {(row[3], row[6]) for row in outcome(house.database)["notices"]} == {
        ("substituted", START_MS - 3_600_000)
    }


def test_a_substitute_is_assigned_by_its_driver_alone(make_house: Make) -> None:
    house = make_house(devices=2)
    house.clock.set_ms(START_MS)
    approve(house, at_ms=START_MS - 600_000)
    catch_up(house)
    two = Recorder("DEV-2", START_MS - 300_000)
    two.duty("D-2", trip=None, tag="TAG-9")
    house.feed([house.message(entry) for entry in two.entries])
    assert house.outcome()["trips"][0][2] == "bus2"


def test_the_third_bus_takes_over_from_the_second(make_house: Make) -> None:
    house = make_house(devices=3)
    one, two = breakdown()
    broken_ms = next(entry.key.t for entry in two if getattr(entry.record, "card", "") == "CARD3") + 20_000
    two = [entry for entry in two if entry.key.t < broken_ms]
    three = Recorder("DEV-3", broken_ms + 60_000)
    three.duty("D-2", tag=None)
    three.drive(0, 2 * LEG_M, 60)
    three.wait(5)
    three.drive(2 * LEG_M, 3 * LEG_M)
    three.stop_at(3 * LEG_M, ("CARD4",))
    three.drive(3 * LEG_M, 4 * LEG_M)
    three.stop_at(LEG_M * LEGS, tuple(CARDS), dwell_s=30)
    three.wait(20)
    three.check()
    three.wait(10)
    house.clock.set_ms(three.t + 1000)
    approve(house)
    approve(house, at_ms=broken_ms + 1000, vehicle="bus3", id_="sub2")
    catch_up(house)
    for bus in (three.entries, two, one):
        house.feed([house.message(entry) for entry in bus])
        house.settle()
    for _ in range(3):
        catch_up(house)
        house.settle()
    found = outcome(house.database)
    assert found["trips"][0][1:3] == ("closed", "bus3")
    assert {row[4] for row in found["riders"]} == {"alighted"}
    assert [row[3] for row in found["notices"]].count("substituted") == 8


def test_recorders_are_told_what_their_buses_have_to_run(make_any_house: Make) -> None:
    house = make_any_house(devices=2)
    catch_up(house)
    (first,) = house.speaker.plans
    stops = first[1].trips[0].stops
    assert first == (
        "DEV-1",
        DayPlan(ON, (PlannedRun("T1", ON, "D-1", "A-1", START_MS, "to_school", stops),)),
    )
    assert stops is not None
    assert [(stop.stop, stop.at, stop.riders, stop.cards) for stop in stops] == [
        ("stop0", START_MS, 1, ("CARD1",)),
        *((f"stop{n}", START_MS + n * LEG_MS - 15_000, 1, (f"CARD{n + 1}",)) for n in (1, 2, 3)),
        ("stop4", START_MS + 4 * LEG_MS - 15_000, 0, ()),
    ]
    house.speaker.commands.clear()
    approve(house, at_ms=house.clock.now_ms())
    catch_up(house)
    plans = dict(house.speaker.plans)
    assert plans["DEV-1"] == DayPlan(ON, ())
    assert plans["DEV-2"] == DayPlan(ON, (PlannedRun("T1", ON, "D-2", "A-1", START_MS, "to_school", stops),))


def test_what_is_said_by_hand_goes_to_the_bus_whose_turn_it_was(make_house: Make) -> None:
    found = []
    for late in (False, True):
        house = make_house(devices=2)
        staffed(house)
        one, two = breakdown(changing=False)
        signed_on_ms = two[0].key.t
        one = [entry for entry in one if getattr(entry.record, "card", "") != "CARD2"]
        house.clock.set_ms(two[-1].key.t + 1000)
        approve(house)
        before = Ticked("rider2", "on", instant(START_MS + 130_000), "before")
        after = Ticked("rider2", "off", instant(two[-1].key.t - 60_000), "after")
        for entries in (one, two):
            house.feed(
                [house.message(entry) for entry in entries if getattr(entry.record, "card", "") != "CARD2"]
            )
            if entries is one and late:  # both come while the first bus has the trip as far as anybody knows
                for tick in (before, after):
                    say(house, ATTENDANT, lambda said, tick=tick: said.tick([tick], None))  # type: ignore[misc]
            house.settle()
            catch_up(house)
        if not late:
            for tick in (before, after):
                say(house, ATTENDANT, lambda said, tick=tick: said.tick([tick], None))  # type: ignore[misc]
        for _ in range(3):
            catch_up(house)
            house.settle()
        rows = outcome(house.database)
        assert [row[4] for row in rows["riders"] if row[1] == "rider2"] == ["alighted"]
        assert rows["trips"][0][1:3] == ("arrived", "bus2"), "both sides have yet to sign"
        with house.database.read() as connection:
            heard = connection.execute(
                select(t.records.c.vehicle_id, t.records.c.t_ms).where(t.records.c.device_id == HAND)
            ).all()
        assert {(row.vehicle_id, row.t_ms < signed_on_ms) for row in heard} == {
            ("bus1", True),
            ("bus2", False),
        }
        found.append({name: rows[name] for name in ("trips", "visits", "riders", "notices")})
    assert found[0] == found[1]


def move(house: House, shift_s: int, at_ms: int, id_: str = "later") -> None:
    """Approve another time as the desk does, at an instant."""
    with house.database.write() as connection:
        connection.execute(
            insert(t.substitutions).values(
                id=id_, operator_id="operator", timetable_id="tt1", from_on=ON, until_on=ON, shift_s=shift_s,
                reason="ice", user_id="user-d", made_at_ms=at_ms,
            )
        )  # fmt: skip
        apply(connection, "tt1", ON, ON)
        bump(connection, "substitutions")


def ten_minutes_late() -> list[Entry]:
    return a_morning(Recorder("DEV-1", START_MS + 480_000))


def of_time(found: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    return sorted(
        row[3] for row in found["findings"] if row[3] in {"departed_late", "arrived_late", "departed_early"}
    )


@pytest.mark.parametrize("shuffled", [False, True])
def test_another_time_is_what_the_trip_is_held_against_and_everybody_is_told_of_it(
    make_any_house: Make, shuffled: bool
) -> None:
    house, drive = make_any_house(), ten_minutes_late()
    house.clock.set_ms(START_MS - 1_200_000)
    move(house, 600, START_MS - 1_200_000)
    catch_up(house)
    messages = [house.message(entry) for entry in drive]
    if shuffled:
        random.Random(5).shuffle(messages)
    house.clock.set_ms(drive[-1].key.t)
    house.feed(messages)
    found = house.outcome()
    assert found["trips"][0][1] == "closed" and of_time(found) == []
    told = [row for row in found["notices"] if row[3] == "substituted"]
    assert sorted(row[1] for row in told) == sorted(CARDS.values())
    assert {row[6] for row in told} == {START_MS - 1_200_000}
    with house.database.read() as connection:
        starts = connection.scalars(select(t.trips.c.planned_start_ms)).all()
        words = set(connection.scalars(select(t.notices.c.text_en).where(t.notices.c.kind == "substituted")))
    assert starts == [START_MS + 600_000]
    assert len(words) == 4 and all(" instead of " in text and text.endswith("as always.") for text in words)


def test_what_the_bus_did_before_another_time_was_approved_is_held_against_the_old_one(
    make_house: Make,
) -> None:
    drive = ten_minutes_late()
    third_stop_ms = START_MS + 600_000 + 200_000
    outcomes = []
    for early in (True, False):
        house = make_house()
        house.clock.set_ms(third_stop_ms)
        before = [entry for entry in drive if entry.key.t < third_stop_ms]
        if early:
            house.feed([house.message(entry) for entry in before])
        move(house, 600, third_stop_ms)
        catch_up(house)
        house.clock.set_ms(drive[-1].key.t)
        house.feed([house.message(entry) for entry in drive])
        outcomes.append(house.outcome())
    assert outcomes[0] == outcomes[1]
    assert of_time(outcomes[0]) == ["arrived_late", "departed_late"]
    late = next(row for row in outcomes[0]["findings"] if row[3] == "arrived_late")
    assert late[8] is not None and late[8] <= third_stop_ms + 120_000, "on time again by the new plan"


def test_children_stay_aboard_a_trip_that_is_moved_far_while_it_is_on_its_way(make_house: Make) -> None:
    drive = a_morning()
    house = make_house()
    house.clock.set_ms(START_MS + 60_000)
    house.feed([house.message(entry) for entry in drive if entry.key.t < START_MS + 60_000])
    move(house, 9_000, START_MS + 60_000)
    catch_up(house)
    house.settle()
    riders = {row[1]: row[4] for row in outcome(house.database)["riders"]}
    assert riders["rider1"] == "aboard" and outcome(house.database)["trips"][0][1] == "en_route"
    house.clock.set_ms(drive[-1].key.t)
    house.feed([house.message(entry) for entry in drive])
    assert house.outcome()["trips"][0][1] == "closed"


def by_clock(house: House) -> list[tuple[str, int, bool]]:
    """Let the clock be looked at; give what it has found: the kind, minutes after the usual start, whether it is over."""
    for _ in range(8):
        house.clock.advance(6)
        house.ingest.tick()
    query = select(t.findings).where(t.findings.c.origin == "clock", t.findings.c.withdrawn_at_ms.is_(None))
    with house.database.read() as connection:
        return sorted(
            (row.kind, (row.began_ms - START_MS) // 60_000, row.ended_ms is not None)
            for row in connection.execute(query)
            if row.kind == "not_started"
        )


def test_a_trip_that_is_given_another_time_is_not_late_any_more_until_that_is_past(make_house: Make) -> None:
    house = make_house()
    house.clock.set_ms(START_MS + 300_000)
    assert by_clock(house) == []
    house.clock.set_ms(START_MS + 620_000)
    assert by_clock(house) == [("not_started", 10, False)]
    move(house, 1200, house.clock.now_ms())
    assert by_clock(house) == [("not_started", 10, True)]
    house.clock.set_ms(START_MS + 1_790_000)
    assert by_clock(house) == [("not_started", 10, True), ("not_started", 30, False)]


def test_a_time_that_is_taken_back_is_told_as_the_usual_one(make_house: Make) -> None:
    house = make_house()
    house.clock.set_ms(START_MS - 1_800_000)
    move(house, 600, START_MS - 1_800_000)
    catch_up(house)
    house.clock.advance(300)
    with house.database.write() as connection:
        connection.execute(t.substitutions.update().values(ended_at_ms=house.clock.now_ms()))
        apply(connection, "tt1", ON, ON)
        bump(connection, "substitutions")
    catch_up(house)
    with house.database.read() as connection:
        told = connection.execute(
            select(t.notices.c.occurrence, t.notices.c.text_en).where(t.notices.c.rider_id == "rider1")
        ).all()
        assert connection.scalars(select(t.trips.c.planned_start_ms)).all() == [START_MS]
    assert [row.occurrence for row in sorted(told)] == [1, 2]
    assert "as usual after all" in sorted(told)[1].text_en


BYPASS = 0.003  # degrees of latitude, 333 m beside the road


def lead_round(house: House, at_ms: int) -> None:
    """Approve of a way round the third stop, as the desk does; each rider has a plan for their own stop."""
    with house.database.write() as connection:
        for number in range(1, 5):
            connection.execute(
                insert(t.ride_plans).values(
                    id=f"plan-{number}", rider_id=f"rider{number}", timetable_id="tt1", stop_id=f"stop{number - 1}",
                    weekdays="1234567",
                )
            )  # fmt: skip
        desk = SubstitutionsDb(connection)
        target = desk.target_of("trip1")
        of_plan, version = desk.plan_of(target, ON)
        west, east = lon_at(LEG_M), lon_at(3 * LEG_M)
        line = (
            (LAT, lon_at(0)),
            (LAT, west),
            (LAT + BYPASS, west),
            (LAT + BYPASS, east),
            (LAT, east),
            (LAT, lon_at(4 * LEG_M)),
        )
        other, skipped, instead = detoured(version, DetourWanted(("stop2",), line))
        desk.add(
            NewSubstitution(
                "round", "operator", "tt1", ON, ON, None, None, None, "road works", "user-d", at_ms,
                detour=Detour(of_plan, desk.put_plan(target, other, at_ms), skipped, instead),
            )
        )  # fmt: skip


def round_the_works() -> list[Entry]:
    """Drive round the third stop; its rider boards at the one before."""
    bus = Recorder("DEV-1", START_MS - 120_000)
    bus.duty()
    bus.duty("A-1", "attendant", tag=None)
    bus.wait(60)
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M)
    bus.stop_at(LEG_M, ("CARD2", "CARD3"))
    for n in range(1, 6):
        bus.wait(5)
        bus.pos(LEG_M, 40, lat=LAT + BYPASS * n / 6)
    for n in range(40):
        bus.wait(4)
        bus.pos(LEG_M + 50 * n, 45, lat=LAT + BYPASS)
    for n in range(6, 0, -1):
        bus.wait(5)
        bus.pos(3 * LEG_M, 40, lat=LAT + BYPASS * n / 6)
    bus.wait(5)
    bus.stop_at(3 * LEG_M, ("CARD4",))
    bus.drive(3 * LEG_M, 4 * LEG_M)
    bus.stop_at(4 * LEG_M, tuple(CARDS), dwell_s=30)
    bus.wait(20)
    bus.check()
    return bus.entries


@pytest.mark.parametrize("shuffled", [False, True])
def test_another_way_is_what_the_trip_is_held_against_and_who_waits_there_is_told(
    make_any_house: Make, shuffled: bool
) -> None:
    house, drive = make_any_house(), round_the_works()
    at_ms = START_MS - 1_200_000
    house.clock.set_ms(at_ms)
    lead_round(house, at_ms)
    catch_up(house)
    messages = [house.message(entry) for entry in drive]
    if shuffled:
        random.Random(6).shuffle(messages)
    house.clock.set_ms(drive[-1].key.t)
    house.feed(messages)
    found = house.outcome()
    assert found["trips"][0][1] == "closed"
    assert [row[3] for row in found["findings"]] == []
    assert [row[1] for row in found["visits"]] == [0, 1, 2, 3]
    assert {row[1]: row[2] for row in found["riders"]} == {
        "rider1": "stop0", "rider2": "stop1", "rider3": "stop1", "rider4": "stop3",
    }  # fmt: skip
    with house.database.read() as connection:
        told = connection.execute(
            select(t.notices.c.rider_id, t.notices.c.text_en).where(t.notices.c.kind == "substituted")
        ).all()
    assert [row.rider_id for row in told] == ["rider3"]
    assert "does not stop at Stop 2: it comes for Rider3 to Stop 1" in told[0].text_en


def test_without_approval_the_same_way_is_off_the_route(make_house: Make) -> None:
    house, drive = make_house(), round_the_works()
    house.clock.set_ms(drive[-1].key.t)
    house.feed([house.message(entry) for entry in drive])
    assert {"off_route", "stop_skipped", "route_not_covered"} & {
        row[3] for row in house.outcome()["findings"]
    } >= {"off_route"}


def test_a_way_that_is_taken_back_has_the_riders_wait_where_they_always_do(make_house: Make) -> None:
    house = make_house()
    at_ms = START_MS - 1_800_000
    house.clock.set_ms(at_ms)
    lead_round(house, at_ms)
    catch_up(house)
    assert ("rider3", "stop1") in {(row[1], row[2]) for row in outcome(house.database)["riders"]}
    house.clock.advance(300)
    with house.database.write() as connection:
        connection.execute(t.substitutions.update().values(ended_at_ms=house.clock.now_ms()))
        apply(connection, "tt1", ON, ON)
        bump(connection, "substitutions")
    catch_up(house)
    assert ("rider3", "stop2") in {(row[1], row[2]) for row in outcome(house.database)["riders"]}
    with house.database.read() as connection:
        plans = connection.scalars(select(t.trips.c.plan_id)).all()
        told = sorted(
            tuple(row)
            for row in connection.execute(
                select(t.notices.c.rider_id, t.notices.c.occurrence, t.notices.c.text_en)
            )
        )
    assert plans == ["plan1"]
    assert [row[:2] for row in told] == [("rider3", 1), ("rider3", 2)]
    assert "as usual after all: at Stop 2" in told[1][2]
