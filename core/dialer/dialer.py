"""The dialer's brain: what has happened goes in, what is to be done comes out.

`receive` takes one event, `decide` returns the commands that follow from all that was
received and from the time. Nothing here waits, asks or looks at a clock. A decision costs in
proportion to what changed: only runs that an event touched are looked at, and moments to come
stand in a heap.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from core.dialer.allocation import Round, allocate, rate_opens_at
from core.dialer.call import Call
from core.dialer.closing import WITHOUT_HOURS, Closing, find_bar
from core.dialer.departures import Departures
from core.dialer.keeper import Keeper
from core.dialer.lines import LiveEndPoint, LiveTrunk
from core.dialer.live import Live
from core.dialer.run import LiveRun
from core.dialer.tracker import Tracker
from core.model import Attempt, HopperEntry
from core.ports import events
from core.ports.commands import AttemptPlaced, Command
from core.rules.multinumbers import number_for
from core.rules.states import RunState
from core.rules.verdicts import Verdict

#: Digits of an attempt's id in its channel id. Asterisk takes a channel id for one in use when
#: it is the beginning of another that is, so all have the same length.
ID_WIDTH = 12


class Dialer:
    """All live state. `site_key` (8 hex digits) and the attempt's id make a channel id, so
    that calls of another installation on the same PBX are never taken for ours."""

    def __init__(self, *, site_key: str, next_attempt_id: int) -> None:
        self.live = Live()
        self._prefix = f"wb-{site_key}-"
        self._next_id = next_attempt_id
        self._decided_at: datetime | None = None
        self._closing = Closing(self.live)
        tracker, keeper = Tracker(self.live, self._closing), Keeper(self.live)
        departures = Departures(self.live, self._closing)
        self._receivers: dict[type[events.Event], Callable[[Any, datetime], None]] = {
            events.ServerUp: tracker.server_up,
            events.ServerDown: tracker.server_down,
            events.ChannelsListed: tracker.channels_listed,
            events.OriginateSent: tracker.sent,
            events.OriginateRefused: departures.refused,
            events.Dialling: tracker.dialling,
            events.Signalled: tracker.signalled,
            events.DialEnded: tracker.dial_ended,
            events.Originated: tracker.originated,
            events.Transferred: tracker.transferred,
            events.HungUp: tracker.hung_up,
            events.Reported: tracker.reported,
            events.AttemptsCommitted: departures.committed,
            events.AttemptsBlacklisted: departures.blacklisted,
            events.AttemptsCapped: departures.capped,
            events.AttemptsRemoved: departures.removed,
            events.AttemptRefused: departures.attempt_refused,
            events.Stopping: departures.stopping,
            events.Starting: departures.starting,
            events.DatabaseDown: keeper.database_down,
            events.DatabaseUp: keeper.database_up,
            events.ServersLoaded: keeper.servers_loaded,
            events.RecentCalls: keeper.calls_remembered,
            events.RunLoaded: keeper.run_loaded,
            events.RunReloaded: keeper.run_reloaded,
            events.RunAsked: keeper.run_asked,
            events.RecordsAdded: keeper.records_added,
            events.RecordsGathered: keeper.records_gathered,
            events.ListsChanged: keeper.lists_changed,
            events.BatchFetched: keeper.batch_fetched,
        }

    def receive(self, event: events.Event, now: datetime) -> None:
        """Take note of one event; what follows from it comes out of the next `decide`."""
        self._receivers[type(event)](event, now)

    def decide(self, now: datetime) -> list[Command]:
        """The commands to carry out, in order: an attempt's journal entry always stands
        before anything that relies on it."""
        live = self.live
        if self._decided_at is not None and now < self._decided_at:
            # The clock was set back: moments to come are further away than they were meant.
            live.touched |= live.runs.keys()
        self._decided_at = now
        for callback in live.timers.pop_due(now):
            callback(now)
        is_to_place = live.touched or live.opened
        if is_to_place and not live.is_stopping and not live.database_reason:
            self._place_calls(now)
        for run_id in sorted(live.moved):
            progress = live.runs[run_id].progress(now)
            live.out.append(progress)
            if progress.news is not None:
                live.out.append(progress.news)
        live.moved.clear()
        out, live.out = live.out, []
        return out

    def next_look_at(self) -> datetime | None:
        """When `decide` is due next if nothing happens before."""
        return self.live.timers.next_at()

    def _place_calls(self, now: datetime) -> None:
        runs = self.live.runs
        touched = [runs[run_id] for run_id in sorted(self.live.touched) if run_id in runs]
        waiting = self._find_waiting()
        opened, self.live.opened = self.live.opened, []
        self.live.touched.clear()
        for run in touched:
            if run.state is RunState.RUNNING:
                self._drop_uncallable(run, now)
            self._settle(run, now)
        running = [run for run in touched if run.state is RunState.RUNNING]
        this = Round(touched=running, waiting=waiting, opened=opened, now=now)
        allocate(this, lambda run, trunk, end: self._place(run, trunk, end, now))
        for run in this.looked_at.values():
            if run.verdict is Verdict.LIMITED_BY_TRUNK_RATE:
                self._look_when_rate_allows(run, now)
            if run.wants_batch(now):
                self.live.out.append(run.fetch())
            run.decisions.note(run.verdict, now)
        for run in touched:
            if run.run.id not in this.looked_at:
                run.decisions.note(run.verdict, now)

    def _find_waiting(self) -> list[LiveRun]:
        """Runs that nothing touched, but that may use what was full and is not any more."""
        live = self.live
        users: set[int] = set().union(*(held.users for held in live.opened))
        found = (live.runs[run_id] for run_id in users - live.touched if run_id in live.runs)
        return [run for run in found if run.state is RunState.RUNNING and run.hopper_size]

    def _settle(self, run: LiveRun, now: datetime) -> None:
        """A run out of calls completes, or idles when its campaign says so; one that has some
        keeps its hours."""
        before = run.state
        if before in (RunState.RUNNING, RunState.WRONG_TIME, RunState.IDLE):
            if not run.is_exhausted:
                self._keep_hours(run, now)
            elif run.campaign.idles_on_termination:
                run.state = RunState.IDLE
            else:
                run.end(RunState.COMPLETED, now)
        if run.state is not before:
            self.live.moved.add(run.run.id)
        if run.state is not RunState.RUNNING:
            run.verdict = Verdict.NOT_RUNNING

    def _keep_hours(self, run: LiveRun, now: datetime) -> None:
        run.keep_hours(now)
        assert run.calendar is not None
        changes_at = run.calendar.changes_at
        if changes_at is not None and changes_at != run.hours_at:
            run.hours_at = changes_at
            self.live.look_again(run, changes_at)

    def _look_when_rate_allows(self, run: LiveRun, now: datetime) -> None:
        opens_at = rate_opens_at(run)
        if opens_at is None or (run.look_at is not None and now < run.look_at <= opens_at):
            return
        run.look_at = opens_at
        self.live.look_again(run, opens_at)

    def _drop_uncallable(self, run: LiveRun, now: datetime) -> None:
        """What is barred is logged without a call, in its turn, and who sleeps is left to wait:
        they take no line and no part of a trunk's rate."""
        while (entry := run.next_entry) is not None:
            bar, wakes_at = find_bar(entry, now), run.wakes_at(entry, now)
            if bar or wakes_at is None:
                attempt = self._make_attempt(run, run.take(), now)
                self._closing.screen_out(run, entry, attempt, bar or WITHOUT_HOURS, now)
            elif now < wakes_at:
                self._closing.let_wait(run, run.take(), wakes_at, now)
            else:
                return

    def _place(self, run: LiveRun, trunk: LiveTrunk, endpoint: LiveEndPoint, now: datetime) -> None:
        entry = run.take()
        attempt = self._make_attempt(run, entry, now, trunk, endpoint)
        call = Call(attempt=attempt, trunk=trunk, endpoint=endpoint, entry=entry)
        self.live.take_lines(call, run)
        trunk.window.place(now)
        run.attempted += 1
        run.last_attempt_id = attempt.id
        self.live.moved.add(run.run.id)
        screen = run.screen
        self.live.out.append(
            AttemptPlaced(
                attempt=attempt,
                is_retry=entry.is_retry,
                round=run.round_of(entry),
                numbers=screen.numbers_of(entry.record) if screen else (),
                screen=screen,
            )
        )
        self._drop_uncallable(run, now)

    def _make_attempt(
        self,
        run: LiveRun,
        entry: HopperEntry,
        now: datetime,
        trunk: LiveTrunk | None = None,
        endpoint: LiveEndPoint | None = None,
    ) -> Attempt:
        """The next attempt; one that is barred has no lines."""
        attempt_id, self._next_id = self._next_id, self._next_id + 1
        return Attempt(
            id=attempt_id,
            run_id=run.run.id,
            campaign_id=run.campaign.id,
            record_id=entry.record.id,
            list_id=entry.record.list_id,
            server_id=trunk.trunk.server_id if trunk else None,
            trunk_id=trunk.trunk.id if trunk else None,
            endpoint_id=endpoint.endpoint.id if endpoint else None,
            attempt_no=entry.attempt_no,
            retry_no=entry.retry_no,
            number=number_for(entry.retry_no, entry.record.number, entry.record.inputs),
            channel_id=f"{self._prefix}{attempt_id:0{ID_WIDTH}}",
            requested_at=now,
        )
