"""Lists of numbers, from and to CSV files.

How such a file looks is in `list_file`. What is read is committed block by block, so that a
dialer at work waits for none of it, and an interrupted import keeps what it has said.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection, Engine

from core.errors import InvalidValue, NotFound
from core.model import CallList, Record
from core.operations.list_file import (
    BEGINNING,
    NUMBER_NAMES,
    Rejected,
    disarm,
    read_blocks,
    read_layout,
)
from core.store.bulk import appending
from core.store.database import reading
from core.store.lists import (
    fetch_list_by_name,
    fetch_records,
    save_list,
)
from core.store.schema import NAME

#: Records read at a time for an export.
PAGE = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportResult:
    """What became of a file's rows. `encoding` is how the file was read, UTF-8 or
    Windows-1252. `is_interrupted` says that the rest of the file was not read."""

    list_id: int
    is_new: bool
    is_interrupted: bool
    accepted: int
    rejected: int
    encoding: str


def import_csv(
    engine: Engine,
    path: Path,
    list_name: str,
    on_progress: Callable[[int], None],
    rejected: TextIO,
) -> ImportResult:
    """Append the file's rows to the list, which is made if there is none.

    `on_progress` hears of bytes read since last time; they add up to the file's size. Rows
    that cannot be used go to `rejected` as CSV: line, reason, the cells. A header that is
    wrong raises InvalidConfiguration, and nothing is done. Ctrl-C ends it early: what was read
    stays, and counts.
    """
    _check_name(list_name)
    with path.open("rb") as file:
        layout = read_layout(file.read(BEGINNING))
        file.seek(0)
        text = TextIOWrapper(file, layout.encoding, errors="surrogateescape", newline="")
        list_id, is_new = _find_or_make(engine, list_name)
        is_interrupted = False
        refused = csv.writer(rejected)
        counts, position = [0, 0], 0
        with appending(engine, list_id) as append:
            try:
                for block in read_blocks(text, layout):
                    append(block.accepted)
                    refused.writerows(map(_line, block.rejected))
                    counts = [counts[0] + len(block.accepted), counts[1] + len(block.rejected)]
                    on_progress(file.tell() - position)
                    position = file.tell()
            except KeyboardInterrupt:
                is_interrupted = True
    shown = "Windows-1252" if layout.encoding == "cp1252" else "UTF-8"
    return ImportResult(
        list_id=list_id,
        is_new=is_new,
        is_interrupted=is_interrupted,
        accepted=counts[0],
        rejected=counts[1],
        encoding=shown,
    )


def _check_name(name: str) -> None:
    if not name or name != name.strip() or len(name) > NAME:
        raise InvalidValue(
            "list", name, f"a name has 1 to {NAME} characters and no blanks around it"
        )


def _find_or_make(engine: Engine, name: str) -> tuple[int, bool]:
    """The list's id, and whether it is new."""
    with engine.begin() as conn:
        try:
            return fetch_list_by_name(conn, name).id, False
        except NotFound:
            return save_list(conn, CallList(name=name)).id, True


def _line(row: Rejected) -> list[str]:
    """Bytes that could not be read are shown as question marks."""
    cells = [str(row.line), row.reason, *map(disarm, row.cells)]
    return [cell.encode("utf-8", "replace").decode() for cell in cells]


def export_csv(engine: Engine, list_name: str, stream: TextIO) -> None:
    """Write the list as CSV: `number` and, by name, every input attribute any record has.

    `import_csv` makes the same records of it. NotFound if there is no such list, InvalidValue
    if the attributes of a record cannot be read.
    """
    with reading(engine) as conn:
        found = fetch_list_by_name(conn, list_name)
        names = sorted({name for record in _records(conn, found.id) for name in record.inputs})
        lines = csv.writer(stream)
        lines.writerow([NUMBER_NAMES[0], *names])
        for record in _records(conn, found.id):
            values = (disarm(record.inputs.get(name, "")) for name in names)
            lines.writerow([record.number, *values])


def _records(conn: Connection, list_id: int) -> Iterator[Record]:
    after_id = 0
    while page := fetch_records(conn, list_id, after_id=after_id, limit=PAGE):
        for found in page:
            if found.fault:
                raise InvalidValue(f"record {found.id}", found.number, found.fault)
            yield found
        after_id = page[-1].id
