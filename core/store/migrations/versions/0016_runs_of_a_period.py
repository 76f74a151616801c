"""The runs that began in a period are found by their beginnings."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_run_started_at"), "run", ["started_at"])
