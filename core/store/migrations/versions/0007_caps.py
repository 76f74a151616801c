"""Caps, which count the calls to each number; those of before count too."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
NAME = sa.String(190).with_variant(mysql.VARCHAR(190, collation="utf8mb4_bin"), *_MYSQL)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)


def upgrade() -> None:
    op.add_column(
        "campaign", sa.Column("cap_wait_h", sa.Integer(), nullable=False, server_default="24")
    )
    op.create_table(
        "cap",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("rest_days", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(length=16), nullable=False),
        sa.Column("is_site_wide", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cap")),
        sa.UniqueConstraint("name", name=op.f("uq_cap_name")),
    )
    op.create_table(
        "campaign_cap",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("cap_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_cap_campaign_id")
        ),
        sa.ForeignKeyConstraint(["cap_id"], ["cap.id"], name=op.f("fk_campaign_cap_cap_id")),
        sa.PrimaryKeyConstraint("campaign_id", "cap_id", name=op.f("pk_campaign_cap")),
    )
    op.create_table(
        "past_call",
        sa.Column("attempt_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=41), nullable=False),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("talked_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_past_call")),
    )
    _count_calls_of_before(op.get_bind())
    op.create_index(op.f("ix_past_call_number_placed_at"), "past_call", ["number", "placed_at"])


def _count_calls_of_before(conn: sa.Connection) -> None:
    """What never left does not count."""
    names = ("attempt_id", "number", "placed_at", "talked_until")
    past = sa.table("past_call", *(sa.column(name) for name in names))
    for query in (_calls_under_way(), _calls_over()):
        conn.execute(sa.insert(past).from_select(names, query))


def _calls_under_way() -> sa.Select[Any]:
    call = sa.table("attempt", *(sa.column(name) for name in ("id", "number", "requested_at")))
    return sa.select(call.c.id, _counted_as(call.c.number), call.c.requested_at, sa.null())


def _calls_over() -> sa.Select[Any]:
    names = ("id", "number", "requested_at", "ended_at", "state", "talk_ms", "reason", "trunk_id")
    log = sa.table("call_log", *(sa.column(name) for name in names))
    was_talk = sa.or_(log.c.talk_ms > 0, log.c.state.in_(("TERMINATED", "RS_TIMEOUT")))
    talked_until = sa.case((was_talk, log.c.ended_at), else_=sa.null())
    query = sa.select(log.c.id, _counted_as(log.c.number), log.c.requested_at, talked_until)
    return query.where(
        log.c.trunk_id.is_not(None),
        log.c.state != "RS_BLACKLIST",
        log.c.reason.not_like("not sent:%"),
    )


def _counted_as(number: sa.ColumnClause[Any]) -> sa.ColumnElement[Any]:
    """Without the + or the 00 of a number in international form."""
    plain = sa.case((number.like("+%"), sa.func.substr(number, 2)), else_=number)
    return sa.case((plain.like("00_%"), sa.func.substr(plain, 3)), else_=plain)
