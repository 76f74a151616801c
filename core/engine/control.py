"""Implements `core.ports.control.Control` over the engine."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from twisted.internet.defer import Deferred, succeed

from core.dialer.call import Call
from core.dialer.live import Live
from core.engine.engine import Engine
from core.engine.threads import Threads
from core.ports import Clock
from core.ports.control import EngineState, EngineView, LiveCall, ServerTraffic
from core.ports.events import Reported, Starting, Stopping
from core.ports.timings import Step, Timing
from core.rules.states import CallState

P = ParamSpec("P")
T = TypeVar("T")


class EngineControl:
    """The handle by which the faces of this process hold the engine."""

    def __init__(self, engine: Engine, threads: Threads, clock: Clock) -> None:
        self._engine = engine
        self._threads = threads
        self._clock = clock
        self._ready_since = clock.now()
        self._is_wanted = True

    def engine(self) -> EngineView:
        traffic = self._engine.traffic
        return EngineView(
            state=self._state(),
            uptime_s=(self._clock.now() - self._ready_since).total_seconds(),
            sent=traffic.sent.total(),
            received=traffic.received.total(),
        )

    def traffic(self) -> list[ServerTraffic]:
        counts, live = self._engine.traffic, self._engine.dialer.live
        return [
            ServerTraffic(
                server=known.server,
                is_up=known.is_up,
                sent=counts.sent[key],
                received=counts.received[key],
            )
            for key, known in live.servers.items()
        ]

    def timings(self) -> Mapping[Step, Timing]:
        return self._engine.timings.read()

    def find_call(self, key: int | str) -> LiveCall | None:
        live = self._engine.dialer.live
        call = live.by_attempt.get(key) if isinstance(key, int) else live.calls.get(key)
        return None if call is None else _show(call, live)

    def calls(self) -> list[LiveCall]:
        live = self._engine.dialer.live
        return [_show(call, live) for call in live.calls.values()]

    def count_states(self) -> Mapping[int, Mapping[CallState, int]]:
        found: dict[int, Counter[CallState]] = defaultdict(Counter)
        for call in self._engine.dialer.live.calls.values():
            found[call.attempt.run_id][call.state] += 1
        return found

    def report(self, report: Reported) -> Deferred[bool]:
        if not any(map(self._engine.is_ours, report.call_ids)):
            return succeed(False)
        self._engine.post(report)
        return self._engine.ticked().addCallback(lambda _: True)

    def written(self) -> Deferred[None]:
        return self._engine.journal_written()

    def _state(self) -> EngineState:
        if not self._engine.running:
            return EngineState.DOWN
        if self._engine.dialer.live.is_stopping:
            is_settled = not self._engine.journal_backlog
            return EngineState.DOWN if is_settled else EngineState.TERMINATION_REQD
        return EngineState.READY if self._is_wanted else EngineState.TERMINATION_REQD

    def start(self) -> Deferred[None]:
        is_needed = not self._is_wanted or self._engine.dialer.live.is_stopping
        if is_needed and not self._engine.wishes.is_locked_out:
            self._is_wanted = True
            self._ready_since = self._clock.now()
            self._engine.post(Starting())
        return self._engine.ticked()

    def stop(self) -> Deferred[None]:
        if self._is_wanted:
            self._is_wanted = False
            self._engine.post(Stopping())
        return self._engine.ticked()

    def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        return self._threads.write(work, *args, **kwargs)

    def wake(self) -> Deferred[None]:
        return self._engine.wishes.wake() if self._engine.running else succeed(None)


def _show(call: Call, live: Live) -> LiveCall:
    run = live.runs[call.attempt.run_id]
    return LiveCall(
        attempt_id=call.attempt.id,
        run_id=run.run.id,
        campaign_id=run.campaign.id,
        campaign=run.campaign.name,
        run_started_at=run.run.started_at,
        number=call.attempt.number,
        retry_no=call.attempt.retry_no,
        server=live.servers[call.server_id].server.name,
        trunk=call.trunk.trunk.name,
        trunk_capacity=call.trunk.trunk.capacity,
        endpoint=call.endpoint.endpoint.name,
        channel_id=call.attempt.channel_id,
        state=call.state,
        channel=call.channel,
        ext_status=call.ext_status,
        outputs=None if call.outputs is None else dict(call.outputs),
        requested_at=call.attempt.requested_at,
        connected_at=call.connected_at,
    )
