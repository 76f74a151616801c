"""`whipbird apply`: from a site file to the database, by way of a plan that can be shown.

What the file may say is in `site_file`, what it would change in `site_changes`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from core.errors import InvalidConfiguration
from core.model import CallList, Campaign, EndPoint, Server, Trunk
from core.operations.permission import Protected, log_entry, require, require_visible
from core.operations.site_changes import (
    REFERENCES,
    Action,
    Change,
    ListImport,
    Plan,
    campaign_entry,
    cap_entry,
    compare,
    endpoint_entry,
    list_entry,
    opening_hours_entry,
    server_entry,
    trunk_entry,
)
from core.operations.site_disposition import NamedRule
from core.operations.site_file import Entry, Kind, parse_site
from core.operations.site_hours import PERIOD_KEYS, period_of
from core.people import Actor, LogEntry
from core.ports.probe import ProbeTarget
from core.rules.caps import Cap
from core.rules.disposition import DispositionRule
from core.rules.keys import Key
from core.rules.opening_hours import DefaultMode, OpeningHours
from core.rules.stamps import made
from core.store.audit import write_log
from core.store.campaigns import fetch_campaigns, save_campaign
from core.store.caps import fetch_caps, save_cap
from core.store.database import reading
from core.store.endpoints import fetch_endpoints, save_endpoint
from core.store.lists import fetch_lists, fetch_records, save_list
from core.store.opening_hours import fetch_all_opening_hours, save_opening_hours
from core.store.servers import fetch_servers, save_server
from core.store.trunks import fetch_trunks, save_trunk


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """All that is configured."""

    servers: tuple[Server, ...]
    trunks: tuple[Trunk, ...]
    endpoints: tuple[EndPoint, ...]
    lists: tuple[CallList, ...]
    opening_hours: tuple[OpeningHours, ...]
    caps: tuple[Cap, ...]
    campaigns: tuple[Campaign, ...]

    def server_name(self, server_id: int) -> str:
        return next(server.name for server in self.servers if server.id == server_id)


def fetch_site(conn: Connection) -> Site:
    """All that is configured, from the database."""
    return Site(
        servers=tuple(fetch_servers(conn)),
        trunks=tuple(fetch_trunks(conn)),
        endpoints=tuple(fetch_endpoints(conn)),
        lists=tuple(fetch_lists(conn)),
        opening_hours=tuple(fetch_all_opening_hours(conn)),
        caps=tuple(fetch_caps(conn)),
        campaigns=tuple(fetch_campaigns(conn)),
    )


def fetch_targets(engine: Engine, actor: Actor) -> tuple[ProbeTarget, ...]:
    """Each server with its trunks and end-points, for a probe. Needs ADMIN."""
    require(actor, Key.ADMIN)
    with reading(engine) as conn:
        site = fetch_site(conn)
    return tuple(
        ProbeTarget(
            server=server,
            trunks=tuple(trunk for trunk in site.trunks if trunk.server_id == server.id),
            endpoints=tuple(point for point in site.endpoints if point.server_id == server.id),
        )
        for server in site.servers
    )


def plan(engine: Engine, actor: Actor, path: Path) -> Plan:
    """What the file would change. InvalidConfiguration lists all that is wrong with it. Needs
    the keys of the kinds it mentions: ADMIN, LIST, OPHR, CAMP."""
    try:
        file_text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidConfiguration([f"{path}: write it in UTF-8"]) from None
    return plan_text(engine, actor, file_text, path.parent)


def plan_text(engine: Engine, actor: Actor, file_text: str, folder: Path) -> Plan:
    """The same for the text of a file; lists are read from `folder`."""
    entries, problems = parse_site(file_text)
    require(actor, *sorted({KEYS[entry.kind] for entry in entries}))
    with reading(engine) as conn:
        site = fetch_site(conn)
        filled = {
            found.name for found in site.lists if fetch_records(conn, found.id, after_id=0, limit=1)
        }
    changes = compare(entries, describe(site), problems)
    for change in changes:
        _require_visible(actor, site, change)
    imports = tuple(
        ListImport(list_name=entry.name, path=folder / entry.values["file"])
        for entry in entries
        if entry.kind is Kind.LIST and "file" in entry.values and entry.name not in filled
    )
    problems += [
        f'lists.{wanted.list_name}.file "{wanted.path}": there is no such file'
        for wanted in imports
        if not wanted.path.is_file()
    ]
    if problems:
        raise InvalidConfiguration(problems)
    return Plan(changes=changes, imports=imports)


def apply(engine: Engine, actor: Actor, plan: Plan, now: datetime) -> None:
    """Make the plan's changes, all or none. The imports are the caller's, afterwards: they
    take long and show their progress. Needs the keys that the plan did."""
    require(actor, *sorted({KEYS[change.entry.kind] for change in plan.changes}))
    with engine.begin() as conn:
        for kind in Kind:
            changes = [change for change in plan.changes if _is_due(change, kind)]
            site = fetch_site(conn) if changes else None
            for change in changes:
                assert site is not None
                _require_visible(actor, site, change)
                _save(conn, site, change, actor, now)
                write_log(conn, _log(actor, now, change))
        _save_dispositions(conn, plan.changes)


def _require_visible(actor: Actor, site: Site, change: Change) -> None:
    """NotFound if the change is of an element that the actor may not see, or newly uses one.
    What was used before stays in use: keys are not transitive."""
    was = change.was
    if was is not None:
        require_visible(actor, _find(site, was.kind, was.name), was.kind, was.name)
    before = set(_uses(was)) if was is not None else set()
    for kind, name in _uses(change.entry):
        if (kind, name) not in before and (element := _look_for(site, kind, name)):
            require_visible(actor, element, kind, name)


def _uses(entry: Entry) -> Iterable[tuple[Kind, str]]:
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


def describe(site: Site) -> tuple[Entry, ...]:
    """What is configured as a site file would say it."""
    trunks = {trunk.id: trunk.name for trunk in site.trunks}
    endpoints = {endpoint.id: endpoint.name for endpoint in site.endpoints}
    lists = {found.id: found.name for found in site.lists}
    hours = {found.id: found.name for found in site.opening_hours}
    caps = {found.id: found.name for found in site.caps}
    campaigns = {campaign.id: campaign.name for campaign in site.campaigns}
    return (
        *(server_entry(server) for server in site.servers),
        *(trunk_entry(trunk, site.server_name(trunk.server_id)) for trunk in site.trunks),
        *(endpoint_entry(point, site.server_name(point.server_id)) for point in site.endpoints),
        *(list_entry(found) for found in site.lists),
        *(opening_hours_entry(found) for found in site.opening_hours),
        *(cap_entry(found) for found in site.caps),
        *(
            campaign_entry(
                campaign,
                trunks=tuple(trunks[i] for i in campaign.trunk_ids),
                end_points=tuple(endpoints[i] for i in campaign.endpoint_ids),
                opening_hours=tuple(hours[i] for i in campaign.opening_hours_ids),
                lists=tuple(lists[i] for i in campaign.list_ids),
                black_lists=tuple(lists[i] for i in campaign.black_list_ids),
                caps=tuple(caps[i] for i in campaign.cap_ids),
                dispositions=tuple(
                    _named(rule, lists, campaigns) for rule in campaign.disposition_rules
                ),
            )
            for campaign in site.campaigns
        ),
    )


def _is_due(change: Change, kind: Kind) -> bool:
    return change.entry.kind is kind and change.action is not Action.KEEP


def _save(conn: Connection, site: Site, change: Change, actor: Actor, now: datetime) -> None:
    """Only what the file mentions is replaced."""
    entry = change.entry
    given = dict(_field(site, entry, key) for key in entry.keys - _LATER)
    base = _find(site, entry.kind, entry.name) if change.was else _new(entry)
    if isinstance(base, Protected):
        old = base.stamp
        given["stamp"] = old.touched(actor.name, now) if change.was else made(actor.name, now)
    _SAVE[entry.kind](conn, replace(base, **given))


def _save_dispositions(conn: Connection, changes: Sequence[Change]) -> None:
    """Once all campaigns are there: rules may name any of them."""
    due = [c for c in changes if _is_due(c, Kind.CAMPAIGN) and _DISPOSITION in c.entry.keys]
    if not due:
        return
    site = fetch_site(conn)
    for change in due:
        campaign = next(one for one in site.campaigns if one.name == change.entry.name)
        rules = tuple(_numbered(named, site) for named in change.entry.values[_DISPOSITION])
        save_campaign(conn, replace(campaign, disposition_rules=rules))


def _find(site: Site, kind: Kind, name: str) -> Any:
    found = _look_for(site, kind, name)
    assert found is not None
    return found


def _numbered(named: NamedRule, site: Site) -> DispositionRule:
    return replace(
        named.rule,
        list_id=_ids(site.lists, [named.list])[0] if named.list else None,
        target_id=_ids(site.campaigns, [named.campaign])[0] if named.campaign else None,
    )


def _named(
    rule: DispositionRule, lists: Mapping[int, str], campaigns: Mapping[int, str]
) -> NamedRule:
    return NamedRule(
        rule=replace(rule, list_id=None, target_id=None),
        list=lists.get(rule.list_id or 0, ""),
        campaign=campaigns.get(rule.target_id or 0, ""),
    )


def _look_for(site: Site, kind: Kind, name: str) -> Any:
    named: Mapping[Kind, Sequence[Any]] = {
        Kind.SERVER: site.servers,
        Kind.TRUNK: site.trunks,
        Kind.END_POINT: site.endpoints,
        Kind.LIST: site.lists,
        Kind.OPENING_HOURS: site.opening_hours,
        Kind.CAP: site.caps,
        Kind.CAMPAIGN: site.campaigns,
    }
    return next((one for one in named[kind] if one.name == name), None)


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
    if key in _NAMES:
        return _NAMES[key], values[key]
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


#: What a user needs to see or change entries of a kind (manual, "JSON API").
KEYS: Mapping[Kind, Key] = {
    Kind.SERVER: Key.ADMIN,
    Kind.TRUNK: Key.ADMIN,
    Kind.END_POINT: Key.ADMIN,
    Kind.LIST: Key.LIST,
    Kind.OPENING_HOURS: Key.OPHR,
    Kind.CAP: Key.ADMIN,
    Kind.CAMPAIGN: Key.CAMP,
}

#: Where the file and the model have different names for the same thing.
_NAMES = {
    "caller_id": "dial_clid",
    "agent_caller_id": "agent_clid",
    "presentation": "dial_presentation",
    "account": "dial_account",
    "reschedule": "reschedule_rules",
    "site_wide": "is_site_wide",
    "hidden": "is_hidden",
}

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
