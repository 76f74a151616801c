"""Runs: taken up, paused, fed from the database, ended."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

from core.dialer.calendar import Calendar
from core.dialer.call import Call
from core.dialer.lines import LiveEndPoint, LiveServer, LiveTrunk
from core.dialer.live import Live
from core.dialer.recipients import Recipients
from core.dialer.run import LiveRun
from core.model import EndPoint, Trunk
from core.ports.events import (
    BatchFetched,
    DatabaseDown,
    DatabaseUp,
    ListsChanged,
    OpenCall,
    RecentCalls,
    RecordsAdded,
    RecordsGathered,
    RunAsked,
    RunLoaded,
    RunPlan,
    RunReloaded,
    RunVerb,
    ServersLoaded,
)
from core.rules.states import RunState
from core.rules.verdicts import Verdict

#: How soon to look again for retries that are on their way to the database.
RETRY_POLL = timedelta(seconds=1)
#: How many runs that are over stay in sight.
RUNS_KEPT = 10


class Keeper:
    """Receives what people and the database say of runs."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def servers_loaded(self, event: ServersLoaded, _now: datetime) -> None:
        for server in event.servers:
            self._live.servers.setdefault(server.id, LiveServer(server)).server = server

    def calls_remembered(self, event: RecentCalls, _now: datetime) -> None:
        window = self._trunk(event.trunk).window
        for placed_at in event.placed_at:
            window.place(placed_at)

    def database_down(self, event: DatabaseDown, now: datetime) -> None:
        """Nothing new begins that could not be written down; calls that are up go on."""
        self._live.database_reason = event.reason
        for run in self._live.runs.values():
            if run.state is RunState.RUNNING:
                run.verdict = Verdict.DATABASE_DOWN
                run.decisions.note(run.verdict, now)
                self._live.touched.add(run.run.id)

    def database_up(self, _event: DatabaseUp, _now: datetime) -> None:
        self._live.database_reason = ""

    def run_loaded(self, event: RunLoaded, now: datetime) -> None:
        self.servers_loaded(ServersLoaded(servers=event.plan.servers), now)
        self._forget_old_runs()
        run = self._take_up(event.plan, now)
        run.outcomes.update(event.outcomes)
        for found in event.open_calls:
            self._resume(run, found, now)
        if not run.is_exhausted:
            run.wake()
        if run.retries:
            self._live.await_retry(run, now)
        self._live.change(run)

    def _take_up(self, plan: RunPlan, now: datetime) -> LiveRun:
        trunks = [self._trunk(trunk) for trunk in plan.trunks]
        endpoints = [self._endpoint(endpoint) for endpoint in plan.endpoints]
        positions = {position.list_id: position for position in plan.run.lists}
        is_new = plan.run.state is RunState.RUNNABLE
        run = LiveRun(
            run=plan.run,
            campaign=plan.campaign,
            trunks=trunks,
            endpoints=endpoints,
            record_count=plan.record_count,
            retries=plan.retry_count,
            is_gathering=plan.is_gathering,
            state=RunState.RUNNING if is_new else plan.run.state,
            told=plan.run.state,
            attempted=plan.run.attempted,
            completed=plan.run.completed,
            read=positions,
            done=dict(positions),
            calendar=None,
            caps=plan.caps,
            ended_at=plan.run.ended_at,
            error=plan.run.error,
        )
        self._give_calendar(run, plan, now)
        self._live.runs[plan.run.id] = run
        for users in run.all_users():
            users.add(plan.run.id)
        return run

    def _give_calendar(self, run: LiveRun, plan: RunPlan, now: datetime) -> None:
        if run.state.is_over:
            return
        try:
            run.calendar = Calendar(plan.campaign, plan.opening_hours)
            hours = plan.campaign.recipient_hours
            run.recipients = None if hours is None else Recipients(plan.campaign, hours)
        except (ZoneInfoNotFoundError, ValueError):
            run.error = f'time zone "{plan.campaign.time_zone}": this machine does not know it'
            run.end(RunState.ERROR, now)

    def _trunk(self, trunk: Trunk) -> LiveTrunk:
        server = self._live.servers[trunk.server_id]
        live = self._live.trunks.setdefault(trunk.id, LiveTrunk(trunk, server))
        live.redefine(trunk, server)
        self._live.opened.append(live)
        return live

    def _endpoint(self, endpoint: EndPoint) -> LiveEndPoint:
        server = self._live.servers[endpoint.server_id]
        live = self._live.endpoints.setdefault(endpoint.id, LiveEndPoint(endpoint, server))
        live.redefine(endpoint, server)
        self._live.opened.append(live)
        return live

    def _resume(self, run: LiveRun, found: OpenCall, now: datetime) -> None:
        """A call from before a restart: it holds its lines until its server is up and says
        whether its channel still lives. One that was transferred has its end-point no more."""
        call = Call(
            attempt=found.attempt,
            trunk=self._trunk(found.trunk),
            endpoint=self._endpoint(found.endpoint),
            entry=found.entry,
        )
        call.request(found.attempt.requested_at)
        call.start_dialling("", now)
        call.is_alive = True  # It may have rung meanwhile.
        self._live.take_lines(call, run)
        if found.connected_at is not None:
            call.answer(found.connected_at)
            call.transfer()
            self._live.free_endpoint(call)

    def _forget_old_runs(self) -> None:
        """A run that ended in this very tick is still to be journalled."""
        moved = self._live.moved
        over = [
            run
            for run in self._live.runs.values()
            if run.state.is_over and not run.live and run.run.id not in moved
        ]
        for run in over[:-RUNS_KEPT]:
            del self._live.runs[run.run.id]
        for run in over:
            for users in run.all_users():
                users.discard(run.run.id)

    def _find_open(self, run_id: int) -> LiveRun | None:
        run = self._live.runs.get(run_id)
        return None if run is None or run.state.is_over else run

    def run_reloaded(self, event: RunReloaded, now: datetime) -> None:
        """New calls go by the new definition; those that are up end as they began."""
        plan = event.plan
        run = self._find_open(plan.run.id)
        if run is None:
            return
        self.servers_loaded(ServersLoaded(servers=plan.servers), now)
        for users in run.all_users():
            users.discard(plan.run.id)
        run.campaign, run.caps = plan.campaign, plan.caps
        run.trunks = [self._trunk(trunk) for trunk in plan.trunks]
        run.endpoints = [self._endpoint(endpoint) for endpoint in plan.endpoints]
        for users in run.all_users():
            users.add(plan.run.id)
        self._give_calendar(run, plan, now)
        self._live.change(run)

    def run_asked(self, event: RunAsked, now: datetime) -> None:
        """What does not fit the run's state is passed over (manual, "Campaigns and runs")."""
        run = self._find_open(event.run_id)
        if run is None:
            return
        match event.verb:
            case RunVerb.PAUSE:
                run.state = RunState.PAUSED
            case RunVerb.UNPAUSE:
                if run.state is RunState.PAUSED:
                    run.state = RunState.RUNNING
            case RunVerb.REMOVE:
                run.end(RunState.REMOVE, now)
        self._live.change(run)

    def records_added(self, event: RecordsAdded, now: datetime) -> None:
        """An idle run goes on (manual, "A run's life-cycle"). Those that came when the run was
        over wait for the campaign's next one."""
        if run := self._find_open(event.run_id):
            run.record_count += event.count
            self._expect(run, event.count, now)

    def records_gathered(self, event: RecordsGathered, now: datetime) -> None:
        if run := self._find_open(event.run_id):
            run.is_gathering = event.is_more
            self._expect(run, event.count, now)

    def _expect(self, run: LiveRun, count: int, now: datetime) -> None:
        """So many records more wait among its retries, and may be due at once."""
        run.retries += count
        run.wake()
        self._live.await_retry(run, now)
        self._live.change(run)

    def lists_changed(self, event: ListsChanged, now: datetime) -> None:
        """Records of a list that was paused may be due at once."""
        run = self._find_open(event.run_id)
        if run is None:
            return
        run.change_lists(event.lists)
        run.record_count = event.record_count
        if run.retries:
            self._live.await_retry(run, now)
        if not run.is_exhausted:
            run.wake()
        self._live.change(run)

    def batch_fetched(self, event: BatchFetched, now: datetime) -> None:
        run = self._find_open(event.run_id)
        if run is None:
            return
        run.fill(event.entries, event.positions)
        if event.next_due_at is not None:
            self._live.await_retry(run, event.next_due_at)
        elif run.retries > len(run.held) and run.fetch_at is None:
            self._live.await_retry(run, now + RETRY_POLL)
        self._live.change(run)
