"""Move and read the counters that tell every role to read again."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select, update

from server.adapters.db.engine import upsert
from server.adapters.db.tables import counters

# What happened before this instant (UTC ms) is announced to nobody again: it may have been before a backup was restored.
QUIET_UNTIL: Final = "quiet_until"


def bump(connection: Connection, name: str) -> None:
    """Move a counter on by one (`catalog`: the plan, devices or accounts changed; `inputs`)."""
    upsert(connection, counters, [{"name": name, "value": 0}], ["name"])
    connection.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + 1))


def value_of(connection: Connection, name: str) -> int:
    """Give a counter's value, 0 before it first moved."""
    return connection.scalar(select(counters.c.value).where(counters.c.name == name)) or 0


def put(connection: Connection, name: str, value: int) -> None:
    """Set a number that isn't counted, such as a heartbeat's instant."""
    upsert(connection, counters, [{"name": name, "value": value}], ["name"], ["value"])
