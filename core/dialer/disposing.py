"""What the campaign's disposition rules make of a call that is over."""

from collections.abc import Mapping

from core.dialer.run import LiveRun
from core.model import CallLog, HopperEntry
from core.rules.call_words import CallWords
from core.rules.disposition import Effect, decide_effects


def dispose(
    run: LiveRun,
    log: CallLog,
    entry: HopperEntry,
    outputs: Mapping[str, str] | None,
    *,
    is_rescheduled: bool,
) -> tuple[Effect, ...]:
    """Nothing without rules. Outputs that the call did not touch are those of the record."""
    rules = run.campaign.disposition_rules
    if not rules:
        return ()
    attempt, record, zone = log.attempt, entry.record, run.zone
    words = CallWords(
        number=record.number,
        dialled=attempt.number,
        retry_no=attempt.retry_no,
        list_name=entry.list_name,
        state=log.state,
        ext_status=log.ext_status,
        campaign=run.campaign.name,
        run_name=f"{run.campaign.name} {run.run.started_at.astimezone(zone):%y.%m.%d %H:%M:%S}",
        inputs=record.inputs,
        outputs=record.outputs if outputs is None else outputs,
    )
    return decide_effects(rules, words, is_rescheduled=is_rescheduled, now=log.ended_at, zone=zone)
