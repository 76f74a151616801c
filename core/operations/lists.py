"""Lists of numbers: what is in them, and what they are called."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Engine

from core.errors import InUse, InvalidValue, NotFound, NotPossible
from core.model import CallList, Record
from core.operations.permission import log_entry, require, require_visible, visible
from core.operations.unseen import hidden_campaigns, hidden_users
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
from core.store.pages import LISTS, is_name_free
from core.store.removal import delete_list, remove_records
from core.store.schema import NAME
from core.store.site import configuring
from core.store.types import render_attributes


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
        skipped = put(appender, rows, duplicates)
    added = len(rows) - skipped
    detail = f"{added} rows accepted"
    with engine.begin() as conn:
        write_log(conn, log_entry(actor, now, "list.add", list_name, detail))
    return Added(list_id=list_id, is_new=is_new, added=added, skipped=skipped, refused=refused)


def put(appender: Appender, rows: Sequence[Row], duplicates: Duplicates) -> int:
    """Append the rows; how many were left out."""
    if duplicates is Duplicates.SKIP:
        return appender.append_new(rows)
    return appender.append(rows)


def _row(number: str, attributes: Mapping[str, str]) -> Row:
    check_attributes(attributes)
    return parse_number(number), render_attributes(attributes) if attributes else None, None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stowed:
    """A list that was stowed away; `campaigns`, as far as the actor may see them, still use it,
    under its new name."""

    list_id: int
    name: str
    campaigns: tuple[str, ...]


def stow_away(engine: Engine, actor: Actor, list_name: str, new_name: str, now: datetime) -> Stowed:
    """Rename the list and hide it, so that its name is free (manual, "Stow away"). Needs LIST.

    NotFound; InvalidValue of a name that is none, NotPossible of one that is taken.
    """
    require(actor, Key.LIST)
    check_list_name(new_name)
    with configuring(engine) as conn:
        found = find_list(conn, actor, list_name)
        if any(other.name == new_name for other in fetch_lists(conn)):
            raise NotPossible(f'there is a list "{new_name}" already: choose another name')
        stamp = found.stamp.touched(actor.name, now)
        save_list(conn, replace(found, name=new_name, is_hidden=True, stamp=stamp))
        write_log(conn, log_entry(actor, now, "list.stow", list_name, f"as {new_name}"))
        hidden = hidden_campaigns(conn, actor)
        users = (user for user in fetch_list_users(conn, found.id) if user not in hidden)
        return Stowed(list_id=found.id, name=new_name, campaigns=tuple(users))


def set_hidden(
    engine: Engine, actor: Actor, list_name: str, now: datetime, *, is_hidden: bool
) -> None:
    """Leave the list out where lists are offered, or not; nothing else changes. NotFound. Needs
    LIST."""
    require(actor, Key.LIST)
    with configuring(engine) as conn:
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
    with configuring(engine) as conn:
        try:
            delete_list(conn, find_list(conn, actor, list_name))
        except InUse as use:
            raise use.without(hidden_users(conn, actor)) from None
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
    with suppress(NotFound), reading(engine) as conn:
        return find_list(conn, actor, name).id, False
    with configuring(engine) as conn:
        if not is_name_free(conn, LISTS, name):
            return find_list(conn, actor, name).id, False
        new = CallList(name=name, stamp=made(actor.name, now))
        return save_list(conn, new).id, True


def zone_of_list(conn: Connection, list_id: int) -> ZoneInfo:
    """That of the campaigns that call the list; UTC if there is none, or if they differ."""
    zones = fetch_list_zones(conn, list_id)
    return find_zone(zones[0] if len(zones) == 1 else "UTC")


def find_zone(name: str) -> ZoneInfo:
    """InvalidValue of a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        expected = "write an IANA name that this machine knows, such as Europe/Zurich"
        raise InvalidValue("time zone", name, expected) from None
