"""People, permits and privacy: what accounts, records and their approval need."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add_accounts()
    _add_records()
    _add_commands()


def downgrade() -> None:
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


def _drop_records() -> None:
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
