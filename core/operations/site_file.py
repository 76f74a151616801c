"""The site file: servers, trunks, end-points, lists, opening hours, caps and campaigns as a
person writes them.

This reads TOML into entries whose values are checked one by one; whether they fit each other
and what is stored is `site_changes`' to say. Keys the file leaves out are left out here too.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from core.entries import Shape, filled, flag, join, one_of, read_table, suggest, whole
from core.errors import InvalidValue, shown
from core.model import MAX_BOOST, BoostingModel, Logging, Pace, ServerType, Simulation
from core.operations import site_values as value
from core.operations.site_caps import read_cap
from core.operations.site_disposition import read_dispositions
from core.operations.site_hours import read_rules
from core.operations.site_recipients import read_recipient_hours
from core.rules.caps import MAX_ATTEMPTS, MAX_DAYS, DayKind, Preset
from core.rules.dialstring import check_dial_string
from core.rules.extensions import check_context, check_extension
from core.rules.opening_hours import DefaultMode
from core.rules.reschedule import RescheduleRule, RetryMode, check_rule
from core.rules.run_mail import EmailEvents
from core.rules.simulation import check_simulation
from core.rules.states import CallState

_YEAR_S = 366 * 24 * 3600
_MAX = 2**31 - 1


class Kind(StrEnum):
    """A section of the file, in the order in which they are stored."""

    #: PBXs.
    SERVER = "servers"
    #: Sets of lines, each on a server.
    TRUNK = "trunks"
    #: Where answered calls go, each on a server.
    END_POINT = "end_points"
    #: Lists of numbers.
    LIST = "lists"
    #: Rules that open and close campaigns.
    OPENING_HOURS = "opening_hours"
    #: How often a number may be called.
    CAP = "caps"
    #: What is run.
    CAMPAIGN = "campaigns"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A named table. `values` holds what is right in its final form, other entries by name;
    `keys` is all that the table mentions, right or wrong."""

    kind: Kind
    name: str
    values: Mapping[str, Any]
    keys: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        return join(self.kind, self.name)

    @property
    def mentioned(self) -> "Entry":
        """The entry with the values of what it mentions alone."""
        values = {key: value for key, value in self.values.items() if key in self.keys}
        return replace(self, values=values)


def parse_site(file_text: str) -> tuple[tuple[Entry, ...], list[str]]:
    """The entries of a site file, section by section, and all that is wrong in it."""
    try:
        tables = tomllib.loads(file_text)
    except (ValueError, RecursionError) as error:
        return (), [f"this is not TOML: {error}"]
    problems = [
        f"[{name}]: there is no such section; {suggest(name, list(Kind))}"
        for name in tables
        if name not in list(Kind)
    ]
    entries = [
        entry
        for kind in Kind
        if kind in tables
        for entry in _read_section(kind, tables[kind], problems)
    ]
    return tuple(entries), problems


def _read_section(kind: Kind, raw: object, problems: list[str]) -> Iterable[Entry]:
    if not isinstance(raw, Mapping):
        problems.append(f'{kind} "{shown(raw)}": write tables, [{kind}.NAME]')
        return
    for name, table in raw.items():
        yield read_entry(kind, name, table, problems)


def read_entry(kind: Kind, name: str, table: object, problems: list[str]) -> Entry:
    """The entry that one table makes; what is wrong in it is added to `problems`."""
    place = join(kind, name)
    try:
        value.name(name)
    except InvalidValue as error:
        problems.append(f"{place}: {error.expected}")
    values = read_table(table, _SHAPES[kind], place, problems, secrets=value.SECRETS)
    _read_nested(values, place, problems)
    keys = frozenset(table) if isinstance(table, Mapping) else frozenset()
    if kind is Kind.OPENING_HOURS:
        keys = read_rules(values, keys, place, problems)
    if kind is Kind.CAP:
        keys = read_cap(values, keys, place, problems)
    return Entry(kind=kind, name=name, values=values, keys=keys)


def _read_nested(values: dict[str, Any], place: str, problems: list[str]) -> None:
    if "simulation" in values:
        values["simulation"] = _read_simulation(
            values["simulation"], f"{place}.simulation", problems
        )
    if "recipient_hours" in values:
        values["recipient_hours"] = read_recipient_hours(
            values["recipient_hours"], f"{place}.recipient_hours", problems
        )
    if "reschedule" in values:
        values["reschedule"] = tuple(
            _read_rule(rule, f"{place}.reschedule[{number}]", problems)
            for number, rule in enumerate(values["reschedule"], 1)
        )
    if "disposition" in values:
        rules = values["disposition"]
        values["disposition"] = read_dispositions(rules, f"{place}.disposition", problems)


def _read_simulation(raw: object, place: str, problems: list[str]) -> Simulation:
    shape: Shape = {"outcomes": value.weights, "ring_s": value.seconds, "talk_s": value.seconds}
    simulation = Simulation(**read_table(raw, shape, place, problems))
    try:
        check_simulation(simulation.outcomes, simulation.ring_s, simulation.talk_s)
    except InvalidValue as error:
        problems.append(f'{place} {error.field} "{shown(error.value)}": {error.expected}')
    return simulation


def _read_rule(raw: object, place: str, problems: list[str]) -> RescheduleRule:
    values = read_table(raw, _RULE, place, problems)
    if isinstance(raw, Mapping) and "state" not in raw:
        problems.append(f"{place}.state: it must be given, such as RS_BUSY")
    rule = RescheduleRule(**{"state": CallState.RS_LOST, **values})
    try:
        return check_rule(rule)
    except InvalidValue as error:
        problems.append(f"{place}.retry_after_s: {error.expected}")
        return rule


_RULE: Shape = {
    "state": value.final_state,
    "ext_status": value.ext_status,
    "max_attempts": whole(0, 1000),
    "retry_after_s": whole(0, _YEAR_S),
    "mode": one_of(RetryMode),
}

_SHAPES: Mapping[Kind, Shape] = {
    Kind.SERVER: {
        "type": one_of(ServerType),
        "host": value.host,
        "port": whole(1, 65535),
        "login": value.line(),
        "password": value.line(),
        "unit_ms": whole(1, 60_000),
        "messages_per_unit": whole(1, 100_000),
        "security_key": value.security_key,
    },
    Kind.TRUNK: {
        "server": value.name,
        "dial_string": value.ruled(check_dial_string),
        "capacity": whole(1, 100_000),
        "max_calls_per_period": whole(1, 100_000),
        "period_ms": whole(1, 3_600_000),
        "simulation": value.as_it_is,
        "security_key": value.security_key,
    },
    Kind.END_POINT: {
        "server": value.name,
        "extension": value.ruled(check_extension),
        "context": value.ruled(check_context),
        "max_channels": whole(1, 100_000),
        "description": value.line(),
        "queue_name": value.line(),
        "boost_percent": whole(0, 100_000),
        "max_waiting_calls": whole(0, _MAX),
        "reverse_dialing": flag,
        "manual_preview": flag,
        "dial_find": value.line(),
        "dial_replace": value.line(),
        "security_key": value.security_key,
    },
    Kind.LIST: {"file": filled, "hidden": flag, "security_key": value.security_key},
    Kind.OPENING_HOURS: {
        "default": one_of(DefaultMode),
        "rules": value.tables('write rules, [{ days = "23456", state = "OPEN" }]'),
        "holidays": value.as_it_is,
        "comment": value.line(),
        "hidden": flag,
        "security_key": value.security_key,
    },
    Kind.CAP: {
        "preset": one_of(Preset),
        "attempts": whole(1, MAX_ATTEMPTS),
        "days": whole(1, MAX_DAYS),
        "rest_days": whole(0, MAX_DAYS),
        "day": one_of(DayKind),
        "site_wide": flag,
    },
    Kind.CAMPAIGN: {
        "priority": whole(-_MAX, _MAX),
        "pace": one_of(Pace),
        "idles_on_termination": flag,
        "batch_size": whole(1, 100_000),
        "answer_timeout_ms": whole(1, 3_600_000),
        "max_call_length_s": whole(0, _MAX),
        "caller_id": value.template,
        "agent_caller_id": value.template,
        "presentation": value.template,
        "account": value.account,
        "trunks": value.set_of_names,
        "end_points": value.set_of_names,
        "variables": value.variables,
        "amd_mode": value.line(value.MAX_MODE),
        "amd_extra": value.line(),
        "amd_file": value.line(),
        "fax_file": value.line(),
        "http_notify": value.url,
        "http_secret": value.line(),
        "email_events": one_of(EmailEvents),
        "email_addresses": value.addresses,
        "time_zone": value.time_zone,
        "start_time": value.clock,
        "end_time": value.clock,
        "days": value.days,
        "opening_hours": value.names,
        "lists": value.names,
        "black_lists": value.set_of_names,
        "caps": value.set_of_names,
        "check_every_number": flag,
        "cap_wait_h": whole(0, 24 * MAX_DAYS),
        "recipient_hours": value.as_it_is,
        "reschedule": value.tables("write rules, each [[campaigns.NAME.reschedule]]"),
        "security_key": value.security_key,
        "disposition": value.tables("write rules, each [[campaigns.NAME.disposition]]"),
        "boost_percent": whole(0, MAX_BOOST),
        "boosting_model": one_of(BoostingModel),
        "auto_pause": flag,
        "additional_logging": one_of(Logging),
        "logging_alias": value.line(),
        "logging_attributes": value.line(),
    },
}
