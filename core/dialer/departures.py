"""How a call leaves: from its place in the database to its Originate, or why it stays."""

from dataclasses import replace
from datetime import datetime, timedelta

from core.dialer.call import Call
from core.dialer.closing import BLACKLISTED, EXPIRED, Bar, Closing, has_expired
from core.dialer.live import Live
from core.dialer.originating import make_originate
from core.dialer.run import LiveRun
from core.dialer.telling import call_changed
from core.ports.events import (
    AttemptRefused,
    AttemptsBlacklisted,
    AttemptsCapped,
    AttemptsCommitted,
    AttemptsRemoved,
    OriginateRefused,
    Starting,
    Stopping,
)
from core.rules.states import CallState
from core.rules.verdicts import Verdict

#: How long an attempt may wait for its commit and still leave. After an outage, all that wait
#: would leave at once, whatever their trunks' rates.
COMMIT_LIMIT = timedelta(seconds=5)


class Departures:
    """Receives what the database says of attempts, and the PBX of Originates that came to
    nothing. Nobody was called yet."""

    def __init__(self, live: Live, closing: Closing) -> None:
        self._live = live
        self._closing = closing

    def committed(self, event: AttemptsCommitted, now: datetime) -> None:
        """These calls may leave. A call leaves once, however often its commit is announced."""
        for attempt_id in event.attempt_ids:
            if call := self._scheduled(attempt_id):
                self._request(call, now)

    def _scheduled(self, attempt_id: int) -> Call | None:
        call = self._live.by_attempt.get(attempt_id)
        return call if call is not None and call.state is CallState.SCHEDULED else None

    def _request(self, call: Call, now: datetime) -> None:
        """The database may have been away since it was decided: what expired meanwhile stays."""
        run = self._live.run_of(call)
        if not run.state.is_over and has_expired(call.entry.record, now):
            self._closing.give_up(call, EXPIRED, now)
            return
        self._closing.use_up_retry(call)
        if run.state.is_over:
            call.advance(CallState.RS_ERROR)
            self._closing.finish(call, None, now, reason="the run ended before the call left")
            return
        if reason := _too_late(call, run, now):
            self._closing.take_back(call, reason, now)
            return
        call.request(now)
        self._live.out.append(make_originate(call, run))
        self._live.out.append(call_changed(call, run, now))

    def blacklisted(self, event: AttemptsBlacklisted, now: datetime) -> None:
        """The second check forbids these calls: they end before they left."""
        for attempt_id in event.attempt_ids:
            if call := self._scheduled(attempt_id):
                self._closing.give_up(call, BLACKLISTED, now)

    def capped(self, event: AttemptsCapped, now: datetime) -> None:
        """The second check of caps: like that of black lists, but the record may wait."""
        for attempt_id, refusal in event.refusals.items():
            if call := self._scheduled(attempt_id):
                self._closing.use_up_retry(call)
                self._live.run_of(call).attempted -= 1
                self._closing.put_off(call, refusal, now)

    def removed(self, event: AttemptsRemoved, now: datetime) -> None:
        """Their records were taken away while they were on their way to the database."""
        for attempt_id, reason in event.reasons.items():
            if call := self._scheduled(attempt_id):
                call.entry = replace(call.entry, removal=reason)
                self._closing.give_up(call, Bar(state=CallState.RS_ERROR, reason=reason), now)

    def attempt_refused(self, event: AttemptRefused, now: datetime) -> None:
        """A retry so refused is still in the database: it stays held, and is not read again."""
        if call := self._live.by_attempt.get(event.attempt_id):
            if call.entry.is_retry:
                self._live.run_of(call).retries -= 1
            call.advance(CallState.RS_ERROR)
            self._closing.finish(call, None, now, reason=event.reason)

    def refused(self, event: OriginateRefused, now: datetime) -> None:
        call = self._live.calls.get(event.channel_id)
        if call is None or call.state is not CallState.REQUESTED:
            return
        call.was_sent = event.was_sent
        if event.was_sent or event.is_final:
            self._closing.close(call, CallState.RS_ERROR, now, reason=event.reason)
        else:
            self._closing.take_back(call, event.reason, now)

    def stopping(self, _event: Stopping, now: datetime) -> None:
        self._live.is_stopping = True
        for call in list(self._live.calls.values()):
            if call.state is CallState.SCHEDULED:
                self._closing.use_up_retry(call)
                self._closing.take_back(call, "the dialer stopped", now)
        for run in self._live.runs.values():
            if not run.state.is_over:
                run.verdict = Verdict.DIALER_STOPPED
                run.decisions.note(run.verdict, now)

    def starting(self, _event: Starting, _now: datetime) -> None:
        self._live.is_stopping = False
        self._live.touched |= self._live.runs.keys()


def _too_late(call: Call, run: LiveRun, now: datetime) -> str:
    """Why a call that is committed only now does not leave; empty if it does."""
    if now - call.attempt.requested_at > COMMIT_LIMIT:
        return "the database took too long"
    if run.calendar is not None and not run.calendar.is_open(now):
        return "its hours ended"
    if run.wakes_at(call.entry, now) != now:
        return "the person's hours ended"
    return ""
