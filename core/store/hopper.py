"""Filling a run's hopper: due retries first, then records in list order."""

from datetime import datetime

from sqlalchemy import Connection, Row, select

from core.model import HopperEntry, ListPosition
from core.ports.commands import FetchBatch
from core.ports.events import BatchFetched
from core.store.lists import fetch_records
from core.store.records import RECORD, make_record
from core.store.schema import call_list, record, retry


def fetch_batch(conn: Connection, command: FetchBatch, now: datetime) -> BatchFetched:
    """The answer to the dialer's `FetchBatch`, as documented there and at `BatchFetched`."""
    due, next_due_at = _fetch_retries(conn, command, now)
    entries = list(due)
    positions = []
    for position in command.positions:
        room = command.limit - len(entries)
        if position.is_complete or room <= 0:
            positions.append(position)
            continue
        fresh = fetch_records(conn, position.list_id, after_id=position.highwater, limit=room)
        entries += [HopperEntry(record=r, list_name=position.list_name) for r in fresh]
        positions.append(
            ListPosition(
                list_id=position.list_id,
                list_name=position.list_name,
                highwater=fresh[-1].id if fresh else position.highwater,
                is_complete=len(fresh) < room,
            )
        )
    return BatchFetched(
        run_id=command.run_id,
        entries=tuple(entries),
        positions=tuple(positions),
        next_due_at=next_due_at,
    )


def _fetch_retries(
    conn: Connection, command: FetchBatch, now: datetime
) -> tuple[list[HopperEntry], datetime | None]:
    """Retries that are due and not held, and when the next one after them is due."""
    held = len(command.held)
    rows = conn.execute(
        select(retry, *RECORD, call_list.c.name)
        .join(record, record.c.id == retry.c.record_id)
        .join(call_list, call_list.c.id == record.c.list_id)
        .where(retry.c.run_id == command.run_id, retry.c.due_at <= now)
        .order_by(retry.c.due_at, retry.c.record_id)
        .limit(command.limit + held + 1)
    )
    due = [row for row in rows if row.record_id not in command.held]
    entries = [_entry(row) for row in due[: command.limit]]
    if len(due) > command.limit:
        return entries, due[command.limit].due_at
    later = conn.execute(
        select(retry.c.due_at)
        .where(retry.c.run_id == command.run_id, retry.c.due_at > now)
        .order_by(retry.c.due_at)
        .limit(1)
    )
    return entries, later.scalar()


def _entry(row: Row[tuple[object, ...]]) -> HopperEntry:
    return HopperEntry(
        record=make_record(row),
        list_name=row.name,
        attempt_no=row.attempt_no,
        retry_no=row.retry_no,
        is_retry=True,
    )
