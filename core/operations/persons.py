"""Erasing a person's data on request.

A person is a telephone number: every record that has it, as its own number or as a further one,
is theirs, with all that is known of it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from core.operations.permission import log_entry, require
from core.operations.unseen import hidden_lists
from core.people import Actor
from core.rules.keys import Key
from core.rules.numbers import parse_number
from core.store.audit import write_log
from core.store.database import reading
from core.store.erasure import Traces, erase, find_traces


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasure:
    """What is, or was, erased. `calls` stay without number, `letters` (notifications that wait or
    were given up) do not; `retries` and `waiting` are calls that will not be placed. `lists` are
    those that held the records; entries on `kept_black_lists` stay, so that the number stays
    forbidden. Lists that the actor may not see are not named."""

    number: str
    is_erased: bool
    records: int
    calls: int
    letters: int
    retries: int
    waiting: int
    lists: tuple[str, ...]
    kept_entries: int
    kept_black_lists: tuple[str, ...]


def preview_erasure(
    engine: Engine, actor: Actor, number: str, *, keeps_black_lists: bool = True
) -> Erasure:
    """What `erase_person` would erase. InvalidValue of a number that is none. Needs ADMIN."""
    require(actor, Key.ADMIN)
    wanted = parse_number(number)
    with reading(engine) as conn:
        traces = find_traces(conn, wanted, keeps_black_lists=keeps_black_lists)
        return _report(wanted, traces, hidden_lists(conn, actor), is_erased=False)


def erase_person(
    engine: Engine, actor: Actor, number: str, now: datetime, *, keeps_black_lists: bool = True
) -> Erasure:
    """Erase all that is stored of the number, at once and for good; what it was. A running dialer
    that holds one of its records in memory ends it without a call. Needs ADMIN.

    InvalidValue of a number that is none; NotPossible while a call to it is under way. The system
    log tells that somebody was erased, but not who.
    """
    require(actor, Key.ADMIN)
    wanted = parse_number(number)
    with engine.begin() as conn:
        traces = find_traces(conn, wanted, keeps_black_lists=keeps_black_lists)
        erase(conn, wanted, traces, now)
        detail = f"{len(traces.record_ids)} records, {len(traces.call_ids)} calls"
        write_log(conn, log_entry(actor, now, "person.erase", "", detail))
        return _report(wanted, traces, hidden_lists(conn, actor), is_erased=True)


def _report(number: str, traces: Traces, hidden: Collection[str], *, is_erased: bool) -> Erasure:
    return Erasure(
        number=number,
        is_erased=is_erased,
        records=len(traces.record_ids),
        calls=len(traces.call_ids),
        letters=traces.letters,
        retries=traces.retries,
        waiting=traces.waiting,
        lists=tuple(name for name in traces.lists if name not in hidden),
        kept_entries=len(traces.kept_ids),
        kept_black_lists=tuple(name for name in traces.kept_lists if name not in hidden),
    )
