"""What the objects of `edit/…` have in common: they are listed, saved, deleted and moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypedDict

import msgspec
from sqlalchemy import Engine

from core.errors import InvalidValue, NotPossible
from core.operations.campaign_parts import Direction
from core.people import Actor
from core.rules.stamps import Stamp
from web.compat.bookmarks import Bookmark
from web.compat.edit.given import Given

#: In a search: show what is hidden, too (manual, "What happens to hidden campaigns?").
ALL = "~"


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """One request: who asks, when, of which parent, and which page. `up` are the servers that
    the dialer reaches, `mark` is where the page begins, if it is known."""

    engine: Engine
    actor: Actor
    now: datetime
    parent: int | None = None
    query: str = ""
    start: int = 0
    items: int = 100
    up: frozenset[int] = frozenset()
    mark: Bookmark | None = None

    @property
    def parent_id(self) -> int:
        """InvalidValue of a request that names none."""
        if self.parent is None:
            raise InvalidValue("parent", "", "the request needs parent=…, the id that it is about")
        return self.parent

    @property
    def search(self) -> str:
        return "" if self.query == ALL else self.query


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """Some rows, and how many there are on all pages together. `next_mark` is where the next
    page begins, of rows that are found by it."""

    rows: Sequence[msgspec.Struct]
    total: int
    next_mark: Bookmark | None = None


class Thing(Protocol):
    """One of the objects. All of its methods raise WhipbirdError of what cannot be."""

    #: Where a request that names no parent may have its id: field and key within.
    parent_field: tuple[str, str]
    #: Its rows tell of calls: what the dialer is about to write is waited for.
    tells_calls: bool

    def page(self, desk: Desk) -> Rows:
        """The page that is asked for."""
        ...

    def save(self, desk: Desk, given: Given) -> msgspec.Struct:
        """Add an object or change the one that has the posted key; its row."""
        ...

    def delete(self, desk: Desk, given: Given) -> None: ...

    def move(self, desk: Desk, given: Given, direction: Direction) -> None: ...


class Unordered:
    """An object that does not move up or down, and has no parent."""

    parent_field = ("", "")
    tells_calls = False

    def move(self, _desk: Desk, _given: Given, _direction: Direction) -> None:
        raise NotPossible("these have no order: nothing moves up or down")


class Audited(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who made an object and who changed it, and when (UTC)."""

    sys_dt_creazione: str = msgspec.field(name="sys_dt_creazione")
    sys_user_creazione: str = msgspec.field(name="sys_user_creazione")
    sys_dt_modifica: str = msgspec.field(name="sys_dt_modifica")
    sys_user_modifica: str = msgspec.field(name="sys_user_modifica")


class Audit(TypedDict):
    """The fields of `Audited`."""

    sys_dt_creazione: str
    sys_user_creazione: str
    sys_dt_modifica: str
    sys_user_modifica: str


def audit(stamp: Stamp) -> Audit:
    """Who made it and who changed it, as rows begin."""
    return Audit(
        sys_dt_creazione=_date(stamp.created_at),
        sys_user_creazione=stamp.created_by or "-",
        sys_dt_modifica=_date(stamp.changed_at),
        sys_user_modifica=stamp.changed_by or "-",
    )


def cut_page(desk: Desk, rows: Sequence[msgspec.Struct]) -> Rows:
    """The page that is asked for of all rows, of which those are kept that hold the query in
    one of their texts."""
    wanted = desk.search.lower()
    found = [row for row in rows if not wanted or wanted in _texts(msgspec.to_builtins(row))]
    return Rows(rows=found[desk.start : desk.start + desk.items], total=len(found))


def _texts(value: object) -> str:
    match value:
        case dict():
            return "\n".join(map(_texts, value.values()))
        case list() | tuple():
            return "\n".join(map(_texts, value))
        case str():
            return value.lower()
        case _:
            return ""


def _date(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")
