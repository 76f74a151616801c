"""Campaigns in the database, with what they use."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, select, union

from core.errors import NotFound
from core.model import Campaign, Pace
from core.rules.active_period import parse_active_period
from core.rules.recipient_hours import RecipientHours
from core.rules.reschedule import RescheduleRule, RetryMode
from core.rules.run_mail import EmailEvents
from core.rules.states import CallState
from core.store.dispositions import disposition_row, fetch_disposition_rules
from core.store.opening_hours import render_days, render_time
from core.store.rows import fields_of, replace_parts, save, values_of
from core.store.schema import (
    campaign,
    campaign_black_list,
    campaign_cap,
    campaign_end_point,
    campaign_list,
    campaign_opening_hours,
    campaign_trunk,
    disposition_rule,
    reschedule_rule,
)

#: Most campaigns shown at once.
LIMIT = 10_000

#: The model's fields that are not columns.
_ELSEWHERE = (
    "trunk_ids",
    "endpoint_ids",
    "list_ids",
    "black_list_ids",
    "cap_ids",
    "opening_hours_ids",
    "reschedule_rules",
    "disposition_rules",
    "active_period",
    "email_addresses",
)


def fetch_campaigns(conn: Connection) -> list[Campaign]:
    rows = conn.execute(select(campaign).order_by(campaign.c.id).limit(LIMIT)).mappings().all()
    return [_campaign(conn, dict(row)) for row in rows]


def fetch_campaign(conn: Connection, campaign_id: int) -> Campaign:
    """NotFound if there is none of this id."""
    return _fetch_one(conn, campaign.c.id == campaign_id, campaign_id)


def fetch_campaign_by_name(conn: Connection, name: str) -> Campaign:
    """NotFound if there is none of this name."""
    return _fetch_one(conn, campaign.c.name == name, name)


def fetch_list_users(conn: Connection, list_id: int) -> list[str]:
    """The names of the campaigns that have the list, to call, to keep off or in a disposition
    rule, in order."""
    users = (
        select(table.c.campaign_id).where(table.c.list_id == list_id)
        for table in (campaign_list, campaign_black_list, disposition_rule)
    )
    query = select(campaign.c.name).where(campaign.c.id.in_(union(*users)))
    return list(conn.execute(query.order_by(campaign.c.name)).scalars())


def fetch_list_zones(conn: Connection, list_id: int) -> list[str]:
    """The time zones of the campaigns that call the list, each once."""
    query = (
        select(campaign.c.time_zone)
        .join(campaign_list, campaign_list.c.campaign_id == campaign.c.id)
        .where(campaign_list.c.list_id == list_id)
    )
    return sorted(set(conn.execute(query).scalars()))


def _fetch_one(conn: Connection, condition: ColumnElement[bool], shown: object) -> Campaign:
    row = conn.execute(select(campaign).where(condition)).mappings().first()
    if row is None:
        raise NotFound("campaign", shown)
    return _campaign(conn, dict(row))


def _campaign(conn: Connection, row: dict[str, Any]) -> Campaign:
    row, key = fields_of(row), row["id"]
    start, end, days = (row.pop(f"active_{part}") for part in ("start", "end", "days"))
    read = {
        "pace": Pace(row["pace"]),
        "variables": tuple(row["variables"].items()),
        "email_events": EmailEvents(row["email_events"]),
        "recipient_hours": _recipient_hours(row["recipient_hours"]),
        "email_addresses": tuple(filter(None, (row["email_addresses"] or "").split(","))),
    }
    return Campaign(
        **{**row, **read},
        active_period=parse_active_period(start, end, days),
        trunk_ids=_ids(conn, campaign_trunk, "trunk_id", "trunk_id", key),
        endpoint_ids=_ids(conn, campaign_end_point, "end_point_id", "end_point_id", key),
        list_ids=_ids(conn, campaign_list, "list_id", "idx", key),
        black_list_ids=_ids(conn, campaign_black_list, "list_id", "list_id", key),
        cap_ids=_ids(conn, campaign_cap, "cap_id", "cap_id", key),
        opening_hours_ids=_ids(conn, campaign_opening_hours, "opening_hours_id", "idx", key),
        reschedule_rules=_rules(conn, key),
        disposition_rules=fetch_disposition_rules(conn, key),
    )


def _recipient_hours(text: str | None) -> RecipientHours | None:
    return msgspec.json.decode(text, type=RecipientHours) if text else None


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
    stored = save(conn, campaign, value, _columns(value))
    key = stored.id
    _save_set(conn, campaign_trunk, "trunk_id", key, value.trunk_ids)
    _save_set(conn, campaign_end_point, "end_point_id", key, value.endpoint_ids)
    _save_set(conn, campaign_black_list, "list_id", key, value.black_list_ids)
    _save_set(conn, campaign_cap, "cap_id", key, value.cap_ids)
    _save_sequence(conn, campaign_list, key, [{"list_id": i} for i in value.list_ids])
    hours = [{"opening_hours_id": i} for i in value.opening_hours_ids]
    _save_sequence(conn, campaign_opening_hours, key, hours)
    _save_sequence(conn, reschedule_rule, key, [values_of(rule) for rule in value.reschedule_rules])
    dispositions = [disposition_row(rule) for rule in value.disposition_rules]
    _save_sequence(conn, disposition_rule, key, dispositions)
    return stored


def _columns(value: Campaign) -> dict[str, Any]:
    period, hours = value.active_period, value.recipient_hours
    return {
        **values_of(value, without=_ELSEWHERE),
        "variables": dict(value.variables),
        "recipient_hours": None if hours is None else msgspec.json.encode(hours).decode(),
        "email_addresses": ",".join(value.email_addresses) or None,
        "active_start": render_time(period.start),
        "active_end": render_time(period.end),
        "active_days": render_days(period.days),
    }


def _save_set(conn: Connection, table: Table, column: str, key: int, ids: tuple[int, ...]) -> None:
    replace_parts(conn, table.c.campaign_id, key, [{column: i} for i in ids])


def _save_sequence(conn: Connection, table: Table, key: int, rows: list[dict[str, Any]]) -> None:
    numbered = [{"idx": idx, **row} for idx, row in enumerate(rows, 1)]
    replace_parts(conn, table.c.campaign_id, key, numbered)
