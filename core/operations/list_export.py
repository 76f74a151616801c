"""Lists to CSV files, which `list_csv` reads back, and to the JSON lines of uploads.

What is exported goes page by page, however long the list. A first look tells which columns there
are; a second one writes them.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import StringIO
from typing import Any, TextIO

import msgspec
from sqlalchemy import Connection, Engine

from core.errors import InvalidValue, NotPossible
from core.model import Record
from core.operations.list_file import NUMBER_NAMES
from core.operations.list_row import TURN_NAMES, disarm
from core.operations.lists import find_list
from core.operations.permission import log_entry, require
from core.people import Actor
from core.rules.keys import Key
from core.store.audit import write_log
from core.store.database import reading
from core.store.lists import fetch_records

#: Records read at a time.
PAGE = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """What the records of a list say, up to the one of the id `last_id`: `attributes` by name, and
    whether any says when it is called."""

    attributes: frozenset[str] = frozenset()
    has_turns: bool = False
    last_id: int = 0

    def of(self, records: Sequence[Record]) -> "Columns":
        """With those of further records. InvalidValue if attributes of one cannot be read."""
        for record in records:
            if record.fault:
                raise InvalidValue(f"record {record.id}", record.number, record.fault)
        return replace(
            self,
            attributes=self.attributes.union(*(record.inputs for record in records)),
            has_turns=self.has_turns or any(any(_turn(record)) for record in records),
            last_id=records[-1].id if records else self.last_id,
        )

    @property
    def header(self) -> str:
        """The first line of a CSV file."""
        turns = TURN_NAMES if self.has_turns else ()
        return _render([[NUMBER_NAMES[0], *turns, *sorted(self.attributes)]])

    def lines(self, records: Iterable[Record]) -> str:
        """Those of a CSV file. NotPossible of a record that says what no column is for: it was
        changed since."""
        names = sorted(self.attributes)
        return _render(self._cells(record, names) for record in records)

    def _cells(self, record: Record, names: Sequence[str]) -> list[str]:
        turn = _turn(record)
        if not record.inputs.keys() <= self.attributes or (any(turn) and not self.has_turns):
            raise NotPossible(f"record {record.id} was changed meanwhile: export the list again")
        values = (disarm(record.inputs.get(name, "")) for name in names)
        return [record.number, *(turn if self.has_turns else ()), *values]


def json_lines(records: Iterable[Record]) -> bytes:
    """Each as an upload takes it; what it does not say is left out."""
    return b"".join(msgspec.json.encode(_said(record)) + b"\n" for record in records)


def look_over(
    engine: Engine, actor: Actor, list_name: str, known: Columns, limit: int = PAGE
) -> tuple[Columns, bool]:
    """What is known with the next `limit` records of the list, and whether there were as many.
    NotFound; InvalidValue if the attributes of a record cannot be read. Needs LIST."""
    records = read_on(engine, actor, list_name, known.last_id, limit)
    return known.of(records), len(records) == limit


def read_on(
    engine: Engine, actor: Actor, list_name: str, after_id: int, limit: int = PAGE
) -> list[Record]:
    """The list's next records behind the one of the id `after_id`. NotFound. Needs LIST."""
    require(actor, Key.LIST)
    with reading(engine) as conn:
        found = find_list(conn, actor, list_name)
        return fetch_records(conn, found.id, after_id=after_id, limit=limit)


def note_export(engine: Engine, actor: Actor, list_name: str, now: datetime) -> None:
    """Say in the system log that the list is exported. Needs LIST."""
    require(actor, Key.LIST)
    with engine.begin() as conn:
        write_log(conn, log_entry(actor, now, "list.export", list_name))


def export_csv(engine: Engine, actor: Actor, list_name: str, stream: TextIO, now: datetime) -> None:
    """Write the list as CSV: `number`, when records are called if any says so, and, by name,
    every input attribute any record has. Needs LIST.

    `import_csv` makes the same records of it, as long as none has expired. NotFound if there is no
    such list, InvalidValue if the attributes of a record cannot be read.
    """
    require(actor, Key.LIST)
    with reading(engine) as conn:
        found, columns = find_list(conn, actor, list_name), Columns()
        for page in _pages(conn, found.id):
            columns = columns.of(page)
        stream.write(columns.header)
        for page in _pages(conn, found.id):
            stream.write(columns.lines(page))
    note_export(engine, actor, list_name, now)


def _pages(conn: Connection, list_id: int) -> Iterator[list[Record]]:
    after_id = 0
    while page := fetch_records(conn, list_id, after_id=after_id, limit=PAGE):
        yield page
        after_id = page[-1].id


def _render(rows: Iterable[Iterable[str]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _turn(record: Record) -> tuple[str, str, str]:
    """The cells of TURN_NAMES."""
    is_by_priority = record.is_ahead and (record.priority or record.not_before is None)
    moments = (record.not_before, record.expires_at)
    at, expires = (f"{m:%Y-%m-%dT%H:%M:%SZ}" if m else "" for m in moments)
    return str(record.priority) if is_by_priority else "", at, expires


def _said(record: Record) -> dict[str, Any]:
    priority, schedule, expires = _turn(record)
    said = {
        "number": record.number,
        "attributes": record.inputs,
        "priority": int(priority) if priority else None,
        "schedule": schedule,
        "expires": expires,
    }
    return {name: value for name, value in said.items() if value not in (None, "", {})}
