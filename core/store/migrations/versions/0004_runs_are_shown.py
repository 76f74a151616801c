"""What the dialer shows of its runs is kept; the runs of a list are found by the list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
COUNTS = ("live", "cached", "backlog", "retries")


def upgrade() -> None:
    op.create_table(
        "run_shown",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("shown_at", MOMENT, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("decisions", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_shown_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_shown")),
    )
    op.create_index(op.f("ix_run_list_list_id_run_id"), "run_list", ["list_id", "run_id"])
