"""Who is absent, who is told what, and what is taken back: the manifest and the notices under late and changing knowledge."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from server.adapters.db import tables as t
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
            update(t.exceptions)
            .where(t.exceptions.c.id == id_)
            .values(withdrawn_at_ms=house.clock.now_ms())
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
    rest = go_to(house, entries, START_MS + 60_000)
    assert states(house)["rider3"] == "expected"
    say_absent(house, "rider3")
    house.clock.advance(2.1)
    house.ingest.tick()  # the bus says nothing meanwhile
    assert states(house)["rider3"] == "absent"
    house.start()
    assert states(house)["rider3"] == "absent"
    house.settle()
    rest = [entry for entry in rest if getattr(entry.record, "card", "") != "CARD3"]
    go_to(house, rest, entries[-1].key.t)
    house.start()
    house.settle()
    assert states(house) == {
        "rider1": "alighted", "rider2": "alighted", "rider3": "absent", "rider4": "alighted",
    }  # fmt: skip
    assert not [row for row in notices(house) if row.rider_id == "rider3" and row.kind == "approaching"]


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
    """A late card reading a moment before makes of the boarding an alighting's beginning: what was said wasn't so."""
    house = make_any_house()
    entries = a_morning()
    first = next(n for n, entry in enumerate(entries) if getattr(entry.record, "card", "") == "CARD1")
    early = Recorder(at_ms=entries[first].key.t - 30_000)
    early.seq = 900
    early.card("CARD1", "off")
    early.entries.clear()
    early.card("CARD1", "on")
    rest = go_to(house, entries, START_MS + 30_000)
    assert tell_all(house)
    boarded = [row for row in notices(house) if row.kind == "boarded"]
    assert [row.sent_at_ms is not None for row in boarded] == [True]
    # The trip is taken back altogether: a late sign-on shows that the bus had ended it before the card was read.
    duty = Recorder(at_ms=entries[first].key.t - 1)
    duty.seq = 950
    duty.duty(trip="T2")
    with house.database.write() as connection:
        connection.execute(update(t.trips).where(t.trips.c.id == "trip1").values(code="T-old"))
        bump(connection, "catalog")
    house.settle()
    house.start()
    with house.database.write() as connection:
        connection.execute(t.checkpoints.delete())
    house.start()
    house.settle()
    kinds = [(row.kind, row.withdrawn_at_ms is None, row.at_ms) for row in notices(house) if row.rider_id == "rider1"]
    corrections = [row for row in kinds if row[0] == "correction"]
    assert len(corrections) == 1 and corrections[0][1]
    assert corrections[0][2] > START_MS, "it happens when it is said: an older one would be told to nobody"
    assert len(tell_all(house)) == 1
    house.start()
    house.settle()
    assert tell_all(house) == []
    assert rest


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
    assert [state for n, state in enumerate(seen) if n == 0 or seen[n - 1] != state] == ["scheduled", "missed"]
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
    entries = a_morning()
    go_to(house, entries, START_MS + 60_000)
    with house.database.write() as connection:
        connection.execute(update(t.trips).values(state="cancelled"))
    go_to(house, entries, entries[-1].key.t)
    assert _state(house) == "cancelled"


def _state(house: House) -> str:
    with house.database.read() as connection:
        return str(connection.scalar(select(t.trips.c.state).where(t.trips.c.id == "trip1")))
