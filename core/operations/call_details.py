"""What is known of one call, and what may still be said of it when it is over.

Source: manual 25.02, "Live call details" and "Set extStatus and attributes on a live call".
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.dialer.call import apply_report
from core.errors import NotFound
from core.model import Attempt, CallList, CallLog, Campaign, Record
from core.operations.permission import is_visible, log_entry, require, require_visible
from core.people import Actor
from core.ports.events import Report, Reported
from core.rules.attributes import check_name, check_value
from core.rules.keys import Key
from core.rules.statuses import check_ext_status
from core.store.attempts import fetch_attempt
from core.store.audit import write_log
from core.store.campaigns import fetch_campaign
from core.store.database import reading
from core.store.endpoints import fetch_endpoint
from core.store.lists import fetch_list
from core.store.records import fetch_record, save_outputs
from core.store.reports import fetch_log, save_ext_status
from core.store.runs import count_retries, fetch_open_runs, fetch_run
from core.store.servers import fetch_server
from core.store.trunks import fetch_trunk

_CHANNEL_ID = re.compile(r"wb-[0-9a-f]+-([0-9]{1,18})")


@dataclass(frozen=True, kw_only=True, slots=True)
class CallDetails:
    """A call with the names of all it uses, empty where it had no line. `log` is None while it
    is under way."""

    attempt: Attempt
    log: CallLog | None
    record: Record
    call_list: CallList
    campaign: str
    run_started_at: datetime
    server: str = ""
    trunk: str = ""
    trunk_capacity: int = 0
    endpoint: str = ""


def find_call(engine: Engine, actor: Actor, attempt_id: int) -> CallDetails | None:
    """The call of this attempt id (the WombatID), under way or over, if the actor may see its
    campaign. Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        log = fetch_log(conn, attempt_id)
        attempt = log.attempt if log else fetch_attempt(conn, attempt_id)
        if attempt is None:
            return None
        campaign = fetch_campaign(conn, attempt.campaign_id)
        return _details(conn, attempt, log, campaign) if is_visible(actor, campaign) else None


def check_call(engine: Engine, actor: Actor, attempt_id: int) -> None:
    """NotFound unless there is a call of this attempt id whose campaign the actor may see. Needs
    CTRL_WBT."""
    require(actor, Key.CTRL_WBT)
    with reading(engine) as conn:
        log = fetch_log(conn, attempt_id)
        attempt = log.attempt if log else fetch_attempt(conn, attempt_id)
        if attempt is None:
            raise NotFound("call", attempt_id)
        campaign = fetch_campaign(conn, attempt.campaign_id)
        require_visible(actor, campaign, "call", attempt_id)


def find_call_by_channel(engine: Engine, actor: Actor, channel_id: str) -> CallDetails | None:
    """The call that Whipbird placed under this channel id, which is Asterisk's Uniqueid, if
    the actor may see its campaign. Needs RT."""
    if not (match := _CHANNEL_ID.fullmatch(channel_id)):
        return None
    found = find_call(engine, actor, int(match[1]))
    return found if found is not None and found.attempt.channel_id == channel_id else None


def check_report(report: Reported) -> Reported:
    """The report itself; InvalidValue of a status or an attribute that may not be."""
    match report.report:
        case Report.STATUS:
            check_ext_status(report.value)
        case Report.ATTRIBUTE | Report.APPEND:
            check_value(check_name(report.name), report.value)
        case Report.CLEAR:
            pass
    return report


def report_closed(
    engine: Engine, actor: Actor, attempt_id: int, report: Reported, now: datetime
) -> None:
    """Apply the report to a call that is over. No rule that looks at how calls end is asked again.
    The system log tells what was changed, but no attribute's value. NotFound if no call of this
    id is over, or the actor may not see its campaign. Needs CTRL_WBT."""
    require(actor, Key.CTRL_WBT)
    check_report(report)
    with engine.begin() as conn:
        log = fetch_log(conn, attempt_id)
        if log is None:
            raise NotFound("call", attempt_id)
        campaign = fetch_campaign(conn, log.attempt.campaign_id)
        require_visible(actor, campaign, "call", attempt_id)
        write_log(conn, log_entry(actor, now, "call.change", str(attempt_id), _said(report)))
        if report.report is Report.STATUS:
            save_ext_status(conn, attempt_id, report.value)
            return
        record = fetch_record(conn, log.attempt.record_id, is_locked=True)
        outputs = apply_report(record.outputs, report)
        for name, value in outputs.items():
            check_value(name, value)
        save_outputs(conn, record.id, outputs)


def _said(report: Reported) -> str:
    match report.report:
        case Report.STATUS:
            return f"status: {report.value}"
        case Report.ATTRIBUTE | Report.APPEND:
            return f"attribute {report.name}"
        case Report.CLEAR:
            return "all attributes"


def _details(
    conn: Connection, attempt: Attempt, log: CallLog | None, campaign: Campaign
) -> CallDetails:
    record = fetch_record(conn, attempt.record_id)
    trunk = None if attempt.trunk_id is None else fetch_trunk(conn, attempt.trunk_id)
    endpoint = None if attempt.endpoint_id is None else fetch_endpoint(conn, attempt.endpoint_id)
    server = None if attempt.server_id is None else fetch_server(conn, attempt.server_id)
    return CallDetails(
        attempt=attempt,
        log=log,
        record=record,
        call_list=fetch_list(conn, attempt.list_id),
        campaign=campaign.name,
        run_started_at=fetch_run(conn, attempt.run_id).started_at,
        server=server.name if server else "",
        trunk=trunk.name if trunk else "",
        trunk_capacity=trunk.capacity if trunk else 0,
        endpoint=endpoint.name if endpoint else "",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class RecallCount:
    """The retries of an open run: those that are due by a moment, and the others."""

    run_id: int
    soon: int
    later: int


def count_recalls(engine: Engine, actor: Actor, until: datetime) -> list[RecallCount]:
    """Of each open run whose campaign the actor may see, how many retries are due by `until`
    (manual, "Query current calls and recalls for runs"). Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        runs = [
            run
            for run in fetch_open_runs(conn)
            if is_visible(actor, fetch_campaign(conn, run.campaign_id))
        ]
        counts = {run.id: count_retries(conn, run.id, until) for run in runs}
    return [
        RecallCount(run_id=run_id, soon=soon, later=later)
        for run_id, (soon, later) in counts.items()
    ]
