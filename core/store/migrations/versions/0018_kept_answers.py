"""Answers of the API are kept for a client that asks once more."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), *_MYSQL)
NAME = sa.String(190).with_variant(mysql.VARCHAR(190, collation="utf8mb4_bin"), *_MYSQL)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("actor", NAME, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answer")),
        sa.UniqueConstraint("actor", "key_hash", name=op.f("uq_kept_answer_actor_key_hash")),
    )
    op.create_index(op.f("ix_kept_answer_asked_at"), "kept_answer", ["asked_at"])
