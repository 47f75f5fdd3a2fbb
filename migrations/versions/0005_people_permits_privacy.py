"""People, permits and privacy: what accounts, records and their approval need."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# What an application for a permit names, by column.
_APPLICATION_NAMES = {
    "attendant_id": "people",
    "by_id": "users",
    "driver_id": "people",
    "operator_id": "operators",
    "permit_id": "permits",
    "timetable_id": "timetables",
    "vehicle_id": "vehicles",
}


def upgrade() -> None:
    _add_accounts()
    _add_records()
    _add_commands()
    _add_exceptions_to_permits()
    _add_permits()
    _add_indexes_of_lists()


def downgrade() -> None:
    _drop_indexes_of_lists()
    _drop_permits()
    _drop_exceptions_to_permits()
    _drop_commands()
    _drop_records()
    _drop_accounts()


def _add_accounts() -> None:
    """Second factors, invitations, carers, scoped tokens, identities at a provider."""
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.Text(), nullable=True))
    with op.batch_alter_table("guardians", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shared_by", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("may_change", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_guardians_shared_by"), "users", ["shared_by"], ["id"])
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("limited", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scope", sa.String(length=8), server_default="admin", nullable=False))
        batch_op.add_column(sa.Column("used_at_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("scope_id", sa.String(length=32), nullable=True),
        sa.Column("rider_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.String(length=10), nullable=True),
        sa.Column("may_change", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("by_id", sa.String(length=32), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ends_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("used_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_invitations_by_id")),
        sa.ForeignKeyConstraint(["rider_id"], ["riders.id"], name=op.f("fk_invitations_rider_id")),
        sa.ForeignKeyConstraint(["used_by"], ["users.id"], name=op.f("fk_invitations_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitations_digest")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitations_rider_id"), ["rider_id"], unique=False)
    op.create_table(
        "identities",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_identities_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identities_issuer_subject")),
    )
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identities_user_id"), ["user_id"], unique=False)
    op.create_table(
        "provider_logins",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_logins")),
    )


def _drop_accounts() -> None:
    for name in ("provider_logins", "identities", "invitations", "recovery_codes", "second_factors"):
        op.drop_table(name)
    # A carer isn't told apart from a guardian any more: what was lent ends.
    op.execute("UPDATE guardians SET ended_at_ms = 1 WHERE shared_by IS NOT NULL AND ended_at_ms IS NULL")
    # A session that may only enrol, and a token that may not do everything, would be whole ones.
    op.execute("DELETE FROM sessions WHERE limited")
    op.execute("UPDATE tokens SET revoked_at_ms = 1 WHERE scope <> 'admin' AND revoked_at_ms IS NULL")
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_column("used_at_ms")
        batch_op.drop_column("scope")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("limited")
        batch_op.drop_column("address")
    with op.batch_alter_table("guardians", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_guardians_shared_by"), type_="foreignkey")
        batch_op.drop_column("may_change")
        batch_op.drop_column("shared_by")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("email")


def _add_records() -> None:
    """Plans that hold until a date, and a record's history found by its id."""
    op.create_table(
        "former_plans",
        sa.Column("timetable_id", sa.String(length=32), nullable=False),
        sa.Column("before_on", sa.String(length=10), nullable=False),
        sa.Column("plan_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_former_plans_plan_id")),
        sa.ForeignKeyConstraint(
            ["timetable_id"], ["timetables.id"], name=op.f("fk_former_plans_timetable_id")
        ),
        sa.PrimaryKeyConstraint("timetable_id", "before_on", name=op.f("pk_former_plans")),
    )
    with op.batch_alter_table("former_plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_plans_plan_id"), ["plan_id"], unique=False)
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_object"), ["object"], unique=False)
    with op.batch_alter_table("riders", schema=None) as batch_op:
        batch_op.create_index("ix_riders_name", ["name", "id"], unique=False)


def _drop_records() -> None:
    with op.batch_alter_table("riders", schema=None) as batch_op:
        batch_op.drop_index("ix_riders_name")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_object"))
    op.drop_table("former_plans")


def _add_commands() -> None:
    """Commands to recorders with their answers; when each role started."""
    op.create_table(
        "device_commands",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("args", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("answered_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ok", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_commands")),
    )
    with op.batch_alter_table("device_commands", schema=None) as batch_op:
        batch_op.create_index(
            "ix_device_commands_device_id_made_at_ms", ["device_id", "made_at_ms"], unique=False
        )
        batch_op.create_index(
            "ix_device_commands_sent_at_ms_until_ms", ["sent_at_ms", "until_ms"], unique=False
        )
    op.create_table(
        "role_runs",
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_role_runs")),
    )


def _drop_commands() -> None:
    op.drop_table("role_runs")
    op.drop_table("device_commands")


def _add_exceptions_to_permits() -> None:
    """Another time and another way for a trip; on which buses a driver was."""
    op.create_table(
        "driver_sign_ons",
        sa.Column("badge", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("vehicle_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("badge", "at_ms", "vehicle_id", name=op.f("pk_driver_sign_ons")),
    )
    with op.batch_alter_table("driver_sign_ons", schema=None) as batch_op:
        batch_op.create_index("ix_driver_sign_ons_vehicle_id_at_ms", ["vehicle_id", "at_ms"], unique=False)
    with op.batch_alter_table("substitutions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shift_s", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("detour", sa.LargeBinary(), nullable=True))


def _drop_exceptions_to_permits() -> None:
    # A row that names nothing else would be a substitution of nothing.
    op.execute(
        "DELETE FROM substitutions WHERE vehicle_id IS NULL AND driver_id IS NULL AND attendant_id IS NULL"
    )
    with op.batch_alter_table("substitutions", schema=None) as batch_op:
        batch_op.drop_column("detour")
        batch_op.drop_column("shift_s")
    op.drop_table("driver_sign_ons")


def _add_permits() -> None:
    """How a permit comes about: applications, their steps and documents; cards. And when a notice was made, for its end."""
    op.create_index("ix_notices_made", "notices", ["made_at_ms"], unique=False)
    op.create_table(
        "permit_applications",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("timetable_id", sa.String(length=32), nullable=False),
        sa.Column("vehicle_id", sa.String(length=32), nullable=False),
        sa.Column("driver_id", sa.String(length=32), nullable=False),
        sa.Column("attendant_id", sa.String(length=32), nullable=True),
        sa.Column("tag", sa.String(length=64), nullable=True),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("valid_until", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("permit_id", sa.String(length=32), nullable=True),
        sa.Column("by_id", sa.String(length=32), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        *(
            sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_permit_applications_{name}"))
            for name, target in _APPLICATION_NAMES.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permit_applications")),
    )
    with op.batch_alter_table("permit_applications", schema=None) as batch_op:
        for name in (*_APPLICATION_NAMES, "state"):
            batch_op.create_index(batch_op.f(f"ix_permit_applications_{name}"), [name], unique=False)
    op.create_table(
        "permit_steps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("application_id", sa.String(length=32), nullable=True),
        sa.Column("permit_id", sa.String(length=32), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["permit_applications.id"], name=op.f("fk_permit_steps_application_id")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_permit_steps_by_id")),
        sa.ForeignKeyConstraint(["permit_id"], ["permits.id"], name=op.f("fk_permit_steps_permit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permit_steps")),
    )
    with op.batch_alter_table("permit_steps", schema=None) as batch_op:
        for name in ("application_id", "by_id", "permit_id"):
            batch_op.create_index(batch_op.f(f"ix_permit_steps_{name}"), [name], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("application_id", sa.String(length=32), nullable=False),
        sa.Column("condition", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by_id", sa.String(length=32), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["permit_applications.id"], name=op.f("fk_documents_application_id")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_documents_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        for name in ("application_id", "by_id"):
            batch_op.create_index(batch_op.f(f"ix_documents_{name}"), [name], unique=False)
    op.create_table(
        "permit_cards",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("permit_id", sa.String(length=32), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["permit_id"], ["permits.id"], name=op.f("fk_permit_cards_permit_id")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_permit_cards")),
    )
    with op.batch_alter_table("permit_cards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_permit_cards_permit_id"), ["permit_id"], unique=False)


def _drop_permits() -> None:
    op.drop_index("ix_notices_made", "notices")
    for name in ("permit_cards", "documents", "permit_steps", "permit_applications"):
        op.drop_table(name)


def _add_indexes_of_lists() -> None:
    """What a province's lists are read by: the newest findings, a school's and a family's trips."""
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index("ix_findings_began", ["began_ms", "id"], unique=False)
    with op.batch_alter_table("trip_riders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trip_riders_rider_id"))
        batch_op.create_index("ix_trip_riders_rider_trip", ["rider_id", "trip_id"], unique=False)


def _drop_indexes_of_lists() -> None:
    with op.batch_alter_table("trip_riders", schema=None) as batch_op:
        batch_op.drop_index("ix_trip_riders_rider_trip")
        batch_op.create_index(batch_op.f("ix_trip_riders_rider_id"), ["rider_id"], unique=False)
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.drop_index("ix_findings_began")
