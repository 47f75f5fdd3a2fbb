"""Killed at any point of a batch's way, or left by its database: nothing is lost and nothing is there twice (QUALITY, faults 6, 7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select

from server.adapters.db import tables as t
from server.adapters.db.ingest_store import DatabaseLog, DatabaseLogWork
from server.adapters.db.outbox import DatabaseOutbox
from server.service.courier import Courier, Waiting
from server.service.ingest_ports import LogUnavailable
from tests.builders.road import a_morning
from tests.builders.town import outcome
from tests.integration.ingest.conftest import House, Make


class Killed(BaseException):
    """As kill -9: nothing catches it."""


class TornLog:
    """The database, torn away at its n-th transaction: before its commit or after it."""

    def __init__(
        self, house: House, nth: int, *, committed: bool, error: BaseException, times: int = 1
    ) -> None:
        self._log = DatabaseLog(house.database)
        self._clock = house.clock
        self.nth = nth
        self._times = times
        self._committed = committed
        self._error = error
        self.seen = 0

    @contextmanager
    def write(self) -> Iterator[DatabaseLogWork]:
        self.seen += 1
        tear = self.nth <= self.seen < self.nth + self._times
        if tear and isinstance(self._error, LogUnavailable):
            self._clock.advance(1.0)  # a database that is away takes its time
        with self._log.write() as work:
            yield work
            if tear and not self._committed:
                raise self._error
        if tear:
            raise self._error


def expected(make: Make) -> dict[str, list[tuple[Any, ...]]]:
    house = make()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t + 1000)
    house.feed([house.message(entry) for entry in entries])
    return house.outcome()


@pytest.mark.parametrize("nth", [3, 6, 9, 11])
@pytest.mark.parametrize("committed", [False, True], ids=["before commit", "after commit before ack"])
def test_killed_around_a_commit_nothing_is_lost_and_nothing_is_twice(
    make_any_house: Make, nth: int, committed: bool
) -> None:
    whole = expected(make_any_house)
    house = make_any_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t + 1000)
    messages = [house.message(entry) for entry in entries]
    log = TornLog(house, nth, committed=committed, error=Killed())
    house.start(log)
    with pytest.raises(Killed):
        house.feed(messages, at_once=8)
    assert log.seen == nth
    done = len(house.line.acked)
    assert done < len(messages)
    house.start()
    house.feed([message for message in messages if message not in house.line.acked])
    assert house.outcome() == whole


def place(house: House) -> tuple[Any, Any, Any]:
    """Give the instants of the place that the trip's row and its bus's last position tell, and that position's metre."""
    with house.database.read() as connection:
        row_ms = connection.scalar(select(t.trips.c.metre_at_ms).where(t.trips.c.id == "trip1"))
        at_ms, metre = connection.execute(select(t.vehicle_heads.c.at_ms, t.vehicle_heads.c.metre)).one()
    return row_ms, at_ms, metre


def test_a_trips_own_row_follows_its_bus_s_last_position_at_rest_and_after_a_crash(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    entries = a_morning()[:20]
    house.clock.set_ms(entries[-1].key.t + 1000)
    house.feed([house.message(entry) for entry in entries], at_once=1)
    row_ms, at_ms, metre = place(house)
    assert metre is not None and row_ms < at_ms, "the position tells the place, the row needn't"
    house.start()
    row_ms, at_ms, _ = place(house)
    assert row_ms == at_ms, "after a crash"
    more = a_morning()[20:22]
    house.clock.set_ms(more[-1].key.t + 1000)
    house.feed([house.message(entry) for entry in more], at_once=1)
    house.settle()
    row_ms, at_ms, _ = place(house)
    assert row_ms == at_ms == more[-1].key.t, "at rest"


def test_killed_after_the_ack_and_before_saved_the_device_is_answered_after_the_restart(
    make_house: Make,
) -> None:
    house = make_house()
    messages = [house.message(entry) for entry in a_morning()]
    house.feed(messages[:20])
    assert house.speaker.answers == []
    house.start()
    house.feed([house.raw("DEV-1", "online", b'{"v":1,"online":1,"oldest":1,"next":21}')])
    house.ingest.tick()
    assert [(device, answer.upto) for device, answer in house.speaker.answers] == [("DEV-1", 20)]


def test_a_commit_whose_result_is_unknown_is_tried_again_and_counts_once(make_any_house: Make) -> None:
    whole = expected(make_any_house)
    house = make_any_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t + 1000)
    messages = [house.message(entry) for entry in entries]
    house.start(TornLog(house, 4, committed=True, error=LogUnavailable("the connection broke in COMMIT")))
    house.work_off(messages)
    assert len(house.line.acked) == len(messages)
    assert house.outcome() == whole


def test_a_database_that_stays_away_makes_ingest_leave_the_broker_instead_of_buffering(
    make_house: Make,
) -> None:
    whole = expected(make_house)
    house = make_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t + 1000)
    messages = [house.message(entry) for entry in entries]
    left: list[int] = []
    disconnect = house.line.disconnect

    def leave() -> None:
        left.append(len(house.line.acked))
        disconnect()

    house.line.disconnect = leave  # type: ignore[method-assign]
    away = TornLog(house, 10_000, committed=False, error=LogUnavailable("away"), times=13)
    house.start(away)
    away.nth = (
        away.seen + 2
    )  # after the first look of `run`: the whole of its patience, and two more looks from outside
    house.ingest._stop.wait = lambda timeout=None: False  # type: ignore[method-assign] # the pauses between its tries
    house.work_off(messages)
    assert left == [0], "it left once, and nothing was acknowledged: the broker has it all"
    assert house.line.connected, "and came back when the database did"
    house.start()
    house.feed(messages)  # the broker sends again what was not acknowledged
    assert house.outcome() == whole


def test_after_a_failure_the_late_record_of_a_bus_that_says_no_more_is_still_folded(make_house: Make) -> None:
    whole = expected(make_house)
    house = make_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t + 1000)
    ride = next(n for n, entry in enumerate(entries) if type(entry.record).__name__ == "RideRecord")
    house.feed([house.message(entry) for n, entry in enumerate(entries) if n != ride])
    house.settle()
    house.feed([house.message(entries[ride])])  # late: stored, and folded a moment later …
    house.ingest._forget()  # … but another bus's transaction fails before that
    assert house.outcome() == whole


def test_after_a_failure_a_device_to_whom_saved_was_due_still_gets_it(make_house: Make) -> None:
    house = make_house()
    house.feed([house.message(entry) for entry in a_morning()[:20]])
    house.ingest._forget()
    house.ingest.tick()
    assert [(device, answer.upto) for device, answer in house.speaker.answers] == [("DEV-1", 20)]


def test_after_a_failure_an_announced_backlog_is_still_waited_for(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    house.feed([house.raw("DEV-1", "online", b'{"v":1,"online":1,"oldest":1,"next":50}')])
    house.ingest._forget()
    house.feed([house.message(entries[50])])
    house.settle()
    assert max(answer.upto for _, answer in house.speaker.answers) == 0


class Page:
    """A channel that remembers, and dies when told to."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, notices: Sequence[Waiting]) -> None:
        self.told += [notice.id for notice in notices]


class DyingOutbox(DatabaseOutbox):
    def mark(self, *, sent: Sequence[str], expired: Sequence[str], at_ms: int) -> None:
        raise Killed


def test_killed_between_telling_and_marking_a_notice_is_told_again_under_the_same_id(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t)
    house.feed([house.message(entry) for entry in entries])
    house.settle()
    page = Page()
    with pytest.raises(Killed):
        Courier(DyingOutbox(house.database), [page], house.clock).deliver()
    once = list(page.told)
    assert len(once) == 11, "four boarded, four arrived, three were approached"
    courier = Courier(DatabaseOutbox(house.database), [page], house.clock)
    assert courier.deliver() == 11
    assert page.told == once * 2
    assert courier.deliver() == 0
    with house.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(t.notices)) == 11
        assert connection.scalar(select(func.count(t.notices.c.sent_at_ms))) == 11


def test_killed_before_a_notice_was_told_it_is_told_once(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t)
    house.feed([house.message(entry) for entry in entries])
    house.settle()
    page = Page()
    Courier(DatabaseOutbox(house.database), [page], house.clock).deliver()
    house.start()  # folding again from the log finds the same occurrences
    house.feed([house.message(entry) for entry in entries])
    house.settle()
    Courier(DatabaseOutbox(house.database), [page], house.clock).deliver()
    assert len(page.told) == len(set(page.told)) == 11
    assert {row[3] for row in outcome(house.database)["notices"]} == {"approaching", "boarded", "arrived"}
