"""Both sides' head counts of a trip."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("trips") as batch_op:
        batch_op.add_column(sa.Column("sign_off", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("trips") as batch_op:
        batch_op.drop_column("sign_off")
