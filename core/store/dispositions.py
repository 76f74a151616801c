"""Disposition rules in the database."""

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping

from core.rules.disposition import AttributeMode, DispositionRule, Verb
from core.rules.states import CallState
from core.store.rows import values_of
from core.store.schema import disposition_rule
from core.store.sequences import fetch_sequences


def fetch_disposition_rules(
    conn: Connection, campaign_ids: Collection[int]
) -> dict[int, tuple[DispositionRule, ...]]:
    """The rules of each campaign in their order; one that has none is not a key."""
    found = fetch_sequences(conn, disposition_rule, campaign_ids)
    return {key: tuple(map(_rule, rows)) for key, rows in found.items()}


def _rule(row: RowMapping) -> DispositionRule:
    values = {f.name: row[f.name] for f in fields(DispositionRule)}
    read = {
        "state": CallState(row["state"]),
        "verb": Verb(row["verb"]),
        "attribute_mode": AttributeMode(row["attribute_mode"]),
        "attributes": tuple(row["attributes"].items()),
    }
    return DispositionRule(**{**values, **read})


def disposition_row(rule: DispositionRule) -> dict[str, Any]:
    """The rule's columns, but for its campaign and its place there."""
    return values_of(rule) | {"attributes": dict(rule.attributes)}
