"""What disposition rules make of calls that are over, written with the calls themselves.

Source: manual 25.02, "Disposition rules".
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, insert

from core.model import CallLog
from core.ports.commands import CallClosed
from core.rules.disposition import Addition, Recall
from core.store.automatic import add_automatic_record
from core.store.campaigns import fetch_campaign
from core.store.lists import lock_list
from core.store.rows import values_of
from core.store.schema import record

E = TypeVar("E", Addition, Recall)


def add_numbers(conn: Connection, closed: Sequence[CallClosed]) -> None:
    """Append the numbers that calls leave to lists, in the order of the calls. One whose list is
    gone meanwhile is left out: the call's log row matters more."""
    rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for _log, addition in _effects(closed, Addition):
        rows[addition.list_id].append(values_of(addition))
    for list_id in sorted(rows):
        if lock_list(conn, list_id):
            conn.execute(insert(record), rows[list_id])


def add_recalls(conn: Connection, closed: Sequence[CallClosed]) -> None:
    """Have other campaigns call numbers: their open runs or, where the manual would lose them
    ("the run must be active at the time the number is added"), their next ones."""
    by_campaign: dict[int, list[tuple[CallLog, Recall]]] = defaultdict(list)
    for log, recall in _effects(closed, Recall):
        by_campaign[recall.campaign_id].append((log, recall))
    for campaign_id in sorted(by_campaign):
        campaign = fetch_campaign(conn, campaign_id)
        for log, recall in by_campaign[campaign_id]:
            due_at = log.ended_at + recall.after
            add_automatic_record(
                conn, campaign, recall.number, recall.inputs, due_at=due_at, now=log.ended_at
            )


def _effects(closed: Sequence[CallClosed], kind: type[E]) -> Iterator[tuple[CallLog, E]]:
    for entry in closed:
        for effect in entry.effects:
            if isinstance(effect, kind):
                yield entry.log, effect
