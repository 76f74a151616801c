"""What became of a run's calls, counted by the database.

Source: manual 25.02, "Running campaign reports". Only calls that are over count; all of it is
read through the index of a run's log rows. How far a run is in its lists is in `Run.lists`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    func,
    select,
    update,
)

from core.model import Attempt, CallLog
from core.rules.states import CallState
from core.store.schema import call_log

#: Most lines of one table of a report.
LIMIT = 10_000

_ATTEMPT = tuple(f.name for f in fields(Attempt))
_CALL_LOG = tuple(f.name for f in fields(CallLog) if f.name not in ("attempt", "state"))


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeCount:
    """The calls of one state and extended status; times are averages in milliseconds."""

    state: CallState
    ext_status: str
    count: int
    wait_pre_ms: float
    wait_after_ms: float
    talk_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TrunkCount:
    """The calls that went over one trunk."""

    trunk_id: int
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RecallCount:
    """The calls of one state at one recall level, 0 being the first attempt."""

    state: CallState
    retry_no: int
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StatCount:
    """The calls of one state and extended status over one trunk, None for those that had no
    line; times are sums in milliseconds."""

    state: CallState
    ext_status: str
    trunk_id: int | None
    count: int
    wait_pre_ms: int
    wait_after_ms: int
    talk_ms: int


def fetch_stats(conn: Connection, run_id: int) -> list[StatCount]:
    """By state, trunk and extended status; empty before the first call."""
    log = call_log.c
    groups = (log.state, log.ext_status, log.trunk_id)
    sums = (func.sum(column) for column in (log.wait_pre_ms, log.wait_after_ms, log.talk_ms))
    rows = conn.execute(
        select(*groups, func.count(), *sums)
        .where(log.run_id == run_id)
        .group_by(*groups)
        .order_by(*groups)
        .limit(LIMIT)
    )
    return [
        StatCount(
            state=CallState(state),
            ext_status=ext_status,
            trunk_id=trunk_id,
            count=calls,
            wait_pre_ms=int(wait_pre),
            wait_after_ms=int(wait_after),
            talk_ms=int(talk),
        )
        for state, ext_status, trunk_id, calls, wait_pre, wait_after, talk in rows
    ]


def fetch_outcomes(conn: Connection, run_id: int) -> list[OutcomeCount]:
    """By state and extended status, the most frequent first; empty before the first call."""
    log = call_log.c
    count = func.count()
    rows = conn.execute(
        select(
            log.state,
            log.ext_status,
            count,
            func.avg(log.wait_pre_ms),
            func.avg(log.wait_after_ms),
            func.avg(log.talk_ms),
        )
        .where(log.run_id == run_id)
        .group_by(log.state, log.ext_status)
        .order_by(count.desc(), log.state, log.ext_status)
        .limit(LIMIT)
    )
    return [
        OutcomeCount(
            state=CallState(state),
            ext_status=ext_status,
            count=calls,
            wait_pre_ms=float(wait_pre),
            wait_after_ms=float(wait_after),
            talk_ms=float(talk),
        )
        for state, ext_status, calls, wait_pre, wait_after, talk in rows
    ]


def fetch_trunk_counts(conn: Connection, run_id: int) -> list[TrunkCount]:
    """By trunk, the busiest first. A call that a black list refused went over none."""
    log = call_log.c
    count = func.count()
    rows = conn.execute(
        select(log.trunk_id, count)
        .where(log.run_id == run_id, log.trunk_id.is_not(None))
        .group_by(log.trunk_id)
        .order_by(count.desc(), log.trunk_id)
        .limit(LIMIT)
    )
    return [TrunkCount(trunk_id=trunk_id, count=calls) for trunk_id, calls in rows]


def fetch_recall_counts(conn: Connection, run_id: int) -> list[RecallCount]:
    """By state and recall level, in that order (manual, "Tracking outcomes at the recall
    level")."""
    log = call_log.c
    rows = conn.execute(
        select(log.state, log.retry_no, func.count())
        .where(log.run_id == run_id)
        .group_by(log.state, log.retry_no)
        .order_by(log.state, log.retry_no)
        .limit(LIMIT)
    )
    return [
        RecallCount(state=CallState(state), retry_no=retry_no, count=calls)
        for state, retry_no, calls in rows
    ]


def fetch_logs(conn: Connection, run_id: int, *, after_id: int, limit: int) -> list[CallLog]:
    """The run's calls that are over, by attempt id, those with an id above `after_id`."""
    rows = conn.execute(
        select(call_log)
        .where(call_log.c.run_id == run_id, call_log.c.id > after_id)
        .order_by(call_log.c.id)
        .limit(limit)
    )
    return [make_call_log(row) for row in rows]


def count_logs(conn: Connection, run_id: int) -> int:
    """How many of the run's calls are over."""
    query = select(func.count()).select_from(call_log).where(call_log.c.run_id == run_id)
    return conn.execute(query).scalar_one()


def find_log_id(conn: Connection, run_id: int, position: int) -> int:
    """The attempt id of the run's call at this position, counted from 0 in their order by id;
    0 if there is none. Only the index is read."""
    query = select(call_log.c.id).where(call_log.c.run_id == run_id).order_by(call_log.c.id)
    return conn.execute(query.offset(position).limit(1)).scalar() or 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFilter:
    """Which calls are wanted; None and "" do not limit. `since` counts, `until` does not;
    `campaign_ids` are those that may be seen, None: all."""

    run_id: int | None = None
    list_id: int | None = None
    state: CallState | None = None
    ext_status: str = ""
    number: str = ""
    since: datetime | None = None
    until: datetime | None = None
    campaign_ids: frozenset[int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSearch:
    """Calls that pass, the newest first, and from where on older ones were not looked at; None:
    all were."""

    logs: tuple[CallLog, ...]
    next_before: int | None


def search_logs(
    conn: Connection, wanted: LogFilter, *, before_id: int | None, limit: int, depth: int
) -> LogSearch:
    """The newest `limit` calls that pass among the newest `depth` with ids below `before_id`: it
    costs no more than these rows, whatever the filter."""
    log = call_log.c
    scope = select(call_log).order_by(log.id.desc()).limit(depth)
    if before_id is not None:
        scope = scope.where(log.id < before_id)
    if wanted.run_id is not None:
        scope = scope.where(log.run_id == wanted.run_id)
    looked_at = scope.subquery()
    found = select(looked_at).where(*_passes(wanted, looked_at))
    rows = conn.execute(found.order_by(looked_at.c.id.desc()).limit(limit + 1)).all()
    logs = tuple(make_call_log(row) for row in rows[:limit])
    if len(rows) > limit:
        return LogSearch(logs=logs, next_before=logs[-1].attempt.id)
    last = scope.with_only_columns(log.id).limit(1).offset(depth - 1)
    return LogSearch(logs=logs, next_before=conn.execute(last).scalar())


def _passes(wanted: LogFilter, looked_at: FromClause) -> Iterator[ColumnElement[bool]]:
    log = looked_at.c
    if wanted.list_id is not None:
        yield log.list_id == wanted.list_id
    if wanted.state is not None:
        yield log.state == wanted.state
    if wanted.ext_status:
        yield log.ext_status == wanted.ext_status
    if wanted.number:
        yield log.number == wanted.number
    if wanted.since is not None:
        yield log.requested_at >= wanted.since
    if wanted.until is not None:
        yield log.requested_at < wanted.until
    if wanted.campaign_ids is not None:
        yield log.campaign_id.in_(wanted.campaign_ids)


def fetch_log(conn: Connection, attempt_id: int) -> CallLog | None:
    """The call of this attempt id, once it is over."""
    row = conn.execute(select(call_log).where(call_log.c.id == attempt_id)).first()
    return None if row is None else make_call_log(row)


def save_ext_status(conn: Connection, attempt_id: int, ext_status: str) -> None:
    """Change the extended status of a call that is over."""
    conn.execute(update(call_log).where(call_log.c.id == attempt_id).values(ext_status=ext_status))


def make_call_log(row: Row[tuple[object, ...]]) -> CallLog:
    columns = row._mapping
    return CallLog(
        attempt=Attempt(**{name: columns[name] for name in _ATTEMPT}),
        state=CallState(columns["state"]),
        **{name: columns[name] for name in _CALL_LOG},
    )
