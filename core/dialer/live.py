"""Everything the dialer holds in memory, in one place."""

from dataclasses import dataclass, field
from datetime import datetime

from core.dialer.call import Call
from core.dialer.lines import LiveEndPoint, LiveServer, LiveTrunk
from core.dialer.run import LiveRun
from core.dialer.timers import Timers
from core.ports.commands import Command


@dataclass(slots=True)
class Live:
    """Live state by id. `calls` are by channel id, `by_attempt` the same calls by attempt id.
    `touched` are the runs to be looked at in the next decision, `opened` the trunks and
    end-points that were full and have room now, `moved` the runs whose figures are to be
    journalled; `out` gathers the commands. `database_reason` says why the database does not do
    its work, empty while it does."""

    servers: dict[int, LiveServer] = field(default_factory=dict)
    trunks: dict[int, LiveTrunk] = field(default_factory=dict)
    endpoints: dict[int, LiveEndPoint] = field(default_factory=dict)
    runs: dict[int, LiveRun] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    by_attempt: dict[int, Call] = field(default_factory=dict)
    timers: Timers = field(default_factory=Timers)
    touched: set[int] = field(default_factory=set)
    opened: list[LiveTrunk | LiveEndPoint] = field(default_factory=list)
    moved: set[int] = field(default_factory=set)
    out: list[Command] = field(default_factory=list)
    is_stopping: bool = False
    database_reason: str = ""

    @property
    def black_list_ids(self) -> set[int]:
        """Those that a run which is not over keeps off."""
        campaigns = (run.campaign for run in self.runs.values() if not run.state.is_over)
        return {list_id for campaign in campaigns for list_id in campaign.black_list_ids}

    def run_of(self, call: Call) -> LiveRun:
        return self.runs[call.attempt.run_id]

    def change(self, run: LiveRun) -> None:
        """The run is to be looked at and journalled."""
        self.touched.add(run.run.id)
        self.moved.add(run.run.id)

    def look_again(self, run: LiveRun, at: datetime) -> None:
        run_id = run.run.id
        self.timers.set(at, lambda _at: self.touched.add(run_id))

    def await_retry(self, run: LiveRun, due_at: datetime) -> None:
        """Read the retry when it is due. One look is enough for all that are due later: what
        is read then says when the next one is."""
        if run.await_retry(due_at):
            self.look_again(run, due_at)

    def take_lines(self, call: Call, run: LiveRun) -> None:
        self.calls[call.attempt.channel_id] = call
        self.by_attempt[call.attempt.id] = call
        run.live += 1
        call.trunk.in_use += 1
        call.endpoint.in_use += 1

    def free_lines(self, call: Call, run: LiveRun) -> None:
        del self.calls[call.attempt.channel_id], self.by_attempt[call.attempt.id]
        run.live -= 1
        self._free(call.trunk)
        if call.has_endpoint:
            self.free_endpoint(call)

    def free_endpoint(self, call: Call) -> None:
        """The call goes on without its end-point, which may take another."""
        call.has_endpoint = False
        self._free(call.endpoint)

    def _free(self, held: LiveTrunk | LiveEndPoint) -> None:
        if held.is_full:
            self.opened.append(held)
        held.in_use -= 1
