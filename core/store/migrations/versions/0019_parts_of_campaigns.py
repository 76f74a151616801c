"""Lists, opening hours and rules of a campaign have ids of their own."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
STATUS = sa.String(64).with_variant(mysql.VARCHAR(64, collation="utf8mb4_bin"), *_MYSQL)
ATTRIBUTES = sa.Text().with_variant(mysql.MEDIUMTEXT(), *_MYSQL)

_LINKS = {
    "campaign_id": "campaign",
    "list_id": "call_list",
    "opening_hours_id": "opening_hours",
    "target_id": "campaign",
}


def _lists() -> list[sa.Column[Any]]:
    return [sa.Column("list_id", sa.Integer(), nullable=False)]


def _opening_hours() -> list[sa.Column[Any]]:
    return [sa.Column("opening_hours_id", sa.Integer(), nullable=False)]


def _reschedule_rules() -> list[sa.Column[Any]]:
    return [
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ext_status", STATUS, nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("retry_after_s", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
    ]


def _disposition_rules() -> list[sa.Column[Any]]:
    return [
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ext_status", STATUS, nullable=False),
        sa.Column("with_retries_pending", sa.Boolean(), nullable=False),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=True),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column("defer_s", sa.BigInteger(), nullable=False),
        sa.Column("attribute_mode", sa.String(8), nullable=False),
        sa.Column("attributes", ATTRIBUTES, nullable=True),
    ]


TABLES: dict[str, Callable[[], list[sa.Column[Any]]]] = {
    "campaign_list": _lists,
    "campaign_opening_hours": _opening_hours,
    "reschedule_rule": _reschedule_rules,
    "disposition_rule": _disposition_rules,
}


def upgrade() -> None:
    for table, columns in TABLES.items():
        names = ", ".join(("campaign_id", "idx", *(column.name for column in columns())))
        # The new table's keys have the names of the old one's, so the rows wait elsewhere.
        op.execute(f"CREATE TABLE {table}_of_before AS SELECT {names} FROM {table}")  # noqa: S608
        op.drop_table(table)
        _create(table, columns())
        op.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_of_before "  # noqa: S608
            "ORDER BY campaign_id, idx"
        )
        op.drop_table(f"{table}_of_before")
    op.create_index(op.f("ix_campaign_list_list_id"), "campaign_list", ["list_id"])


def _create(table: str, columns: list[sa.Column[Any]]) -> None:
    names = ["campaign_id", *(column.name for column in columns)]
    keys = [["campaign_id", "idx"]]
    if table == "campaign_list":
        keys.append(["campaign_id", "list_id"])
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        *columns,
        *(
            sa.ForeignKeyConstraint([name], [f"{_LINKS[name]}.id"], name=op.f(f"fk_{table}_{name}"))
            for name in names
            if name in _LINKS
        ),
        *(sa.UniqueConstraint(*key, name=op.f(f"uq_{table}_{'_'.join(key)}")) for key in keys),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sqlite_autoincrement=True,
    )
