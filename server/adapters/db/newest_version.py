"""Knows the newest version of the schema by the names in the migrations, without loading what runs them."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

_VERSIONS = Path(__file__).resolve().parents[3] / "migrations" / "versions"
_NAME = re.compile(r'^(down_)?revision = (?:"(\w+)"|None)$', re.MULTILINE)


@cache
def newest_version() -> str | None:
    """Give the revision that no other migration follows, None where there is no migration."""
    known: set[str] = set()
    followed: set[str] = set()
    for file in sorted(_VERSIONS.glob("*.py")):
        for down, revision in _NAME.findall(file.read_text("utf-8")):
            (followed if down else known).add(revision)
    return max(known - followed, default=None)


def is_newest(file: Path) -> bool:
    """Say whether a SQLite file is at the newest version already; False also where that can't be read."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=1.0)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        return False
    return found == [(newest_version(),)]
