"""What a campaign is made of, one by one: its lists, opening hours and rules, which have an order
and ids of their own, and its trunks, end-points, black lists and caps, which have neither.

A part is written as a site file writes it, an element by name or by id. The campaign is checked
and saved as a whole each time. Needs CAMP.

Source: manual 25.02, "Working with dependent objects".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine

from core.errors import InvalidConfiguration, NotFound
from core.model import Part
from core.operations.element_references import References
from core.operations.elements import Element, find, shorten
from core.operations.permission import require
from core.operations.site_changes import Action, compare
from core.operations.site_file import Entry, Kind, read_entry
from core.operations.site_saving import require_seen, save_changes
from core.operations.site_stored import fetch_site
from core.operations.unseen import known_to
from core.people import Actor
from core.rules.keys import Key
from core.store import campaigns as stored
from core.store.database import reading
from core.store.site import configuring

#: The keys of a site file that the parts stand under.
KEYS: Mapping[Part, str] = {
    Part.LIST: "lists",
    Part.OPENING_HOURS: "opening_hours",
    Part.RESCHEDULE: "reschedule",
    Part.DISPOSITION: "disposition",
}
_VALUES: Mapping[Part, str] = {
    Part.LIST: "list_ids",
    Part.OPENING_HOURS: "opening_hours_ids",
    Part.RESCHEDULE: "reschedule_rules",
    Part.DISPOSITION: "disposition_rules",
}


class Link(StrEnum):
    """What a campaign has without an order; the values are the site file's keys."""

    #: Lines that its calls leave by.
    TRUNK = "trunks"
    #: Where answered calls go.
    END_POINT = "end_points"
    #: Lists whose numbers are not called.
    BLACK_LIST = "black_lists"
    #: How often a number is called.
    CAP = "caps"


_LINKED: Mapping[Link, tuple[Kind, str]] = {
    Link.TRUNK: (Kind.TRUNK, "trunk_ids"),
    Link.END_POINT: (Kind.END_POINT, "endpoint_ids"),
    Link.BLACK_LIST: (Kind.LIST, "black_list_ids"),
    Link.CAP: (Kind.CAP, "cap_ids"),
}


class Direction(StrEnum):
    """Where a part is moved, by one place."""

    #: Towards the first.
    UP = "up"
    #: Towards the last.
    DOWN = "down"


@dataclass(frozen=True, kw_only=True, slots=True)
class PartView:
    """One part: its id, its value as the dialer knows it (of a list and of opening hours, their
    id), and as a site file would say it."""

    id: int
    value: Any
    entry_value: Any


def fetch_parts(engine: Engine, actor: Actor, campaign_id: int, part: Part) -> tuple[PartView, ...]:
    """The campaign's parts of this kind in their order. NotFound of the campaign."""
    require(actor, Key.CAMP)
    with reading(engine) as conn:
        campaign = find(conn, actor, Kind.CAMPAIGN, campaign_id)
        ids = stored.fetch_parts(conn, part, campaign_id)
    own = zip(
        ids, getattr(campaign.value, _VALUES[part]), campaign.entry.values[KEYS[part]], strict=True
    )
    return tuple(PartView(id=key, value=one, entry_value=said) for key, one, said in own)


def add_part(
    engine: Engine, actor: Actor, campaign_id: int, part: Part, raw: Any, now: datetime
) -> int:
    """Add a part behind the others; its id. NotFound of the campaign; InvalidConfiguration of a
    part that is wrong."""
    require(actor, Key.CAMP)
    with configuring(engine) as conn:
        campaign, ids = _lock(conn, actor, campaign_id, part)
        new = _read(conn, actor, campaign, part, raw)
        values = (*campaign.entry.values[KEYS[part]], new)
        _save(conn, actor, campaign, part, values, (*ids, 0), now)
        return stored.fetch_parts(conn, part, campaign_id)[-1]


def replace_part(
    engine: Engine,
    actor: Actor,
    campaign_id: int,
    part: Part,
    part_id: int,
    raw: Any,
    now: datetime,
) -> None:
    """Put another part in its place, under its id. NotFound of campaign or part;
    InvalidConfiguration as in `add_part`."""
    require(actor, Key.CAMP)
    with configuring(engine) as conn:
        campaign, ids = _lock(conn, actor, campaign_id, part)
        place = _place(ids, part, part_id)
        new = _read(conn, actor, campaign, part, raw)
        values = list(campaign.entry.values[KEYS[part]])
        values[place] = new
        _save(conn, actor, campaign, part, values, ids, now)


def delete_part(
    engine: Engine, actor: Actor, campaign_id: int, part: Part, part_id: int, now: datetime
) -> None:
    """Take a part away; those behind it move up. NotFound of campaign or part."""
    require(actor, Key.CAMP)
    with configuring(engine) as conn:
        campaign, ids = _lock(conn, actor, campaign_id, part)
        place = _place(ids, part, part_id)
        values = campaign.entry.values[KEYS[part]]
        left = (*values[:place], *values[place + 1 :])
        _save(conn, actor, campaign, part, left, (*ids[:place], *ids[place + 1 :]), now)


def move_part(
    engine: Engine,
    actor: Actor,
    campaign_id: int,
    part: Part,
    part_id: int,
    direction: Direction,
    now: datetime,
) -> None:
    """Let a part and its neighbour change places; the first stays when it is moved up, and the
    last when it is moved down. NotFound of campaign or part."""
    require(actor, Key.CAMP)
    with configuring(engine) as conn:
        campaign, ids = _lock(conn, actor, campaign_id, part)
        place = _place(ids, part, part_id)
        other = place + (1 if direction is Direction.DOWN else -1)
        if not 0 <= other < len(ids):
            return
        order = list(range(len(ids)))
        order[place], order[other] = other, place
        values = campaign.entry.values[KEYS[part]]
        moved = [values[i] for i in order]
        _save(conn, actor, campaign, part, moved, [ids[i] for i in order], now)


def link(
    engine: Engine, actor: Actor, campaign_id: int, link: Link, element_id: int, now: datetime
) -> None:
    """Let the campaign have the element; nothing changes if it has it. NotFound of either;
    InvalidConfiguration of one that does not fit."""
    require(actor, Key.CAMP)
    with configuring(engine) as conn:
        campaign = find(conn, actor, Kind.CAMPAIGN, campaign_id, is_locked=True)
        new = _name(conn, actor, campaign, link, element_id)
        names = campaign.entry.values[link]
        if new not in names:
            _change(conn, actor, campaign, link, tuple(sorted((*names, new))), now)


def unlink(
    engine: Engine, actor: Actor, campaign_id: int, link: Link, element_id: int, now: datetime
) -> None:
    """Take the element away from the campaign. NotFound of the campaign, and of an element that
    it does not have."""
    require(actor, Key.CAMP)
    kind, ids = _LINKED[link]
    with configuring(engine) as conn:
        campaign = find(conn, actor, Kind.CAMPAIGN, campaign_id, is_locked=True)
        if element_id not in getattr(campaign.value, ids):
            raise NotFound(f"{kind} of campaign {campaign.entry.name}", element_id)
        old = _name(conn, actor, campaign, link, element_id)
        left = tuple(name for name in campaign.entry.values[link] if name != old)
        _change(conn, actor, campaign, link, left, now)


def _lock(
    conn: Connection, actor: Actor, campaign_id: int, part: Part
) -> tuple[Element, tuple[int, ...]]:
    """The campaign, which nobody else may change meanwhile, and the ids of its parts."""
    campaign = find(conn, actor, Kind.CAMPAIGN, campaign_id, is_locked=True)
    return campaign, stored.fetch_parts(conn, part, campaign_id)


def _place(ids: Sequence[int], part: Part, part_id: int) -> int:
    if part_id not in ids:
        raise NotFound(part.value, part_id)
    return ids.index(part_id)


def _name(conn: Connection, actor: Actor, campaign: Element, link: Link, element_id: int) -> str:
    references = References(conn, actor, Kind.CAMPAIGN, campaign.value)
    return str(references.name_all({link.value: [element_id]})[link][0])


def _read(conn: Connection, actor: Actor, campaign: Element, part: Part, raw: Any) -> Any:
    """The part in its final form. InvalidConfiguration of what is wrong with it alone."""
    problems: list[str] = []
    key = KEYS[part]
    named = References(conn, actor, Kind.CAMPAIGN, campaign.value).name_all({key: [raw]})
    entry = read_entry(Kind.CAMPAIGN, campaign.entry.name, named, problems)
    _refuse(entry, key, problems)
    return entry.values[key][0]


def _save(
    conn: Connection,
    actor: Actor,
    campaign: Element,
    part: Part,
    values: Sequence[Any],
    ids: Sequence[int],
    now: datetime,
) -> None:
    _change(conn, actor, campaign, KEYS[part], tuple(values), now, {part: ids})


def _change(
    conn: Connection,
    actor: Actor,
    campaign: Element,
    key: str,
    values: tuple[Any, ...],
    now: datetime,
    part_ids: Mapping[Part, Sequence[int]] | None = None,
) -> None:
    """Have the campaign save these values under `key`. InvalidConfiguration if they do not fit
    the rest."""
    problems = _twice(key, values)
    site = fetch_site(conn)
    entry = replace(campaign.entry, values={key: values}, keys=frozenset({key}))
    [changed] = compare([entry], known_to(actor, site), problems)
    _refuse(entry, key, problems)
    require_seen(actor, site, changed)
    # Parts that are alike may still change places.
    save_changes(conn, actor, [replace(changed, action=Action.UPDATE)], now, part_ids)


def _twice(key: str, values: Sequence[Any]) -> list[str]:
    """Rules may be alike; a list or opening hours are there once."""
    return [
        f'{key} "{value}": the campaign has it already'
        for place, value in enumerate(values)
        if isinstance(value, str) and value in values[:place]
    ]


def _refuse(entry: Entry, key: str, problems: list[str]) -> None:
    own = re.compile(rf"{key}(\[\d+\])?\.")
    if problems:
        raise InvalidConfiguration([own.sub("", shorten(entry, one), count=1) for one in problems])
