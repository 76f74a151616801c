"""The calls to each number, which caps count, whatever campaign placed them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from core.model import Attempt
from core.ports.commands import CallClosed
from core.rules.caps import KEPT, PastCall, counted_as, was_conversation
from core.store.schema import attempt, past_call

#: Most numbers of one query.
CHUNK = 500
#: Most attempt ids looked at when old calls are forgotten: more than come at a time.
FORGOTTEN = 4000

_DELETE = delete(past_call).where(past_call.c.attempt_id == bindparam("of_attempt"))
_TALKED = update(past_call).where(past_call.c.attempt_id == bindparam("of_attempt"))
_TALKED = _TALKED.values(talked_until=bindparam("talked_until"))

_FIRST_ID = select(func.min(past_call.c.attempt_id)).scalar_subquery()
_OLDEST = select(past_call.c.attempt_id, past_call.c.placed_at)
_OLDEST = _OLDEST.where(past_call.c.attempt_id == _FIRST_ID)


def insert_calls(conn: Connection, attempts: Sequence[Attempt]) -> None:
    """Calls that are about to be placed: from now on they count."""
    rows = [
        {"attempt_id": a.id, "number": counted_as(a.number), "placed_at": a.requested_at}
        for a in attempts
    ]
    if rows:
        conn.execute(insert(past_call), rows)


def close_calls(conn: Connection, closed: Sequence[CallClosed]) -> None:
    """Note what the calls that are over were. What never left counts no more."""
    talks = [
        {"of_attempt": e.log.attempt.id, "talked_until": e.log.ended_at}
        for e in closed
        if was_conversation(e.log.state, e.log.talk_ms)
    ]
    unsent = [
        {"of_attempt": e.log.attempt.id}
        for e in closed
        if not e.was_sent and e.log.attempt.trunk_id is not None
    ]
    if talks:
        conn.execute(_TALKED, talks)
    if unsent:
        conn.execute(_DELETE, unsent)


def fetch_past_calls(
    conn: Connection, numbers: Iterable[str], since: datetime
) -> Mapping[str, list[tuple[int, PastCall]]]:
    """The calls placed since then to each number, which is written as it is counted: attempt id
    and call. A number never called is not a key.

    There is no limit: a call left out may be the one that forbids the next.
    """
    found: dict[str, list[tuple[int, PastCall]]] = defaultdict(list)
    wanted = sorted(set(numbers))
    for start in range(0, len(wanted), CHUNK):
        rows = conn.execute(
            select(past_call, attempt.c.id.is_not(None).label("is_open"))
            .outerjoin(attempt, attempt.c.id == past_call.c.attempt_id)
            .where(
                past_call.c.number.in_(wanted[start : start + CHUNK]),
                past_call.c.placed_at >= since,
            )
        )
        for row in rows:
            call = PastCall(
                placed_at=row.placed_at, talked_until=row.talked_until, is_open=bool(row.is_open)
            )
            found[row.number].append((row.attempt_id, call))
    return found


def forget_old_calls(conn: Connection, now: datetime) -> None:
    """Drop the oldest calls, if no cap can ask for them any more: a few each time."""
    oldest = conn.execute(_OLDEST).first()
    if oldest is not None and oldest.placed_at < now - KEPT:
        conn.execute(
            delete(past_call).where(
                past_call.c.attempt_id < oldest.attempt_id + FORGOTTEN,
                past_call.c.placed_at < now - KEPT,
            )
        )
