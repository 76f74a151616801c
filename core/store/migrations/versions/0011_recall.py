"""A disposition rule may have a number recalled by another campaign."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("disposition_rule") as batch:
        batch.add_column(sa.Column("target_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_disposition_rule_target_id"), "campaign", ["target_id"], ["id"]
        )
