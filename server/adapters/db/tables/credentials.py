"""What else proves who somebody is: second factors, invitations, and identities at another provider."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from server.adapters.db.tables.columns import ended_column, id_column, metadata, reference

# A user's second factor: `secret` is sealed with a key of the data folder; it counts once `confirmed_at_ms` is there.
# `last_step` is the last time step whose code was taken: none is taken twice.
second_factors = Table(
    "second_factors",
    metadata,
    reference("user_id", "users", primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("confirmed_at_ms", BigInteger),
    Column("last_step", BigInteger, nullable=False),
)

# Codes for whoever lost the device; `digest` is the SHA-256 of 80 random bits.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    reference("user_id", "users", primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("used_at_ms", BigInteger),
)

# A link by which somebody gets an account, or a child; `digest` is the SHA-256 of 128 random bits.
# `owner_id`: whose list it is in: a school's, an operator's, a jurisdiction's, or the guardian's who shares; NULL: administrators'.
invitations = Table(
    "invitations",
    metadata,
    id_column(),
    Column("digest", String(64), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("role", String(16), nullable=False),
    Column("scope_id", String(32)),
    reference("rider_id", "riders", nullable=True),
    Column("name", Text, nullable=False),
    Column("phone", String(32)),
    Column("email", Text),
    Column("relation", Text),
    Column("valid_until", String(10)),
    Column("may_change", Boolean, nullable=False, server_default=false()),
    Column("owner_id", String(32), index=True),
    Column("by_id", String(32), ForeignKey("users.id"), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger),
    Column("used_by", String(32), ForeignKey("users.id")),
    ended_column(),
)

# Who a user is at an OpenID Connect provider.
identities = Table(
    "identities",
    metadata,
    id_column(),
    reference("user_id", "users"),
    Column("issuer", String(255), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    UniqueConstraint("issuer", "subject"),
)

# A log-in that went to the provider and isn't back; `id` is the SHA-256 of its state, `browser` that of the cookie that began it.
provider_logins = Table(
    "provider_logins",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("browser", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
)
