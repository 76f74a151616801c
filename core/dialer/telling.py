"""What the dialer tells of its calls and runs while they go on."""

from collections.abc import Mapping
from datetime import datetime

from core.dialer.call import Call
from core.dialer.run import LiveRun
from core.model import CallLog, HopperEntry
from core.rules.news import CallChanged, CallEnded, RunFigures


def call_changed(
    call: Call, run: LiveRun, now: datetime, outputs: Mapping[str, str] | None = None
) -> CallChanged:
    attempt = call.attempt
    return CallChanged(
        at=now,
        call_id=attempt.id,
        run_id=attempt.run_id,
        campaign_id=attempt.campaign_id,
        campaign=run.campaign.name,
        list_id=attempt.list_id,
        list_name=call.entry.list_name,
        record_id=attempt.record_id,
        number=attempt.number,
        retry_no=attempt.retry_no,
        state=call.state,
        ext_status=call.ext_status,
        outputs=outputs,
    )


def call_ended(
    run: LiveRun, log: CallLog, entry: HopperEntry, outputs: Mapping[str, str] | None
) -> CallEnded:
    """Outputs that the call did not touch are those of the record."""
    attempt, record = log.attempt, entry.record
    return CallEnded(
        at=log.ended_at,
        call_id=attempt.id,
        run_id=attempt.run_id,
        campaign_id=attempt.campaign_id,
        campaign=run.campaign.name,
        list_id=attempt.list_id,
        list_name=entry.list_name,
        record_id=attempt.record_id,
        number=attempt.number,
        retry_no=attempt.retry_no,
        state=log.state,
        ext_status=log.ext_status,
        channel_id="" if attempt.server_id is None else attempt.channel_id,
        wait_pre_ms=log.wait_pre_ms,
        wait_after_ms=log.wait_after_ms,
        talk_ms=log.talk_ms,
        next_retry_s=log.next_retry_s,
        cause=log.cause,
        tech_cause=log.tech_cause,
        reason=log.reason,
        inputs=record.inputs,
        outputs=record.outputs if outputs is None else outputs,
    )


def run_figures(run: LiveRun, now: datetime) -> RunFigures:
    return RunFigures(
        at=now,
        run_id=run.run.id,
        campaign_id=run.campaign.id,
        campaign=run.campaign.name,
        state=run.state,
        attempted=run.attempted,
        completed=run.completed,
        live_calls=run.live,
        hopper=run.hopper_size,
        retries=run.retries,
        remaining=run.cached + run.backlog,
        outcomes=dict(run.outcomes),
    )
