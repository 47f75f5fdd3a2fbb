"""What a device owes: sent once, again when asked or unheard, named lost after three times."""

from __future__ import annotations

import pytest

from device_sim.ledger import WINDOW, Ledger
from device_sim.outbox import Memory
from device_sim.spans import Span
from device_sim.wire import Saved


def connected(written: int, upto: int = 0, heard: bool = True) -> Ledger:
    ledger = Ledger(Memory("X", next_seq=written + 1, upto=upto, heard=heard))
    ledger.connected(100.0)
    return ledger


def said(ledger: Ledger, upto: int, now: float, missing: list[Span] | None = None) -> list[Span]:
    """The server's `saved`, made durable as the courier does."""
    owed = ledger.saved(Saved(1, upto, 0, missing or []), now)
    assert not owed.forgot
    ledger.memory.upto, ledger.memory.missing, ledger.memory.heard = upto, missing or [], True
    return owed.gaps


def test_the_backlog_waits_for_the_server_to_speak_and_then_goes_oldest_first() -> None:
    ledger = connected(500, upto=100)
    assert ledger.take(200, 101.0) == []
    said(ledger, 120, 101.0)
    assert ledger.take(200, 101.0) == list(range(121, 321))


def test_a_server_that_does_not_speak_gets_the_backlog_after_five_seconds() -> None:
    ledger = connected(10)
    assert ledger.take(200, 104.9) == []
    assert ledger.take(200, 105.1) == list(range(1, 11))


def test_the_window_opens_as_the_server_commits() -> None:
    ledger = connected(1000)
    said(ledger, 0, 100.0)
    for _ in range(2):
        ledger.sent(ledger.take(200, 100.0), 100.0, batch=True)
    assert WINDOW == 400
    assert ledger.take(200, 101.0) == []
    said(ledger, 150, 102.0)
    assert ledger.take(200, 102.0) == list(range(401, 551))


def test_what_is_saved_is_not_sent_again() -> None:
    ledger = connected(100)
    said(ledger, 60, 100.5, [(10, 12)])
    assert ledger.take(200, 100.5) == [10, 11, 12, *range(61, 101)]


def test_a_hole_that_was_sent_lately_is_not_sent_again_at_once() -> None:
    ledger = connected(20)
    said(ledger, 0, 100.0)
    ledger.sent(ledger.take(200, 100.0), 100.0, batch=True)
    said(ledger, 20, 105.0, [(7, 8)])
    assert ledger.take(200, 105.0) == []
    said(ledger, 20, 109.0, [(7, 8)])
    assert ledger.take(200, 109.0) == [7, 8]


def test_after_three_times_in_vain_a_hole_is_named_lost() -> None:
    ledger = connected(20)
    said(ledger, 0, 100.0)
    ledger.sent(ledger.take(200, 100.0), 100.0, batch=True)
    now = 100.0
    for _ in range(3):
        now += 9.0
        assert said(ledger, 20, now, [(7, 8)]) == []
        assert ledger.take(200, now) == [7, 8]
        ledger.sent([7, 8], now, batch=True)
    assert said(ledger, 20, now + 9.0, [(7, 8)]) == [(7, 8)]
    assert said(ledger, 20, now + 10.0, [(7, 8)]) == []


def test_a_restored_server_is_sent_again_what_it_had() -> None:
    ledger = connected(100, upto=100)
    said(ledger, 40, 101.0)
    assert ledger.take(200, 101.0) == list(range(41, 101))


def test_thirty_seconds_without_a_word_send_the_oldest_unsaved_again() -> None:
    ledger = connected(5)
    ledger.sent(ledger.take(200, 106.0), 106.0, batch=True)
    assert not ledger.overdue(131.0)
    assert ledger.overdue(136.1)
    assert ledger.take(200, 136.1) == [1, 2, 3, 4, 5]


def test_nothing_is_overdue_when_all_is_saved() -> None:
    ledger = connected(5)
    ledger.sent(ledger.take(200, 106.0), 106.0, batch=True)
    said(ledger, 5, 107.0)
    assert not ledger.overdue(200.0)
    assert not ledger.todo


@pytest.mark.parametrize(("upto", "epoch"), [(21, 0), (0, 1)])
def test_a_server_that_knows_more_than_the_device_shows_a_lost_memory(upto: int, epoch: int) -> None:
    assert connected(20, heard=False).saved(Saved(1, upto, epoch), 101.0).forgot


def test_word_of_an_earlier_epoch_changes_nothing() -> None:
    ledger = Ledger(Memory("X", epoch=2, next_seq=11))
    ledger.connected(100.0)
    assert ledger.saved(Saved(1, 500, 1), 101.0).forgot is False
    assert len(ledger.todo) == 10


def test_live_records_wait_too_until_a_device_without_a_past_was_spoken_to() -> None:
    assert connected(5, heard=False).holds_live(101.0)
    assert not connected(5, heard=False).holds_live(105.1)
    assert not connected(5).holds_live(101.0)
