"""Findings and who answers for them, substitutions, what guardians want to be told, web push, verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_reason", sa.String(length=32), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_push_subscriptions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscriptions")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_push_subscriptions_endpoint")),
    )
    with op.batch_alter_table("push_subscriptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_subscriptions_session_id"), ["session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_push_subscriptions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "substitutions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("timetable_id", sa.String(length=32), nullable=False),
        sa.Column("from_on", sa.String(length=10), nullable=False),
        sa.Column("until_on", sa.String(length=10), nullable=False),
        sa.Column("vehicle_id", sa.String(length=32), nullable=True),
        sa.Column("driver_id", sa.String(length=32), nullable=True),
        sa.Column("attendant_id", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["attendant_id"], ["people.id"], name=op.f("fk_substitutions_attendant_id")),
        sa.ForeignKeyConstraint(["driver_id"], ["people.id"], name=op.f("fk_substitutions_driver_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_substitutions_operator_id")),
        sa.ForeignKeyConstraint(
            ["timetable_id"], ["timetables.id"], name=op.f("fk_substitutions_timetable_id")
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_substitutions_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitutions")),
    )
    with op.batch_alter_table("substitutions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_substitutions_operator_id"), ["operator_id"], unique=False)
        batch_op.create_index("ix_substitutions_timetable", ["timetable_id", "from_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_substitutions_timetable_id"), ["timetable_id"], unique=False)

    op.create_table(
        "notice_preferences",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("rider_id", sa.String(length=32), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("lead_by", sa.String(length=8), nullable=False),
        sa.Column("lead", sa.Integer(), nullable=False),
        sa.Column("muted", sa.Text(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["rider_id"], ["riders.id"], name=op.f("fk_notice_preferences_rider_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notice_preferences_user_id")),
        sa.PrimaryKeyConstraint(
            "user_id", "rider_id", "direction", "changed_at_ms", name=op.f("pk_notice_preferences")
        ),
    )
    with op.batch_alter_table("notice_preferences", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notice_preferences_rider_direction", ["rider_id", "direction"], unique=False
        )

    op.create_table(
        "findings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("vehicle_id", sa.String(length=32), nullable=True),
        sa.Column("trip_id", sa.String(length=32), nullable=True),
        sa.Column("driver_id", sa.String(length=32), nullable=True),
        sa.Column("rider_id", sa.String(length=32), nullable=True),
        sa.Column("stop_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("fixed", sa.String(length=8), nullable=True),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("measured", sa.Float(), nullable=True),
        sa.Column("limit", sa.Float(), nullable=True),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("deadline_ms", sa.BigInteger(), nullable=True),
        sa.Column("answered_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("tier", sa.Integer(), server_default="0", nullable=False),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("call_next_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_findings_operator_id")),
        sa.ForeignKeyConstraint(["rider_id"], ["riders.id"], name=op.f("fk_findings_rider_id")),
        sa.ForeignKeyConstraint(["trip_id"], ["trips.id"], name=op.f("fk_findings_trip_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("key", name=op.f("uq_findings_key")),
    )
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index("ix_findings_calls", ["call_next_ms"], unique=False)
        batch_op.create_index("ix_findings_open", ["state", "severity"], unique=False)
        batch_op.create_index("ix_findings_operator_began", ["operator_id", "began_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_operator_id"), ["operator_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_rider_id"), ["rider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_trip_id"), ["trip_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_vehicle_id"), ["vehicle_id"], unique=False)

    op.create_table(
        "finding_steps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("finding_id", sa.String(length=32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_steps_finding_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_steps")),
    )
    with op.batch_alter_table("finding_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_steps_finding_id"), ["finding_id"], unique=False)

    op.create_table(
        "notice_deliveries",
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("subscription_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=True),
        sa.Column("done_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_deliveries_notice_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["push_subscriptions.id"], name=op.f("fk_notice_deliveries_subscription_id")
        ),
        sa.PrimaryKeyConstraint("notice_id", "subscription_id", name=op.f("pk_notice_deliveries")),
    )
    with op.batch_alter_table("notice_deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_notice_deliveries_due", ["state", "next_ms"], unique=False)

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("finding_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("muted", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.alter_column("rider_id", existing_type=sa.VARCHAR(length=32), nullable=True)
        batch_op.alter_column("trip_id", existing_type=sa.VARCHAR(length=32), nullable=True)
        batch_op.alter_column(
            "kind", existing_type=sa.VARCHAR(length=16), type_=sa.String(length=32), existing_nullable=False
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_notices_user_id_finding_id_occurrence"), ["user_id", "finding_id", "occurrence"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_notices_finding_id"), "findings", ["finding_id"], ["id"])

    with op.batch_alter_table("trips", schema=None) as batch_op:
        batch_op.add_column(sa.Column("verdicts", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("crew", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("turns", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM notice_deliveries")
    op.execute("DELETE FROM notices WHERE finding_id IS NOT NULL")
    with op.batch_alter_table("trips", schema=None) as batch_op:
        batch_op.drop_column("turns")
        batch_op.drop_column("crew")
        batch_op.drop_column("verdicts")

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_notices_finding_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_notices_user_id_finding_id_occurrence"), type_="unique")
        batch_op.alter_column(
            "kind", existing_type=sa.String(length=32), type_=sa.VARCHAR(length=16), existing_nullable=False
        )
        batch_op.alter_column("trip_id", existing_type=sa.VARCHAR(length=32), nullable=False)
        batch_op.alter_column("rider_id", existing_type=sa.VARCHAR(length=32), nullable=False)
        batch_op.drop_column("muted")
        batch_op.drop_column("finding_id")

    with op.batch_alter_table("notice_deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_deliveries_due")

    op.drop_table("notice_deliveries")
    with op.batch_alter_table("finding_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_steps_finding_id"))

    op.drop_table("finding_steps")
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_findings_vehicle_id"))
        batch_op.drop_index(batch_op.f("ix_findings_trip_id"))
        batch_op.drop_index(batch_op.f("ix_findings_rider_id"))
        batch_op.drop_index(batch_op.f("ix_findings_operator_id"))
        batch_op.drop_index("ix_findings_operator_began")
        batch_op.drop_index("ix_findings_open")
        batch_op.drop_index("ix_findings_calls")

    op.drop_table("findings")
    with op.batch_alter_table("notice_preferences", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_preferences_rider_direction")

    op.drop_table("notice_preferences")
    with op.batch_alter_table("substitutions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_substitutions_timetable_id"))
        batch_op.drop_index("ix_substitutions_timetable")
        batch_op.drop_index(batch_op.f("ix_substitutions_operator_id"))

    op.drop_table("substitutions")
    with op.batch_alter_table("push_subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_push_subscriptions_user_id"))
        batch_op.drop_index(batch_op.f("ix_push_subscriptions_session_id"))

    op.drop_table("push_subscriptions")
