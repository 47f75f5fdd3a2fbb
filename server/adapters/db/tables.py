"""Say the schema: every table of the database, as SQLAlchemy Core tables.

Ids are UUIDv7 as 32 hexadecimal digits and mean nothing outside; `code` is the pack's own id. Instants are UTC
milliseconds (`…_ms`), dates ISO text (`…_on`), planned times seconds after noon minus 12 h (`…_s`). A row is ended
(`ended_at_ms`), never deleted.
"""

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
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives a rowid alias only to INTEGER, PostgreSQL wants BIGINT for a log that never ends.
Serial = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[str]:
    return Column("id", String(32), primary_key=True)


def _ref(name: str, target: str, *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    return Column(
        name,
        String(32),
        ForeignKey(f"{target}.id"),
        nullable=nullable,
        primary_key=primary_key,
        index=not primary_key,
    )


def _ended() -> Column[int]:
    return Column("ended_at_ms", BigInteger, nullable=True)


# --- the plan: written by import ----------------------------------------------------------------------------

# The tree city -> county/district -> township.
jurisdictions = Table(
    "jurisdictions",
    metadata,
    _id(),
    Column("code", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("level", String(16), nullable=False),
    _ref("parent_id", "jurisdictions", nullable=True),
    _ended(),
)

# A company that runs buses; GTFS agency and operators.csv together.
operators = Table(
    "operators",
    metadata,
    _id(),
    Column("code", String(64), nullable=False, unique=True),
    _ref("jurisdiction_id", "jurisdictions", nullable=True),
    Column("name", Text, nullable=False),
    Column("phone", String(32)),
    Column("url", Text),
    Column("timezone", String(64), nullable=False),
    Column("lang", String(16)),
    _ended(),
)

# Where buses stop. A stop belongs to the operator whose pack brought it.
stops = Table(
    "stops",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    _ended(),
    UniqueConstraint("operator_id", "code"),
)

# A school that children travel to, and the stop in front of it.
schools = Table(
    "schools",
    metadata,
    _id(),
    Column("code", String(64), nullable=False, unique=True),
    _ref("jurisdiction_id", "jurisdictions", nullable=True),
    _ref("stop_id", "stops", nullable=True),
    Column("name", Text, nullable=False),
    Column("phone", String(32)),
    _ended(),
)

routes = Table(
    "routes",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("short_name", Text, nullable=False),
    Column("long_name", Text, nullable=False),
    Column("route_type", Integer, nullable=False),
    _ended(),
    UniqueConstraint("operator_id", "code"),
)

# Polylines: `points` is JSON [[lat, lon], …] in driving order, WGS-84.
shapes = Table(
    "shapes",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("points", LargeBinary, nullable=False),
    _ended(),
    UniqueConstraint("operator_id", "code"),
)

# GTFS calendar: `weekdays` is seven 0/1, Monday first; dates are inclusive.
calendars = Table(
    "calendars",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("weekdays", String(7), nullable=False),
    Column("start_on", String(10), nullable=False),
    Column("end_on", String(10), nullable=False),
    _ended(),
    UniqueConstraint("operator_id", "code"),
)

# GTFS calendar_dates: `exception_type` 1 added, 2 removed; `as_weekday` 1–7 for a make-up working day.
calendar_dates = Table(
    "calendar_dates",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    Column("service_code", String(64), nullable=False),
    Column("service_on", String(10), nullable=False),
    Column("exception_type", Integer, nullable=False),
    Column("as_weekday", Integer),
    _ended(),
    UniqueConstraint("operator_id", "service_code", "service_on"),
)

# A GTFS trip: one direction of a route with its times. `direction` is to_school or from_school.
timetables = Table(
    "timetables",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    _ref("route_id", "routes"),
    Column("code", String(64), nullable=False),
    Column("service_code", String(64), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("headsign", Text),
    Column("shape_code", String(64)),
    _ref("plan_id", "plans", nullable=True),
    _ended(),
    UniqueConstraint("operator_id", "code"),
)

# Planned times at each stop; replaced whole with their timetable (plans keep the history).
stop_times = Table(
    "stop_times",
    metadata,
    Column("timetable_id", String(32), ForeignKey("timetables.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    _ref("stop_id", "stops"),
    Column("arrival_s", Integer, nullable=False),
    Column("departure_s", Integer, nullable=False),
)

# An immutable version of a timetable: domain.plan.PlanVersion as JSON. `digest` is SHA-256 of body.
plans = Table(
    "plans",
    metadata,
    _id(),
    Column("timetable_id", String(32), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    UniqueConstraint("timetable_id", "digest"),
)

vehicles = Table(
    "vehicles",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    Column("plate", Text, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("inspection_until", String(10)),
    Column("insurance_until", String(10)),
    _ended(),
    UniqueConstraint("operator_id", "code"),
)

# The recorder fitted to a bus; its id is its code. `secret_hash` is argon2id. `changed_at_ms` moves when
# rights change (kick).
devices = Table(
    "devices",
    metadata,
    Column("id", String(32), primary_key=True),
    _ref("vehicle_id", "vehicles"),
    Column("secret_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False, index=True),
    _ended(),
)

# Drivers and attendants, known by their badge.
people = Table(
    "people",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    Column("badge", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", String(32)),
    Column("born", String(10)),
    Column("licence_since", String(10)),
    Column("qualified_until", String(10)),
    _ended(),
    UniqueConstraint("operator_id", "badge"),
)

# 校车标牌: timetable, vehicle, driver, attendant and marking, with validity (inclusive dates).
permits = Table(
    "permits",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    Column("code", String(64), nullable=False),
    _ref("timetable_id", "timetables"),
    _ref("vehicle_id", "vehicles"),
    _ref("driver_id", "people"),
    _ref("attendant_id", "people", nullable=True),
    Column("tag", String(64)),
    Column("issuer", Text, nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_until", String(10), nullable=False),
    _ended(),
    UniqueConstraint("operator_id", "code"),
)

# A student. `card` is 1–32 of [0-9A-Za-z], unique among riders that are not ended.
riders = Table(
    "riders",
    metadata,
    _id(),
    _ref("school_id", "schools"),
    Column("code", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("grade", Text),
    Column("card", String(32), index=True),
    _ended(),
    UniqueConstraint("school_id", "code"),
)

# Which timetable and stop, on which weekdays (digits 1–7, Monday 1); another stop on other days is a row of
# its own.
ride_plans = Table(
    "ride_plans",
    metadata,
    _id(),
    _ref("rider_id", "riders"),
    _ref("timetable_id", "timetables"),
    _ref("stop_id", "stops"),
    Column("weekdays", String(7), nullable=False),
    _ended(),
    UniqueConstraint("rider_id", "timetable_id", "stop_id"),
)

# Where another speed holds. `wkt` is POLYGON or LINESTRING, lon lat, WGS-84; a line is `width_m` wide.
zones = Table(
    "zones",
    metadata,
    _id(),
    Column("code", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("limit_kmh", Integer),
    Column("wkt", Text, nullable=False),
    Column("width_m", Integer),
    Column("valid_from", String(10)),
    Column("valid_until", String(10)),
    _ended(),
)

# Values that differ from domain.settings_catalog's defaults. `scope` is system, operator, route or permit,
# `scope_id` its row's id, and empty for system.
settings = Table(
    "settings",
    metadata,
    _id(),
    Column("scope", String(16), nullable=False),
    Column("scope_id", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("value", String(32), nullable=False),
    _ended(),
    UniqueConstraint("scope", "scope_id", "name"),
)

# What is wrong with the house and waits for a person: one open row for (kind, operator, object). `detail` is
# JSON by kind; no operator: the administrator's.
alarms = Table(
    "alarms",
    metadata,
    _id(),
    Column("kind", String(32), nullable=False),
    _ref("operator_id", "operators", nullable=True),
    Column("object", String(128), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    _ended(),
    Index("ix_alarms_open", "ended_at_ms", "kind"),
)

# --- accounts -----------------------------------------------------------------------------------------------

# `scope_id`: a jurisdiction, operator, school or person by role; NULL for admin and guardian.
users = Table(
    "users",
    metadata,
    _id(),
    Column("username", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("scope_id", String(32), index=True),
    Column("name", Text),
    Column("lang", String(8)),
    Column("password_hash", Text, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    _ended(),
)

# Who is told about, and may look at, which child.
guardians = Table(
    "guardians",
    metadata,
    _id(),
    _ref("user_id", "users"),
    _ref("rider_id", "riders"),
    Column("name", Text, nullable=False),
    Column("phone", String(32)),
    Column("email", Text),
    Column("relation", Text),
    Column("valid_until", String(10)),
    _ended(),
    UniqueConstraint("user_id", "rider_id"),
)

# A browser's session; `id` is the SHA-256 of the cookie's value, so that the table is no key ring.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    _ref("user_id", "users"),
    Column("csrf", String(64), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False),
    Column("agent", Text),
)

# A program's bearer token; `digest` is the SHA-256 of its value.
tokens = Table(
    "tokens",
    metadata,
    _id(),
    _ref("user_id", "users"),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", Text),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("ends_at_ms", BigInteger),
    Column("revoked_at_ms", BigInteger),
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
    Column("object", String(128)),
    Column("detail", Text),
)

# --- trips: made by the worker, run by the fold -------------------------------------------------------------

# One run of a timetable on one service date. The worker makes it with its plan; from state on it is ingest's
# projection.
trips = Table(
    "trips",
    metadata,
    _id(),
    _ref("operator_id", "operators"),
    _ref("timetable_id", "timetables"),
    Column("code", String(64), nullable=False),
    Column("service_on", String(10), nullable=False, index=True),
    _ref("route_id", "routes"),
    _ref("school_id", "schools", nullable=True),
    Column("direction", String(16), nullable=False),
    _ref("plan_id", "plans"),
    _ref("permit_id", "permits", nullable=True),
    _ref("vehicle_id", "vehicles", nullable=True),
    _ref("driver_id", "people", nullable=True),
    _ref("attendant_id", "people", nullable=True),
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
    Column("rider_id", String(32), ForeignKey("riders.id"), primary_key=True, index=True),
    Column("stop_id", String(32), ForeignKey("stops.id")),
    Column("stranger", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("since_ms", BigInteger),
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

# --- what came in: written by ingest alone ------------------------------------------------------------------

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

# Not riding: today, or a day ahead. `withdrawn_at_ms` takes it back.
exceptions = Table(
    "exceptions",
    metadata,
    _id(),
    _ref("rider_id", "riders"),
    Column("service_on", String(10), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("user_id", String(32), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("withdrawn_at_ms", BigInteger),
    Index("ix_exceptions_day", "service_on", "rider_id"),
)

# The outbox: one row for (guardian's user, child, trip, kind, occurrence), with what the page shows.
notices = Table(
    "notices",
    metadata,
    _id(),
    _ref("user_id", "users"),
    Column("rider_id", String(32), ForeignKey("riders.id"), nullable=False),
    Column("trip_id", String(32), ForeignKey("trips.id"), nullable=False),
    Column("kind", String(16), nullable=False),
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
    UniqueConstraint("user_id", "rider_id", "trip_id", "kind", "occurrence"),
    Index("ix_notices_trip", "trip_id"),
    Index("ix_notices_unsent", "sent_at_ms", "expired_at_ms"),
)

# --- the house ----------------------------------------------------------------------------------------------

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
