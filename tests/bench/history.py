"""Ten school days of a house that has run, put into its database by hand: trips with their riders, last positions, findings, notices.

The trips are those that the import made for the bench's day, once more for the days before it: what lists read, not what folds.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from tests.bench.county import ON, START_MS

DAYS: Final = 10
DAY_MS: Final = 86_400_000
KINDS: Final = (
    ("off_route", "watch", "route"),
    ("arrived_late", "info", "time"),
    ("stop_skipped", "act", "stops"),
    ("overspeed", "act", None),
    ("lamps_off", "watch", "marking"),
)
# As a desk leaves them: the old ones are closed, some of the newest wait.
STATES: Final = ("open", "acknowledged", "rectified", "closed")
_ROSTER: Final = "SELECT ?, rider_id, stop_id, stranger, 'alighted', NULL FROM trip_riders WHERE trip_id = ?"


def fill(database: Path) -> str:
    """Fill the database; say what is in it now."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.row_factory = sqlite3.Row
        today = list(connection.execute("SELECT * FROM trips WHERE service_on = ? ORDER BY id", (ON,)))
        names = today[0].keys()
        for back in range(2, DAYS + 2):
            on = (date.fromisoformat(ON) - timedelta(days=back)).isoformat()
            moved = {"service_on": on, "state": "closed"}
            for trip in today:
                copy = (
                    dict(trip) | moved | {"id": _id(trip["id"], back), "run_vehicle_id": trip["vehicle_id"]}
                )
                copy |= {name: trip[name] - back * DAY_MS for name in ("planned_start_ms", "planned_end_ms")}
                marks = ", ".join("?" * len(names))
                connection.execute(f"INSERT INTO trips VALUES ({marks})", [copy[name] for name in names])
                connection.execute(
                    "INSERT INTO trip_riders (trip_id, rider_id, stop_id, stranger, state, since_ms) "
                    + _ROSTER,
                    (copy["id"], trip["id"]),
                )
                _find(connection, copy, back)
        _place_all(connection, today)
        _tie_guardian(connection)
        tables = ("trips", "trip_riders", "findings", "notices")
        counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def set_out(database: Path) -> None:
    """Have every bus be on its way on its trip of the day, without a record of it."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.row_factory = sqlite3.Row
        _place_all(connection, list(connection.execute("SELECT * FROM trips WHERE service_on = ?", (ON,))))


def _place_all(connection: sqlite3.Connection, trips: list[sqlite3.Row]) -> None:
    for n, trip in enumerate(trips):
        _place(connection, trip, n)


def _id(of: str, number: int) -> str:
    return f"{number:02x}{of[2:]}"


def _find(connection: sqlite3.Connection, trip: dict[str, object], back: int) -> None:
    """Put five findings beside a trip, and a call to one of them."""
    begin_ms = START_MS - back * DAY_MS
    for n, (kind, severity, fixed) in enumerate(KINDS):
        ident = f"f{n}{str(trip['id'])[2:]}"[:30] + f"{back:02x}"
        connection.execute(
            "INSERT INTO findings (id, key, origin, operator_id, vehicle_id, trip_id, kind, severity, fixed, began_ms, "
            "evidence, made_at_ms, state) VALUES (?, ?, 'fold', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                ident, ident, trip["operator_id"], trip["vehicle_id"], trip["id"], kind, severity, fixed,
                begin_ms + n * 60_000, b"[]", begin_ms + n * 60_000, STATES[n % 2 if back < 3 else 3],
            ),
        )  # fmt: skip


def _place(connection: sqlite3.Connection, trip: sqlite3.Row, n: int) -> None:
    """Put a bus where its trip is now."""
    (device,) = connection.execute(
        "SELECT id FROM devices WHERE vehicle_id = ?", (trip["vehicle_id"],)
    ).fetchone()
    connection.execute(
        "INSERT INTO vehicle_heads (vehicle_id, device_id, trip_id, at_ms, received_ms, lat, lon, spd, hdg, metre, "
        "interval_s) VALUES (?, ?, ?, ?, ?, ?, ?, 28.8, 90.0, 1000.0, 5.0)",
        (trip["vehicle_id"], device, trip["id"], START_MS, START_MS, 37.5 + n / 1e4, 105.2),
    )
    connection.execute(
        "UPDATE trips SET state = 'en_route', started_at_ms = ?, assigned_at_ms = ?, run_vehicle_id = vehicle_id, "
        "run_device_id = ?, next_seq = 3, metre = 1000.0, metre_at_ms = ? WHERE id = ?",
        (START_MS, START_MS, device, START_MS, trip["id"]),
    )


def _tie_guardian(connection: sqlite3.Connection) -> None:
    """Make the bench's guardian that of two children, with a fortnight's notices of each."""
    connection.execute(
        "INSERT INTO guardians (id, user_id, rider_id, name) SELECT lower(hex(randomblob(16))), u.id, r.id, 'Guardian' "
        "FROM users u, riders r "
        "WHERE u.username = 'guardian' AND r.code IN ('K7-7', 'K8-8')"
    )
    connection.execute(
        "INSERT INTO notices (id, user_id, rider_id, trip_id, kind, occurrence, at_ms, made_at_ms, text_zh, text_en, sent_at_ms, "
        "muted) SELECT lower(hex(randomblob(16))), g.user_id, g.rider_id, s.trip_id, 'boarded', 1, t.planned_start_ms, "
        "t.planned_start_ms, 'x', 'x', t.planned_start_ms, 0 FROM guardians g JOIN trip_riders s ON s.rider_id = g.rider_id "
        "JOIN trips t ON t.id = s.trip_id"
    )
