"""The whole schema of the first version, as server/adapters/db/tables.py says it table by table."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=128), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_at_ms"), ["at_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_user_id"), ["user_id"], unique=False)

    op.create_table(
        "checkpoints",
        sa.Column("vehicle_id", sa.String(length=32), nullable=False),
        sa.Column("t_ms", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", "t_ms", "source", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "device_epochs",
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("ranges", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("device_id", "epoch", name=op.f("pk_device_epochs")),
    )
    op.create_table(
        "device_status",
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("skew_ms", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_status")),
    )
    op.create_table(
        "inputs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("trip_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inputs")),
        sa.UniqueConstraint("source", name=op.f("uq_inputs_source")),
    )
    with op.batch_alter_table("inputs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inputs_trip_id"), ["trip_id"], unique=False)

    op.create_table(
        "jurisdictions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("parent_id", sa.String(length=32), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["jurisdictions.id"], name=op.f("fk_jurisdictions_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jurisdictions")),
        sa.UniqueConstraint("code", name=op.f("uq_jurisdictions_code")),
    )
    with op.batch_alter_table("jurisdictions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jurisdictions_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "login_failures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failures")),
    )
    with op.batch_alter_table("login_failures", schema=None) as batch_op:
        batch_op.create_index("ix_login_failures_key_at", ["key", "at_ms"], unique=False)

    op.create_table(
        "plans",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("timetable_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("timetable_id", "digest", name=op.f("uq_plans_timetable_id_digest")),
    )
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plans_timetable_id"), ["timetable_id"], unique=False)

    op.create_table(
        "records",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("vehicle_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("t_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
        sa.UniqueConstraint("device_id", "epoch", "seq", name=op.f("uq_records_device_id_epoch_seq")),
        sqlite_autoincrement=False,
    )
    with op.batch_alter_table("records", schema=None) as batch_op:
        batch_op.create_index("ix_records_vehicle_t", ["vehicle_id", "t_ms"], unique=False)

    op.create_table(
        "rejected",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected")),
        sa.UniqueConstraint("device_id", "epoch", "seq", name=op.f("uq_rejected_device_id_epoch_seq")),
    )
    with op.batch_alter_table("rejected", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rejected_device_id"), ["device_id"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("scope_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("lang", sa.String(length=8), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_scope_id"), ["scope_id"], unique=False)

    op.create_table(
        "vehicle_heads",
        sa.Column("vehicle_id", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("trip_id", sa.String(length=32), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("spd", sa.Float(), nullable=False),
        sa.Column("hdg", sa.Float(), nullable=True),
        sa.Column("metre", sa.Float(), nullable=True),
        sa.Column("interval_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", name=op.f("pk_vehicle_heads")),
    )
    op.create_table(
        "operators",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("jurisdiction_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("lang", sa.String(length=16), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_operators_jurisdiction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("code", name=op.f("uq_operators_code")),
    )
    with op.batch_alter_table("operators", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_operators_jurisdiction_id"), ["jurisdiction_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ends_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ends_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "calendar_dates",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("service_code", sa.String(length=64), nullable=False),
        sa.Column("service_on", sa.String(length=10), nullable=False),
        sa.Column("exception_type", sa.Integer(), nullable=False),
        sa.Column("as_weekday", sa.Integer(), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_calendar_dates_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_dates")),
        sa.UniqueConstraint(
            "operator_id",
            "service_code",
            "service_on",
            name=op.f("uq_calendar_dates_operator_id_service_code_service_on"),
        ),
    )
    with op.batch_alter_table("calendar_dates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_dates_operator_id"), ["operator_id"], unique=False)

    op.create_table(
        "calendars",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("start_on", sa.String(length=10), nullable=False),
        sa.Column("end_on", sa.String(length=10), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_calendars_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("operator_id", "code", name=op.f("uq_calendars_operator_id_code")),
    )
    with op.batch_alter_table("calendars", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendars_operator_id"), ["operator_id"], unique=False)

    op.create_table(
        "people",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("badge", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("born", sa.String(length=10), nullable=True),
        sa.Column("licence_since", sa.String(length=10), nullable=True),
        sa.Column("qualified_until", sa.String(length=10), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_people_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("operator_id", "badge", name=op.f("uq_people_operator_id_badge")),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_operator_id"), ["operator_id"], unique=False)

    op.create_table(
        "routes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("long_name", sa.Text(), nullable=False),
        sa.Column("route_type", sa.Integer(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_routes_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routes")),
        sa.UniqueConstraint("operator_id", "code", name=op.f("uq_routes_operator_id_code")),
    )
    with op.batch_alter_table("routes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_routes_operator_id"), ["operator_id"], unique=False)

    op.create_table(
        "shapes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_shapes_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shapes")),
        sa.UniqueConstraint("operator_id", "code", name=op.f("uq_shapes_operator_id_code")),
    )
    with op.batch_alter_table("shapes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shapes_operator_id"), ["operator_id"], unique=False)

    op.create_table(
        "stops",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_stops_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stops")),
        sa.UniqueConstraint("operator_id", "code", name=op.f("uq_stops_operator_id_code")),
    )
    with op.batch_alter_table("stops", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stops_operator_id"), ["operator_id"], unique=False)

    op.create_table(
        "vehicles",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("plate", sa.Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("inspection_until", sa.String(length=10), nullable=True),
        sa.Column("insurance_until", sa.String(length=10), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_vehicles_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicles")),
        sa.UniqueConstraint("operator_id", "code", name=op.f("uq_vehicles_operator_id_code")),
    )
    with op.batch_alter_table("vehicles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vehicles_operator_id"), ["operator_id"], unique=False)

    op.create_table(
        "devices",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("vehicle_id", sa.String(length=32), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_devices_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
    )
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_devices_changed_at_ms"), ["changed_at_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_devices_vehicle_id"), ["vehicle_id"], unique=False)

    op.create_table(
        "schools",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("jurisdiction_id", sa.String(length=32), nullable=True),
        sa.Column("stop_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_schools_jurisdiction_id")
        ),
        sa.ForeignKeyConstraint(["stop_id"], ["stops.id"], name=op.f("fk_schools_stop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schools")),
        sa.UniqueConstraint("code", name=op.f("uq_schools_code")),
    )
    with op.batch_alter_table("schools", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schools_jurisdiction_id"), ["jurisdiction_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_schools_stop_id"), ["stop_id"], unique=False)

    op.create_table(
        "timetables",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("route_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("service_code", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("headsign", sa.Text(), nullable=True),
        sa.Column("shape_code", sa.String(length=64), nullable=True),
        sa.Column("plan_id", sa.String(length=32), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_timetables_operator_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_timetables_plan_id")),
        sa.ForeignKeyConstraint(["route_id"], ["routes.id"], name=op.f("fk_timetables_route_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timetables")),
        sa.UniqueConstraint("operator_id", "code", name=op.f("uq_timetables_operator_id_code")),
    )
    with op.batch_alter_table("timetables", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_timetables_operator_id"), ["operator_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_timetables_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_timetables_route_id"), ["route_id"], unique=False)

    op.create_table(
        "permits",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("timetable_id", sa.String(length=32), nullable=False),
        sa.Column("vehicle_id", sa.String(length=32), nullable=False),
        sa.Column("driver_id", sa.String(length=32), nullable=False),
        sa.Column("attendant_id", sa.String(length=32), nullable=True),
        sa.Column("tag", sa.String(length=64), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("valid_until", sa.String(length=10), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["attendant_id"], ["people.id"], name=op.f("fk_permits_attendant_id")),
        sa.ForeignKeyConstraint(["driver_id"], ["people.id"], name=op.f("fk_permits_driver_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_permits_operator_id")),
        sa.ForeignKeyConstraint(["timetable_id"], ["timetables.id"], name=op.f("fk_permits_timetable_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_permits_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permits")),
        sa.UniqueConstraint("operator_id", "code", name=op.f("uq_permits_operator_id_code")),
    )
    with op.batch_alter_table("permits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_permits_attendant_id"), ["attendant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_permits_driver_id"), ["driver_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_permits_operator_id"), ["operator_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_permits_timetable_id"), ["timetable_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_permits_vehicle_id"), ["vehicle_id"], unique=False)

    op.create_table(
        "riders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("school_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("card", sa.String(length=32), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name=op.f("fk_riders_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_riders")),
        sa.UniqueConstraint("school_id", "code", name=op.f("uq_riders_school_id_code")),
    )
    with op.batch_alter_table("riders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_riders_card"), ["card"], unique=False)
        batch_op.create_index(batch_op.f("ix_riders_school_id"), ["school_id"], unique=False)

    op.create_table(
        "stop_times",
        sa.Column("timetable_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("stop_id", sa.String(length=32), nullable=False),
        sa.Column("arrival_s", sa.Integer(), nullable=False),
        sa.Column("departure_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["stop_id"], ["stops.id"], name=op.f("fk_stop_times_stop_id")),
        sa.ForeignKeyConstraint(["timetable_id"], ["timetables.id"], name=op.f("fk_stop_times_timetable_id")),
        sa.PrimaryKeyConstraint("timetable_id", "seq", name=op.f("pk_stop_times")),
    )
    with op.batch_alter_table("stop_times", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stop_times_stop_id"), ["stop_id"], unique=False)

    op.create_table(
        "exceptions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rider_id", sa.String(length=32), nullable=False),
        sa.Column("service_on", sa.String(length=10), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["rider_id"], ["riders.id"], name=op.f("fk_exceptions_rider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exceptions")),
    )
    with op.batch_alter_table("exceptions", schema=None) as batch_op:
        batch_op.create_index("ix_exceptions_day", ["service_on", "rider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exceptions_rider_id"), ["rider_id"], unique=False)

    op.create_table(
        "guardians",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("rider_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.String(length=10), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["rider_id"], ["riders.id"], name=op.f("fk_guardians_rider_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_guardians_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardians")),
        sa.UniqueConstraint("user_id", "rider_id", name=op.f("uq_guardians_user_id_rider_id")),
    )
    with op.batch_alter_table("guardians", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guardians_rider_id"), ["rider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_guardians_user_id"), ["user_id"], unique=False)

    op.create_table(
        "ride_plans",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rider_id", sa.String(length=32), nullable=False),
        sa.Column("timetable_id", sa.String(length=32), nullable=False),
        sa.Column("stop_id", sa.String(length=32), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["rider_id"], ["riders.id"], name=op.f("fk_ride_plans_rider_id")),
        sa.ForeignKeyConstraint(["stop_id"], ["stops.id"], name=op.f("fk_ride_plans_stop_id")),
        sa.ForeignKeyConstraint(["timetable_id"], ["timetables.id"], name=op.f("fk_ride_plans_timetable_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ride_plans")),
        sa.UniqueConstraint(
            "rider_id", "timetable_id", "stop_id", name=op.f("uq_ride_plans_rider_id_timetable_id_stop_id")
        ),
    )
    with op.batch_alter_table("ride_plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ride_plans_rider_id"), ["rider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ride_plans_stop_id"), ["stop_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ride_plans_timetable_id"), ["timetable_id"], unique=False)

    op.create_table(
        "trips",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("timetable_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("service_on", sa.String(length=10), nullable=False),
        sa.Column("route_id", sa.String(length=32), nullable=False),
        sa.Column("school_id", sa.String(length=32), nullable=True),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("plan_id", sa.String(length=32), nullable=False),
        sa.Column("permit_id", sa.String(length=32), nullable=True),
        sa.Column("vehicle_id", sa.String(length=32), nullable=True),
        sa.Column("driver_id", sa.String(length=32), nullable=True),
        sa.Column("attendant_id", sa.String(length=32), nullable=True),
        sa.Column("planned_start_ms", sa.BigInteger(), nullable=False),
        sa.Column("planned_end_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("run_vehicle_id", sa.String(length=32), nullable=True),
        sa.Column("run_device_id", sa.String(length=32), nullable=True),
        sa.Column("assigned_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("rear_checked_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("next_seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("metre", sa.Float(), nullable=True),
        sa.Column("metre_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("delay_s", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["attendant_id"], ["people.id"], name=op.f("fk_trips_attendant_id")),
        sa.ForeignKeyConstraint(["driver_id"], ["people.id"], name=op.f("fk_trips_driver_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_trips_operator_id")),
        sa.ForeignKeyConstraint(["permit_id"], ["permits.id"], name=op.f("fk_trips_permit_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_trips_plan_id")),
        sa.ForeignKeyConstraint(["route_id"], ["routes.id"], name=op.f("fk_trips_route_id")),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name=op.f("fk_trips_school_id")),
        sa.ForeignKeyConstraint(["timetable_id"], ["timetables.id"], name=op.f("fk_trips_timetable_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_trips_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trips")),
        sa.UniqueConstraint("timetable_id", "service_on", name=op.f("uq_trips_timetable_id_service_on")),
    )
    with op.batch_alter_table("trips", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trips_attendant_id"), ["attendant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_driver_id"), ["driver_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_operator_id"), ["operator_id"], unique=False)
        batch_op.create_index("ix_trips_operator_start", ["operator_id", "planned_start_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_permit_id"), ["permit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_route_id"), ["route_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_run_vehicle_id"), ["run_vehicle_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_school_id"), ["school_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_service_on"), ["service_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_timetable_id"), ["timetable_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trips_vehicle_id"), ["vehicle_id"], unique=False)
        batch_op.create_index("ix_trips_vehicle_start", ["vehicle_id", "planned_start_ms"], unique=False)

    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("rider_id", sa.String(length=32), nullable=False),
        sa.Column("trip_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("stop_id", sa.String(length=32), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("expired_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("read_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["rider_id"], ["riders.id"], name=op.f("fk_notices_rider_id")),
        sa.ForeignKeyConstraint(["trip_id"], ["trips.id"], name=op.f("fk_notices_trip_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "user_id",
            "rider_id",
            "trip_id",
            "kind",
            "occurrence",
            name=op.f("uq_notices_user_id_rider_id_trip_id_kind_occurrence"),
        ),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_trip", ["trip_id"], unique=False)
        batch_op.create_index("ix_notices_unsent", ["sent_at_ms", "expired_at_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_user_id"), ["user_id"], unique=False)

    op.create_table(
        "rides",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("vehicle_id", sa.String(length=32), nullable=False),
        sa.Column("trip_id", sa.String(length=32), nullable=True),
        sa.Column("rider_id", sa.String(length=32), nullable=True),
        sa.Column("card", sa.String(length=32), nullable=True),
        sa.Column("dir", sa.String(length=4), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("stop_id", sa.String(length=32), nullable=True),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["rider_id"], ["riders.id"], name=op.f("fk_rides_rider_id")),
        sa.ForeignKeyConstraint(["trip_id"], ["trips.id"], name=op.f("fk_rides_trip_id")),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_rides")),
        sa.UniqueConstraint("id", name=op.f("uq_rides_id")),
    )
    with op.batch_alter_table("rides", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rides_rider_id"), ["rider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rides_trip_id"), ["trip_id"], unique=False)

    op.create_table(
        "trip_riders",
        sa.Column("trip_id", sa.String(length=32), nullable=False),
        sa.Column("rider_id", sa.String(length=32), nullable=False),
        sa.Column("stop_id", sa.String(length=32), nullable=True),
        sa.Column("stranger", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["rider_id"], ["riders.id"], name=op.f("fk_trip_riders_rider_id")),
        sa.ForeignKeyConstraint(["stop_id"], ["stops.id"], name=op.f("fk_trip_riders_stop_id")),
        sa.ForeignKeyConstraint(["trip_id"], ["trips.id"], name=op.f("fk_trip_riders_trip_id")),
        sa.PrimaryKeyConstraint("trip_id", "rider_id", name=op.f("pk_trip_riders")),
    )
    with op.batch_alter_table("trip_riders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trip_riders_rider_id"), ["rider_id"], unique=False)

    op.create_table(
        "visits",
        sa.Column("trip_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("arrived_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("departed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("passed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("by_door", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["trip_id"], ["trips.id"], name=op.f("fk_visits_trip_id")),
        sa.PrimaryKeyConstraint("trip_id", "seq", name=op.f("pk_visits")),
    )


def downgrade() -> None:
    op.drop_table("visits")
    op.drop_table("trip_riders")
    op.drop_table("rides")
    op.drop_table("notices")
    op.drop_table("trips")
    op.drop_table("ride_plans")
    op.drop_table("guardians")
    op.drop_table("exceptions")
    op.drop_table("stop_times")
    op.drop_table("riders")
    op.drop_table("permits")
    op.drop_table("timetables")
    op.drop_table("schools")
    op.drop_table("devices")
    op.drop_table("vehicles")
    op.drop_table("stops")
    op.drop_table("shapes")
    op.drop_table("routes")
    op.drop_table("people")
    op.drop_table("calendars")
    op.drop_table("calendar_dates")
    op.drop_table("tokens")
    op.drop_table("sessions")
    op.drop_table("operators")
    op.drop_table("vehicle_heads")
    op.drop_table("users")
    op.drop_table("rejected")
    op.drop_table("records")
    op.drop_table("plans")
    op.drop_table("login_failures")
    op.drop_table("leases")
    op.drop_table("jurisdictions")
    op.drop_table("inputs")
    op.drop_table("device_status")
    op.drop_table("device_epochs")
    op.drop_table("counters")
    op.drop_table("checkpoints")
    op.drop_table("audit")
