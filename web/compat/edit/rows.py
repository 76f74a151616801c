"""Rows of servers, trunks, end-points, lists, opening hours and campaigns, as the wire has them.

A password is never told: the field is empty, and stays what it was when it is posted so.
"""

from collections.abc import Sequence

import msgspec

from core.model import CallList, Campaign, EndPoint, Server, Trunk
from core.operations.site_spelling import spell_date, spell_days, spell_time
from core.rules.opening_hours import HourRule, OpeningHours
from web.compat.edit.things import Audited, audit

#: The only type of end-points, and what is written for no tracking.
PHONE, OFF = "PHONE", "OFF"


class ServerRow(Audited, frozen=True, kw_only=True, rename="camel"):
    id: int
    description: str
    server_type: str
    ip_address: str
    login: str
    password: str = ""
    port: int
    unit_len: int = msgspec.field(name="unit_len")
    msg_per_unit: int = msgspec.field(name="msg_per_unit")
    security_key: str
    state: str


class TrunkRow(Audited, frozen=True, kw_only=True, rename="camel"):
    trunk_id: int
    ast_id: ServerRow
    name: str
    dialstring: str
    capacity: int
    security_key: str
    max_calls_per_period: int
    period_length: int


class EndPointRow(Audited, frozen=True, kw_only=True, rename="camel"):
    ep_id: int
    type: str = PHONE
    queue_name: str
    name: str
    ast_id: ServerRow
    idx: str = ""
    campaign_id: str = ""
    max_channels: int
    extension: str
    context: str
    boost_factor: float
    max_waiting_calls: int
    reverse_dialing: bool
    stepwise_reverse: bool
    security_key: str
    description: str
    dial_find: str
    dial_replace: str


class HourRuleRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    on_dow: str
    date_from: str
    date_to: str
    time_from: str
    time_to: str
    state: str


class HoursRow(Audited, frozen=True, kw_only=True, rename="camel"):
    opening_hour_id: int
    name: str
    default_mode: str
    comment: str
    hidden: bool
    security_key: str
    rules: Sequence[HourRuleRow]


class ListRow(Audited, frozen=True, kw_only=True, rename="camel"):
    list_id: int
    name: str
    is_hidden: bool
    security_key: str


class CampaignRow(Audited, frozen=True, kw_only=True, rename="camel"):
    campaign_id: int
    name: str
    priority: int
    pace: str
    dial_timeout: int = msgspec.field(name="dial_timeout")
    dial_clid: str = msgspec.field(name="dial_clid")
    dial_account: str = msgspec.field(name="dial_account")
    dial_pres: str = msgspec.field(name="dial_pres")
    addl_logging: str
    pause_when_finished: int
    time_start_hr: str
    time_end_hr: str
    time_dow: str
    max_call_length: int
    batch_size: int
    http_notify: str
    logging_alias: str
    security_key: str
    autopause: bool
    agent_clid: str
    email_addresses: str
    email_events: str
    initial_boost_factor: float
    initial_predictive_model: str
    amd_tracking: str
    amd_params: str
    amd_audio_file: str
    amd_fax_file: str
    campaign_vars: str
    logging_qm_vars: str


def server_row(server: Server, up: frozenset[int]) -> ServerRow:
    return ServerRow(
        **audit(server.stamp),
        id=server.id,
        description=server.name,
        server_type=server.type,
        ip_address=server.host,
        login=server.login,
        port=server.port,
        unit_len=server.unit_ms,
        msg_per_unit=server.messages_per_unit,
        security_key=server.security_key,
        state="UP" if server.id in up else "DOWN",
    )


def trunk_row(trunk: Trunk, server: ServerRow) -> TrunkRow:
    return TrunkRow(
        **audit(trunk.stamp),
        trunk_id=trunk.id,
        ast_id=server,
        name=trunk.name,
        dialstring=trunk.dial_string,
        capacity=trunk.capacity,
        security_key=trunk.security_key,
        max_calls_per_period=trunk.max_calls_per_period,
        period_length=trunk.period_ms,
    )


def endpoint_row(endpoint: EndPoint, server: ServerRow) -> EndPointRow:
    return EndPointRow(
        **audit(endpoint.stamp),
        ep_id=endpoint.id,
        name=endpoint.name,
        ast_id=server,
        max_channels=endpoint.max_channels,
        extension=endpoint.extension,
        context=endpoint.context,
        queue_name=endpoint.queue_name,
        boost_factor=endpoint.boost_percent / 100,
        max_waiting_calls=endpoint.max_waiting_calls,
        reverse_dialing=endpoint.reverse_dialing,
        stepwise_reverse=endpoint.manual_preview,
        security_key=endpoint.security_key,
        description=endpoint.description,
        dial_find=endpoint.dial_find,
        dial_replace=endpoint.dial_replace,
    )


def hours_row(hours: OpeningHours) -> HoursRow:
    return HoursRow(
        **audit(hours.stamp),
        opening_hour_id=hours.id,
        name=hours.name,
        default_mode=hours.default,
        comment=hours.comment,
        hidden=hours.is_hidden,
        security_key=hours.security_key,
        rules=[_hour_rule_row(rule) for rule in hours.rules],
    )


def _hour_rule_row(rule: HourRule) -> HourRuleRow:
    return HourRuleRow(
        name=rule.name,
        on_dow=spell_days(rule.days),
        date_from=spell_date(rule.date_from),
        date_to=spell_date(rule.date_to),
        time_from=spell_time(rule.time_from),
        time_to=spell_time(rule.time_to),
        state="OPEN" if rule.is_open else "CLOSED",
    )


def list_row(call_list: CallList) -> ListRow:
    return ListRow(
        **audit(call_list.stamp),
        list_id=call_list.id,
        name=call_list.name,
        is_hidden=call_list.is_hidden,
        security_key=call_list.security_key,
    )


def campaign_row(campaign: Campaign) -> CampaignRow:
    period = campaign.active_period
    return CampaignRow(
        **audit(campaign.stamp),
        campaign_id=campaign.id,
        name=campaign.name,
        priority=campaign.priority,
        pace=campaign.pace,
        dial_timeout=campaign.answer_timeout_ms,
        dial_clid=campaign.dial_clid,
        dial_account=campaign.dial_account,
        dial_pres=campaign.dial_presentation,
        addl_logging=campaign.additional_logging,
        pause_when_finished=int(campaign.idles_on_termination),
        time_start_hr=period.start.strftime("%H%M%S"),
        time_end_hr=period.end.strftime("%H%M%S"),
        time_dow=spell_days(period.days),
        max_call_length=campaign.max_call_length_s,
        batch_size=campaign.batch_size,
        http_notify=campaign.http_notify,
        logging_alias=campaign.logging_alias,
        security_key=campaign.security_key,
        agent_clid=campaign.agent_clid,
        email_addresses=",".join(campaign.email_addresses),
        email_events=campaign.email_events,
        initial_boost_factor=campaign.boost_percent / 100,
        initial_predictive_model=campaign.boosting_model,
        autopause=campaign.auto_pause,
        amd_tracking=campaign.amd_mode or OFF,
        amd_params=campaign.amd_extra,
        amd_audio_file=campaign.amd_file,
        amd_fax_file=campaign.fax_file,
        campaign_vars=",".join(f"{name}:{value}" for name, value in campaign.variables),
        logging_qm_vars=campaign.logging_attributes,
    )
