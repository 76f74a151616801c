"""Records of lists may have a moment and a priority, and are not called in their order then."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)


def upgrade() -> None:
    op.add_column("record", sa.Column("not_before", MOMENT, nullable=True))
    op.add_column(
        "record", sa.Column("is_ahead", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("run_list", sa.Column("ahead_to", BIG, nullable=False, server_default="0"))
    op.create_table(
        "ahead_record",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("record_id", BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["call_list.id"], name=op.f("fk_ahead_record_list_id")
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_ahead_record_record_id")
        ),
        sa.PrimaryKeyConstraint("list_id", "record_id", name=op.f("pk_ahead_record")),
    )
