"""Records come to campaigns one by one, with a moment, a priority and an expiry."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
NUMBERS = (("record", "priority"), ("run", "added"), ("retry", "priority"))


def upgrade() -> None:
    op.add_column(
        "call_list",
        sa.Column("is_hidden", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for table, name in NUMBERS:
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("record", sa.Column("expires_at", MOMENT, nullable=True))
    op.create_index(
        op.f("ix_retry_run_id_priority_due_at"), "retry", ["run_id", "priority", "due_at"]
    )
    op.drop_index(op.f("ix_retry_run_id_due_at"), "retry")
    op.create_table(
        "waiting_record",
        sa.Column("record_id", BIG, autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_waiting_record_record_id")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_waiting_record_campaign_id")
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_waiting_record")),
    )
    op.create_index(
        op.f("ix_waiting_record_campaign_id_record_id"),
        "waiting_record",
        ["campaign_id", "record_id"],
    )
