"""What the database knows of one number or record: where it stands, and what became of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Text, func, select, type_coerce, union

from core.model import Attempt, CallLog, ListPosition, Record, Retry, Run
from core.rules.multinumbers import numbers_of
from core.store.attempts import ATTEMPT
from core.store.records import RECORD, make_record
from core.store.reports import make_call_log
from core.store.runs import fetch_run
from core.store.schema import (
    attempt,
    call_log,
    campaign_list,
    past_call,
    record,
    retry,
    run,
    run_list,
    waiting_record,
)

#: Most lists of one query, and most records looked at at a time for further numbers.
CHUNK, PAGE = 500, 5000
#: Most records that stand before another one and are counted.
MOST_BEFORE = 100_000


def fetch_records_with_number(
    conn: Connection, list_ids: Sequence[int], number: str, limit: int
) -> list[Record]:
    """The records of these lists whose main number it is, by id."""
    found: list[Record] = []
    for start in range(0, len(list_ids), CHUNK):
        rows = conn.execute(
            select(*RECORD)
            .where(record.c.list_id.in_(list_ids[start : start + CHUNK]), record.c.number == number)
            .order_by(record.c.id)
            .limit(limit)
        )
        found += map(make_record, rows)
    return sorted(found, key=lambda one: one.id)[:limit]


def fetch_records_dialled(conn: Connection, counted: str, limit: int) -> list[Record]:
    """The records for which a number was dialled that counts as this one, as long as such calls
    are kept: those of the newest calls."""
    calls = select(past_call.c.attempt_id).where(past_call.c.number == counted)
    ids = conn.execute(calls.order_by(past_call.c.placed_at.desc()).limit(limit)).scalars().all()
    found: set[int] = set()
    for table in (attempt, call_log):
        found.update(conn.execute(select(table.c.record_id).where(table.c.id.in_(ids))).scalars())
    rows = conn.execute(select(*RECORD).where(record.c.id.in_(found)))
    return [make_record(row) for row in rows]


def fetch_records_with_further(
    conn: Connection, number: str, *, newest: int, limit: int
) -> list[Record]:
    """Among so many of the newest records, those that have it as a further number. The database
    looks for its digits in this order, whatever marks people wrote between them."""
    after_id = (conn.execute(select(func.max(record.c.id))).scalar() or 0) - newest
    digits = "%".join(number.lstrip("+"))
    may_have = type_coerce(record.c.inputs, Text).like(f'%"MULTINUM%:%{digits}%')
    query = select(*RECORD).where(may_have).order_by(record.c.id).limit(PAGE)
    found: list[Record] = []
    while rows := conn.execute(query.where(record.c.id > after_id)).all():
        found += [r for r in map(make_record, rows) if number in numbers_of(r.number, r.inputs)]
        after_id = rows[-1].id
        if len(rows) < PAGE or len(found) >= limit:
            break
    return found[:limit]


def fetch_waiting_due(conn: Connection, campaign_id: int, record_id: int) -> datetime | None:
    """When the record is due that waits for the campaign's next run; None if it does not."""
    query = select(waiting_record.c.due_at).where(
        waiting_record.c.record_id == record_id, waiting_record.c.campaign_id == campaign_id
    )
    return conn.execute(query).scalar_one_or_none()


def fetch_campaign_ids_of_list(conn: Connection, list_id: int) -> list[int]:
    """The campaigns that call the list, or have called it in some run."""
    now = select(campaign_list.c.campaign_id).where(campaign_list.c.list_id == list_id)
    once = (
        select(run.c.campaign_id)
        .join(run_list, run_list.c.run_id == run.c.id)
        .where(run_list.c.list_id == list_id)
    )
    return sorted(conn.execute(union(now, once)).scalars())


def fetch_campaign_runs(conn: Connection, campaign_id: int, limit: int) -> list[Run]:
    """The campaign's newest runs, the newest first."""
    query = select(run.c.id).where(run.c.campaign_id == campaign_id)
    ids = conn.execute(query.order_by(run.c.id.desc()).limit(limit)).scalars().all()
    return [fetch_run(conn, run_id) for run_id in ids]


def fetch_record_logs(
    conn: Connection, run_ids: Sequence[int], record_id: int, limit: int
) -> list[CallLog]:
    """The record's calls in these runs that are over, the newest first."""
    rows = conn.execute(
        select(call_log)
        .where(call_log.c.run_id.in_(run_ids), call_log.c.record_id == record_id)
        .order_by(call_log.c.id.desc())
        .limit(limit)
    )
    return [make_call_log(row) for row in rows]


def fetch_record_attempts(
    conn: Connection, run_ids: Sequence[int], record_id: int, limit: int
) -> list[Attempt]:
    """The record's calls in these runs that are under way, the newest first."""
    rows = conn.execute(
        select(*ATTEMPT)
        .where(attempt.c.run_id.in_(run_ids), attempt.c.record_id == record_id)
        .order_by(attempt.c.id.desc())
        .limit(limit)
    )
    return [Attempt(**row) for row in rows.mappings()]


def fetch_retry(conn: Connection, run_id: int, record_id: int) -> Retry | None:
    """The record's open retry in the run."""
    query = select(retry).where(retry.c.run_id == run_id, retry.c.record_id == record_id)
    row = conn.execute(query).mappings().first()
    return None if row is None else Retry(**row)


def count_before(conn: Connection, positions: Sequence[ListPosition], value: Record) -> int:
    """How many records of a run's lists, read up to these positions, come before this one, which
    has not been read; MOST_BEFORE at most."""
    count = 0
    for position in positions:
        is_its_own = position.list_id == value.list_id
        if not position.is_complete and count < MOST_BEFORE:
            count += _count_unread(conn, position, value.id if is_its_own else None)
        if is_its_own:
            break
    return min(count, MOST_BEFORE)


def _count_unread(conn: Connection, position: ListPosition, before_id: int | None) -> int:
    are_unread = [record.c.list_id == position.list_id, record.c.id > position.highwater]
    if before_id is not None:
        are_unread.append(record.c.id < before_id)
    one_too_many = select(record.c.id).where(*are_unread).order_by(record.c.id)
    if conn.execute(one_too_many.limit(1).offset(MOST_BEFORE)).first() is not None:
        return MOST_BEFORE
    count = select(func.count()).select_from(record).where(*are_unread)
    return conn.execute(count).scalar_one()
