"""What becomes of a call that left: from its Originate to its end."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from core.dialer.call import Call
from core.dialer.closing import Closing
from core.dialer.lines import LiveServer
from core.dialer.live import Live
from core.dialer.telling import call_changed
from core.ports.commands import CallTransferred, HangUp, Originate
from core.ports.events import (
    ChannelsListed,
    DialEnded,
    Dialling,
    HungUp,
    Originated,
    OriginateSent,
    Report,
    Reported,
    ServerDown,
    ServerUp,
    Signalled,
    Transferred,
)
from core.rules.states import CallState

#: How long a failed call may wait for the other half of its evidence. In 17 % of failures the
#: Hangup, which says why, comes after the OriginateResponse, and even DialBegin may. A call
#: that never had a channel waits in vain.
VERDICT_GRACE = timedelta(seconds=2)
#: How long a channel that is not listed may wait for the news of its hang-up.
HANG_UP_GRACE = timedelta(seconds=5)
#: How long after its answer timeout a call that was sent counts as lost without any news.
LOST_GRACE = timedelta(seconds=15)
#: Hang-up causes that an answered call may have as well as one that nobody answered.
EITHER_CAUSES = frozenset({0, 16})


class Tracker:
    """Receives what PBXs and dialplans say. A call that is not ours is not found, and passed
    over."""

    def __init__(self, live: Live, closing: Closing) -> None:
        self._live = live
        self._closing = closing

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
        """After a time out of sight: a call whose channel is gone is over, one that is up goes
        on. What was still to be sent is not touched, nor what is about to be judged."""
        is_judged_soon = call.cause is not None or call.reason is not None
        if call.state is CallState.SCHEDULED or is_judged_soon:
            return
        channel_id = call.attempt.channel_id
        if channel_id not in event.live_channels:
            self._close_gone(call, event.started_at, now)
        elif call.is_timed_out:
            self._hang_up(call)
        elif channel_id in event.answered_channels:
            self._connect(call, now)
        else:
            self._expect_news(call, now)

    def _close_gone(self, call: Call, started_at: datetime | None, now: datetime) -> None:
        """Of an answered call it is known that it ended, if not when; but one that the PBX cut
        off by starting anew has not ended normally, and of one that was not answered nobody
        knows. `started_at` is when the PBX started, if that is known."""
        requested_at = call.requested_at or call.attempt.requested_at
        is_cut_off = started_at is not None and requested_at < started_at
        if call.is_timed_out or (call.state.is_answered and not is_cut_off):
            self._closing.close(call, call.judge(), now, reason="it ended out of sight")
            return
        reason = "its server restarted" if is_cut_off else "gone when its server was back"
        self._closing.close(call, CallState.RS_LOST, now, reason=reason)

    def channels_listed(self, event: ChannelsListed, now: datetime) -> None:
        """The hang-up of a call that is not there any more comes in a moment, or was lost."""
        for call in self._live.calls.values():
            seen_at = call.dialling_at or call.connected_at
            is_there = call.attempt.channel_id in event.live_channels
            if is_there or call.server_id != event.server_id or seen_at is None:
                continue
            if seen_at < event.asked_at:
                self._look_at(call, now + HANG_UP_GRACE, self._close_unheard)

    def _close_unheard(self, call: Call, now: datetime) -> None:
        state = call.judge() if call.state.is_answered else CallState.RS_LOST
        self._closing.close(call, state, now, reason="its hang-up was never told")

    def server_down(self, event: ServerDown, now: datetime) -> None:
        if server := self._live.servers.get(event.server_id):
            server.is_up, server.reason, server.lost_at = False, event.reason, now
            for call in self._live.calls.values():
                if call.server_id == event.server_id:
                    call.is_alive = True  # It may ring out of sight.
            self._touch_users(server)

    def _touch_users(self, server: LiveServer) -> None:
        for trunk in self._live.trunks.values():
            if trunk.server is server:
                self._live.touched |= trunk.users

    def sent(self, event: OriginateSent, now: datetime) -> None:
        """From here on the PBX has time to say something of the call: before, the Originate
        waited for its turn, which may take long."""
        if call := self._live.calls.get(event.channel_id):
            self._expect_news(call, now)

    def _expect_news(self, call: Call, now: datetime) -> None:
        timeout = timedelta(milliseconds=self._live.run_of(call).campaign.answer_timeout_ms)

        def lose(call: Call, at: datetime) -> None:
            is_waiting = call.state in (CallState.REQUESTED, CallState.DIALLING)
            if is_waiting and self._live.servers[call.server_id].is_up:
                # It may wait for its turn there: nobody is called after the log row is written.
                self._hang_up(call)
                self._closing.close(call, CallState.RS_LOST, at, reason="no news of the call")

        self._look_at(call, now + timeout + LOST_GRACE, lose)

    def dialling(self, event: Dialling, now: datetime) -> None:
        call = self._live.calls.get(event.channel_id)
        if call is not None and call.start_dialling(event.channel, now):
            self._tell(call, now)

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
        self._judge(call, now)

    def transferred(self, event: Transferred, now: datetime) -> None:
        """The agent is free, the line is not (manual, "Call transfers"); nobody cuts this call
        any more. It may overtake the news of the answer."""
        if call := self._live.calls.get(event.channel_id):
            self._connect(call, now)
            if call.state is CallState.CONNECTED:
                connected_at = call.transfer()
                self._live.free_endpoint(call)
                self._live.out.append(
                    CallTransferred(attempt_id=call.attempt.id, connected_at=connected_at)
                )
                self._tell(call, now)

    def hung_up(self, event: HungUp, now: datetime) -> None:
        call = self._live.calls.get(event.channel_id)
        if call is None:
            return
        call.cause, call.tech_cause = event.cause, event.tech_cause
        if self._is_unseen(call):
            self._closing.close(call, CallState.RS_LOST, now, reason="it ended out of sight")
        else:
            self._judge(call, now)

    def _judge(self, call: Call, now: datetime) -> None:
        """Now, if all is known that can be known; else when it must be."""
        is_whole = call.reason is not None and call.cause is not None
        if call.state.is_answered or (is_whole and not call.has_no_evidence):
            self._closing.close(call, call.judge(), now)
        else:
            self._judge_soon(call, now)

    def _is_unseen(self, call: Call) -> bool:
        """Its server is being found again, and nobody saw whether this call was answered."""
        is_open = not call.state.is_answered and call.reason is None
        is_up = self._live.servers[call.server_id].is_up
        return is_open and not is_up and call.cause in EITHER_CAUSES

    def _judge_soon(self, call: Call, now: datetime) -> None:
        server = self._live.servers[call.server_id]
        was_up = server.is_up

        def judge(call: Call, at: datetime) -> None:
            is_gone = not was_up or (server.lost_at is not None and server.lost_at >= now)
            if is_gone and call.has_no_evidence:
                self._closing.close(call, CallState.RS_LOST, at, reason="its server went away")
            else:
                self._closing.close(call, call.judge(), at)

        self._look_at(call, now + VERDICT_GRACE, judge)

    def _connect(self, call: Call, now: datetime) -> None:
        if not call.answer(now):
            return
        self._tell(call, now, call.outputs)
        limit_s = self._live.run_of(call).campaign.max_call_length_s
        if not limit_s:
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

    def reported(self, event: Reported, now: datetime) -> None:
        for call_id in event.call_ids:
            if call := self._live.calls.get(call_id):
                if call.report(event):
                    is_status = event.report is Report.STATUS
                    self._tell(call, now, None if is_status else call.outputs)
                return

    def _tell(self, call: Call, now: datetime, outputs: Mapping[str, str] | None = None) -> None:
        self._live.out.append(call_changed(call, self._live.run_of(call), now, outputs))
