"""With what and whom: vehicles, recorders, people, permits, riders, zones, settings, exceptions to them, and alarms of the house."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from server.adapters.db.tables.columns import ended_column, id_column, metadata, reference

vehicles = Table(
    "vehicles",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("plate", Text, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("inspection_until", String(10)),
    Column("insurance_until", String(10)),
    ended_column(),
    UniqueConstraint("operator_id", "code"),
)

# The recorder fitted to a bus; its id is its code. `secret_hash` is argon2id. `changed_at_ms` moves when
# rights change (kick).
devices = Table(
    "devices",
    metadata,
    Column("id", String(32), primary_key=True),
    reference("vehicle_id", "vehicles"),
    Column("secret_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False, index=True),
    ended_column(),
)

# Drivers and attendants, known by their badge.
people = Table(
    "people",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    Column("badge", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", String(32)),
    Column("born", String(10)),
    Column("licence_since", String(10)),
    Column("qualified_until", String(10)),
    ended_column(),
    UniqueConstraint("operator_id", "badge"),
)

# 校车标牌: timetable, vehicle, driver, attendant and marking, with validity (inclusive dates).
permits = Table(
    "permits",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    reference("timetable_id", "timetables"),
    reference("vehicle_id", "vehicles"),
    reference("driver_id", "people"),
    reference("attendant_id", "people", nullable=True),
    Column("tag", String(64)),
    Column("issuer", Text, nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_until", String(10), nullable=False),
    ended_column(),
    UniqueConstraint("operator_id", "code"),
)

# A student. `card` is 1–32 of [0-9A-Za-z], unique among riders that are not ended.
riders = Table(
    "riders",
    metadata,
    id_column(),
    reference("school_id", "schools"),
    Column("code", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("grade", Text),
    Column("card", String(32), index=True),
    ended_column(),
    UniqueConstraint("school_id", "code"),
    Index("ix_riders_name", "name", "id"),
)

# Which timetable and stop, on which weekdays (digits 1–7, Monday 1); another stop on other days is a row of
# its own.
ride_plans = Table(
    "ride_plans",
    metadata,
    id_column(),
    reference("rider_id", "riders"),
    reference("timetable_id", "timetables"),
    reference("stop_id", "stops"),
    Column("weekdays", String(7), nullable=False),
    ended_column(),
    UniqueConstraint("rider_id", "timetable_id", "stop_id"),
)

# Where another speed holds. `wkt` is POLYGON or LINESTRING, lon lat, WGS-84; a line is `width_m` wide.
zones = Table(
    "zones",
    metadata,
    id_column(),
    Column("code", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("limit_kmh", Integer),
    Column("wkt", Text, nullable=False),
    Column("width_m", Integer),
    Column("valid_from", String(10)),
    Column("valid_until", String(10)),
    ended_column(),
)

# Values that differ from domain.settings_catalog's defaults. `scope` is system, operator, route or permit,
# `scope_id` its row's id, and empty for system.
settings = Table(
    "settings",
    metadata,
    id_column(),
    Column("scope", String(16), nullable=False),
    Column("scope_id", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("value", String(32), nullable=False),
    ended_column(),
    UniqueConstraint("scope", "scope_id", "name"),
)

# What is wrong with the house and waits for a person: one open row for (kind, operator, object). `detail` is
# JSON by kind; no operator: the administrator's.
alarms = Table(
    "alarms",
    metadata,
    id_column(),
    Column("kind", String(32), nullable=False),
    reference("operator_id", "operators", nullable=True),
    Column("object", String(128), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    ended_column(),
    Index("ix_alarms_open", "ended_at_ms", "kind"),
)

# An approved, dated exception to a permit: another vehicle, driver or attendant, another time or another way on a
# timetable's trips from one service date to another, inclusive. NULL: as the permit says. The newest that holds
# wins. `shift_s`: all stops so much later; `detour` is JSON, domain.substitute.Detour.
substitutions = Table(
    "substitutions",
    metadata,
    id_column(),
    reference("operator_id", "operators"),
    reference("timetable_id", "timetables"),
    Column("from_on", String(10), nullable=False),
    Column("until_on", String(10), nullable=False),
    Column("vehicle_id", String(32), ForeignKey("vehicles.id")),
    Column("driver_id", String(32), ForeignKey("people.id")),
    Column("attendant_id", String(32), ForeignKey("people.id")),
    Column("shift_s", Integer),
    Column("detour", LargeBinary),
    Column("reason", Text, nullable=False),
    Column("user_id", String(32), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    ended_column(),
    Index("ix_substitutions_timetable", "timetable_id", "from_on"),
)

# Not riding: today, or a day ahead. `withdrawn_at_ms` takes it back.
exceptions = Table(
    "exceptions",
    metadata,
    id_column(),
    reference("rider_id", "riders"),
    Column("service_on", String(10), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("user_id", String(32), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("withdrawn_at_ms", BigInteger),
    Index("ix_exceptions_day", "service_on", "rider_id"),
)
