"""What came in, and what the fold keeps of it: written by ingest alone, inputs by web."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from server.adapters.db.tables.columns import Serial, metadata

# The log. `body` is the record as the device sent it; `kind` is pos, ride, duty, event, gap.
records = Table(
    "records",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("device_id", String(32), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("vehicle_id", String(32)),
    Column("kind", String(8), nullable=False),
    Column("t_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("device_id", "epoch", "seq"),
    Index("ix_records_vehicle_t", "vehicle_id", "t_ms"),
    sqlite_autoincrement=False,
)

# Which buses a badge has signed on to as a driver, and when: where to look for what somebody drove on another
# bus. Written with the record that says so.
driver_sign_ons = Table(
    "driver_sign_ons",
    metadata,
    Column("badge", String(64), primary_key=True),
    Column("at_ms", BigInteger, primary_key=True),
    Column("vehicle_id", String(32), primary_key=True),
    Index("ix_driver_sign_ons_vehicle_id_at_ms", "vehicle_id", "at_ms"),
)

# What the gate refused, and why. `seq` NULL where not even that could be read. `kind` is the topic's.
rejected = Table(
    "rejected",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("device_id", String(64), nullable=False, index=True),
    Column("epoch", Integer),
    Column("seq", BigInteger),
    Column("kind", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("device_id", "epoch", "seq"),
)

# What of an epoch has been received, and the seq at which its stream begins.
# `ranges` is JSON [[from, to], …], inclusive, ascending, disjoint, not
# touching.
device_epochs = Table(
    "device_epochs",
    metadata,
    Column("device_id", String(32), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("ranges", LargeBinary, nullable=False),
    Column("origin", BigInteger),
)

# What a device says of itself (`online`), and its clock's error.
device_status = Table(
    "device_status",
    metadata,
    Column("device_id", String(32), primary_key=True),
    Column("online", Boolean, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger),
    Column("skew_ms", BigInteger),
    Column("body", LargeBinary),
)

# The last position of each bus, for maps.
vehicle_heads = Table(
    "vehicle_heads",
    metadata,
    Column("vehicle_id", String(32), primary_key=True),
    Column("device_id", String(32), nullable=False),
    Column("trip_id", String(32)),
    Column("at_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("spd", Float, nullable=False),
    Column("hdg", Float),
    Column("metre", Float),
    Column("interval_s", Float, nullable=False),
)

# VehicleState (JSON) after the input whose key is (t_ms, source).
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("vehicle_id", String(32), primary_key=True),
    Column("t_ms", BigInteger, primary_key=True),
    Column("source", String(80), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# What people did, in the same log order as records. Written by web, folded by ingest. `vehicle_id` is the
# trip's at the time.
inputs = Table(
    "inputs",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("trip_id", String(32), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("source", String(80), nullable=False, unique=True),
    Column("user_id", String(32)),
    Column("body", LargeBinary, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
)
