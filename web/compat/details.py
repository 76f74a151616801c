"""Manual 25.02, "Live call details" and "Query current calls and recalls for runs"."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from core.errors import Forbidden
from core.model import CallList, Record
from core.operations.call_details import (
    CallDetails,
    count_recalls,
    find_call,
    find_call_by_channel,
)
from core.operations.permission import require
from core.ports.control import LiveCall
from core.ports.snapshot import CallView, RunView
from core.rules.keys import Key
from core.rules.states import CallState
from web.compat.asked import Asked, Ground, Operations, Reply
from web.compat.words import parse_wombat_id, render_moment, render_ms

#: How soon a recall is "soon", in seconds, unless the request says otherwise.
LATE_S = 300
#: The longest span that may be asked for: a year, in seconds.
LONGEST_S = 366 * 24 * 3600


class Attribute(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    is_input: bool
    attr_name: str
    attr_value: str


class ListPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    list_id: int
    name: str
    is_hidden: bool
    security_key: str


class RecordPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The record being called; `call_id` is the record's, `list_id` the whole list."""

    call_id: int
    list_id: ListPart
    number: str
    attributes: tuple[Attribute, ...]


class CallPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call. Moments are milliseconds since 1970, 0 while they are not reached."""

    hopper_call_id: int
    number: str
    number_id: int
    state: str
    trunk: str
    ast_server: str
    trunk_size: int = msgspec.field(name="trunk_size")
    endpoint: str
    campaign_run: str
    tst_originate: int = msgspec.field(name="tst_originate")
    tst_connect: int = msgspec.field(name="tst_connect")
    tst_terminate: int = msgspec.field(name="tst_terminate")
    ast_unique: str
    ast_channel: str
    n_retry: int
    status_ext: str
    sub_ep: str = ""
    bridged_chan: str = ""


class CallInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    call_found: bool
    is_live: bool
    call_record: RecordPart | None = None
    call: CallPart | None = None


class RunRecalls(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    campaign_name: str
    run_name: str
    run_id: int
    calls_in_hopper: int
    calls_by_state: Mapping[str, int]
    reschedules: int
    rescheduling_soon: int
    rescheduling_later: int


class RecallInfo(msgspec.Struct, frozen=True, kw_only=True):
    runs: tuple[RunRecalls, ...]
    reschedule_late_limit_sec: int


class LiveCallPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call that is up, as far as the dialer knows it without its database."""

    hopper_call_id: int
    number: str
    state: str
    trunk: str
    endpoint: str
    campaign_run: str
    n_retry: int
    status_ext: str


class LiveCalls(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many calls are up, and the newest of them."""

    live_calls: int
    calls: tuple[LiveCallPart, ...]


async def callinfo(ground: Ground, asked: Asked) -> Reply:
    """A request that names no call is answered like one for a call that is not there. What is no
    WombatID may be a UniqueID."""
    wid = asked.text("wid")
    key = parse_wombat_id(wid) or wid or asked.text("unqid")
    live = ground.control.find_call(key)
    await ground.control.written()
    if isinstance(key, int):
        found = await ground.queries.run(find_call, asked.actor, key)
    else:
        found = await ground.queries.run(find_call_by_channel, asked.actor, key)
    if found is None:
        return CallInfo(call_found=False, is_live=False)
    if found.log is not None:
        live = None
    return CallInfo(
        call_found=True,
        is_live=found.log is None,
        call_record=_record(found.record, found.call_list, live),
        call=_call(found, live),
    )


def _record(record: Record, call_list: CallList, live: LiveCall | None) -> RecordPart:
    outputs = live.outputs if live is not None and live.outputs is not None else record.outputs
    return RecordPart(
        call_id=record.id,
        list_id=ListPart(
            list_id=call_list.id,
            name=call_list.name,
            is_hidden=call_list.is_hidden,
            security_key=call_list.security_key,
        ),
        number=record.number,
        attributes=tuple(
            Attribute(is_input=is_input, attr_name=name, attr_value=value)
            for is_input, attributes in ((True, record.inputs), (False, outputs))
            for name, value in attributes.items()
        ),
    )


def _call(found: CallDetails, live: LiveCall | None) -> CallPart:
    attempt, log = found.attempt, found.log
    answered_at = live.connected_at if live is not None else None
    if log is not None:
        answered_at = log.connected_at
    state, channel, ext_status = CallState.REQUESTED, "", ""
    if (known := log or live) is not None:
        state, channel, ext_status = known.state, known.channel, known.ext_status
    return CallPart(
        hopper_call_id=attempt.id,
        number=attempt.number,
        number_id=attempt.record_id,
        state=state,
        trunk=found.trunk,
        ast_server=found.server,
        trunk_size=found.trunk_capacity,
        endpoint=f"PHONE {found.endpoint}" if found.endpoint else "",
        campaign_run=f"{found.campaign} {render_moment(found.run_started_at)}",
        tst_originate=render_ms(attempt.requested_at),
        tst_connect=render_ms(answered_at),
        tst_terminate=render_ms(log.ended_at if log else None),
        ast_unique=attempt.channel_id,
        ast_channel=channel,
        n_retry=attempt.retry_no,
        status_ext=ext_status,
    )


async def recallinfo(ground: Ground, asked: Asked) -> Reply:
    """The open runs whose campaign's name contains `campaign`."""
    late_s = asked.whole("late_reschedule", 0, LONGEST_S, LATE_S)
    wanted = asked.text("campaign")
    states = ground.control.count_states()
    runs = {
        run.run_id: run
        for run in ground.source.latest().runs
        if not run.state.is_over and wanted in run.campaign
    }
    until = ground.clock.now() + timedelta(seconds=late_s)
    counts = await ground.queries.run(count_recalls, asked.actor, until)
    return RecallInfo(
        runs=tuple(
            _recalls(runs[count.run_id], states.get(count.run_id, {}), count.soon, count.later)
            for count in counts
            if count.run_id in runs
        ),
        reschedule_late_limit_sec=late_s,
    )


def _recalls(run: RunView, states: Mapping[CallState, int], soon: int, later: int) -> RunRecalls:
    by_state = {CallState.IN_HOPPER: run.hopper, **states}
    return RunRecalls(
        campaign_name=run.campaign,
        run_name=render_moment(run.started_at),
        run_id=run.run_id,
        calls_in_hopper=run.hopper,
        calls_by_state={str(state): count for state, count in by_state.items() if count},
        reschedules=soon + later,
        rescheduling_soon=soon,
        rescheduling_later=later,
    )


async def live_calls(ground: Ground, asked: Asked) -> Reply:
    """Of all campaigns, for who may see them all."""
    require(asked.actor, Key.RT)
    if not (asked.actor.ring.is_master or asked.actor.ring.opens_all):
        raise Forbidden("some campaigns may be hidden from you, so this is not for you")
    snapshot = ground.source.latest()
    calls = tuple(_live(call) for call in snapshot.calls)
    return LiveCalls(live_calls=snapshot.live_total, calls=calls)


def _live(call: CallView) -> LiveCallPart:
    return LiveCallPart(
        hopper_call_id=call.attempt_id,
        number=call.number,
        state=call.state,
        trunk=call.trunk,
        endpoint=call.endpoint,
        campaign_run=call.campaign,
        n_retry=call.retry_no,
        status_ext=call.ext_status,
    )


CALLINFO: Operations = {"": callinfo}
RECALLINFO: Operations = {"": recallinfo}
#: An older address, without a description in the manual.
INSPECT: Operations = {"LIVE_CALLS": live_calls}
