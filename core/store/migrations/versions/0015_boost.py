"""Runs have a boost factor."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "run", sa.Column("boost_percent", sa.Integer(), nullable=False, server_default="100")
    )
