"""Pages of what is configured: the newest first, searched by text, with only what is visible.

Source: manual 25.02, "The JSON configuration API". How an element is read is its own module's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    and_,
    false,
    func,
    or_,
    select,
)

from core.errors import NotFound
from core.model import CallList, Campaign, EndPoint, Pace, Server, Trunk
from core.rules.caps import Cap
from core.rules.opening_hours import OpeningHours
from core.store.campaigns import make_campaigns
from core.store.caps import make_cap
from core.store.endpoints import make_endpoint
from core.store.lists import make_list
from core.store.opening_hours import make_opening_hours
from core.store.schema import call_list, campaign, cap, end_point, opening_hours, server, trunk
from core.store.servers import make_server
from core.store.trunks import make_trunk

T = TypeVar("T")

#: The greatest id that a column can hold.
MOST_ID = 2**31 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf(Generic[T]):
    """Where elements of a kind are: `noun` is what people call one, `texts` are the columns that
    are searched, `hidden` tells which are left out where all are shown."""

    noun: str
    table: Table
    texts: tuple[str, ...]
    read: Callable[[Connection, Sequence[RowMapping]], list[T]]
    hidden: ColumnElement[bool] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which elements: those with `text` in one of their texts, whatever its case, and an id
    below `before_id`. Of elements with a security key only those with one of `keys`, or that
    `creator` made; None sees all of them."""

    text: str = ""
    before_id: int | None = None
    with_hidden: bool = False
    keys: frozenset[str] | None = None
    creator: str = ""


def _each(make: Callable[[RowMapping], T]) -> Callable[[Connection, Sequence[RowMapping]], list[T]]:
    return lambda _conn, rows: [make(row) for row in rows]


SERVERS: Shelf[Server] = Shelf(
    noun="server", table=server, texts=("name", "host", "login"), read=_each(make_server)
)
TRUNKS: Shelf[Trunk] = Shelf(
    noun="trunk", table=trunk, texts=("name", "dial_string"), read=_each(make_trunk)
)
END_POINTS: Shelf[EndPoint] = Shelf(
    noun="end-point",
    table=end_point,
    texts=("name", "description", "extension", "context", "queue_name"),
    read=_each(make_endpoint),
)
LISTS: Shelf[CallList] = Shelf(
    noun="list",
    table=call_list,
    texts=("name",),
    read=_each(make_list),
    hidden=call_list.c.is_hidden,
)
OPENING_HOURS: Shelf[OpeningHours] = Shelf(
    noun="set of opening hours",
    table=opening_hours,
    texts=("name", "comment"),
    read=make_opening_hours,
    hidden=opening_hours.c.is_hidden,
)
CAPS: Shelf[Cap] = Shelf(noun="cap", table=cap, texts=("name",), read=_each(make_cap))
CAMPAIGNS: Shelf[Campaign] = Shelf(
    noun="campaign",
    table=campaign,
    texts=("name", "dial_clid", "agent_clid", "dial_account", "http_notify"),
    read=make_campaigns,
    hidden=campaign.c.pace == Pace.HIDDEN,
)


def fetch_page(
    conn: Connection, shelf: Shelf[T], wanted: Wanted, *, offset: int, limit: int
) -> tuple[list[T], int]:
    """Elements, the newest first, and how many there are in all, on every page together."""
    table, condition = shelf.table, _condition(shelf, wanted)
    query = select(table).where(condition).order_by(table.c.id.desc()).offset(offset).limit(limit)
    rows = conn.execute(query).mappings().all()
    count = conn.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
    return shelf.read(conn, rows), count


def fetch_element(conn: Connection, shelf: Shelf[T], key: int, *, is_locked: bool = False) -> T:
    """NotFound if there is none of this id. If it `is_locked`, nobody else may change it in
    this transaction's time."""
    if not 0 < key <= MOST_ID:
        raise NotFound(shelf.noun, key)
    query = select(shelf.table).where(shelf.table.c.id == key)
    rows = conn.execute(query.with_for_update() if is_locked else query).mappings().all()
    if not rows:
        raise NotFound(shelf.noun, key)
    return shelf.read(conn, rows)[0]


def fetch_named(conn: Connection, shelf: Shelf[T], name: str) -> T:
    """NotFound if there is none of this name."""
    query = select(shelf.table).where(shelf.table.c.name == name)
    rows = conn.execute(query.limit(1)).mappings().all()
    if not rows:
        raise NotFound(shelf.noun, name)
    return shelf.read(conn, rows)[0]


def fetch_elements(conn: Connection, shelf: Shelf[T], keys: Sequence[int]) -> list[T]:
    """Those of these ids that there are."""
    query = select(shelf.table).where(shelf.table.c.id.in_(keys))
    return shelf.read(conn, conn.execute(query).mappings().all())


def fetch_names(conn: Connection, shelf: Shelf[T], keys: Sequence[int]) -> dict[int, str]:
    """The names of these elements by their ids."""
    table = shelf.table
    rows = conn.execute(select(table.c.id, table.c.name).where(table.c.id.in_(keys)))
    return {row.id: row.name for row in rows}


def is_name_free(conn: Connection, shelf: Shelf[T], name: str) -> bool:
    """Is there no element of this kind that has the name?"""
    query = select(shelf.table.c.id).where(shelf.table.c.name == name)
    return conn.execute(query.limit(1)).first() is None


def _condition(shelf: Shelf[T], wanted: Wanted) -> ColumnElement[bool]:
    columns: Any = shelf.table.c
    conditions = [columns.id > 0]
    if wanted.text:
        texts = (columns[name].icontains(wanted.text, autoescape=True) for name in shelf.texts)
        conditions.append(or_(false(), *texts))
    if wanted.before_id is not None:
        conditions.append(columns.id < wanted.before_id)
    if shelf.hidden is not None and not wanted.with_hidden:
        conditions.append(~shelf.hidden)
    if wanted.keys is not None and "security_key" in columns:
        conditions.append(_is_visible(columns, wanted.keys, wanted.creator))
    return and_(*conditions)


def _is_visible(columns: Any, keys: frozenset[str], creator: str) -> ColumnElement[bool]:
    """As `core.rules.keys.may_see` says."""
    seen = [columns.security_key == "", columns.security_key.in_(sorted(keys))]
    if creator:
        seen.append(columns.created_by == creator)
    return or_(*seen)
