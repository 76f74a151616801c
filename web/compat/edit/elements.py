"""`edit/asterisk`, `trunk`, `ep`, `list`, `oh` and `campaign`: each is one kind of element."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from core.errors import InvalidValue
from core.operations import elements
from core.operations.elements import Element
from core.operations.site_file import Kind
from web.compat.edit import rows
from web.compat.edit.given import (
    Field,
    Given,
    read_flag,
    read_number,
    read_percent,
    read_text,
    read_values,
    show,
)
from web.compat.edit.rows import OFF, PHONE, ServerRow
from web.compat.edit.things import Desk, Rows, Unordered

_ADDRESSES = re.compile(r"[\s,;]+")

#: From values to rows, all of a page at once.
Render = Callable[[Desk, Sequence[Any]], Sequence[msgspec.Struct]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ElementThing(Unordered):
    """Elements of a `kind`, whose key is the field `pk` and whose name the field `name`. Other
    fields are read as `fields` say; `inner` are those that hold another object, with its key,
    and what they stand for. A field of `secrets` says nothing when it is empty. Something new
    without a name is called as the field `other_name` says."""

    kind: Kind
    pk: str
    name: str
    fields: Mapping[str, Field]
    render: Render
    inner: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    other_name: str = ""
    read_more: Callable[[Given], dict[str, Any]] = lambda _given: {}
    #: Fields within, by the keys of the site file.
    inner_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """The fields by the keys of the site file."""
        found = {one.key: wire for wire, one in self.fields.items()}
        found |= {key: wire for wire, (_pk, key) in self.inner.items()}
        return {**found, "name": self.name, **self.inner_names}

    def page(self, desk: Desk) -> Rows:
        page = elements.fetch_page(
            desk.engine,
            desk.actor,
            self.kind,
            text=desk.search,
            offset=desk.start,
            limit=desk.items,
            with_hidden=bool(desk.query),
        )
        return Rows(rows=self._render(desk, page.elements), total=page.total)

    def save(self, desk: Desk, given: Given) -> msgspec.Struct:
        key = given.key(self.pk)
        values = {**read_values(given, self.fields), **self.read_more(given)}
        for wire, (pk, named) in self.inner.items():
            if (inner := given.inner(wire, pk)) is not None:
                values[named] = inner
        values = {k: v for k, v in values.items() if not (k in self.secrets and v == "")}
        name = given.text(self.name).strip()
        if key is None:
            name = name or given.text(self.other_name).strip()
            saved = elements.create(desk.engine, desk.actor, self.kind, name, values, desk.now)
        else:
            saved = elements.update(
                desk.engine, desk.actor, self.kind, key, values, desk.now, name=name
            )
        return self._render(desk, [saved])[0]

    def delete(self, desk: Desk, given: Given) -> None:
        elements.delete(desk.engine, desk.actor, self.kind, self._key(given), desk.now)

    def _key(self, given: Given) -> int:
        key = given.key(self.pk)
        if key is None:
            raise InvalidValue(self.pk, "", "the object needs its key")
        return key

    def _render(self, desk: Desk, found: Sequence[Element]) -> Sequence[msgspec.Struct]:
        return self.render(desk, [one.value for one in found])


def servers_of(desk: Desk, values: Sequence[Any]) -> Mapping[int, ServerRow]:
    """The servers of trunks or end-points, by id."""
    keys = {one.server_id for one in values}
    found = elements.fetch_referred(desk.engine, desk.actor, Kind.SERVER, keys)
    return {key: rows.server_row(server, desk.up) for key, server in found.items()}


def render_servers(desk: Desk, values: Sequence[Any]) -> Sequence[msgspec.Struct]:
    return [rows.server_row(one, desk.up) for one in values]


def render_trunks(desk: Desk, values: Sequence[Any]) -> Sequence[rows.TrunkRow]:
    servers = servers_of(desk, values)
    return [rows.trunk_row(one, servers[one.server_id]) for one in values]


def render_endpoints(desk: Desk, values: Sequence[Any]) -> Sequence[rows.EndPointRow]:
    servers = servers_of(desk, values)
    return [rows.endpoint_row(one, servers[one.server_id]) for one in values]


def _read_rules(given: Given) -> dict[str, Any]:
    """The rules of opening hours; those that are stored stay if there are none posted."""
    if not given.has("rules"):
        return {}
    return {"rules": [_read_rule(rule) for rule in given.objects("rules")]}


def _read_rule(given: Given) -> dict[str, Any]:
    """A limit that is empty is none."""
    values = read_values(given, _RULE)
    return {key: value for key, value in values.items() if value or key == "name"}


def _check_type(given: Given) -> dict[str, Any]:
    """InvalidValue of an end-point whose calls would go by other ways than a PHONE's."""
    if given.text("type").strip().upper() not in ("", PHONE):
        expected = f"only end-points of type {PHONE} are offered: write {PHONE}"
        raise InvalidValue("type", show(given.fields["type"]), expected)
    return {}


def _read_mode(name: str, value: object) -> str:
    """DEF_CLOSED is written too."""
    return read_text(name, value).replace("DEF_CLOSED", "DEF_CLOSE")


def _read_addresses(name: str, value: object) -> list[str]:
    return [one for one in _ADDRESSES.split(read_text(name, value)) if one]


def _or(default: str) -> Callable[[str, object], str]:
    """How a word is read of which an empty text says this one."""
    return lambda name, value: read_text(name, value) or default


def _read_tracking(name: str, value: object) -> str:
    found = read_text(name, value)
    return "" if found.upper() == OFF else found


_RULE = {
    "name": Field(key="name"),
    "onDow": Field(key="days"),
    "dateFrom": Field(key="from_date"),
    "dateTo": Field(key="to_date"),
    "timeFrom": Field(key="from_time"),
    "timeTo": Field(key="to_time"),
    "state": Field(key="state"),
}
_SECURITY = {"securityKey": Field(key="security_key")}

ASTERISK = ElementThing(
    kind=Kind.SERVER,
    pk="id",
    name="description",
    fields={
        "serverType": Field(key="type"),
        "ipAddress": Field(key="host"),
        "login": Field(key="login"),
        "password": Field(key="password"),
        "port": Field(key="port", read=read_number),
        "unit_len": Field(key="unit_ms", read=read_number),
        "msg_per_unit": Field(key="messages_per_unit", read=read_number),
        **_SECURITY,
    },
    render=render_servers,
    secrets=frozenset({"password"}),
)
TRUNK = ElementThing(
    kind=Kind.TRUNK,
    pk="trunkId",
    name="name",
    fields={
        "dialstring": Field(key="dial_string"),
        "capacity": Field(key="capacity", read=read_number),
        "maxCallsPerPeriod": Field(key="max_calls_per_period", read=read_number),
        "periodLength": Field(key="period_ms", read=read_number),
        **_SECURITY,
    },
    inner={"astId": ("id", "server")},
    render=render_trunks,
)
END_POINT = ElementThing(
    kind=Kind.END_POINT,
    pk="epId",
    name="name",
    other_name="description",
    fields={
        "maxChannels": Field(key="max_channels", read=read_number),
        "extension": Field(key="extension"),
        "context": Field(key="context"),
        "description": Field(key="description"),
        "queueName": Field(key="queue_name"),
        "boostFactor": Field(key="boost_percent", read=read_percent),
        "maxWaitingCalls": Field(key="max_waiting_calls", read=read_number),
        "reverseDialing": Field(key="reverse_dialing", read=read_flag),
        "stepwiseReverse": Field(key="manual_preview", read=read_flag),
        "dialFind": Field(key="dial_find"),
        "dialReplace": Field(key="dial_replace"),
        **_SECURITY,
    },
    read_more=_check_type,
    inner={"astId": ("id", "server")},
    render=render_endpoints,
)
LIST = ElementThing(
    kind=Kind.LIST,
    pk="listId",
    name="name",
    fields={"isHidden": Field(key="hidden", read=read_flag), **_SECURITY},
    render=lambda _desk, values: [rows.list_row(one) for one in values],
)
OPENING_HOURS = ElementThing(
    kind=Kind.OPENING_HOURS,
    pk="openingHourId",
    name="name",
    fields={
        "defaultMode": Field(key="default", read=_read_mode),
        "comment": Field(key="comment"),
        "hidden": Field(key="hidden", read=read_flag),
        **_SECURITY,
    },
    read_more=_read_rules,
    inner_names={one.key: wire for wire, one in _RULE.items()},
    render=lambda _desk, values: [rows.hours_row(one) for one in values],
)
CAMPAIGN = ElementThing(
    kind=Kind.CAMPAIGN,
    pk="campaignId",
    name="name",
    fields={
        "priority": Field(key="priority", read=read_number),
        "pace": Field(key="pace"),
        "dial_timeout": Field(key="answer_timeout_ms", read=read_number),
        "dial_clid": Field(key="caller_id"),
        "dial_account": Field(key="account"),
        "dial_pres": Field(key="presentation"),
        "addlLogging": Field(key="additional_logging", read=_or("NONE")),
        "pauseWhenFinished": Field(key="idles_on_termination", read=read_flag),
        "timeStartHr": Field(key="start_time"),
        "timeEndHr": Field(key="end_time"),
        "timeDow": Field(key="days"),
        "maxCallLength": Field(key="max_call_length_s", read=read_number),
        "batchSize": Field(key="batch_size", read=read_number),
        "httpNotify": Field(key="http_notify"),
        "loggingAlias": Field(key="logging_alias"),
        "agentClid": Field(key="agent_caller_id"),
        "emailAddresses": Field(key="email_addresses", read=_read_addresses),
        "emailEvents": Field(key="email_events", read=_or("NO")),
        "initialBoostFactor": Field(key="boost_percent", read=read_percent),
        "initialPredictiveModel": Field(key="boosting_model", read=_or(OFF)),
        "autopause": Field(key="auto_pause", read=read_flag),
        "amdTracking": Field(key="amd_mode", read=_read_tracking),
        "amdParams": Field(key="amd_extra"),
        "amdAudioFile": Field(key="amd_file"),
        "amdFaxFile": Field(key="fax_file"),
        "campaignVars": Field(key="variables"),
        "loggingQmVars": Field(key="logging_attributes"),
        **_SECURITY,
    },
    render=lambda _desk, values: [rows.campaign_row(one) for one in values],
)
