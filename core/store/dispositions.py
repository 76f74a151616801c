"""Disposition rules in the database, and what they make of calls that are over."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from core.ports.commands import CallClosed
from core.rules.disposition import Addition, AttributeMode, DispositionRule, Verb
from core.rules.states import CallState
from core.store.lists import lock_list
from core.store.rows import values_of
from core.store.schema import disposition_rule, record


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


def add_numbers(conn: Connection, closed: Sequence[CallClosed]) -> None:
    """Append the numbers that calls leave to lists, in the order of the calls. One whose list is
    gone meanwhile is left out: the call's log row matters more."""
    by_list: dict[int, list[Addition]] = defaultdict(list)
    for addition in _additions(closed):
        by_list[addition.list_id].append(addition)
    for list_id in sorted(by_list):
        if lock_list(conn, list_id):
            conn.execute(insert(record), [values_of(one) for one in by_list[list_id]])


def _additions(closed: Sequence[CallClosed]) -> Iterable[Addition]:
    for entry in closed:
        for effect in entry.effects:
            if isinstance(effect, Addition):
                yield effect
