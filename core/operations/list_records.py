"""The records of a list and the calls to them, one by one.

Source: manual 25.02, "The JSON configuration API" (`list/record`, `list/logs`). All of it needs
LIST. A running dialer holds the records that it read already: a change of theirs reaches it with
the next attempt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.errors import NotFound, NotPossible
from core.model import CallList, LoggedCall, Record
from core.operations.permission import is_visible, log_entry, require, require_visible
from core.people import Actor
from core.rules.attributes import check_attributes
from core.rules.keys import Key
from core.rules.numbers import parse_number
from core.store import list_logs, record_pages, removal
from core.store.audit import write_log
from core.store.bins import find_bin
from core.store.campaign_heads import fetch_campaign_heads
from core.store.database import reading
from core.store.lists import count_records, fetch_list, save_record
from core.store.logged_calls import describe_calls
from core.store.records import fetch_record, update_record

#: Up to where the rows of a search are counted.
COUNTED = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Which rows: those with `text` in them and ids below `before_id`, or, if that is None,
    without the first `offset`; at most `limit`."""

    text: str = ""
    before_id: int | None = None
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordPage:
    """Some of a list's records, the newest first."""

    call_list: CallList
    records: tuple[Record, ...]


def fetch_record_page(engine: Engine, actor: Actor, list_id: int, span: Span) -> RecordPage:
    """NotFound of the list."""
    with reading(engine) as conn:
        found = _find_list(conn, actor, list_id)
        before_id = span.before_id
        if before_id is None and span.offset:
            position = span.offset - 1
            before_id = record_pages.find_record_id(conn, list_id, position, text=span.text)
        records = record_pages.fetch_newest_records(
            conn, list_id, text=span.text, before_id=before_id, limit=span.limit
        )
        return RecordPage(call_list=found, records=tuple(records))


def count_list_records(engine: Engine, actor: Actor, list_id: int, text: str = "") -> int:
    """How many records the list has, or, up to COUNTED, those with the text. NotFound."""
    with reading(engine) as conn:
        _find_list(conn, actor, list_id)
        if not text:
            return count_records(conn, list_id)
        return record_pages.count_found(conn, list_id, text=text, most=COUNTED)


def add_record(
    engine: Engine,
    actor: Actor,
    list_id: int,
    number: str,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    now: datetime,
) -> int:
    """Append a record; its id. NotFound of the list; InvalidValue of the number or an
    attribute."""
    require(actor, Key.LIST)
    for attributes in (inputs, outputs):
        check_attributes(attributes)
    parsed = parse_number(number)
    with engine.begin() as conn:
        found = _find_open_list(conn, actor, list_id)
        write_log(conn, log_entry(actor, now, "list.add", found.name, "1 rows accepted"))
        value = Record(list_id=found.id, number=parsed, inputs=inputs, outputs=outputs)
        return save_record(conn, value)


def change_record(
    engine: Engine,
    actor: Actor,
    list_id: int,
    record_id: int,
    now: datetime,
    *,
    number: str | None = None,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
) -> None:
    """Change what is not None. NotFound of list and record; InvalidValue as in `add_record`."""
    require(actor, Key.LIST)
    with engine.begin() as conn:
        found = _find_open_list(conn, actor, list_id)
        old = _find_record(conn, found, record_id, is_locked=True)
        new = replace(
            old,
            number=old.number if number is None else parse_number(number),
            inputs=old.inputs if inputs is None else check_attributes(inputs),
            outputs=old.outputs if outputs is None else check_attributes(outputs),
        )
        if new != old:
            update_record(conn, new)
            write_log(conn, log_entry(actor, now, "list.change", found.name, f"record {old.id}"))


def remove_record(
    engine: Engine, actor: Actor, list_id: int, record_id: int, now: datetime
) -> None:
    """Take the record off its list. A call that is under way goes on; a retry that waits is not
    called. NotFound of list and record."""
    require(actor, Key.LIST)
    with engine.begin() as conn:
        found = _find_open_list(conn, actor, list_id)
        _find_record(conn, found, record_id)
        removal.remove_record(conn, found, record_id, now)
        write_log(conn, log_entry(actor, now, "list.remove", found.name, "1 records"))


def fetch_list_calls(
    engine: Engine, actor: Actor, list_id: int, span: Span
) -> tuple[LoggedCall, ...]:
    """The calls to the list's numbers that are over, the newest first, of campaigns that the
    actor may see. NotFound of the list."""
    with reading(engine) as conn:
        _find_list(conn, actor, list_id)
        seen, before_id = _seen_campaigns(conn, actor), span.before_id
        if before_id is None and span.offset:
            position = span.offset - 1
            before_id = list_logs.find_list_log_id(
                conn, list_id, position, text=span.text, campaign_ids=seen
            )
        logs = list_logs.fetch_newest_logs(
            conn,
            list_id,
            text=span.text,
            campaign_ids=seen,
            before_id=before_id,
            limit=span.limit,
        )
        return tuple(describe_calls(conn, logs))


def count_list_calls(engine: Engine, actor: Actor, list_id: int, text: str = "") -> int:
    """How many such calls there are, with a text up to COUNTED. NotFound of the list."""
    with reading(engine) as conn:
        _find_list(conn, actor, list_id)
        seen = _seen_campaigns(conn, actor)
        most = COUNTED if text else 2**31
        return list_logs.count_list_logs(conn, list_id, text=text, campaign_ids=seen, most=most)


def _find_list(conn: Connection, actor: Actor, list_id: int) -> CallList:
    require(actor, Key.LIST)
    if not 0 < list_id < 2**31:
        raise NotFound("list", list_id)
    found = fetch_list(conn, list_id)
    require_visible(actor, found, "list", list_id)
    return found


def _find_open_list(conn: Connection, actor: Actor, list_id: int) -> CallList:
    found = _find_list(conn, actor, list_id)
    if find_bin(found.name):
        raise NotPossible(f'list "{found.name}" holds what was taken away: leave it alone')
    return found


def _find_record(
    conn: Connection, call_list: CallList, record_id: int, *, is_locked: bool = False
) -> Record:
    if not 0 < record_id < 2**63:
        raise NotFound("record", record_id)
    found = fetch_record(conn, record_id, is_locked=is_locked)
    if found.list_id != call_list.id:
        raise NotFound("record", record_id)
    return found


def _seen_campaigns(conn: Connection, actor: Actor) -> frozenset[int] | None:
    """None: all of them."""
    heads = fetch_campaign_heads(conn)
    seen = frozenset(head.id for head in heads if is_visible(actor, head))
    return None if len(seen) == len(heads) else seen
