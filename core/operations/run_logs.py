"""The calls of several runs, one run after the other, page by page.

Source: manual 25.02, "Reports: logs by runs", whose pages begin at a position. Whoever reads on
says where the page before ended: then nothing that was read before is read again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from core.model import CallLog, LoggedCall
from core.operations.permission import require, visible
from core.people import Actor
from core.rules.keys import Key
from core.store.database import reading
from core.store.logged_calls import describe_calls
from core.store.reports import count_logs, fetch_logs, find_log_id
from core.store.run_overview import fetch_runs_of_ids

#: Most runs that may be asked for at once.
MAX_RUNS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Between two calls: behind the call `after_id` of the run `run_id`."""

    run_id: int
    after_id: int


#: Before the first call.
START = Place(run_id=0, after_id=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPage:
    """Some calls, by run and then by attempt id, and where they end; None: there are no more."""

    calls: tuple[LoggedCall, ...]
    end: Place | None


def count_calls(engine: Engine, actor: Actor, run_ids: Collection[int]) -> int:
    """How many calls of these runs are over; runs that the actor may not see, or that there
    are not, have none. Needs REPORT."""
    require(actor, Key.REPORT)
    with reading(engine) as conn:
        return sum(count_logs(conn, run_id) for run_id in _visible(conn, actor, run_ids))


def find_place(
    engine: Engine, actor: Actor, run_ids: Collection[int], position: int
) -> Place | None:
    """Where the calls of these runs from `position` on begin, None at or behind their end. Needs
    REPORT."""
    require(actor, Key.REPORT)
    if position == 0:
        return START
    with reading(engine) as conn:
        for run_id in _visible(conn, actor, run_ids):
            count = count_logs(conn, run_id)
            if position < count:
                after_id = find_log_id(conn, run_id, position - 1) if position else 0
                return Place(run_id=run_id, after_id=after_id)
            position -= count
    return None


def read_calls(
    engine: Engine, actor: Actor, run_ids: Collection[int], place: Place, limit: int
) -> CallPage:
    """The first `limit` calls of these runs behind `place`. Needs REPORT."""
    require(actor, Key.REPORT)
    with reading(engine) as conn:
        runs = _visible(conn, actor, run_ids)
        logs = _read(conn, runs, place, limit + 1)
        calls = tuple(describe_calls(conn, logs[:limit]))
    if len(logs) <= limit:
        return CallPage(calls=calls, end=None)
    if not calls:
        return CallPage(calls=(), end=place)
    last = calls[-1].log.attempt
    return CallPage(calls=calls, end=Place(run_id=last.run_id, after_id=last.id))


def _read(conn: Connection, run_ids: Sequence[int], place: Place, limit: int) -> list[CallLog]:
    found: list[CallLog] = []
    for run_id in run_ids:
        if run_id >= place.run_id and len(found) < limit:
            after_id = place.after_id if run_id == place.run_id else 0
            found += fetch_logs(conn, run_id, after_id=after_id, limit=limit - len(found))
    return found


def _visible(conn: Connection, actor: Actor, run_ids: Collection[int]) -> list[int]:
    return [run.id for run in visible(actor, fetch_runs_of_ids(conn, run_ids))]
