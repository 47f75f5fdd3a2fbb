"""What people are told, how they want it, and the way there."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from server.adapters.db.tables.columns import ended_column, id_column, metadata, reference

# The outbox: one row for (guardian's user, child, trip, kind, occurrence), with what the page shows. One that calls a
# member of staff to a finding has the finding, and may have no rider or trip. `muted`: the person wants it kept in the
# list and not announced, so the courier leaves it alone.
notices = Table(
    "notices",
    metadata,
    id_column(),
    reference("user_id", "users"),
    Column("rider_id", String(32), ForeignKey("riders.id")),
    Column("trip_id", String(32), ForeignKey("trips.id")),
    Column("finding_id", String(32), ForeignKey("findings.id")),
    Column("kind", String(32), nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("stop_id", String(32)),
    Column("at_ms", BigInteger, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("sent_at_ms", BigInteger),
    Column("expired_at_ms", BigInteger),
    Column("withdrawn_at_ms", BigInteger),
    Column("read_at_ms", BigInteger),
    Column("muted", Boolean, nullable=False, default=False, server_default=false()),
    UniqueConstraint("user_id", "rider_id", "trip_id", "kind", "occurrence"),
    UniqueConstraint("user_id", "finding_id", "occurrence"),
    Index("ix_notices_trip", "trip_id"),
    Index("ix_notices_unsent", "sent_at_ms", "expired_at_ms"),
    Index("ix_notices_made", "made_at_ms"),
)

# What a guardian wants to be told of a child, by direction. `muted` is JSON: kinds that are kept in the list and not
# announced. `lead_by` is minutes or stops before the child's stop. Every choice stays, since a trip is folded again with
# what was chosen then (decision 0120); the newest holds.
notice_preferences = Table(
    "notice_preferences",
    metadata,
    Column("user_id", String(32), ForeignKey("users.id"), primary_key=True),
    Column("rider_id", String(32), ForeignKey("riders.id"), primary_key=True),
    Column("direction", String(16), primary_key=True),
    Column("lead_by", String(8), nullable=False),
    Column("lead", Integer, nullable=False),
    Column("muted", Text, nullable=False),
    Column("changed_at_ms", BigInteger, primary_key=True, autoincrement=False),
    Index("ix_notice_preferences_rider_direction", "rider_id", "direction"),
)

# A browser that may be pushed to (RFC 8030, RFC 8291). It ends with its session, with a log-out, or when its provider says it is gone.
push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    id_column(),
    reference("user_id", "users"),
    Column("session_id", String(64), nullable=False, index=True),
    Column("endpoint", Text, nullable=False, unique=True),
    Column("p256dh", Text, nullable=False),
    Column("auth", Text, nullable=False),
    Column("lang", String(8), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("end_reason", String(32)),
    ended_column(),
)

# One notice on its way to one browser, until it is accepted, expired or gone.
notice_deliveries = Table(
    "notice_deliveries",
    metadata,
    Column("notice_id", String(32), ForeignKey("notices.id"), primary_key=True),
    Column("subscription_id", String(32), ForeignKey("push_subscriptions.id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger),
    Column("done_at_ms", BigInteger),
    Column("answer", Text),
    Index("ix_notice_deliveries_due", "state", "next_ms"),
)
