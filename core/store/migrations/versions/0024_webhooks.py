"""Webhooks; a letter may be one's."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
NAME = sa.String(190).with_variant(mysql.VARCHAR(190, collation="utf8mb4_bin"), *_MYSQL)


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("url", sa.String(2000), nullable=False, server_default=""),
        sa.Column("secret", sa.String(190), nullable=False, server_default=""),
        sa.Column("topics", sa.String(190), nullable=False, server_default=""),
        sa.Column("campaign_ids", sa.Text(), nullable=False),
        sa.Column("acts_for", NAME, nullable=False),
        sa.Column("keys", sa.Text(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("why_disabled", sa.String(255), nullable=False, server_default=""),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=True),
        sa.Column("created_by", NAME, nullable=False, server_default=""),
        sa.Column("changed_at", MOMENT, nullable=True),
        sa.Column("changed_by", NAME, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("name", name=op.f("uq_webhook_name")),
    )
    op.create_index(op.f("ix_webhook_is_enabled"), "webhook", ["is_enabled"])
    with op.batch_alter_table("outbox") as batch:
        batch.alter_column("campaign_id", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("webhook_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("message_id", sa.String(64), nullable=False, server_default=""))
        batch.create_foreign_key(op.f("fk_outbox_webhook_id"), "webhook", ["webhook_id"], ["id"])
        batch.create_index(
            op.f("ix_outbox_dead_webhook_id_due_at"), ["dead", "webhook_id", "due_at"]
        )
