"""How an attempt ends: its lines are freed, its log row written, its retry queued."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from core.dialer.call import Call
from core.dialer.disposing import dispose
from core.dialer.live import Live
from core.dialer.run import LiveRun
from core.dialer.telling import call_ended
from core.model import Attempt, CallLog, HopperEntry, Record, Retry
from core.ports.commands import CallClosed, RecordDeferred
from core.rules.caps import CAPPED, Refusal
from core.rules.disposition import Effect
from core.rules.notifications import Notification, form_fields, render_form
from core.rules.recipient_hours import NO_HOURS
from core.rules.reschedule import RetryDecision, decide_retry
from core.rules.states import CallState

#: When an attempt that never left is tried again, whatever the rules: nobody was called.
UNSENT_RETRY_S = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """Why a record is not called: the states of its log row, and the reason there."""

    state: CallState
    reason: str
    ext_status: str = ""


BLACKLISTED = Bar(state=CallState.RS_BLACKLIST, reason="the number is on a black list")
EXPIRED = Bar(state=CallState.RS_EXPIRED, reason="its time was over before it could be called")
WITHOUT_HOURS = Bar(
    state=CallState.RS_BLACKLIST,
    reason="the person's time zone is not known, or has no such hours",
    ext_status=NO_HOURS,
)


def find_bar(entry: HopperEntry, now: datetime) -> Bar | None:
    """What forbids to call the entry; None if nothing does."""
    if why := entry.removal or entry.record.fault:
        return Bar(state=CallState.RS_ERROR, reason=why)
    if entry.is_blacklisted:
        return BLACKLISTED
    if has_expired(entry.record, now):
        return EXPIRED
    if entry.refusal is not None and now < entry.refusal.allowed_at:
        reason = _in_words(entry.refusal)
        return Bar(state=CallState.RS_BLACKLIST, reason=reason, ext_status=CAPPED)
    return None


def has_expired(record: Record, now: datetime) -> bool:
    """Is the moment past from which the record is not called any more?"""
    return record.expires_at is not None and record.expires_at <= now


class Closing:
    """Ends attempts, whatever ended them."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def screen_out(
        self, run: LiveRun, entry: HopperEntry, attempt: Attempt, bar: Bar, now: datetime
    ) -> None:
        """Log an entry that must not or cannot be called; nobody is. No fetch gives its retry
        again: fetches read behind the journal. What no record says is not tried again."""
        if entry.is_retry:
            run.held.discard(attempt.record_id)
            run.retries -= 1
        decision = self._decide_after(run, entry, attempt, bar, now)
        log = CallLog(
            attempt=attempt,
            state=bar.state,
            ext_status=bar.ext_status,
            reason=bar.reason,
            ended_at=now,
        )
        self._conclude(run, log, decision, entry, outputs=None, was_sent=False)

    def _decide_after(
        self, run: LiveRun, entry: HopperEntry, attempt: Attempt, bar: Bar, now: datetime
    ) -> RetryDecision | None:
        if bar is BLACKLISTED:
            return self._decide_retry(run, attempt, bar.state)
        if bar.ext_status == CAPPED and entry.refusal is not None:
            return _decide_wait(run, attempt, entry.refusal, now)
        return None

    def let_wait(self, run: LiveRun, entry: HopperEntry, until: datetime, now: datetime) -> None:
        """It is outside the person's hours: the record waits among the retries. There is no log
        row, for nothing happened, and nothing is counted."""
        retry = Retry(
            run_id=run.run.id,
            record_id=entry.record.id,
            attempt_no=entry.attempt_no,
            retry_no=entry.retry_no,
            after_s=ceil((until - now).total_seconds()),
            due_at=until,
            priority=entry.record.priority,
        )
        if entry.is_retry:
            run.held.discard(entry.record.id)
        else:
            run.retries += 1
        self._live.out.append(
            RecordDeferred(
                retry=retry,
                list_id=entry.record.list_id,
                is_retry=entry.is_retry,
                round=run.round_of(entry),
            )
        )
        self._live.await_retry(run, until)
        self._live.change(run)

    def use_up_retry(self, call: Call) -> None:
        """Its attempt is in the database: the retry it was made from is not any more."""
        run = self._live.run_of(call)
        if call.entry.is_retry:
            run.held.discard(call.attempt.record_id)
            run.retries -= 1

    def give_up(self, call: Call, bar: Bar, now: datetime) -> None:
        """The call must not leave after all: nobody was called."""
        self.use_up_retry(call)
        run = self._live.run_of(call)
        run.attempted -= 1
        call.advance(bar.state)
        decision = self._decide_retry(run, call.attempt, bar.state) if bar is BLACKLISTED else None
        self.finish(call, decision, now, reason=bar.reason)

    def take_back(self, call: Call, reason: str, now: datetime) -> None:
        """The call never left. Nobody was called, so it is tried again whatever the rules."""
        call.advance(CallState.RS_ERROR)
        again = RetryDecision(after_s=UNSENT_RETRY_S, retry_no=call.attempt.retry_no)
        self.finish(call, again, now, reason=f"not sent: {reason}")

    def put_off(self, call: Call, refusal: Refusal, now: datetime) -> None:
        """A cap refuses the number: its record waits for the cap, if its campaign does."""
        call.advance(CallState.RS_BLACKLIST)
        call.ext_status = CAPPED
        run = self._live.run_of(call)
        decision = _decide_wait(run, call.attempt, refusal, now)
        self.finish(call, decision, now, reason=_in_words(refusal))

    def close(self, call: Call, state: CallState, now: datetime, reason: str = "") -> None:
        call.advance(state)
        decision = self._decide_retry(self._live.run_of(call), call.attempt, state, call.ext_status)
        self.finish(call, decision, now, reason=reason)

    def _decide_retry(
        self, run: LiveRun, attempt: Attempt, state: CallState, ext_status: str = ""
    ) -> RetryDecision | None:
        return decide_retry(
            run.campaign.reschedule_rules,
            state=state,
            ext_status=ext_status,
            retry_no=attempt.retry_no,
        )

    def finish(
        self, call: Call, decision: RetryDecision | None, now: datetime, *, reason: str
    ) -> None:
        """Free the lines and conclude the attempt."""
        run = self._live.run_of(call)
        self._live.free_lines(call, run)
        log = call.log(reason=reason, now=now)
        self._conclude(run, log, decision, call.entry, call.outputs, was_sent=call.was_sent)

    def _conclude(
        self,
        run: LiveRun,
        log: CallLog,
        decision: RetryDecision | None,
        entry: HopperEntry,
        outputs: Mapping[str, str] | None,
        *,
        was_sent: bool,
    ) -> None:
        """Write the log row, and queue the retry or count the record done."""
        retry = None
        if decision is not None and not run.state.is_over:
            retry = _retry(log.attempt, entry.record.priority, decision, log.ended_at)
            log = replace(log, next_retry_s=retry.after_s)
        notify, effects, news = None, tuple[Effect, ...](), None
        if not entry.removal:
            notify = _notification(run.campaign.http_notify, log, entry, outputs)
            effects = dispose(run, log, entry, outputs, is_rescheduled=retry is not None)
            news = call_ended(run, log, entry, outputs)
        self._live.out.append(
            CallClosed(
                log=log,
                retry=retry,
                outputs=outputs,
                notify=notify,
                is_retry=entry.is_retry,
                round=run.round_of(entry),
                was_sent=was_sent,
                effects=effects,
                news=news,
            )
        )
        if news is not None:
            self._live.out.append(news)
        run.outcomes[log.state] += 1
        if retry is None:
            run.completed += 1
        else:
            run.retries += 1
            self._live.await_retry(run, retry.due_at)
        self._live.change(run)


def _decide_wait(
    run: LiveRun, attempt: Attempt, refusal: Refusal, now: datetime
) -> RetryDecision | None:
    """To try again as soon as the cap allows, as if nothing had been tried; None if that is
    later than the campaign waits for."""
    wait = max(refusal.allowed_at - now, timedelta(seconds=1))
    if wait > timedelta(hours=run.campaign.cap_wait_h):
        return None
    return RetryDecision(after_s=ceil(wait.total_seconds()), retry_no=attempt.retry_no)


def _in_words(refusal: Refusal) -> str:
    return f"{refusal.reason}; not before {refusal.allowed_at:%Y-%m-%d %H:%M:%S} UTC"


def _notification(
    url: str, log: CallLog, entry: HopperEntry, outputs: Mapping[str, str] | None
) -> Notification | None:
    """What the campaign's `url` is told of a call that is over; None without one. Outputs that
    the call did not touch are those of the record. Without a server there is no Asterisk-id."""
    if not url:
        return None
    attempt, record = log.attempt, entry.record
    fields = form_fields(
        number=record.number,
        current_number=attempt.number,
        list_name=entry.list_name,
        state=log.state,
        ext_status=log.ext_status,
        retry_no=attempt.retry_no,
        reschedule_s=log.next_retry_s,
        asterisk_id="" if attempt.server_id is None else attempt.channel_id,
        wombat_id=attempt.id,
        inputs=record.inputs,
        outputs=record.outputs if outputs is None else outputs,
    )
    return Notification(url=url, body=render_form(fields))


def _retry(attempt: Attempt, priority: int, decision: RetryDecision, now: datetime) -> Retry:
    return Retry(
        run_id=attempt.run_id,
        record_id=attempt.record_id,
        attempt_no=attempt.attempt_no + 1,
        retry_no=decision.retry_no,
        after_s=decision.after_s,
        due_at=now + timedelta(seconds=decision.after_s),
        priority=priority,
    )
