"""Filling a run's hopper: due retries first, by priority, then records in list order."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Row, and_, bindparam, func, select

from core.model import HopperEntry, ListPosition, Record
from core.ports.commands import FetchBatch
from core.ports.events import BatchFetched
from core.store.bins import find_bin
from core.store.lists import fetch_in_turn
from core.store.records import RECORD, make_record
from core.store.schema import attempt, call_list, call_log, record, retry, run_list

_RETRIES = (
    select(
        retry.c.record_id,
        retry.c.attempt_no,
        retry.c.retry_no,
        retry.c.due_at,
        *RECORD,
        call_list.c.name,
    )
    .join(record, record.c.id == retry.c.record_id)
    .join(call_list, call_list.c.id == record.c.list_id)
)
_OF_PRIORITY = and_(
    retry.c.run_id == bindparam("of_run"), retry.c.priority == bindparam("of_priority")
)
_DUE = _RETRIES.where(_OF_PRIORITY, retry.c.due_at <= bindparam("at"))
_DUE = _DUE.order_by(retry.c.due_at, retry.c.record_id).limit(bindparam("room", type_=Integer))
_NEXT_AFTER = select(retry.c.due_at).where(_OF_PRIORITY, retry.c.due_at > bindparam("at"))
_NEXT_AFTER = _NEXT_AFTER.order_by(retry.c.due_at).limit(1)
_LOWEST = select(func.min(retry.c.priority)).where(retry.c.run_id == bindparam("of_run"))
_LOWEST_ABOVE = _LOWEST.where(retry.c.priority > bindparam("above"))


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
        fresh = fetch_in_turn(conn, position.list_id, after_id=position.highwater, limit=room)
        entries += _fresh_entries(conn, command.run_id, position, fresh)
        highwater = fresh[-1].id if fresh else position.highwater
        positions.append(replace(position, highwater=highwater, is_complete=len(fresh) < room))
    return BatchFetched(
        run_id=command.run_id,
        entries=tuple(entries),
        positions=tuple(positions),
        next_due_at=next_due_at,
    )


def _fresh_entries(
    conn: Connection, run_id: int, position: ListPosition, fresh: Sequence[Record]
) -> list[HopperEntry]:
    """In a list that was begun again, attempts are counted on, and records that were being called
    or waited for a retry then are left alone: they are still in the round before."""
    if not position.round:
        return [HopperEntry(record=r, list_name=position.list_name) for r in fresh]
    last, busy = fetch_past(conn, run_id, position.list_id, [r.id for r in fresh])
    return [
        HopperEntry(record=r, list_name=position.list_name, attempt_no=last.get(r.id, -1) + 1)
        for r in fresh
        if r.id not in busy
    ]


def fetch_past(
    conn: Connection, run_id: int, list_id: int, record_ids: Sequence[int]
) -> tuple[dict[int, int], set[int]]:
    """The last attempt of each of these records of the run's list that is over; and those that
    are not done, or were not when the list was begun again: a call of theirs ended after that."""
    log = call_log.c
    query = (
        select(
            log.record_id,
            func.max(log.attempt_no).label("last"),
            func.max(log.ended_at).label("ended_at"),
        )
        .where(log.run_id == run_id, log.record_id.in_(record_ids))
        .group_by(log.record_id)
    )
    ended = conn.execute(query).all()
    of_list = (run_list.c.run_id == run_id, run_list.c.list_id == list_id)
    since = conn.execute(select(run_list.c.restarted_at).where(*of_list)).scalar_one_or_none()
    busy = {row.record_id for row in ended if since is not None and row.ended_at > since}
    for table in (attempt, retry):
        query = select(table.c.record_id)
        of_these = query.where(table.c.run_id == run_id, table.c.record_id.in_(record_ids))
        busy.update(conn.execute(of_these).scalars())
    return {row.record_id: row.last for row in ended}, busy


def _fetch_retries(
    conn: Connection, command: FetchBatch, now: datetime
) -> tuple[list[HopperEntry], datetime | None]:
    """Retries that are due and not held, and when the next one after them is due."""
    due: list[Row[*tuple[Any, ...]]] = []
    later: list[datetime] = []
    for priority in _priorities(conn, command.run_id):
        room = command.limit + len(command.held) + 1
        of_priority = {"of_run": command.run_id, "of_priority": priority, "at": now}
        rows = conn.execute(_DUE, {**of_priority, "room": room})
        due += [row for row in rows if row.record_id not in command.held]
        if len(due) > command.limit:
            return [_entry(row) for row in due[: command.limit]], due[command.limit].due_at
        later += conn.execute(_NEXT_AFTER, of_priority).scalars()
    return [_entry(row) for row in due], min(later, default=None)


def _priorities(conn: Connection, run_id: int) -> Iterator[int]:
    """Those of the run's retries, from the lowest: a jump through the index for each."""
    priority: int | None = conn.execute(_LOWEST, {"of_run": run_id}).scalar_one()
    while priority is not None:
        yield priority
        above = {"of_run": run_id, "above": priority}
        priority = conn.execute(_LOWEST_ABOVE, above).scalar_one()


def _entry(row: Row[*tuple[Any, ...]]) -> HopperEntry:
    taken_away = find_bin(row.name)
    return HopperEntry(
        record=make_record(row),
        list_name=row.name,
        attempt_no=row.attempt_no,
        retry_no=row.retry_no,
        is_retry=True,
        removal=taken_away.reason if taken_away else "",
    )
