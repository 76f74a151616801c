"""Disposition rules in the database."""

from typing import Any

from sqlalchemy import Connection, select

from core.rules.disposition import AttributeMode, DispositionRule, Verb
from core.rules.states import CallState
from core.store.rows import values_of
from core.store.schema import disposition_rule


def fetch_disposition_rules(conn: Connection, campaign_id: int) -> tuple[DispositionRule, ...]:
    """The campaign's rules in their order."""
    table = disposition_rule
    left_out = ("campaign_id", "idx")
    columns = [column for column in table.c if column.name not in left_out]
    query = select(*columns).where(table.c.campaign_id == campaign_id).order_by(table.c.idx)
    return tuple(_rule(dict(row)) for row in conn.execute(query).mappings())


def _rule(row: dict[str, Any]) -> DispositionRule:
    read = {
        "state": CallState(row["state"]),
        "verb": Verb(row["verb"]),
        "attribute_mode": AttributeMode(row["attribute_mode"]),
        "attributes": tuple(row["attributes"].items()),
    }
    return DispositionRule(**{**row, **read})


def disposition_row(rule: DispositionRule) -> dict[str, Any]:
    """The rule's columns, but for its campaign and its place there."""
    return values_of(rule) | {"attributes": dict(rule.attributes)}
