"""What the dialer wants to look at later: a heap of moments, no clock."""

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count


class Timers:
    """Callbacks by due time; equal times fire in the order they were set. There is no
    cancelling: a callback looks for itself whether it still matters."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._order = count()

    def set(self, due_at: datetime, callback: Callable[[datetime], None]) -> None:
        heapq.heappush(self._heap, (due_at, next(self._order), callback))

    def next_at(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: datetime) -> Iterator[Callable[[datetime], None]]:
        while self._heap and self._heap[0][0] <= now:
            yield heapq.heappop(self._heap)[2]
