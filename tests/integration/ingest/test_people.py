"""Who is absent, who is told what, and what is taken back: the manifest and the notices under late and changing knowledge."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update

from server.adapters.db import tables as t
from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.counters import bump
from server.adapters.db.outbox import DatabaseOutbox
from server.domain.vehicle_day import Entry
from server.service.courier import Courier
from tests.builders.road import LEG_M, START_MS, Recorder, a_morning
from tests.builders.town import ON
from tests.integration.ingest.conftest import House, Make
from tests.integration.ingest.test_crash import Page


def say_absent(house: House, rider: str, id_: str = "x1") -> None:
    with house.database.write() as connection:
        connection.execute(
            t.exceptions.insert().values(
                id=id_, rider_id=rider, service_on=ON, direction="to_school", kind="absent",
                user_id=f"user-{rider}", made_at_ms=house.clock.now_ms(),
            )
        )  # fmt: skip
        bump(connection, "inputs")


def take_back(house: House, id_: str = "x1") -> None:
    with house.database.write() as connection:
        connection.execute(
            update(t.exceptions).where(t.exceptions.c.id == id_).values(withdrawn_at_ms=house.clock.now_ms())
        )
        bump(connection, "inputs")


def states(house: House) -> dict[str, str]:
    with house.database.read() as connection:
        rows = connection.execute(select(t.trip_riders).where(t.trip_riders.c.trip_id == "trip1"))
        return {row.rider_id: row.state for row in rows}


def notices(house: House) -> list[Any]:
    with house.database.read() as connection:
        return list(connection.execute(select(t.notices).order_by(t.notices.c.id)))


def up_to(entries: list[Entry], t_ms: int) -> list[Entry]:
    return [entry for entry in entries if entry.key.t <= t_ms]


def go_to(house: House, entries: list[Entry], t_ms: int) -> list[Entry]:
    """Feed what has happened until an instant, at that instant; give what is still to come."""
    house.clock.set_ms(t_ms)
    now = up_to(entries, t_ms)
    house.feed([house.message(entry) for entry in now])
    house.clock.advance(2.1)
    house.ingest.tick()
    return entries[len(now) :]


def test_an_exception_before_the_trip_is_on_its_manifest_from_the_start(make_any_house: Make) -> None:
    house = make_any_house()
    house.clock.set_ms(START_MS - 600_000)
    say_absent(house, "rider2")
    house.clock.advance(2.1)
    house.ingest.tick()
    assert states(house)["rider2"] == "absent"
    go_to(house, a_morning(), START_MS)
    assert states(house)["rider2"] == "absent"


def test_an_exception_during_a_running_trip_reaches_its_manifest_and_survives_a_restart(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    entries = a_morning()
    rest = go_to(house, entries, START_MS + 20_000)
    assert states(house)["rider4"] == "expected"
    say_absent(house, "rider4")
    house.clock.advance(2.1)
    house.ingest.tick()  # the bus says nothing meanwhile
    assert states(house)["rider4"] == "absent"
    house.start()
    assert states(house)["rider4"] == "absent"
    house.settle()
    rest = [entry for entry in rest if getattr(entry.record, "card", "") != "CARD4"]
    go_to(house, rest, entries[-1].key.t)
    house.start()
    house.settle()
    assert states(house) == {
        "rider1": "alighted", "rider2": "alighted", "rider4": "absent", "rider3": "alighted",
    }  # fmt: skip
    assert not [row for row in notices(house) if row.rider_id == "rider4" and row.kind == "approaching"]


def test_an_exception_taken_back_makes_the_child_expected_again(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    go_to(house, entries, START_MS + 30_000)
    say_absent(house, "rider3")
    house.clock.advance(2.1)
    house.ingest.tick()
    take_back(house)
    house.clock.advance(2.1)
    house.ingest.tick()
    assert states(house)["rider3"] == "expected"


def test_a_child_said_to_be_absent_who_boards_is_aboard(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    go_to(house, entries, START_MS + 30_000)
    say_absent(house, "rider2")
    go_to(house, entries, START_MS + 180_000)
    assert states(house)["rider2"] == "aboard"


def test_an_exception_folds_no_vehicle_again(make_house: Make) -> None:
    house = make_house()
    go_to(house, a_morning(), START_MS + 60_000)
    say_absent(house, "rider3")
    house.clock.advance(2.1)
    house.ingest.tick()
    assert not house.ingest._folder.is_behind


def tell_all(house: House) -> list[str]:
    page = Page()
    Courier(DatabaseOutbox(house.database), [page], house.clock).deliver()
    return page.told


def test_a_sent_notice_whose_ground_is_gone_is_corrected_once_and_the_correction_goes_out(
    make_any_house: Make,
) -> None:
    """A late sign-on shows that the bus was on its next trip already when the card was read."""
    house = make_any_house(trips=2)
    entries = a_morning()
    card = next(entry for entry in entries if getattr(entry.record, "card", "") == "CARD1")
    go_to(house, entries, START_MS + 30_000)
    assert next(row.id for row in notices(house) if row.kind == "boarded") in tell_all(house)
    duty = Recorder(at_ms=card.key.t - 1)
    duty.seq = 900
    duty.duty(trip="T2")
    house.feed([house.message(duty.entries[0])])
    house.settle()
    rows = {(row.trip_id, row.kind): row for row in notices(house) if row.rider_id == "rider1"}
    assert set(rows) == {("trip1", "boarded"), ("trip1", "correction"), ("trip2", "boarded")}
    correction = rows["trip1", "correction"]
    assert correction.withdrawn_at_ms is None
    assert correction.at_ms > START_MS + 30_000, (
        "it happens when it is said: an older one would be told to nobody"
    )
    assert {correction.id, rows["trip2", "boarded"].id} <= set(tell_all(house))
    house.start()
    house.settle()
    assert tell_all(house) == []


def test_an_unsent_notice_whose_ground_is_gone_is_withdrawn_without_a_word(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    ride = next(n for n, entry in enumerate(entries) if getattr(entry.record, "card", "") == "CARD1")
    early = Recorder(at_ms=entries[ride].key.t - 20_000)
    early.seq = 500
    early.card("CARD1")  # the same card twenty seconds earlier: the reading that was known is its repetition
    go_to(house, entries, START_MS + 10_000)
    house.feed([house.message(early.entries[0])])
    house.settle()
    rows = [row for row in notices(house) if row.kind == "boarded"]
    assert [(row.at_ms, row.withdrawn_at_ms) for row in rows] == [(early.entries[0].key.t, None)]
    assert not [row for row in notices(house) if row.kind == "correction"]


def test_an_event_older_than_fifteen_minutes_is_history_and_told_to_nobody(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t + 16 * 60_000)
    house.feed([house.message(entry) for entry in entries])
    house.settle()
    assert tell_all(house) == []
    assert all(row.expired_at_ms is not None for row in notices(house))


def test_a_trip_whose_crew_never_departs_is_missed_once_and_doesnt_flap(make_any_house: Make) -> None:
    house = make_any_house()
    bus = Recorder(at_ms=START_MS - 60_000)
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    house.clock.set_ms(bus.t)
    house.feed([house.message(entry) for entry in bus.entries])
    seen: list[str] = []
    for _ in range(16):
        bus.wait(150)
        bus.pos(0, 0)
        house.clock.set_ms(bus.t)
        house.clock.advance(2.1)
        house.feed([house.message(bus.entries[-1])])
        seen.append(_state(house))
        house.ingest.tick()
        seen.append(_state(house))
    assert [state for n, state in enumerate(seen) if n == 0 or seen[n - 1] != state] == [
        "scheduled",
        "missed",
    ]
    bus.drive(0, LEG_M)
    house.clock.set_ms(bus.t)
    house.feed([house.message(entry) for entry in bus.entries])
    house.settle()
    assert _state(house) == "en_route", "a bus that leaves after all is on its way"


def test_a_missed_trip_whose_records_come_late_was_run(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t + 40 * 60_000)
    house.ingest.tick()
    assert _state(house) == "missed"
    house.feed([house.message(entry) for entry in entries])
    house.settle()
    assert _state(house) == "closed"


def test_a_cancelled_trip_stays_cancelled(make_house: Make) -> None:
    house = make_house()
    house.tampered = True  # no person said so: the state alone is changed
    entries = a_morning()
    go_to(house, entries, START_MS + 60_000)
    with house.database.write() as connection:
        connection.execute(update(t.trips).values(state="cancelled"))
    go_to(house, entries, entries[-1].key.t)
    assert _state(house) == "cancelled"


def _state(house: House) -> str:
    with house.database.read() as connection:
        return str(connection.scalar(select(t.trips.c.state).where(t.trips.c.id == "trip1")))


def test_what_is_said_of_one_trips_riders_has_that_trip_alone_read_again(make_any_house: Make) -> None:
    house = make_any_house(trips=2)
    with house.database.write() as connection:
        connection.execute(delete(t.trip_riders).where(t.trip_riders.c.trip_id == "trip2"))
    catalogue = DatabaseCatalogue(house.database, house.clock)
    catalogue.forget(catalogue.changed())
    one, other = catalogue.find_road("trip1"), catalogue.find_road("trip2")
    house.clock.advance(3600)
    for say in (lambda: say_absent(house, "rider2"), lambda: take_back(house)):
        say()
        house.clock.set_ms(house.clock.now_ms() - 7_200_000)  # the server's clock is set back meanwhile
        changed = catalogue.changed()
        assert changed == {"inputs"}
        catalogue.forget(changed)
        again = catalogue.find_road("trip1")
        assert again is not None and one is not None and again.plan.absences != one.plan.absences
        assert catalogue.find_road("trip2") is other
        one = again
    assert catalogue.changed() == frozenset()
