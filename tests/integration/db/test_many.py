"""Rows that go to the driver as they are: the same come back, on both databases, and ingest's own statements take that way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from server.adapters.db.engine import Database, upsert
from server.adapters.db.ingest_store.waiting import UPDATE_OUR_TRIP
from server.adapters.db.many import execute_many, prepare
from server.adapters.db.tables import device_epochs, leases, notices, records, vehicle_heads
from tests.builders.schema import new_sqlite
from tests.builders.town import a_town


@pytest.fixture
def database(database_kind: str, tmp_path: Path, make_postgres: Callable[..., str]) -> Iterator[Database]:
    """Open a town on each database."""
    made = Database(new_sqlite(tmp_path / "many.db") if database_kind == "sqlite" else make_postgres())
    a_town(made)
    yield made
    made.dispose()


def record(seq: int, body: bytes = b"{}", vehicle_id: str | None = "bus1") -> dict[str, object]:
    return {
        "device_id": "DEV-1", "epoch": 0, "seq": seq, "vehicle_id": vehicle_id, "kind": "pos", "t_ms": 2**41, "received_ms": 7,
        "body": body,
    }  # fmt: skip


def test_bytes_nulls_and_long_numbers_come_back_as_they_were(database: Database) -> None:
    rows = [record(1, b"\x00%s :x 'quoted' \xff"), record(2, b"", None), record(2**53)]
    with database.write() as connection:
        upsert(connection, records, rows, ("device_id", "epoch", "seq"))
        upsert(connection, records, [record(1, b"newer")], ("device_id", "epoch", "seq"))
    with database.read() as connection:
        names = [records.c[name] for name in rows[0]]
        found = connection.execute(select(*names).order_by(records.c.seq)).all()
    assert [dict(row._mapping) for row in found] == rows


def test_columns_with_a_default_of_their_own_get_it(database: Database) -> None:
    row = {
        "id": "n1", "user_id": "user-rider1", "kind": "message", "occurrence": 1, "at_ms": 1, "made_at_ms": 1, "text_zh": "好",
        "text_en": "ok",
    }  # fmt: skip
    with database.write() as connection:
        execute_many(connection, insert(notices), [row, {**row, "id": "n2", "occurrence": 2}])
        muted = connection.execute(select(notices.c.muted, notices.c.text_zh)).all()
    assert [tuple(each) for each in muted] == [(False, "好"), (False, "好")]


def test_no_rows_are_nothing_to_do(database: Database) -> None:
    with database.write() as connection:
        execute_many(connection, insert(leases), [])
        assert connection.scalar(select(func.count()).select_from(leases)) == 0


def test_what_ingest_writes_for_every_position_is_plain_enough_for_the_driver(database: Database) -> None:
    values = {name: None for name in UPDATE_OUR_TRIP.compile().params if not name.startswith("param")}
    with database.read() as connection:
        dialect = connection.dialect
        for statement, keys in (
            (UPDATE_OUR_TRIP, tuple(values)),
            *((insert(table), tuple(table.c.keys())) for table in (records, vehicle_heads, device_epochs)),
        ):
            assert prepare(dialect, statement, keys) is not None, statement
