"""Writing the dialer's journal: many entries, one transaction, a handful of statements."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from core.model import Attempt, CallLog, Retry
from core.ports.commands import (
    AttemptPlaced,
    CallClosed,
    CallTransferred,
    JournalEntry,
    Mailing,
    RecordDeferred,
    RunProgressed,
)
from core.rules.notifications import Notification
from core.store.effects import add_numbers, add_recalls
from core.store.outbox import letter_row
from core.store.past_calls import close_calls
from core.store.rows import values_of
from core.store.schema import (
    CHANNEL,
    TECH_CAUSE,
    attempt,
    call_log,
    outbox,
    record,
    retry,
    run,
    run_list,
)
from core.store.webhooks import webhook_letters

_DELETE_RETRY = delete(retry).where(
    and_(retry.c.run_id == bindparam("of_run"), retry.c.record_id == bindparam("of_record"))
)
_DELETE_ATTEMPT = delete(attempt).where(attempt.c.id == bindparam("of_attempt"))
_TRANSFER = (
    update(attempt)
    .where(attempt.c.id == bindparam("of_attempt"))
    .values(connected_at=bindparam("connected_at"))
)
_UPDATE_OUTPUTS = update(record).where(record.c.id == bindparam("of_record"))
_UPDATE_OUTPUTS = _UPDATE_OUTPUTS.values(outputs=bindparam("outputs"))
_UPDATE_RUN = (
    update(run)
    .where(run.c.id == bindparam("of_run"))
    .values({n: bindparam(n) for n in ("state", "attempted", "completed", "ended_at", "error")})
)
_OF_ROUND = and_(
    run_list.c.run_id == bindparam("of_run"),
    run_list.c.list_id == bindparam("of_list"),
    run_list.c.round == bindparam("of_round"),
)
_UPDATE_POSITION = (
    update(run_list)
    .where(_OF_ROUND)
    .values(highwater=bindparam("highwater"), is_complete=bindparam("is_complete"))
)

#: An attempt on a fresh record takes its list's position along, so that a crash before the next
#: progress is written does not find the record unread.
_ADVANCE_POSITION = (
    update(run_list)
    .where(_OF_ROUND, run_list.c.highwater < bindparam("of_record"))
    .values(highwater=bindparam("of_record"))
)

#: What takes a record off its list or out of the retry queue.
_Taken = AttemptPlaced | CallClosed | RecordDeferred


def write_entries(conn: Connection, entries: Sequence[JournalEntry]) -> None:
    """Write all entries. Of several of one run's progress only the last counts; the e-mails of
    all of them do."""
    placed = [entry for entry in entries if isinstance(entry, AttemptPlaced)]
    retries = _retries_left(entries)
    closed = [entry for entry in entries if isinstance(entry, CallClosed)]
    unplaced = [e for e in closed if e.log.attempt.trunk_id is None]
    deferred = [entry for entry in entries if isinstance(entry, RecordDeferred)]
    tried: list[_Taken] = [*placed, *unplaced, *deferred]
    progress = {e.run_id: e for e in entries if isinstance(e, RunProgressed)}
    _many(
        conn,
        _DELETE_RETRY,
        [
            {"of_run": run_id, "of_record": record_id}
            for run_id, _list_id, record_id in map(_record_of, filter(_has_retry, tried))
        ],
    )
    _many(conn, insert(attempt), [_attempt_row(e.attempt) for e in placed])
    _many(
        conn,
        _TRANSFER,
        [
            {"of_attempt": e.attempt_id, "connected_at": e.connected_at}
            for e in entries
            if isinstance(e, CallTransferred)
        ],
    )
    _many(conn, insert(call_log), [_log_row(entry) for entry in closed])
    _many(conn, _DELETE_ATTEMPT, [{"of_attempt": e.log.attempt.id} for e in closed])
    _many(conn, insert(retry), [values_of(left) for left in retries])
    _many(conn, insert(outbox), [*_letters(entries), *webhook_letters(conn, entries)])
    _many(
        conn,
        _UPDATE_OUTPUTS,
        [
            {"of_record": e.log.attempt.record_id, "outputs": e.outputs}
            for e in closed
            if e.outputs is not None
        ],
    )
    close_calls(conn, closed)
    _write_progress(conn, list(progress.values()))
    _many(conn, _ADVANCE_POSITION, _fresh_reached(tried))
    add_numbers(conn, closed)
    add_recalls(conn, closed)


def _letters(entries: Sequence[JournalEntry]) -> list[dict[str, Any]]:
    """All that these entries want to be sent, as rows of the outbox."""
    rows: list[dict[str, Any]] = []
    for entry in entries:
        match entry:
            case CallClosed(log=log, notify=notify, effects=effects):
                key, call_id = log.attempt.campaign_id, log.attempt.id
                rows += [
                    letter_row(one, campaign_id=key, call_id=call_id, at=log.ended_at)
                    for one in (notify, *effects)
                    if isinstance(one, Notification)
                ]
            case RunProgressed(mailing=Mailing() as mailing):
                key, at = mailing.campaign_id, mailing.at
                rows += [letter_row(one, campaign_id=key, at=at) for one in mailing.letters]
    return rows


def attempt_of(entry: AttemptPlaced | CallClosed) -> Attempt:
    """The attempt that the entry is about."""
    return entry.attempt if isinstance(entry, AttemptPlaced) else entry.log.attempt


def _record_of(entry: _Taken) -> tuple[int, int, int]:
    """The run, the list and the record."""
    match entry:
        case RecordDeferred(retry=waiting, list_id=list_id):
            return waiting.run_id, list_id, waiting.record_id
        case AttemptPlaced(attempt=made) | CallClosed(log=CallLog(attempt=made)):
            return made.run_id, made.list_id, made.record_id


def _has_retry(entry: _Taken) -> bool:
    """Whether its record's retry is to go. What waits may be written any number of times."""
    return entry.is_retry or isinstance(entry, RecordDeferred)


def _fresh_reached(entries: Sequence[_Taken]) -> list[dict[str, Any]]:
    """How far in each list of each run these are off the list."""
    reached: dict[tuple[int, int, int], int] = {}
    for entry in entries:
        if not entry.is_retry:
            run_id, list_id, record_id = _record_of(entry)
            key = run_id, list_id, entry.round
            reached[key] = max(reached.get(key, 0), record_id)
    return [
        {"of_run": run_id, "of_list": list_id, "of_round": round, "of_record": record_id}
        for (run_id, list_id, round), record_id in reached.items()
    ]


def _retries_left(entries: Sequence[JournalEntry]) -> list[Retry]:
    """The retries that these entries make and do not use up themselves."""
    left: dict[tuple[int, int], Retry] = {}
    for entry in entries:
        match entry:
            case AttemptPlaced(attempt=used):
                left.pop((used.run_id, used.record_id), None)
            case CallClosed(retry=Retry() as made):
                left[made.run_id, made.record_id] = made
            case RecordDeferred(retry=made):
                left[made.run_id, made.record_id] = made
    return list(left.values())


def _write_progress(conn: Connection, progress: Sequence[RunProgressed]) -> None:
    _many(
        conn,
        _UPDATE_RUN,
        [
            {
                "of_run": p.run_id,
                "state": p.state,
                "attempted": p.attempted,
                "completed": p.completed,
                "ended_at": p.ended_at,
                "error": p.error,
            }
            for p in progress
        ],
    )
    _many(
        conn,
        _UPDATE_POSITION,
        [
            {
                "of_run": p.run_id,
                "of_list": position.list_id,
                "of_round": position.round,
                "highwater": position.highwater,
                "is_complete": position.is_complete,
            }
            for p in progress
            for position in p.positions
        ],
    )


def is_written(conn: Connection, entry: JournalEntry) -> bool:
    """Is this very entry in the database already? Transfers, waits and progress may be written
    any number of times."""
    match entry:
        case AttemptPlaced(attempt=placed):
            return _holds(conn, placed, attempt) or _holds(conn, placed, call_log)
        case CallClosed(log=log):
            return _holds(conn, log.attempt, call_log)
        case CallTransferred() | RecordDeferred() | RunProgressed():
            return False


def _holds(conn: Connection, value: Attempt, table: Any) -> bool:
    query = select(table.c.channel_id).where(table.c.id == value.id)
    return conn.execute(query).scalar_one_or_none() == value.channel_id


def _many(conn: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        conn.execute(statement, rows)


def _attempt_row(value: Attempt) -> dict[str, Any]:
    return {"id": value.id, **values_of(value)}


def _log_row(entry: CallClosed) -> dict[str, Any]:
    row = _attempt_row(entry.log.attempt) | values_of(entry.log, without=("attempt",))
    row["channel"] = entry.log.channel[:CHANNEL]
    row["tech_cause"] = entry.log.tech_cause[:TECH_CAUSE]
    return row
