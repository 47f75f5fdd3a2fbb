"""Hours at the wheel of two buses: the same findings whichever bus was heard first, live and in replay."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.domain.vehicle_day import Entry
from tests.builders.road import LEG_M, LEGS, START_MS, Recorder
from tests.integration.ingest.conftest import House, Make

MINUTE_MS = 60_000
HOURS_S = 1500  # half an hour's work for the test, 25 minutes for the law of this county


def around(bus: Recorder, minutes: float) -> None:
    """Drive about, on no trip."""
    end = bus.t + round(minutes * MINUTE_MS)
    while bus.t < end:
        bus.wait(10)
        bus.pos(LEG_M * 1.5 + bus.t // 1000 % 7, 30, lat=37.6)


def the_trip(bus: Recorder, trip: str) -> None:
    """Sign on and drive a trip without riders."""
    bus.duty(trip=trip)
    for n in range(LEGS):
        bus.stop_at(LEG_M * n)
        bus.drive(LEG_M * n, LEG_M * (n + 1))
    bus.stop_at(LEG_M * LEGS, dwell_s=30)


def one_driver() -> tuple[list[Entry], list[Entry]]:
    """Drive bus 2 for 20 minutes, then bus 1's first trip, then bus 2 again on the second trip."""
    first, second = Recorder("DEV-1", START_MS - MINUTE_MS), Recorder("DEV-2", START_MS - 25 * MINUTE_MS)
    second.duty(trip=None, tag=None)
    around(second, 20)
    second.duty(state="off", trip=None, tag=None)
    the_trip(first, "T1")
    around(first, 10)
    first.duty(state="off", trip=None, tag=None)
    second.t = START_MS + 25 * MINUTE_MS
    the_trip(second, "T2")
    return first.entries, second.entries


def a_house(make: Make) -> House:
    house = make(devices=2, trips=2)
    with house.database.write() as connection:
        for name, value in (("driving_day_s", HOURS_S), ("driving_rest_s", 900)):
            connection.execute(
                insert(t.settings).values(
                    id=name,
                    scope="operator",
                    scope_id="operator",
                    name=name,
                    value=str(value),
                    ended_at_ms=None,
                )
            )
    house.start()
    return house


def told(house: House) -> list[tuple[str, str, int]]:
    """Give the findings of hours: the trip, the bus, and how many minutes after the first trip's plan."""
    query = select(t.findings).where(t.findings.c.kind == "fatigue", t.findings.c.withdrawn_at_ms.is_(None))
    with house.database.read() as connection:
        return sorted(
            (row.trip_id, row.vehicle_id, round((row.began_ms - START_MS) / MINUTE_MS))
            for row in connection.execute(query)
        )


def test_the_hours_of_both_buses_count_in_every_order(make_any_house: Make, database_kind: str) -> None:
    first, second = one_driver()
    in_time = sorted([*first, *second], key=lambda entry: entry.key)
    shuffled = [*in_time, *in_time[::3]]
    random.Random(4).shuffle(shuffled)
    outcomes = []
    orders = (
        [in_time, shuffled]
        if database_kind == "postgresql"
        else [in_time, [*first, *second], [*second, *first], shuffled]
    )
    for order in orders:
        house = a_house(make_any_house)
        house.clock.set_ms(in_time[-1].key.t + MINUTE_MS)
        house.feed([house.message(entry) for entry in order], at_once=60)
        outcomes.append(house.outcome())
        # 20 minutes on bus 2, and five more with the first trip; on the second it goes on.
        assert told(house) == [("trip1", "bus1", 0), ("trip2", "bus2", 25)]
    assert all(one == outcomes[0] for one in outcomes)


@pytest.mark.parametrize("known", [0, 1], ids=["whole", "all but the sign-on"])
@pytest.mark.parametrize("again", [True, False], ids=["restarted", "running"])
def test_what_the_other_bus_says_late_counts_after_all(make_house: Make, again: bool, known: int) -> None:
    first, second = one_driver()
    house = a_house(make_house)
    house.clock.set_ms(second[-1].key.t + MINUTE_MS)
    house.feed([house.message(entry) for entry in [*second[:known], *first, *second[-100:]]], at_once=60)
    house.settle()
    assert [trip for trip, _, _ in told(house)] == ["trip2"]  # of bus 1's hours alone
    if again:
        house.start()
    house.feed([house.message(entry) for entry in second[known:-100]], at_once=60)
    house.settle()
    assert told(house) == [("trip1", "bus1", 0), ("trip2", "bus2", 25)]
