"""Single elements of what is configured: servers, trunks, end-points, lists, opening hours, caps
and campaigns, one at a time.

This is the door for programs that do not write site files. An element is checked, saved and
logged as a file that mentions nothing else would have it; its values are those of the file, and
where they name other elements an id will do. A running campaign goes by what it was started with
until it is reloaded or started again.

Source: manual 25.02, "The JSON configuration API".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from core.errors import InUse, InvalidConfiguration
from core.model import CallList, Campaign, EndPoint, Server, Trunk
from core.operations.element_names import check_name, rename
from core.operations.element_references import SHELVES, References
from core.operations.permission import (
    is_seen,
    log_entry,
    require,
    require_visible,
)
from core.operations.site import KEYS
from core.operations.site_changes import compare
from core.operations.site_file import Entry, Kind, read_entry
from core.operations.site_saving import require_seen, save_changes
from core.operations.site_stored import describe, entry_of, fetch_site, refers_to
from core.operations.unseen import hidden_users, known_to
from core.people import SYSTEM_NAME, Actor
from core.rules.opening_hours import OpeningHours
from core.store import pages, removal
from core.store.audit import write_log
from core.store.bins import find_bin
from core.store.database import reading
from core.store.site import configuring

#: Most elements of a page.
MOST = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """An element as the dialer knows it, other elements by their ids, and as a site file would
    say it, others by name."""

    value: Any
    entry: Entry

    @property
    def id(self) -> int:
        return int(self.value.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Elements, the newest first, and how many there are on all pages together."""

    elements: tuple[Element, ...]
    total: int


#: Is told of an element before it is changed, in the same transaction; what it raises ends it.
Check = Callable[[Element], None]


def fetch_page(
    engine: Engine,
    actor: Actor,
    kind: Kind,
    *,
    text: str = "",
    before_id: int | None = None,
    offset: int = 0,
    limit: int = 100,
    with_hidden: bool = False,
) -> Page:
    """Elements that the actor may see, with `text` in their texts, whatever its case, and an id
    below `before_id`; at most MOST. Hidden ones are left out unless asked for. Needs the kind's
    key, as all here do."""
    require(actor, KEYS[kind])
    sees_all = actor.ring.is_master or actor.ring.opens_all
    wanted = pages.Wanted(
        text=text,
        before_id=before_id,
        with_hidden=with_hidden,
        keys=None if sees_all else actor.ring.keys,
        creator="" if actor.name == SYSTEM_NAME else actor.name,
    )
    with reading(engine) as conn:
        most = max(0, min(limit, MOST))
        found, total = pages.fetch_page(conn, SHELVES[kind], wanted, offset=offset, limit=most)
        return Page(elements=_describe(conn, kind, found), total=total)


def fetch_element(engine: Engine, actor: Actor, kind: Kind, key: int) -> Element:
    """The element of this id. NotFound of one that is not there, or that the actor may not
    see."""
    require(actor, KEYS[kind])
    with reading(engine) as conn:
        return find(conn, actor, kind, key)


def fetch_named(engine: Engine, actor: Actor, kind: Kind, name: str) -> Element:
    """The element of this name; NotFound as in `fetch_element`."""
    require(actor, KEYS[kind])
    shelf = SHELVES[kind]
    with reading(engine) as conn:
        value = pages.fetch_named(conn, shelf, name)
        require_visible(actor, value, shelf.noun, name)
        return _describe(conn, kind, [value])[0]


def fetch_referred(engine: Engine, actor: Actor, kind: Kind, keys: Iterable[int]) -> dict[int, Any]:
    """Elements that others refer to, by their ids: keys are not transitive, so they are told
    even to an actor who could not list them; then of a server, for one, no more than its name."""
    with reading(engine) as conn:
        found = pages.fetch_elements(conn, SHELVES[kind], sorted(set(keys)))
    is_open = actor.ring.holds(KEYS[kind])
    return {one.id: one if is_open and is_seen(actor, one) else _BARE[kind](one) for one in found}


def create(
    engine: Engine, actor: Actor, kind: Kind, name: str, values: Mapping[str, Any], now: datetime
) -> Element:
    """A new element. InvalidValue of its name; InvalidConfiguration of its values, which names
    each; NotFound of what it refers to and the actor may not see."""
    require(actor, KEYS[kind])
    with configuring(engine) as conn:
        check_name(conn, kind, name)
        change(conn, actor, kind, name, values, now)
        made = fetch_site(conn).look_for(kind, name)
        return _describe(conn, kind, [made])[0]


def update(
    engine: Engine,
    actor: Actor,
    kind: Kind,
    key: int,
    values: Mapping[str, Any],
    now: datetime,
    *,
    name: str = "",
    check: Check | None = None,
) -> Element:
    """Change what `values` mention, and the name if one is given. NotFound and errors as in
    `create`. A campaign's automatic list is renamed with it."""
    require(actor, KEYS[kind])
    with configuring(engine) as conn:
        found = find(conn, actor, kind, key, is_locked=True)
        if check is not None:
            check(found)
        value = found.value
        if name and name != value.name:
            value = rename(conn, actor, kind, value, name, now)
        change(conn, actor, kind, value.name, values, now)
        # Whoever gave it a key that they do not hold is still told what they did.
        return _describe(conn, kind, [pages.fetch_element(conn, SHELVES[kind], key)])[0]


def delete(
    engine: Engine,
    actor: Actor,
    kind: Kind,
    key: int,
    now: datetime,
    *,
    check: Check | None = None,
) -> None:
    """Delete an element that nothing uses. NotFound; NotPossible, which names what uses it, and
    of every campaign: its calls are told by reports."""
    require(actor, KEYS[kind])
    with configuring(engine) as conn:
        found = find(conn, actor, kind, key, is_locked=True)
        if check is not None:
            check(found)
        try:
            _DELETE[kind](conn, found.value)
        except InUse as use:
            raise use.without(hidden_users(conn, actor)) from None
        write_log(conn, log_entry(actor, now, "config.delete", found.entry.place))


def find(
    conn: Connection, actor: Actor, kind: Kind, key: int, *, is_locked: bool = False
) -> Element:
    """The element of this id; NotFound as in `fetch_element`. If it `is_locked`, nobody else may
    change it in this transaction's time."""
    shelf = SHELVES[kind]
    value = pages.fetch_element(conn, shelf, key, is_locked=is_locked)
    require_visible(actor, value, shelf.noun, key)
    return _describe(conn, kind, [value])[0]


def change(
    conn: Connection,
    actor: Actor,
    kind: Kind,
    name: str,
    values: Mapping[str, Any],
    now: datetime,
) -> None:
    """Bring the element of this name to what `values` say; it is made if there is none."""
    problems: list[str] = []
    site = fetch_site(conn)
    named = References(conn, actor, kind, site.look_for(kind, name)).name_all(values)
    entry = read_entry(kind, name, named, problems)
    if kind is Kind.LIST:
        problems += _list_misfits(entry)
    # A list must fit all campaigns that have it; it names nothing that might be hidden.
    stored = describe(site) if kind is Kind.LIST else known_to(actor, site)
    others = _users(kind, name, stored)
    [changed, *_unchanged] = compare([entry, *others], stored, problems)
    if problems:
        raise InvalidConfiguration([shorten(entry, problem) for problem in problems])
    require_seen(actor, site, changed)
    save_changes(conn, actor, [changed], now)


def shorten(entry: Entry, problem: str) -> str:
    """What is wrong with an element, without its own place in front."""
    return problem.removeprefix(f"{entry.place}.").removeprefix(f"{entry.place}: ")


def _describe(conn: Connection, kind: Kind, values: Sequence[Any]) -> tuple[Element, ...]:
    """Each value with its entry; only the names that they need are read."""
    wanted: dict[Kind, set[int]] = {other: set() for other in Kind}
    for value in values:
        for other, ids in refers_to(kind, value):
            wanted[other].update(ids)
    names = {
        other: pages.fetch_names(conn, SHELVES[other], sorted(ids)) if ids else {}
        for other, ids in wanted.items()
    }
    return tuple(Element(value=one, entry=entry_of(kind, one, names)) for one in values)


def _users(kind: Kind, name: str, stored: Iterable[Entry]) -> list[Entry]:
    """The campaigns that have the list: what its name may not be there depends on them."""
    if kind is not Kind.LIST:
        return []
    return [
        replace(entry, values={}, keys=frozenset())
        for entry in stored
        if entry.kind is Kind.CAMPAIGN
        and name in (*entry.values["lists"], *entry.values["black_lists"])
    ]


def _list_misfits(entry: Entry) -> Iterable[str]:
    if find_bin(entry.name):
        yield f'name "{entry.name}": Whipbird keeps what was taken away there; leave it alone'
    if "file" in entry.keys:
        yield "file: only a site file reads numbers; add them by themselves"


#: What everybody may know of an element that something visible refers to.
_BARE: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.SERVER: lambda one: Server(id=one.id, name=one.name, host="", login=""),
    Kind.TRUNK: lambda one: Trunk(
        id=one.id, server_id=one.server_id, name=one.name, dial_string=""
    ),
    Kind.END_POINT: lambda one: EndPoint(
        id=one.id, server_id=one.server_id, name=one.name, extension="", context=""
    ),
    Kind.LIST: lambda one: CallList(id=one.id, name=one.name),
    Kind.OPENING_HOURS: lambda one: OpeningHours(id=one.id, name=one.name, default=one.default),
    Kind.CAP: lambda one: one,
    Kind.CAMPAIGN: lambda one: Campaign(id=one.id, name=one.name),
}

_DELETE: Mapping[Kind, Callable[[Connection, Any], None]] = {
    Kind.SERVER: removal.delete_server,
    Kind.TRUNK: removal.delete_trunk,
    Kind.END_POINT: removal.delete_endpoint,
    Kind.LIST: removal.delete_list,
    Kind.OPENING_HOURS: removal.delete_opening_hours,
    Kind.CAP: removal.delete_cap,
    Kind.CAMPAIGN: removal.refuse_campaign,
}
