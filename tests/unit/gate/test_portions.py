"""How what has come is cut for transactions: live first, backlogs in portions."""

from __future__ import annotations

import gzip

from server.service.portions import in_batches, inflated_b, parted
from tests.fakes.line import FedMessage


def batch(size_b: int, *, zipped: bool = False) -> FedMessage:
    payload = b" " * size_b
    return FedMessage("bus/D/batch", gzip.compress(payload) if zipped else payload, 0)


def test_live_records_do_not_wait_behind_a_backlog() -> None:
    live = FedMessage("bus/D/pos", b"{}", 0)
    assert parted([batch(10), live, batch(20)]) == ([live], [batch(10), batch(20)])


def test_a_portion_holds_some_hundreds_of_records_and_none_is_left_out() -> None:
    messages = [batch(20_000) for _ in range(9)]
    portions = list(in_batches(messages))
    assert [len(portion) for portion in portions] == [2, 2, 2, 2, 1]


def test_a_packed_batch_weighs_what_it_holds() -> None:
    assert inflated_b(batch(60_000, zipped=True).payload) == 60_000
    assert [len(portion) for portion in in_batches([batch(60_000, zipped=True)] * 2)] == [1, 1]


def test_a_batch_larger_than_a_portion_goes_alone() -> None:
    assert [len(portion) for portion in in_batches([batch(10), batch(900_000), batch(10)])] == [1, 1, 1]
