"""Stopwatches for the dialer's steps: a microsecond each, whatever the load."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from threading import Lock
from time import perf_counter

from core.ports.timings import Step, Timing

#: Over so many of the latest times a median is taken.
KEPT = 1024
#: A minute, in the seconds that are counted one by one.
MINUTE = 60


class Stopwatch:
    """The times of one step. Threads may note times at once."""

    def __init__(self, now_s: float) -> None:
        self._began_s = now_s
        self._lock = Lock()
        self._times: list[float] = []
        self._count = 0
        self._least = float("inf")
        self._most = 0.0
        self._seconds = [(0, 0)] * MINUTE

    def note(self, ms: float, now_s: float) -> None:
        """The step took `ms`, and ended at `now_s` of a clock that is never set back."""
        with self._lock:
            if len(self._times) < KEPT:
                self._times.append(ms)
            else:
                self._times[self._count % KEPT] = ms
            self._count += 1
            self._least, self._most = min(self._least, ms), max(self._most, ms)
            second = int(now_s)
            counted, count = self._seconds[second % MINUTE]
            self._seconds[second % MINUTE] = (second, count + 1 if counted == second else 1)

    def read(self, now_s: float) -> Timing:
        with self._lock:
            if not self._count:
                return Timing()
            times = sorted(self._times)
            lately = sum(n for second, n in self._seconds if second > int(now_s) - MINUTE)
            age_s = max(now_s - self._began_s, 1.0)
            return Timing(
                count=self._count,
                least_ms=self._least,
                most_ms=self._most,
                median_ms=times[len(times) // 2],
                p95_ms=times[len(times) * 95 // 100],
                per_s=self._count / age_s,
                per_s_minute=lately / min(age_s, MINUTE),
            )


class _Measure:
    """One block. A class, for a tick measures three, and a generator takes three times as long."""

    __slots__ = ("_began_s", "_clock", "_watch")

    def __init__(self, watch: Stopwatch, clock: Callable[[], float]) -> None:
        self._watch, self._clock = watch, clock
        self._began_s = 0.0

    def __enter__(self) -> None:
        self._began_s = self._clock()

    def __exit__(self, *_error: object) -> None:
        ended_s = self._clock()
        self._watch.note((ended_s - self._began_s) * 1000, ended_s)


class Timings:
    """A stopwatch for each step; `clock` gives seconds and is never set back."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._watches = {step: Stopwatch(clock()) for step in Step}

    def measure(self, step: Step) -> AbstractContextManager[None]:
        """Note how long the block takes, however it ends."""
        return _Measure(self._watches[step], self._clock)

    def read(self) -> Mapping[Step, Timing]:
        now_s = self._clock()
        return {step: watch.read(now_s) for step, watch in self._watches.items()}
