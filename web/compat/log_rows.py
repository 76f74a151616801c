"""A row of the call logs: manual 25.02, "Reports: logs by runs". `edit/list/logs` has the same."""

import msgspec

from core.model import LoggedCall
from web.compat.words import render_attributes, render_moment, render_ms


class LogRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call that is over. Waits and talk are milliseconds, moments milliseconds since 1970,
    ids of what it did not have 0. There is no table of dimensions: `dim_id` is 0."""

    dim_id: int = msgspec.field(name="dim_id", default=0)
    list_id: int
    list_name: str
    trunk_id: int
    trunk_name: str
    ast_id: int
    ast_name: str
    ep_id: int
    ep_name: str
    camp_id: int
    camp_name: str
    run_id: int
    run_name: str
    run_started: int
    id: int
    call_id: int
    call_number: str
    number_dialed: str
    attributes: str
    attempted: int
    wait_pre: int
    wait_after: int
    talk: int
    status_code: str
    ast_channel: str
    ast_unique: str
    n_retry: int
    status_ext: str
    next_retry: int
    wombat_id: str
    sub_ep: str = ""
    bridged_channel: str = ""


def log_row(call: LoggedCall) -> LogRow:
    log, attempt = call.log, call.log.attempt
    return LogRow(
        list_id=attempt.list_id,
        list_name=call.list_name,
        trunk_id=attempt.trunk_id or 0,
        trunk_name=call.trunk,
        ast_id=attempt.server_id or 0,
        ast_name=call.server,
        ep_id=attempt.endpoint_id or 0,
        ep_name=call.endpoint,
        camp_id=attempt.campaign_id,
        camp_name=call.campaign,
        run_id=attempt.run_id,
        run_name=render_moment(call.run_started_at),
        run_started=render_ms(call.run_started_at),
        id=attempt.id,
        call_id=attempt.record_id,
        call_number=call.record.number,
        number_dialed=attempt.number,
        attributes=render_attributes(call.record.inputs, call.record.outputs),
        attempted=render_ms(attempt.requested_at),
        wait_pre=log.wait_pre_ms,
        wait_after=log.wait_after_ms,
        talk=log.talk_ms,
        status_code=log.state,
        ast_channel=log.channel,
        ast_unique=attempt.channel_id,
        n_retry=attempt.retry_no,
        status_ext=log.ext_status,
        next_retry=log.next_retry_s,
        wombat_id=str(attempt.id),
    )
