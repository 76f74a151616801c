"""What is configured, as a whole: as it is stored, and as a site file would say it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from core.model import CallList, Campaign, EndPoint, Server, Trunk
from core.operations.site_disposition import NamedRule
from core.operations.site_entries import (
    campaign_entry,
    cap_entry,
    endpoint_entry,
    list_entry,
    opening_hours_entry,
    server_entry,
    trunk_entry,
)
from core.operations.site_file import Entry, Kind
from core.rules.caps import Cap
from core.rules.disposition import DispositionRule
from core.rules.opening_hours import OpeningHours
from core.store.campaigns import fetch_campaigns
from core.store.caps import fetch_caps
from core.store.endpoints import fetch_endpoints
from core.store.lists import fetch_lists
from core.store.opening_hours import fetch_all_opening_hours
from core.store.servers import fetch_servers
from core.store.trunks import fetch_trunks


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

    def of(self, kind: Kind) -> Sequence[Any]:
        """All elements of a kind."""
        match kind:
            case Kind.SERVER:
                return self.servers
            case Kind.TRUNK:
                return self.trunks
            case Kind.END_POINT:
                return self.endpoints
            case Kind.LIST:
                return self.lists
            case Kind.OPENING_HOURS:
                return self.opening_hours
            case Kind.CAP:
                return self.caps
            case Kind.CAMPAIGN:
                return self.campaigns

    def look_for(self, kind: Kind, name: str) -> Any:
        """The element of this name; None if there is none."""
        return next((one for one in self.of(kind) if one.name == name), None)


#: The names of elements by their ids.
Names = Mapping[Kind, Mapping[int, str]]


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


def describe(site: Site) -> tuple[Entry, ...]:
    """What is configured as a site file would say it."""
    names = {kind: {one.id: one.name for one in site.of(kind)} for kind in Kind}
    return tuple(entry_of(kind, one, names) for kind in Kind for one in site.of(kind))


def entry_of(kind: Kind, value: Any, names: Names) -> Entry:
    """An element as a site file would say it; `names` are of what it refers to, at least."""
    match kind:
        case Kind.SERVER:
            return server_entry(value)
        case Kind.TRUNK:
            return trunk_entry(value, names[Kind.SERVER][value.server_id])
        case Kind.END_POINT:
            return endpoint_entry(value, names[Kind.SERVER][value.server_id])
        case Kind.LIST:
            return list_entry(value)
        case Kind.OPENING_HOURS:
            return opening_hours_entry(value)
        case Kind.CAP:
            return cap_entry(value)
        case Kind.CAMPAIGN:
            return _campaign_entry(value, names)


def refers_to(kind: Kind, value: Any) -> Iterable[tuple[Kind, Iterable[int]]]:
    """The ids of the elements that an element refers to, by kind."""
    if kind in (Kind.TRUNK, Kind.END_POINT):
        yield Kind.SERVER, [value.server_id]
    if kind is Kind.CAMPAIGN:
        yield Kind.TRUNK, value.trunk_ids
        yield Kind.END_POINT, value.endpoint_ids
        yield Kind.OPENING_HOURS, value.opening_hours_ids
        yield Kind.LIST, (*value.list_ids, *value.black_list_ids)
        yield Kind.CAP, value.cap_ids
        for rule in value.disposition_rules:
            yield Kind.LIST, [rule.list_id] if rule.list_id else []
            yield Kind.CAMPAIGN, [rule.target_id] if rule.target_id else []


def _campaign_entry(campaign: Campaign, names: Names) -> Entry:
    def named(kind: Kind, ids: Iterable[int]) -> tuple[str, ...]:
        return tuple(names[kind][key] for key in ids)

    return campaign_entry(
        campaign,
        trunks=named(Kind.TRUNK, campaign.trunk_ids),
        end_points=named(Kind.END_POINT, campaign.endpoint_ids),
        opening_hours=named(Kind.OPENING_HOURS, campaign.opening_hours_ids),
        lists=named(Kind.LIST, campaign.list_ids),
        black_lists=named(Kind.LIST, campaign.black_list_ids),
        caps=named(Kind.CAP, campaign.cap_ids),
        dispositions=tuple(name_rule(rule, names) for rule in campaign.disposition_rules),
    )


def name_rule(rule: DispositionRule, names: Names) -> NamedRule:
    """The rule with the names of where a number goes."""
    return NamedRule(
        rule=replace(rule, list_id=None, target_id=None),
        list=names[Kind.LIST][rule.list_id] if rule.list_id else "",
        campaign=names[Kind.CAMPAIGN][rule.target_id] if rule.target_id else "",
    )
