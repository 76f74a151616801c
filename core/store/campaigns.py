"""Campaigns in the database, with what they use."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select

from core.errors import NotFound
from core.model import Campaign, Pace
from core.rules.reschedule import RescheduleRule, RetryMode
from core.rules.states import CallState
from core.store.rows import save, values_of
from core.store.schema import (
    campaign,
    campaign_end_point,
    campaign_list,
    campaign_trunk,
    reschedule_rule,
)

#: Most campaigns shown at once.
LIMIT = 10_000

_CHILDREN = ("trunk_ids", "endpoint_ids", "list_ids", "reschedule_rules")


def fetch_campaigns(conn: Connection) -> list[Campaign]:
    rows = conn.execute(select(campaign).order_by(campaign.c.id).limit(LIMIT)).mappings().all()
    return [_campaign(conn, dict(row)) for row in rows]


def fetch_campaign(conn: Connection, campaign_id: int) -> Campaign:
    """NotFound if there is none of this id."""
    return _fetch_one(conn, campaign.c.id == campaign_id, campaign_id)


def fetch_campaign_by_name(conn: Connection, name: str) -> Campaign:
    """NotFound if there is none of this name."""
    return _fetch_one(conn, campaign.c.name == name, name)


def _fetch_one(conn: Connection, condition: ColumnElement[bool], shown: object) -> Campaign:
    row = conn.execute(select(campaign).where(condition)).mappings().first()
    if row is None:
        raise NotFound("campaign", shown)
    return _campaign(conn, dict(row))


def _campaign(conn: Connection, row: dict[str, Any]) -> Campaign:
    key = row["id"]
    return Campaign(
        **{**row, "pace": Pace(row["pace"])},
        trunk_ids=_ids(conn, campaign_trunk, "trunk_id", "trunk_id", key),
        endpoint_ids=_ids(conn, campaign_end_point, "end_point_id", "end_point_id", key),
        list_ids=_ids(conn, campaign_list, "list_id", "idx", key),
        reschedule_rules=_rules(conn, key),
    )


def _ids(conn: Connection, table: Table, column: str, order: str, key: int) -> tuple[int, ...]:
    query = select(table.c[column]).where(table.c.campaign_id == key).order_by(table.c[order])
    return tuple(conn.execute(query).scalars())


def _rules(conn: Connection, key: int) -> tuple[RescheduleRule, ...]:
    table = reschedule_rule
    query = select(table).where(table.c.campaign_id == key).order_by(table.c.idx)
    return tuple(
        RescheduleRule(
            state=CallState(row.state),
            ext_status=row.ext_status,
            max_attempts=row.max_attempts,
            retry_after_s=row.retry_after_s,
            mode=RetryMode(row.mode),
        )
        for row in conn.execute(query)
    )


def save_campaign(conn: Connection, value: Campaign) -> Campaign:
    """Insert (id 0) or update the campaign and all it uses; the stored campaign."""
    stored = save(conn, campaign, value, values_of(value, without=_CHILDREN))
    key = {"campaign_id": stored.id}
    _replace(conn, campaign_trunk, stored.id, [{**key, "trunk_id": i} for i in value.trunk_ids])
    _replace(
        conn,
        campaign_end_point,
        stored.id,
        [{**key, "end_point_id": i} for i in value.endpoint_ids],
    )
    _replace(
        conn,
        campaign_list,
        stored.id,
        [{**key, "idx": idx, "list_id": i} for idx, i in enumerate(value.list_ids, 1)],
    )
    rules = enumerate(value.reschedule_rules, 1)
    _replace(
        conn,
        reschedule_rule,
        stored.id,
        [{**key, "idx": idx, **values_of(rule)} for idx, rule in rules],
    )
    return stored


def _replace(conn: Connection, table: Table, key: int, rows: list[dict[str, Any]]) -> None:
    conn.execute(delete(table).where(table.c.campaign_id == key))
    if rows:
        conn.execute(insert(table), rows)
