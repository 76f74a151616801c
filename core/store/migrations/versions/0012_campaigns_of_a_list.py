"""The campaigns that call a list are found by the list."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_campaign_list_list_id"), "campaign_list", ["list_id"])
