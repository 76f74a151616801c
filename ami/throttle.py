"""When the next message may leave for a PBX, and which one it is.

Manual 25.02, "How congestion control works": at most so many messages in a time unit, the rest
wait for the next one. The limit holds for every stretch of that length, not only for those that
start on a round number. Inside a lane messages leave in the order they came.
"""

from collections import deque
from collections.abc import Callable
from enum import IntEnum

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Lane(IntEnum):
    """What goes before what."""

    #: Ping, and what a fresh connection needs.
    CONTROL = 0
    #: Calls that must end free lines.
    HANG_UP = 1
    #: New calls.
    ORIGINATE = 2


class Budget:
    """At most `limit` messages in any stretch of `unit_s` seconds. Times are monotonic."""

    def __init__(self, *, limit: int, unit_s: float) -> None:
        self._unit_s = unit_s
        self._spent: deque[float] = deque(maxlen=max(1, limit))

    def wait_s(self, now_s: float) -> float:
        """Seconds until a message may leave: 0 means now."""
        if len(self._spent) < (self._spent.maxlen or 1):
            return 0.0
        return max(0.0, self._spent[0] + self._unit_s - now_s)

    def spend(self, now_s: float) -> None:
        self._spent.append(now_s)


class Throttle:
    """Sends what is pushed, when the budget allows it; Originates only while `may_originate`.

    Whoever changes what `may_originate` says calls `pump`.
    """

    def __init__(
        self, timer: IReactorTime, budget: Budget, may_originate: Callable[[], bool]
    ) -> None:
        self._timer = timer
        self._budget = budget
        self._may_originate = may_originate
        self._lanes: dict[Lane, deque[Callable[[], None]]] = {lane: deque() for lane in Lane}
        self._wake: IDelayedCall | None = None

    def push(self, lane: Lane, send: Callable[[], None]) -> None:
        """Call `send` in its turn, which may be at once."""
        self._lanes[lane].append(send)
        self.pump()

    def turn(self) -> Deferred[None]:
        """Fires when a message of the connection's own may leave."""
        turn: Deferred[None] = Deferred()
        self.push(Lane.CONTROL, lambda: turn.callback(None))
        return turn

    def take_back(self, lane: Lane) -> None:
        """Forget what was pushed there last."""
        self._lanes[lane].pop()

    def clear(self, *lanes: Lane) -> None:
        """Forget what waits in these lanes, or, without any, all: the connection is gone."""
        for lane in lanes or self._lanes:
            self._lanes[lane].clear()

    def pump(self) -> None:
        """Send all that may leave now, and come back for the rest."""
        while self._wake is None and (waiting := self._next()):
            now_s = self._timer.seconds()
            if wait_s := self._budget.wait_s(now_s):
                self._wake = self._timer.callLater(wait_s, self._woken)
                return
            self._budget.spend(now_s)
            waiting.popleft()()

    def stop(self) -> None:
        """Send nothing any more."""
        self.clear()
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None

    def _woken(self) -> None:
        self._wake = None
        self.pump()

    def _next(self) -> deque[Callable[[], None]] | None:
        for lane, waiting in self._lanes.items():
            if waiting and (lane is not Lane.ORIGINATE or self._may_originate()):
                return waiting
        return None
