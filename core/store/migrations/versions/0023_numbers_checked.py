"""A campaign may have black lists look at the main number of a record alone."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "campaign",
        sa.Column("checks_every_number", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
