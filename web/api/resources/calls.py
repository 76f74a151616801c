"""Calls: they are added, looked at while they are up and when they are over, and told things."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.errors import NotFound
from core.model import Attempt, CallLog, LoggedCall
from core.operations.call_details import CallDetails, find_call
from core.operations.calls import CallWish
from core.operations.found_calls import CallFilter, find_calls
from core.ports.control import LiveCall
from core.ports.events import Report, Reported
from core.rules.keys import Key
from core.rules.states import CallState, RunState
from web.api.kinds import Attributes, Id, Moment, Name, Number, record_place, show
from web.api.operation import Ask, Made, Tag
from web.api.paging import LIMIT, Cursor, Limit, Page, next_page, read_cursor
from web.remarks import remark

TAG = Tag(name="Calls", text="Calls that are wanted, that are up, and that are over.")

Text = Annotated[str, Meta(max_length=64)]


class NewCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that is wanted. `schedule` is when it is placed at the earliest and `expires` until
    when at the latest: seconds from now, or a date such as 2026-03-18.10:00:00 by the campaign's
    clock, or with an offset; empty for at once and for ever. Of calls that wait the lowest
    `priority` is placed first."""

    campaign: Name
    number: Number
    attributes: Attributes = {}
    schedule: Text = ""
    expires: Text = ""
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0


class CallAdded(msgspec.Struct, frozen=True, kw_only=True):
    """A record that the campaign will call. `run_id` is the open run that takes it up; without
    one it waits for the next."""

    record_id: int
    campaign: str
    list_name: str
    number: str
    due_at: datetime
    expires_at: datetime | None
    priority: int
    run_id: int | None
    run_state: RunState | None


class CallShown(msgspec.Struct, frozen=True, kw_only=True):
    """A call. `ended_at` is null while it is up; waits and talk are milliseconds, 0 until then.
    `number` was dialled, `record_number` is the record's first. Names are empty where it had no
    line. `next_retry_s` 0: none follows."""

    call_id: int
    run_id: int
    campaign: str
    list_name: str
    record_id: int
    record_number: str
    number: str
    state: CallState
    ext_status: str
    retry_no: int
    requested_at: datetime
    connected_at: datetime | None
    ended_at: datetime | None
    wait_pre_ms: int
    wait_after_ms: int
    talk_ms: int
    next_retry_s: int
    server: str
    trunk: str
    endpoint: str
    channel_id: str
    channel: str
    cause: int
    tech_cause: str
    reason: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


class CallsWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    run_id: Annotated[Id | None, Meta(description="Of this run.")] = None
    list_name: Annotated[str, Meta(max_length=190, description="From this list.")] = ""
    state: Annotated[CallState | None, Meta(description="That ended so.")] = None
    ext_status: Annotated[Text, Meta(description="With this extended status.")] = ""
    number: Annotated[str, Meta(max_length=32, description="To this number.")] = ""
    since: Annotated[Moment | None, Meta(description="Placed then or later.")] = None
    until: Annotated[Moment | None, Meta(description="Placed before.")] = None


class CallQuery(CallsWanted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    limit: Limit = LIMIT
    cursor: Cursor = ""


class Status(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ext_status: Text


class Remarks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Output attributes of a call's record: those of `set` get these values, those of `append`
    get them behind what they have."""

    set: Attributes = {}
    append: Attributes = {}


@TAG.post("/calls", needs=(Key.CTRL_WBT,), errors=(404,))
async def add_call(ask: Ask, body: NewCall) -> Made[CallAdded]:
    """Have a campaign call a number.

    Answered once the dialer has taken it up. The same number added twice is called twice; send an
    Idempotency-Key if a request may be repeated."""
    wish = CallWish(
        campaign=body.campaign,
        number=body.number,
        attributes=body.attributes,
        schedule=body.schedule,
        priority=body.priority,
        expires=body.expires,
    )
    added = await ask.ground.intake.add(ask.actor, wish)
    return Made(
        location=record_place(added.list_name, added.record_id), body=show(added, CallAdded)
    )


@TAG.get("/calls", needs=(Key.REPORT,), errors=(404,))
async def list_calls(ask: Ask, query: CallQuery) -> Page[CallShown]:
    """Calls that are over, the newest first.

    A page may be shorter than its limit, even empty: there are more as long as `next` is there."""
    found = await ask.run(find_calls, filter_of(query), read_cursor(query, Id), query.limit)
    following = found.next_before
    return Page(
        items=tuple(map(show_ended, found.calls)),
        next=None if following is None else next_page(ask.request, following),
    )


@TAG.get("/calls/{call_id}", needs=(Key.RT,))
async def show_call(ask: Ask, call_id: Id) -> CallShown:
    """A call, under way or over."""
    live = ask.ground.control.find_call(call_id)
    await ask.ground.control.written()
    found = await ask.run(find_call, call_id)
    if found is None:
        raise NotFound("call", call_id)
    return _detailed(found, live if found.log is None else None)


@TAG.put("/calls/{call_id}/status", needs=(Key.CTRL_WBT,))
async def set_call_status(ask: Ask, call_id: Id, body: Status) -> None:
    """Set the extended status of a call, under way or over."""
    said = Reported(call_ids=(), report=Report.STATUS, value=body.ext_status)
    await remark(ask.ground, ask.actor, call_id, said)


@TAG.patch("/calls/{call_id}/attributes", needs=(Key.CTRL_WBT,))
async def set_call_attributes(ask: Ask, call_id: Id, body: Remarks) -> None:
    """Set output attributes of a call's record, while the call is up or when it is over."""
    for report, values in ((Report.ATTRIBUTE, body.set), (Report.APPEND, body.append)):
        for name, value in values.items():
            said = Reported(call_ids=(), report=report, name=name, value=value)
            await remark(ask.ground, ask.actor, call_id, said)


@TAG.delete("/calls/{call_id}/attributes", needs=(Key.CTRL_WBT,))
async def clear_call_attributes(ask: Ask, call_id: Id) -> None:
    """Forget all output attributes of a call's record."""
    await remark(ask.ground, ask.actor, call_id, Reported(call_ids=(), report=Report.CLEAR))


def filter_of(query: CallsWanted) -> CallFilter:
    return CallFilter(
        run_id=query.run_id,
        list_name=query.list_name,
        state=query.state,
        ext_status=query.ext_status,
        number=query.number,
        since=query.since,
        until=query.until,
    )


def show_ended(call: LoggedCall) -> CallShown:
    return _over(call, call.log, call.list_name)


def _detailed(found: CallDetails, live: LiveCall | None) -> CallShown:
    if found.log is not None:
        return _over(found, found.log, found.call_list.name)
    return _up(found, live)


def _over(found: LoggedCall | CallDetails, log: CallLog, list_name: str) -> CallShown:
    return CallShown(
        **_placed(found, log.attempt, list_name),
        state=log.state,
        ext_status=log.ext_status,
        connected_at=log.connected_at,
        ended_at=log.ended_at,
        wait_pre_ms=log.wait_pre_ms,
        wait_after_ms=log.wait_after_ms,
        talk_ms=log.talk_ms,
        next_retry_s=log.next_retry_s,
        channel=log.channel,
        cause=log.cause,
        tech_cause=log.tech_cause,
        reason=log.reason,
        outputs=found.record.outputs,
    )


def _up(found: CallDetails, live: LiveCall | None) -> CallShown:
    """`live` is None of one that is not known to the dialer yet, or no more."""
    outputs = live.outputs if live else None
    return CallShown(
        **_placed(found, found.attempt, found.call_list.name),
        state=live.state if live else CallState.REQUESTED,
        ext_status=live.ext_status if live else "",
        connected_at=live.connected_at if live else None,
        ended_at=None,
        wait_pre_ms=0,
        wait_after_ms=0,
        talk_ms=0,
        next_retry_s=0,
        channel=live.channel if live else "",
        cause=0,
        tech_cause="",
        reason="",
        outputs=found.record.outputs if outputs is None else outputs,
    )


def _placed(found: LoggedCall | CallDetails, attempt: Attempt, list_name: str) -> dict[str, Any]:
    """What is known of a call from its beginning."""
    return {
        "call_id": attempt.id,
        "run_id": attempt.run_id,
        "campaign": found.campaign,
        "list_name": list_name,
        "record_id": attempt.record_id,
        "record_number": found.record.number,
        "number": attempt.number,
        "retry_no": attempt.retry_no,
        "requested_at": attempt.requested_at,
        "server": found.server,
        "trunk": found.trunk,
        "endpoint": found.endpoint,
        "channel_id": attempt.channel_id,
        "inputs": found.record.inputs,
    }


OPERATIONS = (
    add_call,
    list_calls,
    show_call,
    set_call_status,
    set_call_attributes,
    clear_call_attributes,
)
