"""Lists from CSV files; how such a file looks is in `list_file`.

What is read is committed block by block, so that a dialer at work waits for none of it, and an
interrupted import keeps what it has said.
"""

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO

from sqlalchemy import Engine

from core.operations.list_file import BEGINNING, Block, Rejected, read_blocks, read_layout
from core.operations.list_row import disarm
from core.operations.lists import (
    Duplicates,
    check_list_name,
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


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportResult:
    """What became of a file's rows; `skipped` are those whose number was there already.
    `encoding` is how the file was read, UTF-8 or Windows-1252. `is_interrupted` says that the
    rest of the file was not read, `is_changed` that somebody wrote to it meanwhile."""

    list_id: int
    is_new: bool
    is_interrupted: bool
    is_changed: bool
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
        before = _state(file)
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
        is_changed = _state(file) != before
    counts = work.counts
    words = (f"{count} rows {what}" for what, count in counts.items() if count)
    detail = f"{path.name}: {', '.join(words)}"
    with engine.begin() as conn:
        write_log(conn, log_entry(actor, now, "list.import", list_name, detail))
    return ImportResult(
        list_id=list_id,
        is_new=is_new,
        is_interrupted=is_interrupted,
        is_changed=is_changed,
        accepted=counts["accepted"],
        skipped=counts["skipped"],
        rejected=counts["rejected"],
        encoding="Windows-1252" if layout.encoding == "cp1252" else "UTF-8",
    )


def _state(file: BinaryIO) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


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
