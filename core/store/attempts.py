"""Attempts under way: what a restart has to find again."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from core.model import Attempt, HopperEntry
from core.store.records import RECORD, make_record
from core.store.schema import attempt, call_list, call_log, record

#: Most attempts under way at once.
LIMIT = 100_000

#: The columns that make an Attempt.
ATTEMPT: tuple[Any, ...] = tuple(attempt.c[field.name] for field in fields(Attempt))


def fetch_open_attempts(conn: Connection, run_id: int) -> list[Attempt]:
    """The run's attempts of unknown fate, in the order they were placed."""
    query = select(*ATTEMPT).where(attempt.c.run_id == run_id).order_by(attempt.c.id).limit(LIMIT)
    return [Attempt(**row) for row in conn.execute(query).mappings()]


def fetch_transferred(conn: Connection, run_id: int) -> dict[int, datetime]:
    """Those of the run's attempts of unknown fate that were transferred, by id, with the moments
    at which they had been answered."""
    query = select(attempt.c.id, attempt.c.connected_at).where(
        attempt.c.run_id == run_id, attempt.c.connected_at.is_not(None)
    )
    return {row.id: row.connected_at for row in conn.execute(query.limit(LIMIT))}


def fetch_attempt(conn: Connection, attempt_id: int) -> Attempt | None:
    """The attempt of this id, while its fate is unknown."""
    row = conn.execute(select(*ATTEMPT).where(attempt.c.id == attempt_id)).mappings().first()
    return None if row is None else Attempt(**row)


def fetch_entry(conn: Connection, value: Attempt) -> HopperEntry:
    """What the attempt was made from. Its retry, if it was one, is used up already."""
    row = conn.execute(
        select(*RECORD, call_list.c.name)
        .join(call_list, call_list.c.id == record.c.list_id)
        .where(record.c.id == value.record_id)
    ).one()
    return HopperEntry(
        record=make_record(row),
        list_name=row.name,
        attempt_no=value.attempt_no,
        retry_no=value.retry_no,
    )


def last_attempt_id(conn: Connection) -> int:
    """The highest id ever given to an attempt; 0 before the first."""
    newest = [conn.execute(select(func.max(t.c.id))).scalar() or 0 for t in (attempt, call_log)]
    return max(newest)
