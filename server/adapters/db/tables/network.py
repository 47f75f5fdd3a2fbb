"""Where buses go and when: areas, companies, schools, stops, routes, calendars, timetables and their plan versions. Written by import."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from server.adapters.db.tables.columns import ended_column, id_column, metadata, reference

# The tree city -> county/district -> township.
jurisdictions = Table(
    "jurisdictions",
    metadata,
    id_column(),
    Column("code", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("level", String(16), nullable=False),
    reference("parent_id", "jurisdictions", nullable=True),
    ended_column(),
)

# A company that runs buses; GTFS agency and operators.csv together.
operators = Table(
    "operators",
    metadata,
    id_column(),
    Column("code", String(64), nullable=False, unique=True),
    reference("jurisdiction_id", "jurisdictions", nullable=True),
    Column("name", Text, nullable=False),
    Column("phone", String(32)),
    Column("url", Text),
    Column("timezone", String(64), nullable=False),
    Column("lang", String(16)),
    ended_column(),
)

# Where buses stop. A stop belongs to the operator whose pack brought it.
stops = Table(
    "stops",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    ended_column(),
    UniqueConstraint("operator_id", "code"),
)

# A school that children travel to, and the stop in front of it.
schools = Table(
    "schools",
    metadata,
    id_column(),
    Column("code", String(64), nullable=False, unique=True),
    reference("jurisdiction_id", "jurisdictions", nullable=True),
    reference("stop_id", "stops", nullable=True),
    Column("name", Text, nullable=False),
    Column("phone", String(32)),
    ended_column(),
)

routes = Table(
    "routes",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("short_name", Text, nullable=False),
    Column("long_name", Text, nullable=False),
    Column("route_type", Integer, nullable=False),
    ended_column(),
    UniqueConstraint("operator_id", "code"),
)

# Polylines: `points` is JSON [[lat, lon], …] in driving order, WGS-84.
shapes = Table(
    "shapes",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("points", LargeBinary, nullable=False),
    ended_column(),
    UniqueConstraint("operator_id", "code"),
)

# GTFS calendar: `weekdays` is seven 0/1, Monday first; dates are inclusive.
calendars = Table(
    "calendars",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("weekdays", String(7), nullable=False),
    Column("start_on", String(10), nullable=False),
    Column("end_on", String(10), nullable=False),
    ended_column(),
    UniqueConstraint("operator_id", "code"),
)

# GTFS calendar_dates: `exception_type` 1 added, 2 removed; `as_weekday` 1–7 for a make-up working day.
calendar_dates = Table(
    "calendar_dates",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    Column("service_code", String(64), nullable=False),
    Column("service_on", String(10), nullable=False),
    Column("exception_type", Integer, nullable=False),
    Column("as_weekday", Integer),
    ended_column(),
    UniqueConstraint("operator_id", "service_code", "service_on"),
)

# A GTFS trip: one direction of a route with its times. `direction` is to_school or from_school.
timetables = Table(
    "timetables",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    reference("route_id", "routes"),
    Column("code", String(64), nullable=False),
    Column("service_code", String(64), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("headsign", Text),
    Column("shape_code", String(64)),
    reference("plan_id", "plans", nullable=True),
    ended_column(),
    UniqueConstraint("operator_id", "code"),
)

# Planned times at each stop; replaced whole with their timetable (plans keep the history).
stop_times = Table(
    "stop_times",
    metadata,
    Column("timetable_id", String(32), ForeignKey("timetables.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    reference("stop_id", "stops"),
    Column("arrival_s", Integer, nullable=False),
    Column("departure_s", Integer, nullable=False),
)

# An immutable version of a timetable: domain.plan.PlanVersion as JSON. `digest` is SHA-256 of body.
plans = Table(
    "plans",
    metadata,
    id_column(),
    Column("timetable_id", String(32), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    UniqueConstraint("timetable_id", "digest"),
)

# The versions that a timetable's present one follows: trips of service dates before `before_on` keep this one. Of several the
# one with the earliest `before_on` after the date holds.
former_plans = Table(
    "former_plans",
    metadata,
    reference("timetable_id", "timetables", primary_key=True),
    Column("before_on", String(10), primary_key=True),
    reference("plan_id", "plans"),
)
