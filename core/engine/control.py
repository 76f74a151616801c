"""Implements `core.ports.control.Control` over the engine."""

from twisted.internet.defer import Deferred, succeed

from core.engine.engine import Engine
from core.ports import Clock
from core.ports.control import EngineState, EngineView
from core.ports.events import Starting, Stopping


class EngineControl:
    """The handle by which the faces of this process hold the engine."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
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

    def wake(self) -> Deferred[None]:
        return self._engine.wishes.wake() if self._engine.running else succeed(None)
