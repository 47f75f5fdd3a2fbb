"""Copies SQLite's write-ahead log into the database beside the writer, so that no commit waits for it.

SQLite copies by itself whatever a commit finds grown over 1,000 pages: two flushes of the disk and some milliseconds of processor,
within the commit of whoever comes along (decision 0182).
"""

from __future__ import annotations

import sqlite3
import threading
from logging import getLogger
from typing import Final

from sqlalchemy.engine import make_url

from server.adapters.db.engine import BUSY_S, database_file

EVERY_S: Final = 1.0  # own choice: what a busy second writes is some 10 MB
_log = getLogger("sixfixed.db")


class WalCopier:
    """A thread with a connection of its own; nothing to do for another database than SQLite."""

    def __init__(self, url: str) -> None:
        self._file = database_file(make_url(url))
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        if self._file is not None:
            self._thread = threading.Thread(target=self._run, name="wal-copier", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the copy in hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(BUSY_S)

    def _run(self) -> None:
        failed = False
        connection: sqlite3.Connection | None = None
        while not self._stop.wait(EVERY_S):
            try:
                connection = connection or sqlite3.connect(str(self._file), timeout=BUSY_S)
                copy(connection)
                failed = False
            except sqlite3.Error as error:
                if not failed:
                    _log.warning(
                        "the write-ahead log was not copied: %s; tried again every %g s", error, EVERY_S
                    )
                failed = True
        if connection is not None:
            connection.close()


def copy(connection: sqlite3.Connection) -> int:
    """Copy what no reader stands in the way of; give how many pages of the log aren't copied yet. Raise sqlite3.Error."""
    _, pages, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(pages) - int(copied)
