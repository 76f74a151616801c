"""Campaigns know hours, black lists and variables; an attempt may have no line.

Columns are added with their defaults, not by making the table anew: campaigns are referred to,
and SQLite would refuse to drop them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
NAME = sa.String(190).with_variant(mysql.VARCHAR(190, collation="utf8mb4_bin"), *_MYSQL)
ATTRIBUTES = sa.Text().with_variant(mysql.MEDIUMTEXT(), *_MYSQL)
LINE = ("server_id", "trunk_id", "endpoint_id")
TEXTS = (
    ("amd_mode", 64, ""),
    ("amd_extra", 255, ""),
    ("amd_file", 255, ""),
    ("fax_file", 255, ""),
    ("time_zone", 64, "UTC"),
    ("active_start", 6, "000000"),
    ("active_end", 6, "235959"),
    ("active_days", 7, "1234567"),
)


def upgrade() -> None:
    op.add_column("campaign", sa.Column("variables", ATTRIBUTES, nullable=True))
    for name, length, default in TEXTS:
        op.add_column(
            "campaign",
            sa.Column(name, sa.String(length), nullable=False, server_default=default),
        )
    op.create_table(
        "opening_hours",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("default_mode", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_hours")),
        sa.UniqueConstraint("name", name=op.f("uq_opening_hours_name")),
    )
    op.create_table(
        "opening_hours_rule",
        sa.Column("opening_hours_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("days", sa.String(length=7), nullable=True),
        sa.Column("date_from", sa.String(length=10), nullable=True),
        sa.Column("date_to", sa.String(length=10), nullable=True),
        sa.Column("time_from", sa.String(length=6), nullable=True),
        sa.Column("time_to", sa.String(length=6), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opening_hours_id"],
            ["opening_hours.id"],
            name=op.f("fk_opening_hours_rule_opening_hours_id"),
        ),
        sa.PrimaryKeyConstraint("opening_hours_id", "idx", name=op.f("pk_opening_hours_rule")),
    )
    op.create_table(
        "campaign_opening_hours",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opening_hours_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_opening_hours_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["opening_hours_id"],
            ["opening_hours.id"],
            name=op.f("fk_campaign_opening_hours_opening_hours_id"),
        ),
        sa.PrimaryKeyConstraint("campaign_id", "idx", name=op.f("pk_campaign_opening_hours")),
    )
    op.create_table(
        "campaign_black_list",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_black_list_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["call_list.id"], name=op.f("fk_campaign_black_list_list_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "list_id", name=op.f("pk_campaign_black_list")),
    )
    for table in ("attempt", "call_log"):
        with op.batch_alter_table(table) as batch:
            for name in LINE:
                batch.alter_column(name, existing_type=sa.Integer(), nullable=True)
    op.create_index(op.f("ix_record_list_id_number"), "record", ["list_id", "number"])
