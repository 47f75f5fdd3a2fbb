"""Which bus runs a trip, and which bus a device is: two that claim one trip, devices that move, and devices of no bus."""

from __future__ import annotations

import itertools

from msgspec.structs import replace
from sqlalchemy import select, update

from server.adapters.db import tables as t
from server.adapters.db.counters import bump
from server.domain.vehicle_day import Entry
from tests.builders.road import LEG_M, START_MS, Recorder, a_morning
from tests.builders.town import outcome
from tests.integration.ingest.conftest import House, Make


def two_buses() -> tuple[list[Entry], list[Entry]]:
    """Two crews that say the same trip: bus 1's is first by half a minute and stops half way; bus 2's drives it all."""
    one = Recorder("DEV-1", START_MS - 150_000)
    one.duty()
    one.wait(120)
    one.stop_at(0, ("CARD1",))
    one.drive(0, LEG_M)
    two = Recorder("DEV-2", START_MS - 120_000)
    a_morning(two)
    return one.entries, two.entries


def test_two_buses_that_claim_one_trip_the_first_to_say_so_has_it_in_every_order(
    make_any_house: Make,
) -> None:
    one, two = two_buses()
    found = []
    for orders in (([*one], [*two]), ([*two], [*one]), None):
        house = make_any_house(devices=2)
        house.clock.set_ms(two[-1].key.t)
        mixed = (
            sorted([*one, *two], key=lambda entry: entry.key) if orders is None else [*orders[0], *orders[1]]
        )
        house.feed([house.message(entry) for entry in mixed], at_once=5)
        found.append(house.outcome())
    assert found[0]["trips"][0][1:3] == ("en_route", "bus1")
    assert {row[0].split(":")[0] for row in found[0]["rides"] if row[1] is not None} == {"DEV-1"}
    assert found[1] == found[0]
    assert found[2] == found[0]


def test_a_claim_that_is_taken_back_gives_the_trip_to_the_other_bus(make_house: Make) -> None:
    one, two = two_buses()
    unsaid = Recorder("DEV-1", one[0].key.t)
    unsaid.duty(trip=None)  # badge and tag prove the trip
    one[0] = unsaid.entries[0]
    house = make_house(devices=2, trips=2)
    house.clock.set_ms(two[-1].key.t)
    house.feed([house.message(entry) for entry in [*one, *two]])
    house.settle()
    assert outcome(house.database)["trips"][0][2] == "bus1"
    truth = Recorder("DEV-1", one[0].key.t - 1000)
    truth.seq = 500
    truth.duty(trip="T2")  # bus 1's crew had said its trip before that, which comes late
    house.feed([house.message(truth.entries[0])])
    house.settle()
    trips = {row[0]: row[1:3] for row in outcome(house.database)["trips"]}
    assert trips["trip1"] == ("closed", "bus2")
    assert trips["trip2"][1] == "bus1"


def test_a_crew_that_chose_the_wrong_trip_and_corrects_itself_leaves_it_to_the_bus_that_runs_it(
    make_any_house: Make,
) -> None:
    _, two = two_buses()
    one = Recorder("DEV-1", START_MS - 150_000)
    one.duty(trip="T1")
    one.wait(5)
    one.duty(trip="T2")
    found = []
    for order in ([*one.entries, *two], [*two, *one.entries]):
        house = make_any_house(devices=2, trips=2)
        house.clock.set_ms(two[-1].key.t)
        house.feed([house.message(entry) for entry in order], at_once=5)
        found.append(house.outcome())
    assert {row[0]: row[1:3] for row in found[0]["trips"]} == {
        "trip1": ("closed", "bus2"), "trip2": ("scheduled", "bus1"),
    }  # fmt: skip
    assert found[1] == found[0]


def test_a_device_fitted_to_another_bus_speaks_for_that_bus_from_then_on(make_any_house: Make) -> None:
    house = make_any_house(devices=2)
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t)
    house.feed([house.message(entry) for entry in entries[:40]])
    with house.database.write() as connection:
        connection.execute(update(t.devices).where(t.devices.c.id == "DEV-1").values(vehicle_id="bus2"))
        bump(connection, "catalog")
    house.clock.advance(2.1)
    house.ingest.tick()
    house.feed([house.message(entry) for entry in entries[40:]])
    house.settle()
    with house.database.read() as connection:
        rows = connection.execute(select(t.records.c.vehicle_id).order_by(t.records.c.seq)).scalars().all()
    assert [(bus, len(list(run))) for bus, run in itertools.groupby(rows)] == [
        ("bus1", 40), ("bus2", len(entries) - 40),
    ]  # fmt: skip
    assert outcome(house.database)["trips"][0][1:3] == ("en_route", "bus1"), (
        "no trip is stitched from two buses"
    )


def test_a_bus_with_a_new_device_goes_on_with_its_trip(make_house: Make) -> None:
    house = make_house(devices=2)
    entries = a_morning()
    cut = next(n for n, entry in enumerate(entries) if getattr(entry.record, "card", "") == "CARD3")
    second = Recorder("DEV-2")
    for entry in entries[cut:]:
        second.seq += 1
        record = entry.record
        second.say(replace(record, seq=second.seq))
    house.clock.set_ms(entries[-1].key.t)
    with house.database.write() as connection:
        connection.execute(update(t.devices).where(t.devices.c.id == "DEV-2").values(vehicle_id="bus1"))
    house.start()
    house.feed([house.message(entry) for entry in [*entries[:cut], *second.entries]])
    found = house.outcome()
    assert found["trips"][0][1:3] == ("closed", "bus1")
    assert len(found["rides"]) == 8


def test_a_device_of_no_bus_is_refused_without_saved_and_heard_once_it_is_fitted(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    bus = Recorder("NEW-1", START_MS)
    bus.pos(0)
    house.feed([house.message(bus.entries[0])])
    house.settle()
    assert [answer.upto for _, answer in house.speaker.answers] == []
    assert _rejected(house) == [("NEW-1", None)]
    with house.database.write() as connection:
        connection.execute(
            t.devices.insert().values(
                id="NEW-1", vehicle_id="bus1", secret_hash="-", active=True, made_at_ms=0, changed_at_ms=0
            )
        )
        bump(connection, "catalog")
    house.feed([house.message(bus.entries[0])])
    house.settle()
    assert house.speaker.answers[-1][1].upto == 1
    assert len(outcome(house.database)["records"]) == 1


def test_an_old_position_without_a_fix_is_not_shown_as_a_new_one(make_house: Make) -> None:
    house = make_house()
    bus = Recorder(at_ms=START_MS - 120_000)
    bus.pos(100, 30)
    bus.wait(60)
    bus.pos(100, 30, fix=0)
    house.feed([house.message(entry) for entry in bus.entries])
    assert [head.at_ms for head in house.speaker.heads] == [START_MS - 120_000]


def test_a_device_clock_that_steps_back_makes_no_second_head_and_no_second_visit(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t)
    half = len(entries) // 2
    house.feed([house.message(entry) for entry in entries[:half]])
    back = Recorder(at_ms=entries[half].key.t - 3_600_000)
    back.seq = 1000
    back.pos(0, 0, door=1)
    back.wait(5)
    back.pos(0, 0, door=0)
    house.feed([house.message(entry) for entry in back.entries])
    house.feed([house.message(entry) for entry in entries[half:]])
    found = house.outcome()
    assert found["trips"][0][1] == "closed"
    assert [row[1] for row in found["visits"]] == [0, 1, 2, 3, 4]
    assert max(head.at_ms for head in house.speaker.heads) == [head.at_ms for head in house.speaker.heads][-1]


def test_the_clock_of_a_device_is_not_judged_by_what_the_broker_kept(make_house: Make) -> None:
    house = make_house()
    body = b'{"v":1,"online":1,"t":%d,"oldest":1,"next":2}' % (START_MS - 5 * 3_600_000)
    house.feed([house.raw("DEV-1", "online", body)._replace(retain=True)])
    assert _skew(house) is None
    house.feed([house.raw("DEV-1", "online", body)])
    assert _skew(house) == -5 * 3_600_000


def _skew(house: House) -> int | None:
    with house.database.read() as connection:
        return connection.scalar(select(t.device_status.c.skew_ms))


def _rejected(house: House) -> list[tuple[str, int | None]]:
    with house.database.read() as connection:
        return [tuple(row) for row in connection.execute(select(t.rejected.c.device_id, t.rejected.c.seq))]
