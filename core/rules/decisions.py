"""What was decided for a run over the last 30 seconds.

Source: manual 25.02, "Understanding WombatDialer decisions": a bar under each running campaign
shows the latest decisions, and those of 30 seconds ago drop out of it. A decision is noted when
it is made and holds until the next one, so that a quiet run costs nothing.
"""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime

from core.rules.verdicts import Verdict

#: How far back decisions are kept, in seconds.
SPAN_S = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A verdict that held for `held_s` of the last seconds, and how often it was reached."""

    verdict: Verdict
    held_s: float
    times: int


@dataclass(slots=True)
class _Second:
    """What held, and what was decided, in one second of the clock."""

    start: int
    held_s: defaultdict[Verdict, float] = field(default_factory=lambda: defaultdict(float))
    times: Counter[Verdict] = field(default_factory=Counter)

    def add(self, other: "_Second") -> None:
        self.times.update(other.times)
        for verdict, held_s in other.held_s.items():
            self.held_s[verdict] += held_s


class Decisions:
    """A run's verdicts, summed up second by second: however often it is looked at, little more
    than SPAN_S seconds are kept. A clock that is set back begins them anew."""

    __slots__ = ("_noted_s", "_seconds", "_verdict")

    def __init__(self) -> None:
        self._seconds: deque[_Second] = deque()
        self._verdict: Verdict | None = None
        self._noted_s = 0.0

    def note(self, verdict: Verdict, now: datetime) -> None:
        """The run was looked at, and this is what came of it."""
        now_s = now.timestamp()
        if self._seconds and now_s < self._seconds[-1].start:
            self._seconds.clear()
        if self._verdict is not None:
            self._hold(self._verdict, max(self._noted_s, now_s - SPAN_S), now_s)
        self._second(int(now_s)).times[verdict] += 1
        self._verdict, self._noted_s = verdict, now_s
        while self._seconds[0].start < now_s - SPAN_S - 1:
            self._seconds.popleft()

    def latest(self, now: datetime) -> tuple[Decision, ...]:
        """The decisions of the last SPAN_S seconds, the one that held longest first; empty
        before the first look."""
        if self._verdict is None:
            return ()
        now_s = now.timestamp()
        total = _Second(int(now_s))
        for second in self._seconds:
            if second.start >= now_s - SPAN_S:
                total.add(second)
        total.held_s[self._verdict] += max(0.0, min(now_s - self._noted_s, SPAN_S))
        found = (
            Decision(
                verdict=verdict,
                held_s=round(total.held_s[verdict], 1),
                times=total.times[verdict],
            )
            for verdict in total.times.keys() | total.held_s.keys()
        )
        return tuple(sorted(found, key=lambda d: (-d.held_s, -d.times, d.verdict)))

    def _hold(self, verdict: Verdict, start_s: float, end_s: float) -> None:
        while start_s < end_s:
            stop_s = min(int(start_s) + 1, end_s)
            self._second(int(start_s)).held_s[verdict] += stop_s - start_s
            start_s = stop_s

    def _second(self, start: int) -> _Second:
        """The second that begins at `start`, the last one."""
        if not self._seconds or self._seconds[-1].start < start:
            self._seconds.append(_Second(start))
        return self._seconds[-1]
