"""Lists from and to CSV files; how such a file looks is in `list_file`.

What is read is committed block by block, so that a dialer at work waits for none of it, and an
interrupted import keeps what it has said.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Protocol, TextIO

from sqlalchemy import Connection, Engine

from core.errors import InvalidValue
from core.model import Record
from core.operations.list_file import (
    BEGINNING,
    NUMBER_NAMES,
    Block,
    Rejected,
    read_blocks,
    read_layout,
)
from core.operations.list_row import TURN_NAMES, disarm
from core.operations.lists import (
    Duplicates,
    check_list_name,
    find_list,
    find_zone,
    open_list,
    put,
    zone_of_list,
)
from core.operations.permission import log_entry, require
from core.people import Actor
from core.rules.keys import Key
from core.store.audit import write_log
from core.store.bulk import Appender, appending
from core.store.database import reading
from core.store.lists import fetch_records

#: Records read at a time for an export.
PAGE = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportResult:
    """What became of a file's rows; `skipped` are those whose number was there already.
    `encoding` is how the file was read, UTF-8 or Windows-1252. `is_interrupted` says that the
    rest of the file was not read."""

    list_id: int
    is_new: bool
    is_interrupted: bool
    accepted: int
    skipped: int
    rejected: int
    encoding: str


def import_csv(
    engine: Engine,
    actor: Actor,
    path: Path,
    list_name: str,
    on_progress: Callable[[int], None],
    rejected: TextIO,
    now: datetime,
    duplicates: Duplicates = Duplicates.ADD,
    time_zone: str = "",
) -> ImportResult:
    """Append the file's rows to the list, which is made if there is none. Needs LIST.

    Moments in it are read in `time_zone`, an IANA name, or else in that of the campaigns that call
    the list; in UTC if there is none, or if they differ.

    `on_progress` hears of bytes read since last time; they add up to the file's size. Rows
    that cannot be used go to `rejected` as CSV: line, reason, the cells. A header that is
    wrong raises InvalidConfiguration, and nothing is done. Ctrl-C ends it early: what was read
    stays, and counts.
    """
    require(actor, Key.LIST)
    check_list_name(list_name)
    with path.open("rb") as file:
        layout = read_layout(file.read(BEGINNING))
        file.seek(0)
        text = TextIOWrapper(file, layout.encoding, errors="surrogateescape", newline="")
        wanted = find_zone(time_zone) if time_zone else None
        list_id, is_new = open_list(engine, actor, list_name, now)
        with reading(engine) as conn:
            zone = wanted or zone_of_list(conn, list_id)
        work = _Import(rejected=csv.writer(rejected), tell=file.tell, on_progress=on_progress)
        with appending(engine, list_id) as appender:
            blocks = read_blocks(text, layout, now=now, zone=zone)
            is_interrupted = work.take(blocks, appender, duplicates)
    counts = work.counts
    words = (f"{count} rows {what}" for what, count in counts.items() if count)
    detail = f"{path.name}: {', '.join(words)}"
    with engine.begin() as conn:
        write_log(conn, log_entry(actor, now, "list.import", list_name, detail))
    return ImportResult(
        list_id=list_id,
        is_new=is_new,
        is_interrupted=is_interrupted,
        accepted=counts["accepted"],
        skipped=counts["skipped"],
        rejected=counts["rejected"],
        encoding="Windows-1252" if layout.encoding == "cp1252" else "UTF-8",
    )


class _Lines(Protocol):
    """What writes lines of CSV."""

    def writerows(self, rows: Iterable[Sequence[str]], /) -> object: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Import:
    """Counts what becomes of a file's rows, and tells how far it came."""

    rejected: _Lines
    tell: Callable[[], int]
    on_progress: Callable[[int], None]
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, blocks: Iterable[Block], appender: Appender, duplicates: Duplicates) -> bool:
        """Whether it was interrupted."""
        position = 0
        try:
            for block in blocks:
                skipped = put(appender, block.accepted, duplicates)
                self.rejected.writerows(map(_line, block.rejected))
                self.counts["skipped"] += skipped
                self.counts["accepted"] += len(block.accepted) - skipped
                self.counts["rejected"] += len(block.rejected)
                self.on_progress(self.tell() - position)
                position = self.tell()
        except KeyboardInterrupt:
            return True
        return False


def _line(row: Rejected) -> list[str]:
    """Bytes that could not be read are shown as question marks."""
    cells = [str(row.line), row.reason, *map(disarm, row.cells)]
    return [cell.encode("utf-8", "replace").decode() for cell in cells]


def export_csv(engine: Engine, actor: Actor, list_name: str, stream: TextIO, now: datetime) -> None:
    """Write the list as CSV: `number`, when records are called if any says so, and, by name,
    every input attribute any record has. Needs LIST.

    `import_csv` makes the same records of it, as long as none has expired. NotFound if there is no
    such list, InvalidValue if the attributes of a record cannot be read.
    """
    require(actor, Key.LIST)
    with reading(engine) as conn:
        found = find_list(conn, actor, list_name)
        names, has_turns = set[str](), False
        for record in _records(conn, found.id):
            names |= record.inputs.keys()
            has_turns = has_turns or any(_turn(record))
        attributes = sorted(names)
        lines = csv.writer(stream)
        lines.writerow([NUMBER_NAMES[0], *(TURN_NAMES if has_turns else ()), *attributes])
        for record in _records(conn, found.id):
            values = (disarm(record.inputs.get(name, "")) for name in attributes)
            lines.writerow([record.number, *(_turn(record) if has_turns else ()), *values])
    with engine.begin() as conn:
        write_log(conn, log_entry(actor, now, "list.export", list_name))


def _turn(record: Record) -> tuple[str, str, str]:
    """The cells of TURN_NAMES."""
    is_by_priority = record.is_ahead and (record.priority or record.not_before is None)
    moments = (record.not_before, record.expires_at)
    at, expires = (f"{m:%Y-%m-%dT%H:%M:%SZ}" if m else "" for m in moments)
    return str(record.priority) if is_by_priority else "", at, expires


def _records(conn: Connection, list_id: int) -> Iterator[Record]:
    after_id = 0
    while page := fetch_records(conn, list_id, after_id=after_id, limit=PAGE):
        for found in page:
            if found.fault:
                raise InvalidValue(f"record {found.id}", found.number, found.fault)
            yield found
        after_id = page[-1].id
