"""Campaigns in the database, with what they use."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Table, select, union

from core.errors import NotFound
from core.model import BoostingModel, Campaign, Logging, Pace, Part
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
from core.store.sequences import fetch_part_ids, fetch_sequences, save_sequence

#: Most campaigns shown at once.
LIMIT = 10_000

#: Where the parts are that have an order.
_SEQUENCES = {
    Part.LIST: campaign_list,
    Part.OPENING_HOURS: campaign_opening_hours,
    Part.RESCHEDULE: reschedule_rule,
    Part.DISPOSITION: disposition_rule,
}

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
    return make_campaigns(conn, rows)


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
    return make_campaigns(conn, [row])[0]


def make_campaigns(conn: Connection, rows: Sequence[RowMapping]) -> list[Campaign]:
    """The campaigns of these rows, with what they use."""
    keys = [row["id"] for row in rows]
    parts: dict[str, Mapping[int, tuple[Any, ...]]] = {
        "trunk_ids": _fetch_set(conn, campaign_trunk.c.trunk_id, keys),
        "endpoint_ids": _fetch_set(conn, campaign_end_point.c.end_point_id, keys),
        "black_list_ids": _fetch_set(conn, campaign_black_list.c.list_id, keys),
        "cap_ids": _fetch_set(conn, campaign_cap.c.cap_id, keys),
        "list_ids": _fetch_ids(conn, campaign_list, "list_id", keys),
        "opening_hours_ids": _fetch_ids(conn, campaign_opening_hours, "opening_hours_id", keys),
        "reschedule_rules": _fetch_rules(conn, keys),
        "disposition_rules": fetch_disposition_rules(conn, keys),
    }
    return [
        _campaign(fields_of(row), {name: found.get(row["id"], ()) for name, found in parts.items()})
        for row in rows
    ]


def _campaign(row: dict[str, Any], parts: dict[str, Any]) -> Campaign:
    start, end, days = (row.pop(f"active_{part}") for part in ("start", "end", "days"))
    read = {
        "pace": Pace(row["pace"]),
        "variables": tuple(row["variables"].items()),
        "email_events": EmailEvents(row["email_events"]),
        "boosting_model": BoostingModel(row["boosting_model"]),
        "additional_logging": Logging(row["additional_logging"]),
        "recipient_hours": _recipient_hours(row["recipient_hours"]),
        "email_addresses": tuple(filter(None, (row["email_addresses"] or "").split(","))),
    }
    period = parse_active_period(start, end, days)
    return Campaign(**{**row, **read, **parts}, active_period=period)


def _recipient_hours(text: str | None) -> RecipientHours | None:
    return msgspec.json.decode(text, type=RecipientHours) if text else None


def _fetch_set(
    conn: Connection, column: Column[int], keys: Sequence[int]
) -> dict[int, tuple[int, ...]]:
    """The ids that each campaign has in the column, the smallest first."""
    table = column.table
    query = select(table.c.campaign_id, column).where(table.c.campaign_id.in_(keys))
    rows = conn.execute(query.order_by(table.c.campaign_id, column)).all()
    grouped = groupby(rows, lambda row: int(row[0]))
    return {key: tuple(row[1] for row in found) for key, found in grouped}


def _fetch_ids(
    conn: Connection, table: Table, column: str, keys: Sequence[int]
) -> dict[int, tuple[int, ...]]:
    found = fetch_sequences(conn, table, keys)
    return {key: tuple(row[column] for row in rows) for key, rows in found.items()}


def _fetch_rules(conn: Connection, keys: Sequence[int]) -> dict[int, tuple[RescheduleRule, ...]]:
    found = fetch_sequences(conn, reschedule_rule, keys)
    return {key: tuple(map(_rule, rows)) for key, rows in found.items()}


def _rule(row: RowMapping) -> RescheduleRule:
    return RescheduleRule(
        state=CallState(row["state"]),
        ext_status=row["ext_status"],
        max_attempts=row["max_attempts"],
        retry_after_s=row["retry_after_s"],
        mode=RetryMode(row["mode"]),
    )


def fetch_parts(conn: Connection, part: Part, campaign_id: int) -> tuple[int, ...]:
    """The ids of the campaign's parts of this kind in their order."""
    return fetch_part_ids(conn, _SEQUENCES[part], campaign_id)


def save_campaign(
    conn: Connection, value: Campaign, part_ids: Mapping[Part, Sequence[int]] | None = None
) -> Campaign:
    """Insert (id 0) or update the campaign and all it uses; the stored campaign. `part_ids` are
    those of its parts where somebody knows them, 0 for a new one; the others keep theirs."""
    stored = save(conn, campaign, value, _columns(value))
    key = stored.id
    _save_set(conn, campaign_trunk.c.trunk_id, key, value.trunk_ids)
    _save_set(conn, campaign_end_point.c.end_point_id, key, value.endpoint_ids)
    _save_set(conn, campaign_black_list.c.list_id, key, value.black_list_ids)
    _save_set(conn, campaign_cap.c.cap_id, key, value.cap_ids)
    for part, rows in _sequences(value).items():
        ids = (part_ids or {}).get(part)
        save_sequence(conn, _SEQUENCES[part], key, rows, ids)
    return stored


def _sequences(value: Campaign) -> dict[Part, list[dict[str, Any]]]:
    return {
        Part.LIST: [{"list_id": i} for i in value.list_ids],
        Part.OPENING_HOURS: [{"opening_hours_id": i} for i in value.opening_hours_ids],
        Part.RESCHEDULE: [values_of(rule) for rule in value.reschedule_rules],
        Part.DISPOSITION: [disposition_row(rule) for rule in value.disposition_rules],
    }


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


def _save_set(conn: Connection, column: Column[int], key: int, ids: tuple[int, ...]) -> None:
    owner = column.table.c.campaign_id
    replace_parts(conn, owner, key, [{column.name: i} for i in ids])
