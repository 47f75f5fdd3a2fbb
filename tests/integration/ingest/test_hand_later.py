"""What is said of a trip when its bus is on the next one: rows of the first trip change, in whatever order all of it comes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.adapters.db.web_store import DbWebStore
from server.service.crew import Said
from server.service.policy import Caller
from tests.builders.road import START_MS, Recorder, a_morning
from tests.integration.ingest.conftest import House
from tests.integration.ingest.test_hand import ATTENDANT, SCHOOL, instant

Make = Callable[..., House]
Say = tuple[Caller, Callable[[Said], object]]
CONFIRMED_MS = START_MS + 43 * 60_000  # three minutes into the next trip


def drive(*, checked: bool = False) -> Recorder:
    """Drive the first trip to its end, and the next one, forty minutes later, to its second leg."""
    bus = Recorder(at_ms=START_MS - 120_000)
    a_morning(bus)
    left_out = 1 if checked else 2  # the sign-off, since the crew goes on, and the button at the rear
    del bus.entries[-left_out:]
    bus.seq -= left_out
    bus.wait(24 * 60)
    bus.duty(trip="T2", tag="TAG-2")
    bus.wait(60)
    bus.t = START_MS + 40 * 60_000 - 20_000
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, 1000)
    bus.stop_at(1000, ("CARD2",))
    bus.drive(1000, 2000)
    return bus


def said(later_ms: int = 0) -> list[tuple[int, Say]]:
    """Give what is said of the first trip, each with the instant of its saying."""
    found: list[tuple[int, Say]] = [
        (CONFIRMED_MS, (ATTENDANT, lambda one: one.headcount(4, instant(CONFIRMED_MS + later_ms), "c-1"))),
        (CONFIRMED_MS + 5_000, (SCHOOL, lambda one: one.receive(3, "one fewer", "c-2"))),
        (
            CONFIRMED_MS + 8_000,
            (ATTENDANT, lambda one: one.rear_check(instant(CONFIRMED_MS + 8_000 + later_ms), "c-3")),
        ),
        (CONFIRMED_MS + 20_000, (SCHOOL, lambda one: one.receive(4, "found her", "c-4"))),
    ]
    return [(at_ms + later_ms, what) for at_ms, what in found]


def say(house: House, at_ms: int, what: Say) -> None:
    with DbWebStore(house.database).write() as work:
        what[1](Said(work, what[0], "trip1", at_ms))


def a_house(make: Make) -> House:
    house = make(trips=2)
    with house.database.write() as connection:
        connection.execute(
            insert(t.users).values(
                id="user-s", username="gate", role="school", scope_id="school", password_hash="-", made_at_ms=0,
                changed_at_ms=0,
            )
        )  # fmt: skip
    return house


def states(house: House) -> dict[str, str]:
    with house.database.read() as connection:
        return {row.id: row.state for row in connection.execute(select(t.trips.c.id, t.trips.c.state))}


def rows(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """Give what has to be equal: a hand input's id tells the order of its coming, so all but the log's names of inputs."""
    found = house.outcome()
    del found["records"]
    return found


def test_the_school_confirms_when_the_bus_is_on_its_next_trip(make_any_house: Make) -> None:
    house, bus = a_house(make_any_house), drive()
    house.clock.set_ms(bus.t)
    house.feed([house.message(entry) for entry in bus.entries])
    house.settle()
    assert states(house) == {"trip1": "arrived", "trip2": "en_route"}
    for at_ms, what in said():
        say(house, at_ms, what)
    house.settle()
    assert states(house) == {"trip1": "closed", "trip2": "en_route"}


def test_it_closes_after_a_restart_too_when_nothing_but_a_checkpoint_tells_of_the_first_trip(
    make_house: Make,
) -> None:
    """Rows of a trip from before the checkpoint were not known to the fold, and what was said of it later was not written."""
    house, bus = a_house(make_house), drive(checked=True)
    house.clock.set_ms(bus.t)
    house.feed([house.message(entry) for entry in bus.entries])
    house.settle()
    say(house, *said()[0])
    bus.entries.clear()
    for metre in range(2000, 2900, 10):  # so slowly that a checkpoint is taken on the way
        bus.pos(metre, 3)
        bus.wait(10)
    house.clock.set_ms(bus.t)
    house.feed([house.message(entry) for entry in bus.entries])
    house.settle()
    house.start()
    say(house, *said(16 * 60_000)[-1])
    house.settle()
    assert states(house) == {"trip1": "closed", "trip2": "en_route"}


@pytest.mark.parametrize("seed", range(4))
def test_the_order_in_which_all_of_it_comes_is_not_seen_in_the_end(make_house: Make, seed: int) -> None:
    straight, mixed = a_house(make_house), a_house(make_house)
    bus = drive()
    first, second = bus.entries[: len(bus.entries) // 2], bus.entries[len(bus.entries) // 2 :]

    def parts(house: House) -> list[Callable[[], object]]:
        return [
            lambda: house.feed([house.message(entry) for entry in first]),
            lambda: house.feed([house.message(entry) for entry in second]),
            *(lambda at_ms=at_ms, what=what: say(house, at_ms, what) for at_ms, what in said()),  # type: ignore[misc]
        ]

    outcomes = []
    for house in (straight, mixed):
        house.clock.set_ms(bus.t + 60_000)
        todo = parts(house)
        if house is mixed:
            random.Random(seed).shuffle(todo)
        for part in todo:
            part()
            house.settle()
        outcomes.append(rows(house))
    assert outcomes[0] == outcomes[1]
    assert states(mixed) == {"trip1": "closed", "trip2": "en_route"}
