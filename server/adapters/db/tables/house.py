"""Counters and leases of the house."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from server.adapters.db.tables.columns import metadata

# Counters that tell the roles to read again: `catalog` moves with each import, device or account change;
# `inputs` with each input.
counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# One live holder of a name (the scheduler).
leases = Table(
    "leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
