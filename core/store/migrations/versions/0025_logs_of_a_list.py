"""The calls to a list's numbers are found by the list, the newest first."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_call_log_list_id_id"), "call_log", ["list_id", "id"])
