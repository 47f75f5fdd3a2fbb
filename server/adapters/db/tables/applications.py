"""How a permit comes about: applications with their steps and documents, and the card that an inspector scans."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from server.adapters.db.tables.columns import Serial, ended_column, id_column, metadata, reference

# What an operator asks for; `conditions` is JSON: a note for each of the five legal conditions that it says are met.
permit_applications = Table(
    "permit_applications",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    reference("timetable_id", "timetables"),
    reference("vehicle_id", "vehicles"),
    reference("driver_id", "people"),
    reference("attendant_id", "people", nullable=True),
    Column("tag", String(64)),
    Column("valid_from", String(10), nullable=False),
    Column("valid_until", String(10), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("conditions", Text, nullable=False),
    reference("permit_id", "permits", nullable=True),
    reference("by_id", "users"),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
)

# Who did what to an application, or revoked a permit, and what they said.
permit_steps = Table(
    "permit_steps",
    metadata,
    Column("id", Serial, primary_key=True),
    reference("application_id", "permit_applications", nullable=True),
    reference("permit_id", "permits", nullable=True),
    Column("at_ms", BigInteger, nullable=False),
    reference("by_id", "users"),
    Column("step", String(16), nullable=False),
    Column("remarks", Text),
)

# A file that shows that a condition is met; its content lies under the data folder by this id.
documents = Table(
    "documents",
    metadata,
    id_column(),
    reference("application_id", "permit_applications"),
    Column("condition", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("content_type", String(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    reference("by_id", "users"),
    Column("made_at_ms", BigInteger, nullable=False),
    ended_column(),
)

# What stands in a card's code: random, so that only who sees the card can ask.
permit_cards = Table(
    "permit_cards",
    metadata,
    Column("token", String(32), primary_key=True),
    reference("permit_id", "permits"),
    Column("made_at_ms", BigInteger, nullable=False),
)
