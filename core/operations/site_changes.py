"""What a site file would change, as values; pure.

An entry that is there already keeps whatever the file does not mention, and nothing is
deleted. Names are looked up in the file first, then in what is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.entries import suggest
from core.model import CallList, Campaign, EndPoint, Server, ServerType, Trunk
from core.operations.site_caps import figures
from core.operations.site_disposition import NamedRule, disposition_misfits
from core.operations.site_file import Entry, Kind
from core.operations.site_hours import PERIOD_KEYS, period_misfits
from core.operations.site_values import MAX_CARRIED
from core.operations.site_words import show
from core.rules.caps import Cap
from core.rules.opening_hours import DefaultMode, OpeningHours
from core.rules.run_mail import EmailEvents
from core.store.automatic import automatic_name
from core.store.bins import find_bin

_REQUIRED: Mapping[Kind, tuple[str, ...]] = {
    Kind.TRUNK: ("server", "dial_string"),
    Kind.END_POINT: ("server", "extension", "context"),
    Kind.OPENING_HOURS: ("default",),
    Kind.CAP: ("attempts", "days"),
}
#: The keys of a campaign that name entries, and of which kind.
REFERENCES = {
    "trunks": Kind.TRUNK,
    "end_points": Kind.END_POINT,
    "opening_hours": Kind.OPENING_HOURS,
    "lists": Kind.LIST,
    "black_lists": Kind.LIST,
    "caps": Kind.CAP,
}
_END_POINT = (
    "extension",
    "context",
    "max_channels",
    "description",
    "queue_name",
    "boost_percent",
    "max_waiting_calls",
    "reverse_dialing",
    "manual_preview",
    "dial_find",
    "dial_replace",
    "security_key",
)
_TRACKING = ("amd_mode", "amd_extra", "amd_file", "fax_file")


class Action(StrEnum):
    """What becomes of an entry."""

    #: It is new.
    CREATE = "create"
    #: Some of its fields change.
    UPDATE = "update"
    #: It is as the file says already.
    KEEP = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """A field's old and new value as people read them; `old` is None in a new entry."""

    key: str
    old: str | None
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What becomes of one entry. `entry` holds all its values as they are to be; `was` is
    the stored entry it changes."""

    action: Action
    entry: Entry
    was: Entry | None = None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ListImport:
    """A list that is still empty is filled from a file."""

    list_name: str
    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All that a site file would do, in the order in which it is to be done."""

    changes: tuple[Change, ...] = ()
    imports: tuple[ListImport, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.imports and all(change.action is Action.KEEP for change in self.changes)


def server_entry(server: Server) -> Entry:
    """A stored server as the file would say it."""
    keys = ("type", "host", "port", "login", "password", "unit_ms", "messages_per_unit")
    values = {key: getattr(server, key) for key in (*keys, "security_key")}
    return _entry(Kind.SERVER, server.name, values)


def trunk_entry(trunk: Trunk, server_name: str) -> Entry:
    """A stored trunk as the file would say it."""
    keys = ("dial_string", "capacity", "max_calls_per_period", "period_ms", "simulation")
    fields = {key: getattr(trunk, key) for key in (*keys, "security_key")}
    return _entry(Kind.TRUNK, trunk.name, {"server": server_name} | fields)


def endpoint_entry(endpoint: EndPoint, server_name: str) -> Entry:
    """A stored end-point as the file would say it."""
    values = {"server": server_name} | {key: getattr(endpoint, key) for key in _END_POINT}
    return _entry(Kind.END_POINT, endpoint.name, values)


def list_entry(call_list: CallList) -> Entry:
    """A stored list as the file would say it."""
    values = {"hidden": call_list.is_hidden, "security_key": call_list.security_key}
    return _entry(Kind.LIST, call_list.name, values)


def opening_hours_entry(hours: OpeningHours) -> Entry:
    """Stored opening hours as the file would say them. Rules of public holidays are rules
    like others."""
    keys = ("default", "rules", "comment", "security_key")
    values = {key: getattr(hours, key) for key in keys} | {"hidden": hours.is_hidden}
    return _entry(Kind.OPENING_HOURS, hours.name, values)


def cap_entry(cap: Cap) -> Entry:
    """A stored cap as the file would say it. What a preset gave are figures like others."""
    return _entry(Kind.CAP, cap.name, {**figures(cap), "site_wide": cap.is_site_wide})


def campaign_entry(
    campaign: Campaign,
    *,
    trunks: tuple[str, ...] = (),
    end_points: tuple[str, ...] = (),
    opening_hours: tuple[str, ...] = (),
    lists: tuple[str, ...] = (),
    black_lists: tuple[str, ...] = (),
    caps: tuple[str, ...] = (),
    dispositions: tuple[NamedRule, ...] = (),
) -> Entry:
    """A stored campaign, with the names of its parts, as the file would say it. The order
    of lists and opening hours counts, that of the others does not."""
    values = {
        "priority": campaign.priority,
        "pace": campaign.pace,
        "idles_on_termination": campaign.idles_on_termination,
        "batch_size": campaign.batch_size,
        "answer_timeout_ms": campaign.answer_timeout_ms,
        "max_call_length_s": campaign.max_call_length_s,
        "caller_id": campaign.dial_clid,
        "agent_caller_id": campaign.agent_clid,
        "presentation": campaign.dial_presentation,
        "account": campaign.dial_account,
        "variables": campaign.variables,
        "amd_mode": campaign.amd_mode,
        "amd_extra": campaign.amd_extra,
        "amd_file": campaign.amd_file,
        "fax_file": campaign.fax_file,
        "http_notify": campaign.http_notify,
        "http_secret": campaign.http_secret,
        "email_events": campaign.email_events,
        "email_addresses": campaign.email_addresses,
        "time_zone": campaign.time_zone,
        "start_time": campaign.active_period.start,
        "end_time": campaign.active_period.end,
        "days": campaign.active_period.days,
        "trunks": tuple(sorted(trunks)),
        "end_points": tuple(sorted(end_points)),
        "opening_hours": opening_hours,
        "lists": lists,
        "black_lists": tuple(sorted(black_lists)),
        "caps": tuple(sorted(caps)),
        "check_every_number": campaign.checks_every_number,
        "cap_wait_h": campaign.cap_wait_h,
        "recipient_hours": campaign.recipient_hours,
        "reschedule": campaign.reschedule_rules,
        "security_key": campaign.security_key,
        "disposition": dispositions,
        "boost_percent": campaign.boost_percent,
        "boosting_model": campaign.boosting_model,
        "auto_pause": campaign.auto_pause,
        "additional_logging": campaign.additional_logging,
        "logging_alias": campaign.logging_alias,
        "logging_attributes": campaign.logging_attributes,
    }
    return _entry(Kind.CAMPAIGN, campaign.name, values)


def compare(
    entries: Sequence[Entry], stored: Sequence[Entry], problems: list[str]
) -> tuple[Change, ...]:
    """The changes that bring what is stored to what the file says.

    What does not fit together is added to `problems`; then the changes are not to be made.
    """
    changes = tuple(_change(entry, _find_stored(entry, stored)) for entry in entries)
    changed = [change.was for change in changes]
    after = [change.entry for change in changes] + [
        entry for entry in stored if not any(entry is was for was in changed)
    ]
    for entry, change in zip(entries, changes, strict=True):
        problems += _missing(entry, change)
        problems += _misfits(change.entry, entry, after)
    return changes


def _entry(kind: Kind, name: str, values: Mapping[str, Any]) -> Entry:
    return Entry(kind=kind, name=name, values=values, keys=frozenset(values))


def _find_stored(entry: Entry, stored: Sequence[Entry]) -> Entry | None:
    same = (other for other in stored if (other.kind, other.name) == (entry.kind, entry.name))
    return next(same, None)


def _change(entry: Entry, was: Entry | None) -> Change:
    if was is None:
        values = {**_DEFAULTS[entry.kind].values, **entry.values}
        fields = tuple(
            FieldChange(key=key, old=None, new=show(key, value))
            for key, value in entry.values.items()
        )
        return Change(action=Action.CREATE, entry=_with(entry, values), fields=fields)
    fields = tuple(
        FieldChange(key=key, old=show(key, was.values[key]), new=show(key, value))
        for key, value in entry.values.items()
        if key in was.values and was.values[key] != value
    )
    action = Action.UPDATE if fields else Action.KEEP
    return Change(
        action=action, entry=_with(entry, {**was.values, **entry.values}), was=was, fields=fields
    )


def _with(entry: Entry, values: Mapping[str, Any]) -> Entry:
    return Entry(kind=entry.kind, name=entry.name, values=values, keys=entry.keys)


def _missing(entry: Entry, change: Change) -> Iterable[str]:
    if change.action is not Action.CREATE:
        return
    for key in _REQUIRED.get(entry.kind, ()):
        if key not in entry.keys:
            yield f"{entry.place}.{key}: it must be given"
    is_ami = change.entry.values.get("type") is ServerType.AMI
    if entry.kind is Kind.SERVER and is_ami and "login" not in entry.keys:
        yield f"{entry.place}.login: it must be given, the name of a user in manager.conf"


def _misfits(whole: Entry, entry: Entry, after: Sequence[Entry]) -> Iterable[str]:
    """References of an entry that lead nowhere, or to places that do not meet."""
    if "server" in entry.values:
        yield from _unknown(whole, "server", Kind.SERVER, [entry.values["server"]], after)
    for key, kind in REFERENCES.items():
        if key in entry.values:
            yield from _unknown(whole, key, kind, entry.values[key], after)
    if entry.kind is Kind.CAMPAIGN:
        yield from _unreachable(whole, after)
        yield from _both_lists(whole)
        yield from _own_automatic(whole)
        yield from _binned(whole)
        yield from _crowded(whole)
        yield from _unaddressed(whole)
        yield from _misdirected(whole, after)
        if PERIOD_KEYS & entry.values.keys():
            yield from period_misfits(whole.values, whole.place)


def _unknown(
    entry: Entry, key: str, kind: Kind, names: Iterable[str], after: Sequence[Entry]
) -> Iterable[str]:
    known = [other.name for other in after if other.kind is kind]
    for name in names:
        if name not in known:
            yield f'{entry.place}.{key} "{name}": not in [{kind}]; {suggest(name, known)}'


def _unreachable(entry: Entry, after: Sequence[Entry]) -> Iterable[str]:
    """A campaign's calls cannot leave by one PBX and arrive at another."""
    trunks = _servers_of(Kind.TRUNK, entry.values["trunks"], after)
    endpoints = _servers_of(Kind.END_POINT, entry.values["end_points"], after)
    if trunks and endpoints and not trunks & endpoints:
        yield (
            f"{entry.place}: its trunks are on {_join(trunks)}, its end-points on "
            f"{_join(endpoints)}; a call needs both on one server"
        )


def _both_lists(entry: Entry) -> Iterable[str]:
    for name in entry.values["black_lists"]:
        if name in entry.values["lists"]:
            yield (
                f'{entry.place}.black_lists "{name}": it is one of its lists too; '
                "a campaign either dials a list or keeps off it"
            )


def _binned(entry: Entry) -> Iterable[str]:
    for key in ("lists", "black_lists"):
        for name in filter(find_bin, entry.values[key]):
            yield (
                f'{entry.place}.{key} "{name}": it holds what was taken away; '
                "no campaign may have it"
            )


def _own_automatic(entry: Entry) -> Iterable[str]:
    name = automatic_name(entry.name)
    if name in entry.values["lists"]:
        yield (
            f'{entry.place}.lists "{name}": it is its automatic list, whose numbers are called '
            "anyway; here it would call them all again"
        )


def _crowded(entry: Entry) -> Iterable[str]:
    variables = len(entry.values["variables"])
    settings = sum(1 for key in _TRACKING if entry.values[key])
    if variables + settings > MAX_CARRIED:
        yield (
            f"{entry.place}: {variables} variables and {settings} AMD and fax settings; together "
            f"they may be at most {MAX_CARRIED}, for a call carries its record's attributes too"
        )


def _unaddressed(entry: Entry) -> Iterable[str]:
    events = entry.values["email_events"]
    if events is not EmailEvents.NO and not entry.values["email_addresses"]:
        yield f"{entry.place}.email_addresses: with email_events {events} it must be given"


def _misdirected(entry: Entry, after: Sequence[Entry]) -> Iterable[str]:
    """Disposition rules that lead nowhere, or round in circles."""
    rules = entry.values["disposition"]
    for number, named in enumerate(rules, 1):
        for key, kind in (("list", Kind.LIST), ("campaign", Kind.CAMPAIGN)):
            if target := getattr(named, key):
                place = f"disposition[{number}].{key}"
                yield from _unknown(entry, place, kind, [target], after)
    recalls = {
        other.name: [named.campaign for named in other.values["disposition"] if named.campaign]
        for other in after
        if other.kind is Kind.CAMPAIGN
    }
    dialled = entry.values["lists"]
    yield from disposition_misfits(entry.place, entry.name, rules, dialled, recalls)


def _servers_of(kind: Kind, names: Iterable[str], after: Sequence[Entry]) -> set[str]:
    wanted = set(names)
    return {
        entry.values["server"]
        for entry in after
        if entry.kind is kind and entry.name in wanted and entry.values["server"]
    }


def _join(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(names))


_DEFAULTS: Mapping[Kind, Entry] = {
    Kind.SERVER: server_entry(Server(name="")),
    Kind.TRUNK: trunk_entry(Trunk(server_id=0, name="", dial_string=""), ""),
    Kind.END_POINT: endpoint_entry(EndPoint(server_id=0, name="", extension="", context=""), ""),
    Kind.LIST: list_entry(CallList(name="")),
    Kind.OPENING_HOURS: opening_hours_entry(OpeningHours(name="", default=DefaultMode.OPEN)),
    Kind.CAP: cap_entry(Cap(name="", attempts=1, days=1)),
    Kind.CAMPAIGN: campaign_entry(Campaign(name="")),
}
