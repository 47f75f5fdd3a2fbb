"""SQLite databases with this program's schema, each copied from one that was migrated once."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from server.adapters.db import migrate

OWNER_ALONE = 0o600


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory(prefix="sixfixed-schema-") as folder:
        file = Path(folder) / "migrated.db"
        migrate.upgrade(f"sqlite:///{file}")
        log = file.with_name(f"{file.name}-wal")
        assert not log.exists() or not log.stat().st_size, "the copy would lack what is in the log"
        return file.read_bytes()


def new_sqlite(file: Path) -> str:
    """Make a database in a file that isn't there yet, as `migrate.upgrade` would; give its URL."""
    file.touch(OWNER_ALONE)
    file.write_bytes(_migrated())
    return f"sqlite:///{file}"
