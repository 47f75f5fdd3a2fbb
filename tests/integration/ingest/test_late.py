"""Late records, holds and checkpoints: what comes out of order is folded in order, and never at the cost of everybody else."""

from __future__ import annotations

import random
import time

from sqlalchemy import func, select

from server.adapters.db import tables as t
from server.service import folding
from tests.builders.road import LEG_M, START_MS, Recorder, a_morning
from tests.builders.town import outcome
from tests.integration.ingest.conftest import House, Make

HOUR_MS = 3_600_000


def a_long_day(bus: Recorder, until_ms: int, every_s: float = 5.0) -> None:
    """Stand at the first stop, with a position every few seconds, until an instant."""
    while bus.t < until_ms:
        bus.pos(0, 0)
        bus.wait(every_s)


def test_a_hold_ends_when_the_hole_is_filled_and_nothing_is_folded_again(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t)
    house.feed([house.message(entry) for entry in entries[:30]])
    swapped = [entries[31], entries[30], *entries[32:]]
    house.feed([house.message(entry) for entry in swapped], at_once=1)
    house.ingest.tick()
    assert not house.ingest._folder.is_behind, "nothing has to be folded again"
    assert outcome(house.database)["trips"][0][1] == "closed"


def test_a_record_whose_predecessor_is_lost_is_folded_after_two_seconds(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t)
    del entries[40]
    house.feed([house.message(entry) for entry in entries])
    assert outcome(house.database)["trips"][0][1] == "en_route"
    house.clock.advance(2.1)
    house.ingest.tick()
    assert outcome(house.database)["trips"][0][1] == "closed"


def test_a_checkpoint_is_not_taken_over_a_record_that_waits(make_house: Make) -> None:
    """A checkpoint above a held or late record would keep it out of every later fold."""
    house = make_house()
    bus = Recorder(at_ms=START_MS - HOUR_MS)
    a_long_day(bus, START_MS - 120_000, every_s=30)
    a_morning(bus)
    house.clock.set_ms(bus.t)
    ride = next(n for n, entry in enumerate(bus.entries) if type(entry.record).__name__ == "RideRecord")
    late = bus.entries.pop(ride)
    house.feed([house.message(entry) for entry in bus.entries])
    house.settle()
    house.feed([house.message(late)])
    house.start()  # dies before the late record is folded
    house.settle()
    assert len(outcome(house.database)["rides"]) == 8
    whole = make_house()
    whole.clock.set_ms(bus.t)
    whole.feed([whole.message(entry) for entry in sorted([*bus.entries, late], key=lambda e: e.key)])
    assert house.outcome() == whole.outcome()


def test_a_whole_history_is_folded_again_in_chunks_while_others_are_served(make_house: Make) -> None:
    """One record far below everything else must not fold the vehicle's whole history in one go."""
    house = make_house(devices=2)
    bus = Recorder(at_ms=START_MS - 3 * HOUR_MS)
    a_long_day(bus, START_MS - 120_000)
    a_morning(bus)
    house.clock.set_ms(bus.t)
    house.feed([house.message(entry) for entry in bus.entries], at_once=200)
    house.settle()
    before = outcome(house.database)
    old = Recorder(at_ms=START_MS - 4 * HOUR_MS)
    old.seq = bus.seq
    old.pos(0, 0)
    house.feed([house.message(old.entries[0])])
    house.clock.advance(2)
    chunks = 0
    other = Recorder("DEV-2", at_ms=bus.t)
    while house.ingest._folder.is_behind:
        with house.ingest._log.write() as work:
            house.ingest._folder.refold(work, "bus1")
        chunks += 1
        other.wait(0.1)
        other.pos(LEG_M, 30)
        house.feed([house.message(other.entries[-1])])
    assert chunks >= len(bus.entries) // folding.CHUNK
    assert house.speaker.heads[-1].vehicle_id == "bus2"
    after = house.outcome()
    assert {name: rows for name, rows in after.items() if name != "records"} == {
        name: rows for name, rows in before.items() if name != "records"
    }


def test_records_that_come_while_a_history_is_folded_again_are_folded_too(make_house: Make) -> None:
    entries = a_morning()
    whole = make_house()
    whole.clock.set_ms(entries[-1].key.t)
    whole.feed([whole.message(entry) for entry in entries])
    expected = whole.outcome()
    house = make_house()
    house.clock.set_ms(entries[-1].key.t)
    order = [*entries[30:60], *entries[:20]]
    rest = [*entries[20:30], *entries[60:]]
    random.Random(7).shuffle(rest)
    house.feed([house.message(entry) for entry in order])
    house.clock.advance(2.5)
    for entry in rest:  # one after another, each between two steps of one chunk
        with house.ingest._log.write() as work:
            for vehicle in house.ingest._folder.refold_due(house.clock.monotonic()):
                house.ingest._folder.refold(work, vehicle)
        house.feed([house.message(entry)])
    assert house.outcome() == expected


def test_a_clock_a_day_behind_does_not_fold_its_day_again_every_second(make_house: Make) -> None:
    """QUALITY fault 12: each record of such a device is late, and each would fold the whole day since."""
    house = make_house()
    bus = Recorder(at_ms=START_MS)
    a_long_day(bus, START_MS + 4 * HOUR_MS)
    house.clock.set_ms(bus.t)
    house.feed([house.message(entry) for entry in bus.entries], at_once=200)
    house.settle()
    steps = 0
    step = house.ingest._folder._step

    def counted(*args: object) -> None:
        nonlocal steps
        steps += 1
        house.clock.advance(0.02)  # what a chunk costs
        step(*args)  # type: ignore[arg-type]

    house.ingest._folder._step = counted  # type: ignore[method-assign,assignment]
    behind = Recorder(at_ms=START_MS - 24 * HOUR_MS)
    behind.seq = bus.seq
    began = house.clock.monotonic()
    for _ in range(60):
        behind.pos(0, 0)
        behind.wait(1)
        house.feed([house.message(behind.entries[-1])])
        house.clock.advance(1)
        house.ingest.tick()
    share = steps * 0.02 / (house.clock.monotonic() - began)
    assert steps, "late records are folded in the end"
    assert share < 0.1, f"folding one device again took {share:.0%} of the time"


def test_eight_hours_of_backlog_do_not_fold_the_world_again_each_second(make_house: Make) -> None:
    house = make_house()
    bus = Recorder(at_ms=START_MS)
    a_long_day(bus, START_MS + 8 * HOUR_MS)
    live = bus.entries[-20:]
    backlog = bus.entries[:-20]
    house.clock.set_ms(bus.t)
    folded = 0
    load = house.ingest._folder._fold_on

    def counted(work: object, head: object, entries: list[object]) -> None:
        nonlocal folded
        folded += len(entries)
        load(work, head, entries)  # type: ignore[arg-type]

    house.ingest._folder._fold_on = counted  # type: ignore[method-assign,assignment]
    began = time.perf_counter()
    for n in range(0, len(backlog), 400):
        house.feed([house.batch(backlog[m : m + 100]) for m in range(n, min(n + 400, len(backlog)), 100)])
        if live:
            house.feed([house.message(live.pop(0))])
        house.clock.advance(0.5)
        house.ingest.tick()
    for entry in live:
        house.feed([house.message(entry)])
    house.settle()
    took = time.perf_counter() - began
    assert _count(house, t.records) == len(bus.entries)
    assert folded < 3 * len(bus.entries), f"{folded} folds for {len(bus.entries)} records in {took:.1f} s"


def test_a_change_of_plans_folds_one_vehicle_after_another_and_loses_none(make_house: Make) -> None:
    house = make_house(devices=3)
    entries = {device: a_morning(Recorder(f"DEV-{device}", START_MS - 120_000)) for device in (1, 2, 3)}
    house.clock.set_ms(entries[1][-1].key.t)
    for device in (1, 2, 3):
        house.feed([house.message(entry) for entry in entries[device][:50]])
    with house.database.write() as connection:
        connection.execute(t.counters.insert().values(name="catalog", value=5))
    house.clock.advance(2.1)
    house.ingest.tick()
    for device in (1, 2, 3):
        house.feed([house.message(entry) for entry in entries[device][50:]])
    house.settle()
    assert not house.ingest._folder.is_behind
    assert outcome(house.database)["trips"][0][1:3] == ("closed", "bus1")


def test_a_change_between_the_start_and_the_first_look_at_the_catalogue_is_seen(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t)
    house.feed(
        [house.message(entry) for entry in entries[:10]]
    )  # before ingest's first look: a card of nobody's
    with house.database.write() as connection:
        connection.execute(t.riders.update().where(t.riders.c.id == "rider2").values(card="NEW"))
        connection.execute(t.counters.insert().values(name="catalog", value=1))
    house.clock.advance(2.1)
    house.ingest.tick()
    assert (
        house.ingest._catalogue.context(house.ingest._folder._heads["bus1"].bus).find_rider("NEW") == "rider2"
    )


def test_a_ride_before_any_trip_belongs_to_none_and_is_kept_once_in_every_order(make_any_house: Make) -> None:
    def run(order: list[int]) -> dict[str, list[tuple[object, ...]]]:
        house = make_any_house()
        bus = Recorder(at_ms=START_MS - 30 * 60_000)
        bus.card("CARD1")
        bus.wait(30)
        bus.card("CARD1")  # the same reading
        bus.wait(600)
        a_morning(bus)
        house.clock.set_ms(bus.t)
        messages = [house.message(entry) for entry in bus.entries]
        house.feed([messages[n] for n in order if n < len(messages)] + messages[len(order) :], at_once=1)
        return house.outcome()

    straight = run([0, 1, 2, 3])
    loose = [row for row in straight["rides"] if row[1] is None]
    assert [row[0] for row in loose] == ["DEV-1:0:1"]
    assert run([1, 0, 2, 3]) == straight
    assert run([3, 2, 1, 0]) == straight


def _count(house: House, table: object) -> int:
    with house.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]
