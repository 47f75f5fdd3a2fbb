"""Transactions commit, roll back, wait their turn and keep a snapshot; upserts do what they say."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from server.adapters.db.engine import Database, upsert
from server.adapters.db.tables import counters, schools
from server.adapters.db.wal import WalCopier
from tests.builders.schema import new_sqlite
from tests.waiting import PATIENCE_S, until


def value_of(db: Database, name: str) -> int | None:
    with db.read() as connection:
        return connection.scalar(select(counters.c.value).where(counters.c.name == name))


def test_a_write_is_kept_and_a_failed_one_is_not(db: Database) -> None:
    with db.write() as connection:
        connection.execute(insert(counters).values(name="kept", value=1))
    with pytest.raises(RuntimeError, match="on purpose"), db.write() as connection:
        connection.execute(insert(counters).values(name="lost", value=1))
        raise RuntimeError("on purpose")
    assert (value_of(db, "kept"), value_of(db, "lost")) == (1, None)


def test_a_read_sees_one_snapshot(db: Database) -> None:
    with db.write() as connection:
        connection.execute(insert(counters).values(name="n", value=1))
    with db.read() as reader:
        seen = select(counters.c.value).where(counters.c.name == "n")
        assert reader.scalar(seen) == 1
        with db.write() as connection:
            connection.execute(update(counters).values(value=2))
        assert reader.scalar(seen) == 1
    assert value_of(db, "n") == 2


def test_writers_of_many_threads_take_turns_and_lose_nothing(db: Database) -> None:
    with db.write() as connection:
        connection.execute(insert(counters).values(name="n", value=0))
    failures: list[BaseException] = []

    def add() -> None:
        try:
            for _ in range(10):
                with db.write() as connection:
                    connection.execute(update(counters).values(value=counters.c.value + 1))
        except BaseException as why:
            failures.append(why)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE_S)
    assert failures == []
    assert value_of(db, "n") == 80


def test_a_row_that_names_nothing_is_refused(db: Database) -> None:
    with pytest.raises(IntegrityError), db.write() as connection:
        connection.execute(insert(schools).values(id="a", code="a", name="a", stop_id="none"))


def test_upsert_updates_the_named_columns_or_leaves_the_row(db: Database) -> None:
    with db.write() as connection:
        upsert(connection, counters, [{"name": "a", "value": 1}, {"name": "b", "value": 1}], ["name"])
        upsert(connection, counters, [{"name": "a", "value": 9}], ["name"])
        rows = [{"name": "b", "value": 9}, {"name": "c", "value": 3}]
        upsert(connection, counters, rows, ["name"], ["value"])
        upsert(connection, counters, [], ["name"])
    assert [value_of(db, name) for name in "abc"] == [1, 9, 3]


def test_sqlite_is_opened_so_that_a_power_cut_loses_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.read() as connection:
        found = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    database.dispose()


GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent, sys
from gevent import get_hub
from sqlalchemy import update, insert, select
from server.adapters.db import migrate
from server.adapters.db.engine import Database
from server.adapters.db.tables import counters
migrate.upgrade(sys.argv[1])
db = Database(sys.argv[1])
with db.write() as c: c.execute(insert(counters).values(name="n", value=0))
def add():
    with db.write() as c: c.execute(update(counters).values(value=counters.c.value + 1))
def look():
    with db.read() as c: return c.scalar(select(counters.c.value))
def one(n):
    get_hub().threadpool.apply(add); return get_hub().threadpool.apply(look)
with gevent.Timeout(80):
    jobs = [gevent.spawn(one, n) for n in range(100)]
    gevent.joinall(jobs, raise_error=True)
print(look())
"""


def test_gevents_native_threads_share_the_pool(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", GEVENT, f"sqlite:///{tmp_path / 'g.db'}"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("100", 0), done.stderr


def test_the_write_ahead_log_is_copied_beside_the_writer_and_not_by_its_commits(tmp_path: Path) -> None:
    url = new_sqlite(tmp_path / "wal.db")
    db, file = Database(url, copied_beside=True), tmp_path / "wal.db"
    with db.write() as connection:
        before_b = file.stat().st_size
        connection.execute(
            insert(counters), [{"name": f"{n:032}", "value": n} for n in range(60_000)]
        )  # more pages than SQLite leaves uncopied
    assert file.stat().st_size == before_b, "the commit left the copying to others"
    copier = WalCopier(url)
    copier.start()
    try:
        until(lambda: file.stat().st_size > before_b + 4_000_000, "the log is copied")
    finally:
        copier.stop()
    assert value_of(db, f"{59_999:032}") == 59_999
    db.dispose()
