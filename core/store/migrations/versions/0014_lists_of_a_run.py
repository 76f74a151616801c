"""Lists of a run may be paused and begun again; a wish may name one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NAME = sa.String(190).with_variant(mysql.VARCHAR(190, collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column(
        "run_list", sa.Column("is_paused", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("run_list", sa.Column("round", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("run_command", sa.Column("argument", NAME, nullable=False, server_default=""))
