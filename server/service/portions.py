"""Cuts what has come from the broker into batches for one transaction each, so that a backlog's thousands don't hold up live records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from server.service.gate import GZIP_MAGIC, MAX_INFLATED_B
from server.service.ingest_ports import BusMessage

RECORDS_AT_ONCE: Final = 500  # ARCHITECTURE, Ingest: some hundreds of records
RECORD_B: Final = 100  # what a record of a backlog has, roughly


def parted(messages: Sequence[BusMessage]) -> tuple[list[BusMessage], list[BusMessage]]:
    """Give what is live and what comes from backlogs.

    The order among messages means nothing to what they lead to, and a live record behind a backlog would come too late.
    """
    live = [message for message in messages if not message.topic.endswith("/batch")]
    return live, [message for message in messages if message.topic.endswith("/batch")]


def in_batches(backlog: Sequence[BusMessage]) -> Iterator[list[BusMessage]]:
    """Give messages of backlogs in portions of some RECORDS_AT_ONCE records."""
    batch: list[BusMessage] = []
    held = 0
    for message in backlog:
        weight = 1 + inflated_b(message.payload) // RECORD_B
        if batch and held + weight > RECORDS_AT_ONCE:
            yield batch
            batch, held = [], 0
        batch.append(message)
        held += weight
    if batch:
        yield batch


def inflated_b(payload: bytes) -> int:
    """Give the bytes that a payload has when inflated, by gzip's own trailer (RFC 1952, ISIZE); at most what the gate takes."""
    if payload[:2] != GZIP_MAGIC or len(payload) < 18:
        return len(payload)
    return min(MAX_INFLATED_B, int.from_bytes(payload[-4:], "little"))
