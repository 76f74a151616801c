"""Time that a test lets pass: twisted's Clock, for very many delayed calls."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.task import Clock


class Timer(Clock):
    """A Clock that keeps its calls in a heap: each costs the same, however many wait."""

    def __init__(self) -> None:
        super().__init__()
        self._heap: list[tuple[float, int, DelayedCall]] = []
        self._order = count()

    def callLater(
        self, when: float, what: Callable[..., object], *a: Any, **kw: Any
    ) -> DelayedCall:
        due = self.seconds() + when
        call = DelayedCall(due, what, a, kw, lambda _call: None, self._push, self.seconds)
        self._push(call)
        return call

    def _push(self, call: DelayedCall) -> None:
        heapq.heappush(self._heap, (call.getTime(), next(self._order), call))

    @property
    def next_at(self) -> float | None:
        """When the next call is due."""
        while self._heap:
            at, _, call = self._heap[0]
            if call.active() and call.getTime() == at:
                return at
            heapq.heappop(self._heap)
            if call.active() and call.getTime() > at:
                call.activate_delay()
                self._push(call)
        return None

    def getDelayedCalls(self) -> list[DelayedCall]:
        return [call for at, _, call in self._heap if call.active() and call.getTime() == at]

    def advance(self, amount: float) -> None:
        """Let time pass at once, then make all calls that have become due."""
        self.rightNow += amount
        while (at := self.next_at) is not None and at <= self.rightNow:
            call = heapq.heappop(self._heap)[2]
            call.called = 1
            call.func(*call.args, **call.kw)
