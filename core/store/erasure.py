"""What is known of a person by a telephone number, and its erasure.

Calls stay, so that counts do, under a pseudonym that says nothing of the number. Rows that point
at records stay too: the records themselves are emptied and put into a bin.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Table, Text, delete, func, select, type_coerce, update

from core.errors import NotPossible
from core.rules.multinumbers import numbers_of
from core.store.bins import Bin, open_bin
from core.store.blacklists import fetch_black_list_ids
from core.store.kept_answers import forget_answers_with
from core.store.records import RECORD, make_record
from core.store.schema import (
    attempt,
    call_list,
    call_log,
    outbox,
    past_call,
    record,
    retry,
    run,
    waiting_record,
)

#: Most rows of one query, and most records read at a time while further numbers are looked for.
CHUNK, PAGE = 500, 5000

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Traces:
    """What is stored of a number. `kept_ids` are entries of black lists, which stay; `lists` and
    `kept_lists` are the names of the lists that hold the one and the other."""

    record_ids: tuple[int, ...]
    call_ids: tuple[int, ...]
    letters: int
    retries: int
    waiting: int
    lists: tuple[str, ...]
    kept_ids: tuple[int, ...]
    kept_lists: tuple[str, ...]


def find_traces(conn: Connection, number: str, *, keeps_black_lists: bool) -> Traces:
    """All that is stored of the number: records that have it as their own or as a further one,
    and calls to it. It reads whole tables, for records have no index by number alone."""
    black = set(fetch_black_list_ids(conn)) if keeps_black_lists else set()
    found = {**_records_of(conn, number), **_records_with(conn, number)}
    kept = {key for key, (list_id, _name) in found.items() if list_id in black}
    erased = {key for key, (_id, name) in found.items() if name != Bin.ERASED} - kept
    calls = _calls_of(conn, number, sorted(erased))
    return Traces(
        record_ids=tuple(sorted(erased)),
        call_ids=tuple(calls),
        letters=_count(conn, outbox, "call_id", calls),
        retries=_count(conn, retry, "record_id", sorted(erased)),
        waiting=_count(conn, waiting_record, "record_id", sorted(erased)),
        lists=_names(found[key][1] for key in erased),
        kept_ids=tuple(sorted(kept)),
        kept_lists=_names(found[key][1] for key in kept),
    )


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _records_of(conn: Connection, number: str) -> dict[int, tuple[int, str]]:
    """List by list, for that is what the index is on: id and name of the list of each record."""
    lists = {row.id: row.name for row in conn.execute(select(call_list))}
    found: dict[int, tuple[int, str]] = {}
    for list_ids in _chunks(sorted(lists)):
        query = select(record.c.id, record.c.list_id).where(
            record.c.list_id.in_(list_ids), record.c.number == number
        )
        found |= {row.id: (row.list_id, lists[row.list_id]) for row in conn.execute(query)}
    return found


def _records_with(conn: Connection, number: str) -> dict[int, tuple[int, str]]:
    found, after_id = {}, 0
    query = (
        select(*RECORD, call_list.c.name)
        .join(call_list, call_list.c.id == record.c.list_id)
        .where(type_coerce(record.c.inputs, Text).contains("MULTINUM"))
        .order_by(record.c.id)
        .limit(PAGE)
    )
    while rows := conn.execute(query.where(record.c.id > after_id)).all():
        for row in rows:
            one = make_record(row)
            if number in numbers_of(one.number, one.inputs):
                found[one.id] = one.list_id, row.name
        after_id = rows[-1].id
    return found


def _calls_of(conn: Connection, number: str, record_ids: Sequence[int]) -> list[int]:
    of_number = select(call_log.c.id).where(call_log.c.number == number)
    found = set(conn.execute(of_number).scalars())
    run_ids = list(conn.execute(select(run.c.id).order_by(run.c.id)).scalars())
    for some in _chunks(record_ids):
        for runs in _chunks(run_ids):
            query = select(call_log.c.id)
            these = (call_log.c.run_id.in_(runs), call_log.c.record_id.in_(some))
            found.update(conn.execute(query.where(*these)).scalars())
    return sorted(found)


def _count(conn: Connection, table: Table, column: str, keys: Sequence[int]) -> int:
    query = select(func.count()).select_from(table)
    return sum(
        conn.execute(query.where(table.c[column].in_(some))).scalar_one() for some in _chunks(keys)
    )


def erase(conn: Connection, number: str, traces: Traces, now: datetime) -> None:
    """Erase what was found. NotPossible while a call to the number is under way: the transaction
    is to be given up then.

    This is looked at last, when the records are locked: a dialer that writes an attempt on one
    of them has done so before, or finds it in the bin.
    """
    pseudonym = _make_pseudonym(traces)
    bin_id = open_bin(conn, Bin.ERASED).id
    for some in _chunks(traces.record_ids):
        emptied = {
            "list_id": bin_id,
            "number": pseudonym,
            "inputs": None,
            "outputs": None,
            "priority": 0,
            "not_before": None,
            "expires_at": None,
        }
        conn.execute(update(record).where(record.c.id.in_(some)).values(emptied))
        conn.execute(update(retry).where(retry.c.record_id.in_(some)).values(due_at=now))
        conn.execute(delete(waiting_record).where(waiting_record.c.record_id.in_(some)))
    _erase_calls(conn, traces.call_ids, pseudonym)
    forget_answers_with(conn, number)
    _check_idle(conn, number, traces)


def _make_pseudonym(traces: Traces) -> str:
    """One for the person, different from all others; nothing of the number is in it."""
    if traces.record_ids:
        return f"erased-{min(traces.record_ids)}"
    return f"erased-c{min(traces.call_ids, default=0)}"


def _check_idle(conn: Connection, number: str, traces: Traces) -> None:
    is_open = select(attempt.c.id).where(attempt.c.number == number).limit(1)
    is_busy = conn.execute(is_open).first() is not None
    if is_busy or _count(conn, attempt, "record_id", traces.record_ids):
        raise NotPossible(f"a call to {number} is under way: try again when it is over")


def _erase_calls(conn: Connection, call_ids: Sequence[int], pseudonym: str) -> None:
    """A channel's name may hold the number too."""
    for some in _chunks(call_ids):
        erased = {"number": pseudonym, "channel": ""}
        conn.execute(update(call_log).where(call_log.c.id.in_(some)).values(erased))
        conn.execute(delete(outbox).where(outbox.c.call_id.in_(some)))
        conn.execute(delete(past_call).where(past_call.c.attempt_id.in_(some)))


def erase_late(conn: Connection, written: Mapping[int, int]) -> None:
    """What a dialer wrote just now of records that were erased while it had them in memory, as
    attempt ids to record ids: their pseudonyms stand there too."""
    for attempt_id, record_id in written.items():
        query = select(record.c.number).where(record.c.id == record_id)
        pseudonym = conn.execute(query).scalar_one()
        _erase_calls(conn, [attempt_id], pseudonym)
        this = update(attempt).where(attempt.c.id == attempt_id)
        conn.execute(this.values(number=pseudonym))


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
