"""Who may log in, who has, and what they read or changed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from server.adapters.db.tables.columns import Serial, ended_column, id_column, metadata, reference

# `scope_id`: a jurisdiction, operator, school or person by role; NULL for admin and guardian.
users = Table(
    "users",
    metadata,
    id_column(),
    Column("username", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("scope_id", String(32), index=True),
    Column("name", Text),
    Column("lang", String(8)),
    Column("email", Text),
    Column("password_hash", Text, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    ended_column(),
)

# Who is told about, and may look at, which child. `shared_by`: the guardian who shares it, where this is a carer;
# `may_change`: may say "not riding".
guardians = Table(
    "guardians",
    metadata,
    id_column(),
    reference("user_id", "users"),
    reference("rider_id", "riders"),
    Column("name", Text, nullable=False),
    Column("phone", String(32)),
    Column("email", Text),
    Column("relation", Text),
    Column("valid_until", String(10)),
    Column("shared_by", String(32), ForeignKey("users.id")),
    Column("may_change", Boolean, nullable=False, server_default=true()),
    ended_column(),
    UniqueConstraint("user_id", "rider_id"),
)

# A browser's session; `id` is the SHA-256 of the cookie's value, so that the table is no key ring.
# `limited`: it may do nothing but enrol a second factor.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    reference("user_id", "users"),
    Column("csrf", String(64), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False),
    Column("agent", Text),
    Column("address", String(64)),
    Column("limited", Boolean, nullable=False, server_default=false()),
)

# A program's bearer token; `digest` is the SHA-256 of its value.
tokens = Table(
    "tokens",
    metadata,
    id_column(),
    reference("user_id", "users"),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", Text),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("ends_at_ms", BigInteger),
    Column("revoked_at_ms", BigInteger),
    Column("scope", String(8), nullable=False, server_default="admin"),
    Column("used_at_ms", BigInteger),
)

# Failed log-ins, for the limits of api/limits: only failures count.
login_failures = Table(
    "login_failures",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("key", String(128), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_login_failures_key_at", "key", "at_ms"),
)

# Who read or changed what.
audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("user_id", String(32), index=True),
    Column("action", String(64), nullable=False),
    Column("object", String(128), index=True),
    Column("detail", Text),
)
