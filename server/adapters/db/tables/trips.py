"""Trips: made by the worker, run by the fold."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from server.adapters.db.tables.columns import id_column, metadata, reference

# One run of a timetable on one service date. The worker makes it with its plan; from state on it is ingest's
# projection.
trips = Table(
    "trips",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    reference("timetable_id", "timetables"),
    Column("code", String(64), nullable=False),
    Column("service_on", String(10), nullable=False, index=True),
    reference("route_id", "routes"),
    reference("school_id", "schools", nullable=True),
    Column("direction", String(16), nullable=False),
    reference("plan_id", "plans"),
    reference("permit_id", "permits", nullable=True),
    reference("vehicle_id", "vehicles", nullable=True),
    reference("driver_id", "people", nullable=True),
    reference("attendant_id", "people", nullable=True),
    Column("planned_start_ms", BigInteger, nullable=False),
    Column("planned_end_ms", BigInteger, nullable=False),
    # projection of domain.trip.TripState:
    Column("state", String(16), nullable=False),
    Column("run_vehicle_id", String(32), index=True),
    Column("run_device_id", String(32)),
    Column("assigned_at_ms", BigInteger),
    Column("started_at_ms", BigInteger),
    Column("arrived_at_ms", BigInteger),
    Column("ended_at_ms", BigInteger),
    Column("rear_checked_at_ms", BigInteger),
    Column("next_seq", Integer, nullable=False, server_default="0"),
    Column("metre", Float),
    Column("metre_at_ms", BigInteger),
    Column("delay_s", Integer),
    Column("sign_off", LargeBinary),  # domain.trip.SignOff as JSON
    Column("verdicts", LargeBinary),  # domain.verdict.Verdicts as JSON
    Column("crew", LargeBinary),  # domain.trip.OnDuty as JSON: who is signed on to the bus that runs it
    Column("turns", LargeBinary),  # list of domain.trip.Turn as JSON: the buses that ran it before this one
    UniqueConstraint("timetable_id", "service_on"),
    Index("ix_trips_vehicle_start", "vehicle_id", "planned_start_ms"),
    Index("ix_trips_operator_start", "operator_id", "planned_start_ms"),
)

# A bus at a planned stop: projection. `passed_at_ms` without `arrived_at_ms` is a stop that was driven past.
visits = Table(
    "visits",
    metadata,
    Column("trip_id", String(32), ForeignKey("trips.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("arrived_at_ms", BigInteger),
    Column("departed_at_ms", BigInteger),
    Column("passed_at_ms", BigInteger),
    Column("by_door", Boolean, nullable=False),
)

# The manifest: who should be on this trip (made with it), and each rider's state (projection). `stop_id` is
# where the rider boards (to school) or leaves (from school); NULL for a stranger.
trip_riders = Table(
    "trip_riders",
    metadata,
    Column("trip_id", String(32), ForeignKey("trips.id"), primary_key=True),
    Column("rider_id", String(32), ForeignKey("riders.id"), primary_key=True),
    Column("stop_id", String(32), ForeignKey("stops.id")),
    Column("stranger", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("since_ms", BigInteger),
    Index("ix_trip_riders_rider_trip", "rider_id", "trip_id"),
)

# One boarding or alighting: projection. `source` names the input: device:epoch:seq, or hand:client_id.
rides = Table(
    "rides",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("vehicle_id", String(32), nullable=False),
    Column("trip_id", String(32), ForeignKey("trips.id"), index=True),
    Column("rider_id", String(32), ForeignKey("riders.id"), index=True),
    Column("card", String(32)),
    Column("dir", String(4), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("stop_id", String(32)),
    Column("by", String(16), nullable=False),
)
