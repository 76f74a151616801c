"""Campaigns keep a boost factor and what to log besides; end-points and hours have notes."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "campaign", sa.Column("boost_percent", sa.Integer(), nullable=False, server_default="100")
    )
    _add_text("campaign", "additional_logging", 16, "NONE")
    _add_text("campaign", "logging_alias", 190)
    _add_text("campaign", "logging_attributes", 190)
    _add_text("end_point", "description", 190)
    _add_text("opening_hours", "comment", 190)
    op.add_column(
        "opening_hours",
        sa.Column("is_hidden", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def _add_text(table: str, name: str, length: int, default: str = "") -> None:
    column = sa.Column(name, sa.String(length), nullable=False, server_default=default)
    op.add_column(table, column)
