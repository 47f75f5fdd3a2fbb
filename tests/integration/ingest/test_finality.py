"""When the verdicts on a trip are final (INTERFACES, ruling 5): closed, or an hour after its plan where the data is complete."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import select

from server.adapters.db import tables as t
from server.domain.record import Event
from server.domain.vehicle_day import Entry
from server.domain.verdict import Verdicts
from tests.builders.road import a_morning, a_plan
from tests.integration.ingest.conftest import House

Make = Callable[..., House]
HOUR_MS = 3_600_000


def is_final(house: House) -> bool:
    with house.database.read() as connection:
        body = connection.scalar(select(t.trips.c.verdicts).where(t.trips.c.id == "trip1"))
    assert body is not None
    return msgspec.json.decode(body, type=Verdicts).final


def unchecked() -> list[Entry]:
    """Drive the morning without the rear check, so that the trip arrives and does not close."""
    return [entry for entry in a_morning() if not isinstance(entry.record, Event)]


def at(house: House, now_ms: int) -> None:
    house.clock.set_ms(now_ms)
    house.settle()


def test_a_trip_that_is_closed_is_final_at_once(make_house: Make) -> None:
    house, entries = make_house(), a_morning()
    house.clock.set_ms(entries[-1].key.t)
    check = next(n for n, entry in enumerate(entries) if isinstance(entry.record, Event))
    house.feed([house.message(entry) for entry in entries[:check]])
    house.settle()
    assert not is_final(house)
    house.feed([house.message(entry) for entry in entries[check:]])
    house.settle()
    assert is_final(house)


def test_a_trip_that_never_closes_is_final_an_hour_after_its_plan_though_nobody_says_more(
    make_house: Make,
) -> None:
    house, entries = make_house(), unchecked()
    at(house, entries[-1].key.t)
    house.feed([house.message(entry) for entry in entries])
    at(house, a_plan().end_ms + HOUR_MS - 60_000)
    assert not is_final(house)
    at(house, a_plan().end_ms + HOUR_MS)
    assert is_final(house)


def test_a_hole_in_the_records_keeps_it_open_until_it_is_filled(make_house: Make) -> None:
    house, entries = make_house(), unchecked()
    at(house, entries[-1].key.t)
    half = len(entries) // 2
    house.feed([house.message(entry) for entry in [*entries[:half], *entries[half + 1 :]]])
    at(house, a_plan().end_ms + 2 * HOUR_MS)
    assert not is_final(house)
    house.feed([house.message(entries[half])])
    house.settle()
    assert is_final(house)
