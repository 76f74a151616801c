"""How many more calls a trunk may place now.

Source: manual 25.02, "Trunks" and "Limiting maximum CPS": a trunk with 50 channels free that
placed 10 calls in the last period and may place 30 has 20 free.
"""

from collections import deque
from datetime import datetime, timedelta


class CallWindow:
    """The calls placed within the last period, at most `max_calls` of them."""

    __slots__ = ("_period", "_placed", "max_calls")

    def __init__(self, max_calls: int, period_ms: int) -> None:
        self._placed: deque[datetime] = deque()
        self.resize(max_calls, period_ms)

    def resize(self, max_calls: int, period_ms: int) -> None:
        self.max_calls = max_calls
        self._period = timedelta(milliseconds=period_ms)

    def place(self, now: datetime) -> None:
        self._placed.append(now)

    def count_free(self, now: datetime) -> int:
        """How many calls may still be placed now, never below 0. Calls in the future, which a
        clock that was set back leaves, count as placed now."""
        start = now - self._period
        ahead = 0
        while self._placed and self._placed[-1] > now:
            self._placed.pop()
            ahead += 1
        self._placed.extend([now] * ahead)
        while self._placed and self._placed[0] <= start:
            self._placed.popleft()
        return max(0, self.max_calls - len(self._placed))

    def opens_at(self) -> datetime | None:
        """When the oldest call leaves the window; None if it is empty."""
        return self._placed[0] + self._period if self._placed else None
