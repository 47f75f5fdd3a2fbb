"""The store of packs on the database: what is there as a pack, and a judged pack put in its place."""

from __future__ import annotations

from sqlalchemy import Table, select, text

from server.adapters.db import tables as t
from server.adapters.db.counters import bump, value_of
from server.adapters.db.engine import Database
from server.adapters.db.pack_applying import Applying
from server.adapters.db.pack_loading import load_pack
from server.service.packs.port import CatalogMovedError, Change, Current

LOCK = 6_012_027  # PostgreSQL's advisory lock of imports: two take turns, as SQLite's writers do anyway


class DbPackStore:
    """Satisfies `server.service.packs.port.PackStore`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def load(self) -> Current:
        """Give what the database says now, in one snapshot."""
        with self._db.read() as connection:

            def hashes(table: Table, key: str, column: str) -> dict[str, str]:
                query = select(table.c[key], table.c[column]).where(table.c.ended_at_ms.is_(None))
                return dict(connection.execute(query).all())

            return Current(
                load_pack(connection),
                value_of(connection, "catalog"),
                hashes(t.devices, "id", "secret_hash"),
                hashes(t.users, "username", "password_hash"),
            )

    def apply(self, change: Change, version: int, now_ms: int) -> bool:
        """Store a judged pack in one transaction; raise CatalogMovedError when it was judged against another state."""
        with self._db.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            if value_of(connection, "catalog") != version:
                raise CatalogMovedError
            applying = Applying(connection, change, now_ms)
            applying.run()
            if applying.changed:
                bump(connection, "catalog")
            return applying.changed
