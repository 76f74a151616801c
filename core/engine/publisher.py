"""Snapshots of the dialer for all who look on: taken when somebody looks, shared by all."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice

from core.dialer.call import Call
from core.dialer.dialer import Dialer
from core.dialer.run import LiveRun
from core.ports import Clock
from core.ports.snapshot import MAX_CALLS, CallView, RunView, ServerView, Snapshot
from core.rules.figures import work_out
from core.rules.states import RunState

#: The span over which placed calls are counted.
MINUTE = timedelta(seconds=60)


class Publisher:
    """Implements `core.ports.snapshot.SnapshotSource`. `publish` is called by the engine's
    own beat; a look in between takes a snapshot of its own."""

    def __init__(self, dialer: Dialer, clock: Clock) -> None:
        self._dialer = dialer
        self._clock = clock
        self._started_at = clock.now()
        self._placed: deque[tuple[datetime, int]] = deque()
        self._subscribers: list[Callable[[Snapshot], None]] = []

    def count_placed(self, calls: int, now: datetime) -> None:
        self._placed.append((now, calls))
        while self._placed[0][0] < now - MINUTE:
            self._placed.popleft()

    def publish(self) -> None:
        if self._subscribers:
            snapshot = self.latest()
            for callback in tuple(self._subscribers):
                callback(snapshot)

    def subscribe(self, callback: Callable[[Snapshot], None]) -> Callable[[], None]:
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def latest(self) -> Snapshot:
        now = self._clock.now()
        live = self._dialer.live
        newest = islice(reversed(live.calls.values()), MAX_CALLS)
        return Snapshot(
            taken_at=now,
            uptime_s=(now - self._started_at).total_seconds(),
            servers=tuple(
                ServerView(name=s.server.name, is_up=s.is_up, reason=s.reason)
                for s in live.servers.values()
            ),
            runs=tuple(_run_view(run, now) for run in live.runs.values()),
            calls=tuple(_call_view(call, live.runs[call.attempt.run_id]) for call in newest),
            placed_last_minute=sum(n for at, n in self._placed if at >= now - MINUTE),
            live_total=len(live.calls),
            database_reason=live.database_reason,
        )


def _run_view(run: LiveRun, now: datetime) -> RunView:
    return RunView(
        run_id=run.run.id,
        campaign=run.campaign.name,
        started_at=run.run.started_at,
        state=run.state,
        priority=run.campaign.priority,
        attempted=run.attempted,
        completed=run.completed,
        hopper=run.hopper_size,
        live_calls=run.live,
        retries=run.retries,
        figures=work_out(
            attempted=run.attempted,
            completed=run.completed,
            cached=run.cached,
            backlog=run.backlog,
            running_s=((run.ended_at or now) - run.run.started_at).total_seconds(),
        ),
        high_water=run.high_water,
        verdict=_describe(run, now),
        decisions=run.decisions.latest(now),
        outcomes=dict(run.outcomes),
    )


def _describe(run: LiveRun, now: datetime) -> str:
    """Why calls were placed or not: outside its hours, the rule that closes it."""
    if run.state is not RunState.WRONG_TIME or run.calendar is None:
        return run.error or run.verdict
    closed = run.calendar.inspect(now)
    return " ".join(part for part in (closed.state, closed.hours_name, closed.rule_name) if part)


def _call_view(call: Call, run: LiveRun) -> CallView:
    return CallView(
        attempt_id=call.attempt.id,
        run_id=run.run.id,
        campaign=run.campaign.name,
        number=call.attempt.number,
        state=call.state,
        trunk=call.trunk.trunk.name,
        endpoint=call.endpoint.endpoint.name,
        retry_no=call.attempt.retry_no,
        requested_at=call.attempt.requested_at,
        connected_at=call.connected_at,
        ext_status=call.ext_status,
    )
