"""Campaigns say what the end-point is shown, and what the dialled person is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("agent_clid", "dial_presentation"):
        op.add_column(
            "campaign", sa.Column(name, sa.String(255), nullable=False, server_default="")
        )
