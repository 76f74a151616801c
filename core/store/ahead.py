"""Records that are not called in the order of their list, for they have a priority or a moment.

Reading a list in order passes them over. Every run that has their list is given them by its retry
queue instead: which are still to be put there is told by a number in the run's list, like its
high-water mark, so that each is put there once, whatever happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, bindparam, func, insert, select, update

from core.rules.turns import Turn
from core.store.hopper import fetch_past
from core.store.rows import use_index
from core.store.schema import ahead_record, record, retry, run, run_list

#: Most records that one list of a run is given at a time, most of them looked up at once, and
#: most lists.
LIMIT, CHUNK, LISTS = 5000, 500, 10_000
#: When a record is due whose list is paused: never, as far as a run lives.
HELD = datetime(9000, 1, 1, tzinfo=UTC)

_PLAIN = Turn()
_INSERT = insert(record).values(inputs=bindparam("json", type_=Text))
#: Asked in this way, both databases look at one row.
_LAST = (
    select(ahead_record.c.record_id)
    .where(ahead_record.c.list_id == run_list.c.list_id)
    .order_by(ahead_record.c.record_id.desc())
    .limit(1)
)
_IS_LEFT = _LAST.scalar_subquery() > run_list.c.ahead_to


def insert_with_turns(
    conn: Connection, list_id: int, rows: Sequence[tuple[str, str | None, Turn | None]]
) -> None:
    """Append records, each its number, its input attributes as JSON or None and what is said of
    its turn, in order. The list is locked."""
    last = select(func.coalesce(func.max(record.c.id), 0)).where(record.c.list_id == list_id)
    before = conn.execute(last).scalar_one()
    conn.execute(_INSERT, [_row(list_id, *row) for row in rows])
    new = select(record.c.list_id, record.c.id).where(
        record.c.list_id == list_id, record.c.id > before, record.c.is_ahead.is_(True)
    )
    conn.execute(insert(ahead_record).from_select(["list_id", "record_id"], new))


def _row(list_id: int, number: str, inputs: str | None, turn: Turn | None) -> dict[str, Any]:
    said = turn or _PLAIN
    return {
        "list_id": list_id,
        "number": number,
        "json": inputs,
        "priority": said.priority or 0,
        "not_before": said.not_before,
        "expires_at": said.expires_at,
        "is_ahead": said.is_ahead,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """So many records were put into the run's retry queue; `is_more` tells that others are left."""

    run_id: int
    count: int
    is_more: bool


def gather(conn: Connection, now: datetime) -> list[Gathered]:
    """Put records of the lists of open runs into the runs' retry queues, but none of a list that
    is paused."""
    lists = (
        select(run_list)
        .join(run, run.c.id == run_list.c.run_id)
        .where(run.c.ended_at.is_(None), run_list.c.is_paused.is_(False), _IS_LEFT)
        .limit(LISTS)
    )
    found: dict[int, Gathered] = {}
    for row in conn.execute(lists).all():
        count = _gather_from(conn, row.run_id, row.list_id, row.ahead_to, now)
        before = found.get(row.run_id)
        found[row.run_id] = Gathered(
            run_id=row.run_id,
            count=count + (before.count if before else 0),
            is_more=has_more(conn, row.run_id),
        )
    return list(found.values())


def has_more(conn: Connection, run_id: int) -> bool:
    """Are records of the run's lists, paused or not, still to be put into its retry queue?"""
    query = select(run_list.c.list_id).where(run_list.c.run_id == run_id, _IS_LEFT)
    return conn.execute(query.limit(1)).first() is not None


def _gather_from(conn: Connection, run_id: int, list_id: int, after_id: int, now: datetime) -> int:
    """Those that were taken off the list meanwhile, and those that the run is calling or will
    call anyway, are left out."""
    this, record_id = ahead_record.c.list_id == list_id, ahead_record.c.record_id
    query = select(record_id).where(this, record_id > after_id).order_by(record_id).limit(LIMIT)
    ids = list(conn.execute(use_index(query, ahead_record, "PRIMARY")).scalars())
    rows: list[dict[str, Any]] = []
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        last, busy = fetch_past(conn, run_id, list_id, some)
        rows += [
            {
                "run_id": run_id,
                "record_id": row.id,
                "attempt_no": last.get(row.id, -1) + 1,
                "retry_no": 0,
                "after_s": 0,
                "due_at": row.not_before or now,
                "priority": row.priority,
            }
            for row in _records(conn, list_id, some)
            if row.id not in busy
        ]
    if rows:
        conn.execute(insert(retry), rows)
    _advance(conn, run_id, list_id, ids[-1])
    return len(rows)


def _records(conn: Connection, list_id: int, ids: Sequence[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    query = select(record.c.id, record.c.priority, record.c.not_before)
    return conn.execute(query.where(record.c.id.in_(ids), record.c.list_id == list_id)).all()


def _advance(conn: Connection, run_id: int, list_id: int, to_id: int) -> None:
    this = (run_list.c.run_id == run_id, run_list.c.list_id == list_id)
    conn.execute(update(run_list).where(*this).values(ahead_to=to_id))


def hold(conn: Connection, run_id: int, list_id: int) -> None:
    """Let those of the list that the run has not called yet wait as long as it is paused."""
    conn.execute(_uncalled(run_id, list_id).values(due_at=HELD))


def release(conn: Connection, run_id: int, list_id: int, now: datetime) -> None:
    """Let them be called again at their moments."""
    moment = select(record.c.not_before).where(record.c.id == retry.c.record_id).scalar_subquery()
    held = _uncalled(run_id, list_id).where(retry.c.due_at == HELD)
    conn.execute(held.values(due_at=func.coalesce(moment, now)))


def _uncalled(run_id: int, list_id: int) -> Any:
    of_list = select(ahead_record.c.record_id).where(ahead_record.c.list_id == list_id)
    return update(retry).where(
        retry.c.run_id == run_id, retry.c.retry_no == 0, retry.c.record_id.in_(of_list)
    )
