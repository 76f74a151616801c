"""Where everything that happens waits, in order of arrival, for the next tick."""

from collections.abc import Callable
from datetime import datetime

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from core.ports import Clock
from core.ports.events import Event

#: Ticks come at most so often, in seconds: what arrives meanwhile shares one.
TICK_S = 0.01


class Mailbox:
    """Calls `tick` soon after something came, as long as it is open. For the reactor's thread
    only."""

    def __init__(self, reactor: IReactorTime, clock: Clock, tick: Callable[[], None]) -> None:
        self._reactor = reactor
        self._clock = clock
        self._tick = tick
        self._is_open = False
        self._events: list[tuple[Event, datetime]] = []
        self._waiters: list[Deferred[None]] = []
        self._tick_call: IDelayedCall | None = None
        self._last_tick = float("-inf")

    def open(self) -> None:
        self._is_open = True

    def close(self) -> None:
        """No tick is asked for any more; the one that was comes."""
        self._is_open = False

    def drain(self) -> None:
        """Tick until nothing waits."""
        if self._tick_call is not None:
            self._tick_call.cancel()
        while self._events:
            self._tick()

    def post(self, event: Event) -> None:
        self._events.append((event, self._clock.now()))
        if self._tick_call is None or len(self._events) == 1:
            self.tick_within(0.0)

    def take(self) -> list[tuple[Event, datetime]]:
        """All that waits, with the moments it came at, for the tick that begins."""
        self._tick_call = None
        self._last_tick = self._reactor.seconds()
        events, self._events = self._events, []
        return events

    def tick_within(self, delay_s: float) -> None:
        """Tick then, or earlier."""
        if not self._is_open:
            return
        earliest_s = self._last_tick + TICK_S - self._reactor.seconds()
        delay_s = max(delay_s, earliest_s, 0.0)
        if self._tick_call is None:
            self._tick_call = self._reactor.callLater(delay_s, self._tick)
        elif self._tick_call.getTime() > self._reactor.seconds() + delay_s:
            self._tick_call.reset(delay_s)

    def ticked(self) -> Deferred[None]:
        """Fires once the dialer has received all that was posted before."""
        waiter: Deferred[None] = Deferred()
        self._waiters.append(waiter)
        if not self._events:
            self.wake_waiters()
        return waiter

    def wake_waiters(self) -> None:
        """The tick is over."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.callback(None)
