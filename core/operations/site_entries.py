"""What is stored, as a site file would say it."""

from collections.abc import Mapping
from typing import Any

from core.model import CallList, Campaign, EndPoint, Server, Trunk
from core.operations.site_caps import figures
from core.operations.site_disposition import NamedRule
from core.operations.site_file import Entry, Kind
from core.rules.caps import Cap
from core.rules.opening_hours import DefaultMode, OpeningHours

#: Where the file and the model have different names for the same thing.
MODEL_NAMES = {
    "caller_id": "dial_clid",
    "agent_caller_id": "agent_clid",
    "presentation": "dial_presentation",
    "account": "dial_account",
    "reschedule": "reschedule_rules",
    "site_wide": "is_site_wide",
    "hidden": "is_hidden",
    "check_every_number": "checks_every_number",
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
_CAMPAIGN = (
    "priority",
    "pace",
    "idles_on_termination",
    "batch_size",
    "answer_timeout_ms",
    "max_call_length_s",
    "caller_id",
    "agent_caller_id",
    "presentation",
    "account",
    "variables",
    "amd_mode",
    "amd_extra",
    "amd_file",
    "fax_file",
    "http_notify",
    "http_secret",
    "email_events",
    "email_addresses",
    "time_zone",
    "check_every_number",
    "cap_wait_h",
    "recipient_hours",
    "reschedule",
    "security_key",
    "boost_percent",
    "boosting_model",
    "auto_pause",
    "additional_logging",
    "logging_alias",
    "logging_attributes",
)


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
    period = campaign.active_period
    values = {
        **{key: getattr(campaign, MODEL_NAMES.get(key, key)) for key in _CAMPAIGN},
        "start_time": period.start,
        "end_time": period.end,
        "days": period.days,
        "trunks": tuple(sorted(trunks)),
        "end_points": tuple(sorted(end_points)),
        "opening_hours": opening_hours,
        "lists": lists,
        "black_lists": tuple(sorted(black_lists)),
        "caps": tuple(sorted(caps)),
        "disposition": dispositions,
    }
    return _entry(Kind.CAMPAIGN, campaign.name, values)


def _entry(kind: Kind, name: str, values: Mapping[str, Any]) -> Entry:
    return Entry(kind=kind, name=name, values=values, keys=frozenset(values))


#: What an entry that is new has where the file says nothing.
DEFAULTS: Mapping[Kind, Entry] = {
    Kind.SERVER: server_entry(Server(name="")),
    Kind.TRUNK: trunk_entry(Trunk(server_id=0, name="", dial_string=""), ""),
    Kind.END_POINT: endpoint_entry(EndPoint(server_id=0, name="", extension="", context=""), ""),
    Kind.LIST: list_entry(CallList(name="")),
    Kind.OPENING_HOURS: opening_hours_entry(OpeningHours(name="", default=DefaultMode.OPEN)),
    Kind.CAP: cap_entry(Cap(name="", attempts=1, days=1)),
    Kind.CAMPAIGN: campaign_entry(Campaign(name="")),
}
