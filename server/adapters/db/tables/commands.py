"""What recorders are asked to do, and which roles run."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Table

from server.adapters.db.tables.columns import id_column, metadata

# A command (PROTOCOL, cmd): its id is the message's. Asked for by web (`user_id`) or by ingest itself (NULL: the day's plan),
# published by ingest alone, which sets `sent_at_ms`, `answered_at_ms`, `ok` and `answer` (JSON: data, error).
device_commands = Table(
    "device_commands",
    metadata,
    id_column(),
    Column("device_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("args", LargeBinary, nullable=False),
    Column("user_id", String(32)),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("sent_at_ms", BigInteger),
    Column("answered_at_ms", BigInteger),
    Column("ok", Boolean),
    Column("answer", LargeBinary),
    Index("ix_device_commands_device_id_made_at_ms", "device_id", "made_at_ms"),
    Index("ix_device_commands_sent_at_ms_until_ms", "sent_at_ms", "until_ms"),
)

# The newest start of each role, by the machine's clock, and the program that it runs.
role_runs = Table(
    "role_runs",
    metadata,
    Column("role", String(16), primary_key=True),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("version", String(64), nullable=False),
)
