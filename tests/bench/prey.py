"""Whom the benches' listeners follow: buses with the trip of the bench's day and the riders on it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.bench.county import ON


class Prey(NamedTuple):
    """A bus, its trip of the day, and who rides on it (ids)."""

    vehicle_id: str
    trip_id: str
    riders: tuple[str, ...]


def find_prey(database: Path, buses: int) -> list[Prey]:
    """Give the first buses of the bench's county, in the order of their numbers."""
    with closing(sqlite3.connect(database)) as connection:
        return [_find(connection, bus) for bus in range(buses)]


def _find(connection: sqlite3.Connection, bus: int) -> Prey:
    trip_id, vehicle_id = connection.execute(
        "SELECT id, vehicle_id FROM trips WHERE code = ? AND service_on = ?", (f"T{bus}", ON)
    ).fetchone()
    riders = connection.execute(
        "SELECT rider_id FROM trip_riders WHERE trip_id = ? ORDER BY rider_id", (trip_id,)
    )
    return Prey(vehicle_id, trip_id, tuple(rider for (rider,) in riders))
