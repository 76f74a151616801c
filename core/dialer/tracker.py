"""What becomes of each live call: from its commit to its log row and its retry."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from core.dialer.call import Call
from core.dialer.lines import LiveServer
from core.dialer.live import Live
from core.dialer.run import LiveRun
from core.model import Attempt, CallLog, HopperEntry, Retry
from core.ports.commands import CallClosed, HangUp, Originate
from core.ports.events import (
    AttemptRefused,
    AttemptsBlacklisted,
    AttemptsCommitted,
    DialEnded,
    Dialling,
    HungUp,
    Originated,
    OriginateRefused,
    Reported,
    ServerDown,
    ServerUp,
    Signalled,
    Stopping,
)
from core.rules.dialstring import render_channel
from core.rules.notifications import Notification, form_fields, render_form
from core.rules.placeholders import expand
from core.rules.reschedule import RetryDecision, decide_retry
from core.rules.states import CallState
from core.rules.variables import call_variables, tracking_variables

#: How long a failed call may wait for the other half of its evidence. In 17 % of failures the
#: Hangup, which says why, comes after the OriginateResponse, and even DialBegin may. A call
#: that never had a channel waits in vain.
VERDICT_GRACE = timedelta(seconds=2)
#: How long after its answer timeout a call without any news counts as lost.
LOST_GRACE = timedelta(seconds=15)
#: When an attempt that never left is tried again, whatever the rules: nobody was called.
UNSENT_RETRY_S = 10
#: What the log says of a call that a black list forbade.
ON_BLACK_LIST = "the number is on a black list"


class Tracker:
    """Receives what PBXs and dialplans say. A call that is not ours is not found, and passed
    over."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def server_up(self, event: ServerUp, now: datetime) -> None:
        server = self._live.servers.get(event.server_id)
        if server is None:
            return
        server.is_up, server.reason, server.started_at = True, "", event.started_at
        leaving = {c.channel_id for c in self._live.out if isinstance(c, Originate)}
        for call in list(self._live.calls.values()):
            is_there = call.server_id == event.server_id
            if is_there and call.attempt.channel_id not in leaving:
                self._reconcile(call, event, now)
        self._touch_users(server)

    def _reconcile(self, call: Call, event: ServerUp, now: datetime) -> None:
        """After a time out of sight: a call whose channel is gone is lost, one that is up goes
        on. What was still to be sent is not touched."""
        if call.state is CallState.SCHEDULED:
            return
        channel_id = call.attempt.channel_id
        if channel_id not in event.live_channels:
            self._close(call, CallState.RS_LOST, now, reason="gone when its server was back")
        elif call.is_timed_out:
            self._hang_up(call)
        elif channel_id in event.answered_channels:
            self._connect(call, now)
        else:
            self._expect_news(call, now)

    def server_down(self, event: ServerDown, _now: datetime) -> None:
        if server := self._live.servers.get(event.server_id):
            server.is_up, server.reason = False, event.reason
            self._touch_users(server)

    def _touch_users(self, server: LiveServer) -> None:
        for trunk in self._live.trunks.values():
            if trunk.server is server:
                self._live.touched |= trunk.users

    def committed(self, event: AttemptsCommitted, now: datetime) -> None:
        """These calls may leave. A call leaves once, however often its commit is announced."""
        for attempt_id in event.attempt_ids:
            call = self._live.by_attempt.get(attempt_id)
            if call is not None and call.state is CallState.SCHEDULED:
                self._request(call, now)

    def _request(self, call: Call, now: datetime) -> None:
        run = self._run_of(call)
        self._use_up_retry(call, run)
        if run.state.is_over:
            call.advance(CallState.RS_ERROR)
            self._finish(call, None, now, reason="the run ended before the call left")
            return
        call.request(now)
        self._live.out.append(_originate(call, run))
        self._expect_news(call, now)

    def blacklisted(self, event: AttemptsBlacklisted, now: datetime) -> None:
        """The second check forbids these calls: they end before they left."""
        for attempt_id in event.attempt_ids:
            call = self._live.by_attempt.get(attempt_id)
            if call is not None and call.state is CallState.SCHEDULED:
                run = self._run_of(call)
                self._use_up_retry(call, run)
                run.attempted -= 1
                self._close(call, CallState.RS_BLACKLIST, now, reason=ON_BLACK_LIST)

    def screen_out(self, run: LiveRun, entry: HopperEntry, attempt: Attempt, now: datetime) -> None:
        """Log an entry that the first check forbids; nobody is called. No fetch gives its retry
        again: fetches read behind the journal."""
        if entry.is_retry:
            run.held.discard(attempt.record_id)
            run.retries -= 1
        state = CallState.RS_BLACKLIST
        decision = self._decide_retry(run, attempt, state)
        log = CallLog(attempt=attempt, state=state, reason=ON_BLACK_LIST, ended_at=now)
        self._conclude(run, log, decision, entry, outputs=None)

    def attempt_refused(self, event: AttemptRefused, now: datetime) -> None:
        """A retry so refused is still in the database: it stays held, and is not read again."""
        if call := self._live.by_attempt.get(event.attempt_id):
            if call.entry.is_retry:
                self._run_of(call).retries -= 1
            call.advance(CallState.RS_ERROR)
            self._finish(call, None, now, reason=event.reason)

    def _use_up_retry(self, call: Call, run: LiveRun) -> None:
        if call.entry.is_retry:
            run.held.discard(call.attempt.record_id)
            run.retries -= 1

    def _expect_news(self, call: Call, now: datetime) -> None:
        timeout = timedelta(milliseconds=self._run_of(call).campaign.answer_timeout_ms)

        def lose(call: Call, at: datetime) -> None:
            is_waiting = call.state in (CallState.REQUESTED, CallState.DIALLING)
            if is_waiting and self._live.servers[call.server_id].is_up:
                # It may wait for its turn there: nobody is called after the log row is written.
                self._hang_up(call)
                self._close(call, CallState.RS_LOST, at, reason="no news of the call")

        self._look_at(call, now + timeout + LOST_GRACE, lose)

    def refused(self, event: OriginateRefused, now: datetime) -> None:
        call = self._live.calls.get(event.channel_id)
        if call is None or call.state is not CallState.REQUESTED:
            return
        if event.was_sent or event.is_final:
            self._close(call, CallState.RS_ERROR, now, reason=event.reason)
        else:
            self._take_back(call, event.reason, now)

    def _take_back(self, call: Call, reason: str, now: datetime) -> None:
        """The call never left. Nobody was called, so it is tried again whatever the rules."""
        call.advance(CallState.RS_ERROR)
        again = RetryDecision(after_s=UNSENT_RETRY_S, retry_no=call.attempt.retry_no)
        self._finish(call, again, now, reason=f"not sent: {reason}")

    def stopping(self, _event: Stopping, now: datetime) -> None:
        self._live.is_stopping = True
        for call in list(self._live.calls.values()):
            if call.state is CallState.SCHEDULED:
                self._use_up_retry(call, self._run_of(call))
                self._take_back(call, "the dialer stopped", now)

    def dialling(self, event: Dialling, now: datetime) -> None:
        if call := self._live.calls.get(event.channel_id):
            call.start_dialling(event.channel, now)

    def signalled(self, event: Signalled, _now: datetime) -> None:
        if call := self._live.calls.get(event.channel_id):
            call.is_alive = True

    def dial_ended(self, event: DialEnded, _now: datetime) -> None:
        if call := self._live.calls.get(event.channel_id):
            call.dial_status = event.status

    def originated(self, event: Originated, now: datetime) -> None:
        call = self._live.calls.get(event.channel_id)
        if call is None:
            return
        if event.is_answered:
            self._connect(call, now)
            return
        call.reason = event.reason
        if call.cause is not None:
            self._close(call, call.judge(), now)
        else:
            self._judge_soon(call, now)

    def hung_up(self, event: HungUp, now: datetime) -> None:
        call = self._live.calls.get(event.channel_id)
        if call is None:
            return
        call.cause, call.tech_cause = event.cause, event.tech_cause
        if call.state is CallState.CONNECTED or call.reason is not None:
            self._close(call, call.judge(), now)
        else:
            self._judge_soon(call, now)

    def _judge_soon(self, call: Call, now: datetime) -> None:
        def judge(call: Call, at: datetime) -> None:
            self._close(call, call.judge(), at)

        self._look_at(call, now + VERDICT_GRACE, judge)

    def _connect(self, call: Call, now: datetime) -> None:
        limit_s = self._run_of(call).campaign.max_call_length_s
        if not call.answer(now) or not limit_s:
            return

        def cut(call: Call, _at: datetime) -> None:
            if call.state is CallState.CONNECTED:
                call.is_timed_out = True
                self._hang_up(call)

        self._look_at(call, now + timedelta(seconds=limit_s), cut)

    def _look_at(self, call: Call, at: datetime, look: Callable[[Call, datetime], None]) -> None:
        """Look at the call then, if it is still there. Until then it is not kept: limits are
        longer than most calls."""
        calls, channel_id = self._live.calls, call.attempt.channel_id

        def look_if_live(now: datetime) -> None:
            if live := calls.get(channel_id):
                look(live, now)

        self._live.timers.set(at, look_if_live)

    def _hang_up(self, call: Call) -> None:
        channel_id = call.attempt.channel_id
        self._live.out.append(HangUp(server_id=call.server_id, channel_id=channel_id))

    def reported(self, event: Reported, _now: datetime) -> None:
        for call_id in event.call_ids:
            if call := self._live.calls.get(call_id):
                call.report(event)
                return

    def _close(self, call: Call, state: CallState, now: datetime, reason: str = "") -> None:
        call.advance(state)
        decision = self._decide_retry(self._run_of(call), call.attempt, state, call.ext_status)
        self._finish(call, decision, now, reason=reason)

    def _decide_retry(
        self, run: LiveRun, attempt: Attempt, state: CallState, ext_status: str = ""
    ) -> RetryDecision | None:
        return decide_retry(
            run.campaign.reschedule_rules,
            state=state,
            ext_status=ext_status,
            retry_no=attempt.retry_no,
        )

    def _finish(
        self, call: Call, decision: RetryDecision | None, now: datetime, *, reason: str
    ) -> None:
        """Free the lines and conclude the attempt."""
        run = self._run_of(call)
        self._live.free_lines(call, run)
        log = call.log(reason=reason, now=now)
        self._conclude(run, log, decision, call.entry, call.outputs)

    def _conclude(
        self,
        run: LiveRun,
        log: CallLog,
        decision: RetryDecision | None,
        entry: HopperEntry,
        outputs: Mapping[str, str] | None,
    ) -> None:
        """Write the log row, and queue the retry or count the record done."""
        retry = None
        if decision is not None and not run.state.is_over:
            retry = _retry(log.attempt, decision, log.ended_at)
            log = replace(log, next_retry_s=retry.after_s)
        notify = _notification(run.campaign.http_notify, log, entry, outputs)
        self._live.out.append(CallClosed(log=log, retry=retry, outputs=outputs, notify=notify))
        run.outcomes[log.state] += 1
        if retry is None:
            run.completed += 1
        else:
            run.retries += 1
            self._live.await_retry(run, retry.due_at)
        self._live.change(run)

    def _run_of(self, call: Call) -> LiveRun:
        return self._live.runs[call.attempt.run_id]


def _originate(call: Call, run: LiveRun) -> Originate:
    attempt = call.attempt
    trunk, endpoint = call.trunk.trunk, call.endpoint.endpoint
    return Originate(
        attempt_id=attempt.id,
        server_id=call.server_id,
        trunk=trunk,
        channel_id=attempt.channel_id,
        channel=render_channel(trunk.dial_string, attempt.number),
        extension=endpoint.extension,
        context=endpoint.context,
        answer_timeout_ms=run.campaign.answer_timeout_ms,
        caller_id=_expand(run.campaign.dial_clid, call),
        account=_expand(run.campaign.dial_account, call),
        variables=_variables(call, run),
    )


def _expand(template: str, call: Call) -> str:
    entry = call.entry
    return expand(
        template,
        number=call.attempt.number,
        list_name=entry.list_name,
        attributes=entry.record.inputs,
    )


def _variables(call: Call, run: LiveRun) -> tuple[tuple[str, str], ...]:
    """The campaign's variables, then the call's own: a record's attribute wins over a variable
    of the campaign with the same name."""
    attempt, entry, campaign = call.attempt, call.entry, run.campaign
    own = call_variables(
        attempt.id, attempt.retry_no, entry.record.number, entry.list_name, entry.record.inputs
    )
    tracking = tracking_variables(
        campaign.amd_mode, campaign.amd_extra, campaign.amd_file, campaign.fax_file
    )
    return tuple(dict((*campaign.variables, *tracking, *own)).items())


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


def _retry(attempt: Attempt, decision: RetryDecision, now: datetime) -> Retry:
    return Retry(
        run_id=attempt.run_id,
        record_id=attempt.record_id,
        attempt_no=attempt.attempt_no + 1,
        retry_no=decision.retry_no,
        after_s=decision.after_s,
        due_at=now + timedelta(seconds=decision.after_s),
    )
