"""Campaigns have disposition rules; a URL is longer once its variables are filled in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
STATUS = sa.String(64).with_variant(mysql.VARCHAR(64, collation="utf8mb4_bin"), *_MYSQL)
ATTRIBUTES = sa.Text().with_variant(mysql.MEDIUMTEXT(), *_MYSQL)
LINKS = (("campaign_id", "campaign"), ("list_id", "call_list"))


def upgrade() -> None:
    op.create_table(
        "disposition_rule",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ext_status", STATUS, nullable=False),
        sa.Column("with_retries_pending", sa.Boolean(), nullable=False),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=True),
        sa.Column("defer_s", sa.BigInteger(), nullable=False),
        sa.Column("attribute_mode", sa.String(8), nullable=False),
        sa.Column("attributes", ATTRIBUTES, nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [name], [f"{target}.id"], name=op.f(f"fk_disposition_rule_{name}")
            )
            for name, target in LINKS
        ),
        sa.PrimaryKeyConstraint("campaign_id", "idx", name=op.f("pk_disposition_rule")),
    )
    with op.batch_alter_table("outbox") as batch:
        batch.alter_column(
            "url",
            existing_type=sa.String(2000),
            type_=sa.Text(),
            nullable=False,
            server_default=None,
        )
