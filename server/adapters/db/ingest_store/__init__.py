"""Ingest's side of the database: the log, and the rows that are a projection of the fold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from server.adapters.db.away import AWAY
from server.adapters.db.engine import Database
from server.adapters.db.ingest_store.commands import CommandRows
from server.adapters.db.ingest_store.heads import HeadRows
from server.adapters.db.ingest_store.log import LogRows
from server.adapters.db.ingest_store.projection import ProjectionRows
from server.adapters.db.ingest_store.sweeps import SweepRows
from server.adapters.db.ingest_store.turns import TurnRows
from server.adapters.db.ingest_store.waiting import OpenByClock
from server.service.ingest_ports import LogUnavailable


class DatabaseLogWork(LogRows, HeadRows, ProjectionRows, SweepRows, TurnRows, CommandRows):
    """One writing transaction of ingest."""


class DatabaseLog:
    """The database as ingest sees it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holders: dict[str, str | None] = {}
        self._open_by_clock = OpenByClock()

    @contextmanager
    def write(self) -> Iterator[DatabaseLogWork]:
        """Begin a writing transaction; LogUnavailable when the database doesn't take it."""
        try:
            with self._database.write() as connection:
                work = DatabaseLogWork(connection, self._holders, self._open_by_clock)
                yield work
                work.flush()
        except BaseException as error:
            self._holders.clear()
            self._open_by_clock.ids = None
            if isinstance(error, AWAY):
                raise LogUnavailable(str(error.orig)) from error
            raise
