"""Saving what a site file, or a single element of it, changes.

What is to be changed was worked out by `site_changes`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.model import CallList, Campaign, EndPoint, Part, Server, Trunk
from core.operations.element_references import SHELVES
from core.operations.permission import Protected, log_entry, require_visible
from core.operations.site_changes import Action, Change
from core.operations.site_disposition import NamedRule
from core.operations.site_entries import MODEL_NAMES
from core.operations.site_file import Entry, Kind
from core.operations.site_hours import PERIOD_KEYS, period_of
from core.operations.site_misfits import REFERENCES
from core.operations.site_stored import Site, fetch_site
from core.people import Actor, LogEntry
from core.rules.caps import Cap
from core.rules.disposition import DispositionRule
from core.rules.opening_hours import DefaultMode, OpeningHours
from core.rules.stamps import made
from core.store.audit import write_log
from core.store.campaigns import save_campaign
from core.store.caps import save_cap
from core.store.endpoints import save_endpoint
from core.store.lists import save_list
from core.store.opening_hours import save_opening_hours
from core.store.servers import save_server
from core.store.trunks import save_trunk


def require_seen(actor: Actor, site: Site, change: Change) -> None:
    """NotFound if the change is of an element that the actor may not see, or newly uses one.
    What was used before stays in use: keys are not transitive."""
    was = change.was
    if was is not None:
        require_found(actor, site, was.kind, was.name)
    before = set(uses(was)) if was is not None else set()
    for kind, name in uses(change.entry):
        if (kind, name) not in before:
            require_found(actor, site, kind, name)


def require_found(actor: Actor, site: Site, kind: Kind, name: str) -> None:
    """NotFound if there is an element of this name that the actor may not see."""
    require_visible(actor, site.look_for(kind, name), SHELVES[kind].noun, name)


def uses(entry: Entry) -> Iterable[tuple[Kind, str]]:
    """What the entry names, by kind."""
    for key, kind in {"server": Kind.SERVER, **REFERENCES}.items():
        yield from ((kind, name) for name in _names(entry.values.get(key, ())))
    for named in entry.values.get("disposition", ()):
        yield Kind.LIST, named.list
        yield Kind.CAMPAIGN, named.campaign


def _names(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value


def _log(actor: Actor, now: datetime, change: Change) -> LogEntry:
    fields = (
        f"{field.key}: {field.new if field.old is None else f'{field.old} → {field.new}'}"
        for field in change.fields
    )
    return log_entry(actor, now, f"config.{change.action}", change.entry.place, "; ".join(fields))


def save_changes(
    conn: Connection,
    actor: Actor,
    changes: Sequence[Change],
    now: datetime,
    part_ids: Mapping[Part, Sequence[int]] | None = None,
) -> None:
    """Make the changes, each with a line of the system log. `part_ids` are those of the parts of
    the only campaign among them, where they are known. NotFound of what the actor may not see."""
    for kind in Kind:
        due = [change for change in changes if _is_due(change, kind)]
        site = fetch_site(conn) if due else None
        for change in due:
            assert site is not None
            require_seen(actor, site, change)
            _save(conn, site, change, actor, now, part_ids or {})
            write_log(conn, _log(actor, now, change))
    _save_dispositions(conn, changes, part_ids or {})


def _is_due(change: Change, kind: Kind) -> bool:
    return change.entry.kind is kind and change.action is not Action.KEEP


def _save(
    conn: Connection,
    site: Site,
    change: Change,
    actor: Actor,
    now: datetime,
    part_ids: Mapping[Part, Sequence[int]],
) -> None:
    """Only what the file mentions is replaced."""
    entry = change.entry
    given = dict(_field(site, entry, key) for key in entry.keys - _LATER)
    base = site.look_for(entry.kind, entry.name) if change.was else _new(entry)
    assert base is not None
    if isinstance(base, Protected):
        old = base.stamp
        given["stamp"] = old.touched(actor.name, now) if change.was else made(actor.name, now)
    if entry.kind is Kind.CAMPAIGN:
        save_campaign(conn, replace(base, **given), _but(part_ids, Part.DISPOSITION))
    else:
        save_element(conn, entry.kind, replace(base, **given))


def save_element(conn: Connection, kind: Kind, value: Any) -> Any:
    """Insert (id 0) or update an element of this kind; what is stored."""
    return _SAVE[kind](conn, value)


def _but(part_ids: Mapping[Part, Sequence[int]], *parts: Part) -> dict[Part, Sequence[int]]:
    return {part: ids for part, ids in part_ids.items() if part not in parts}


def _save_dispositions(
    conn: Connection, changes: Sequence[Change], part_ids: Mapping[Part, Sequence[int]]
) -> None:
    """Once all campaigns are there: rules may name any of them."""
    due = [c for c in changes if _is_due(c, Kind.CAMPAIGN) and _DISPOSITION in c.entry.keys]
    if not due:
        return
    site = fetch_site(conn)
    others = (Part.LIST, Part.OPENING_HOURS, Part.RESCHEDULE)
    ids = _but(part_ids, *others)
    for change in due:
        campaign = site.look_for(Kind.CAMPAIGN, change.entry.name)
        rules = tuple(_numbered(named, site) for named in change.entry.values[_DISPOSITION])
        save_campaign(conn, replace(campaign, disposition_rules=rules), ids)


def _numbered(named: NamedRule, site: Site) -> DispositionRule:
    return replace(
        named.rule,
        list_id=_ids(site.lists, [named.list])[0] if named.list else None,
        target_id=_ids(site.campaigns, [named.campaign])[0] if named.campaign else None,
    )


def _new(entry: Entry) -> Any:
    match entry.kind:
        case Kind.SERVER:
            return Server(name=entry.name)
        case Kind.TRUNK:
            return Trunk(server_id=0, name=entry.name, dial_string="")
        case Kind.END_POINT:
            return EndPoint(server_id=0, name=entry.name, extension="", context="")
        case Kind.LIST:
            return CallList(name=entry.name)
        case Kind.OPENING_HOURS:
            return OpeningHours(name=entry.name, default=DefaultMode.OPEN)
        case Kind.CAP:
            return Cap(name=entry.name, attempts=1, days=1)
        case Kind.CAMPAIGN:
            return Campaign(name=entry.name)


def _ids(named: Sequence[Any], names: Sequence[str]) -> tuple[int, ...]:
    return tuple(next(one.id for one in named if one.name == name) for name in names)


def _field(site: Site, entry: Entry, key: str) -> tuple[str, object]:
    """From a key of the file to a field of the model and its value."""
    values = entry.values
    if entry.kind is Kind.CAMPAIGN and key in PERIOD_KEYS:
        return "active_period", period_of(values)
    if key in MODEL_NAMES:
        return MODEL_NAMES[key], values[key]
    match key:
        case "server":
            return "server_id", _ids(site.servers, [values[key]])[0]
        case "trunks":
            return "trunk_ids", _ids(site.trunks, values[key])
        case "end_points":
            return "endpoint_ids", _ids(site.endpoints, values[key])
        case "opening_hours":
            return "opening_hours_ids", _ids(site.opening_hours, values[key])
        case "lists":
            return "list_ids", _ids(site.lists, values[key])
        case "black_lists":
            return "black_list_ids", _ids(site.lists, values[key])
        case "caps":
            return "cap_ids", _ids(site.caps, values[key])
        case _:
            return key, values[key]


_DISPOSITION = "disposition"
#: Keys that `_save` leaves to others.
_LATER = {"file", _DISPOSITION}

_SAVE: Mapping[Kind, Callable[[Connection, Any], Any]] = {
    Kind.SERVER: save_server,
    Kind.TRUNK: save_trunk,
    Kind.END_POINT: save_endpoint,
    Kind.LIST: save_list,
    Kind.OPENING_HOURS: save_opening_hours,
    Kind.CAP: save_cap,
    Kind.CAMPAIGN: save_campaign,
}
