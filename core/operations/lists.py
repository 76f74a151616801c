"""Lists of numbers, from and to CSV files.

How such a file looks is in `list_file`. What is read is committed block by block, so that a
dialer at work waits for none of it, and an interrupted import keeps what it has said.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Engine

from core.errors import InvalidValue, NotFound, NotPossible
from core.model import CallList, Record
from core.operations.list_file import (
    BEGINNING,
    NUMBER_NAMES,
    Rejected,
    read_blocks,
    read_layout,
)
from core.operations.list_row import TURN_NAMES, disarm
from core.operations.permission import log_entry, require, require_visible, visible
from core.people import Actor
from core.rules.attributes import check_attributes
from core.rules.keys import Key
from core.rules.numbers import parse_number
from core.rules.stamps import made
from core.store.audit import write_log
from core.store.bins import find_bin
from core.store.bulk import Appender, Row, appending
from core.store.campaigns import fetch_list_users, fetch_list_zones
from core.store.database import reading
from core.store.lists import (
    count_records,
    fetch_list_by_name,
    fetch_lists,
    fetch_records,
    save_list,
)
from core.store.removal import delete_list, remove_records
from core.store.schema import NAME
from core.store.types import render_attributes

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


class Duplicates(StrEnum):
    """What becomes of a number that its list has already, whatever its attributes (manual, "Add
    numbers to a list")."""

    #: It is in the list twice, and is called twice.
    ADD = "add"
    #: It is left out.
    SKIP = "skip"


def show_lists(engine: Engine, actor: Actor, *, with_hidden: bool = False) -> list[tuple[str, int]]:
    """The names of the lists that the actor may see, each with the number of its records.
    Needs LIST."""
    require(actor, Key.LIST)
    with reading(engine) as conn:
        found = visible(actor, fetch_lists(conn))
        shown = (one for one in found if with_hidden or not one.is_hidden)
        return [(one.name, count_records(conn, one.id)) for one in shown]


def show_records(
    engine: Engine, actor: Actor, list_name: str, limit: int, after_id: int = 0
) -> list[Record]:
    """The first `limit` records of the list behind the one of the id `after_id`; NotFound if
    there is no such list. Needs LIST."""
    require(actor, Key.LIST)
    with reading(engine) as conn:
        found = find_list(conn, actor, list_name)
        return fetch_records(conn, found.id, after_id=after_id, limit=limit)


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
        wanted = _zone(time_zone) if time_zone else None
        list_id, is_new = open_list(engine, actor, list_name, now)
        with reading(engine) as conn:
            zone = wanted or zone_of_list(conn, list_id)
        is_interrupted = False
        refused = csv.writer(rejected)
        counts, position = Counter[str](), 0
        with appending(engine, list_id) as appender:
            append = _APPEND[duplicates](appender)
            try:
                for block in read_blocks(text, layout, now=now, zone=zone):
                    skipped = append(block.accepted)
                    refused.writerows(map(_line, block.rejected))
                    counts["skipped"] += skipped
                    counts["accepted"] += len(block.accepted) - skipped
                    counts["rejected"] += len(block.rejected)
                    on_progress(file.tell() - position)
                    position = file.tell()
            except KeyboardInterrupt:
                is_interrupted = True
    words = (f"{count} rows {what}" for what, count in counts.items() if count)
    detail = f"{path.name}: {', '.join(words)}"
    with engine.begin() as conn:
        write_log(conn, log_entry(actor, now, "list.import", list_name, detail))
    shown = "Windows-1252" if layout.encoding == "cp1252" else "UTF-8"
    return ImportResult(
        list_id=list_id,
        is_new=is_new,
        is_interrupted=is_interrupted,
        accepted=counts["accepted"],
        skipped=counts["skipped"],
        rejected=counts["rejected"],
        encoding=shown,
    )


_APPEND: Mapping[Duplicates, Callable[[Appender], Callable[[Sequence[Row]], int]]] = {
    Duplicates.ADD: lambda appender: appender.append,
    Duplicates.SKIP: lambda appender: appender.append_new,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """How many records a list got, and how many were there already; `refused` says why, for
    each number that cannot be called."""

    list_id: int
    is_new: bool
    added: int
    skipped: int
    refused: tuple[str, ...] = ()


def add_numbers(
    engine: Engine,
    actor: Actor,
    list_name: str,
    numbers: Sequence[tuple[str, Mapping[str, str]]],
    now: datetime,
    duplicates: Duplicates = Duplicates.ADD,
) -> Added:
    """Append numbers with their attributes to the list, which is made if there is none
    (manual, "Add numbers to a list"): all of them, or none if one raises InvalidValue. Needs
    LIST."""
    require(actor, Key.LIST)
    check_list_name(list_name)
    rows = [_row(number, attributes) for number, attributes in numbers]
    return append_rows(engine, actor, list_name, rows, (), now, duplicates)


def add_each_number(
    engine: Engine,
    actor: Actor,
    list_name: str,
    numbers: Sequence[tuple[str, Mapping[str, str]]],
    now: datetime,
    duplicates: Duplicates = Duplicates.ADD,
) -> Added:
    """As `add_numbers`, but what cannot be called is refused by itself. NotPossible, and nothing
    is done, if every number is refused. Needs LIST."""
    require(actor, Key.LIST)
    check_list_name(list_name)
    rows, refused = list[Row](), list[str]()
    for number, attributes in numbers:
        try:
            rows.append(_row(number, attributes))
        except InvalidValue as error:
            refused.append(str(error))
    if refused and not rows:
        raise NotPossible(f"no number was added: {refused[0]}")
    return append_rows(engine, actor, list_name, rows, tuple(refused), now, duplicates)


def append_rows(
    engine: Engine,
    actor: Actor,
    list_name: str,
    rows: Sequence[Row],
    refused: tuple[str, ...],
    now: datetime,
    duplicates: Duplicates,
) -> Added:
    """Append rows that were checked before to the list, which is made if there is none."""
    list_id, is_new = open_list(engine, actor, list_name, now)
    with appending(engine, list_id) as appender:
        skipped = _APPEND[duplicates](appender)(rows)
    added = len(rows) - skipped
    detail = f"{added} rows accepted"
    with engine.begin() as conn:
        write_log(conn, log_entry(actor, now, "list.add", list_name, detail))
    return Added(list_id=list_id, is_new=is_new, added=added, skipped=skipped, refused=refused)


def _row(number: str, attributes: Mapping[str, str]) -> Row:
    check_attributes(attributes)
    return parse_number(number), render_attributes(attributes) if attributes else None, None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stowed:
    """A list that was stowed away; `campaigns` still use it, under its new name."""

    list_id: int
    name: str
    campaigns: tuple[str, ...]


def stow_away(engine: Engine, actor: Actor, list_name: str, new_name: str, now: datetime) -> Stowed:
    """Rename the list and hide it, so that its name is free (manual, "Stow away"). Needs LIST.

    NotFound; InvalidValue of a name that is none, NotPossible of one that is taken.
    """
    require(actor, Key.LIST)
    check_list_name(new_name)
    with engine.begin() as conn:
        found = find_list(conn, actor, list_name)
        if any(other.name == new_name for other in fetch_lists(conn)):
            raise NotPossible(f'there is a list "{new_name}" already: choose another name')
        stamp = found.stamp.touched(actor.name, now)
        save_list(conn, replace(found, name=new_name, is_hidden=True, stamp=stamp))
        write_log(conn, log_entry(actor, now, "list.stow", list_name, f"as {new_name}"))
        users = fetch_list_users(conn, found.id)
    return Stowed(list_id=found.id, name=new_name, campaigns=tuple(users))


def set_hidden(
    engine: Engine, actor: Actor, list_name: str, now: datetime, *, is_hidden: bool
) -> None:
    """Leave the list out where lists are offered, or not; nothing else changes. NotFound. Needs
    LIST."""
    require(actor, Key.LIST)
    with engine.begin() as conn:
        found = find_list(conn, actor, list_name)
        stamp = found.stamp.touched(actor.name, now)
        save_list(conn, replace(found, is_hidden=is_hidden, stamp=stamp))
        action = "list.hide" if is_hidden else "list.unhide"
        write_log(conn, log_entry(actor, now, action, list_name))


def remove_numbers(
    engine: Engine, actor: Actor, list_name: str, numbers: Sequence[str], now: datetime
) -> int:
    """Take the numbers off the list; how many records that were. A call that is under way goes
    on; a retry that waits is not called. NotFound, InvalidValue of a number. Needs LIST."""
    require(actor, Key.LIST)
    wanted = list(dict.fromkeys(parse_number(number) for number in numbers))
    with engine.begin() as conn:
        found = find_list(conn, actor, list_name)
        count = remove_records(conn, found, wanted, now)
        write_log(conn, log_entry(actor, now, "list.remove", list_name, f"{count} records"))
    return count


def drop_list(engine: Engine, actor: Actor, list_name: str, now: datetime) -> None:
    """Delete the list with its records. NotFound; NotPossible while a campaign has it, or if a
    run called it. Needs LIST."""
    require(actor, Key.LIST)
    with engine.begin() as conn:
        delete_list(conn, find_list(conn, actor, list_name))
        write_log(conn, log_entry(actor, now, "list.delete", list_name))


def check_list_name(name: str) -> str:
    """The name itself; InvalidValue if no list may have it."""
    if find_bin(name):
        raise InvalidValue("list", name, "Whipbird keeps what was taken away there; choose another")
    if not name or name != name.strip() or len(name) > NAME or not name.isprintable():
        raise InvalidValue(
            "list", name, f"a name has 1 to {NAME} characters, all printable, no blanks around it"
        )
    return name


def find_list(conn: Connection, actor: Actor, name: str) -> CallList:
    """NotFound of one that the actor may not see."""
    found = fetch_list_by_name(conn, name)
    require_visible(actor, found, "list", name)
    return found


def open_list(engine: Engine, actor: Actor, name: str, now: datetime) -> tuple[int, bool]:
    """The list's id, and whether it is new. NotFound of one that the actor may not see."""
    with engine.begin() as conn:
        try:
            found = fetch_list_by_name(conn, name)
        except NotFound:
            new = CallList(name=name, stamp=made(actor.name, now))
            return save_list(conn, new).id, True
        require_visible(actor, found, "list", name)
        return found.id, False


def zone_of_list(conn: Connection, list_id: int) -> ZoneInfo:
    """That of the campaigns that call the list; UTC if there is none, or if they differ."""
    zones = fetch_list_zones(conn, list_id)
    return _zone(zones[0] if len(zones) == 1 else "UTC")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        expected = "write an IANA name that this machine knows, such as Europe/Zurich"
        raise InvalidValue("time zone", name, expected) from None


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
