"""How long steps take, by a clock of the test's own."""

from threading import Thread

import pytest

from core.engine.timings import KEPT, Stopwatch, Timings
from core.ports.timings import Step, Timing


def test_nothing_is_known_before_the_first_time() -> None:
    assert Stopwatch(0.0).read(100.0) == Timing()


def test_times_are_summed_up() -> None:
    watch = Stopwatch(1000.0)
    for ms in range(1, 101):
        watch.note(float(ms), 1000.0 + ms)
    assert watch.read(1100.0) == Timing(
        count=100,
        least_ms=1.0,
        most_ms=100.0,
        median_ms=51.0,
        p95_ms=96.0,
        per_s=1.0,
        per_s_minute=1.0,
    )


def test_the_median_forgets_what_is_long_ago_and_the_extremes_do_not() -> None:
    watch = Stopwatch(0.0)
    watch.note(900.0, 0.0)
    watch.note(0.1, 0.0)
    for _ in range(KEPT):
        watch.note(5.0, 1.0)
    found = watch.read(10.0)
    assert (found.median_ms, found.p95_ms) == (5.0, 5.0)
    assert (found.least_ms, found.most_ms, found.count) == (0.1, 900.0, KEPT + 2)


def test_the_rate_of_the_last_minute_forgets_the_minute_before() -> None:
    watch = Stopwatch(0.0)
    for second in range(60):
        watch.note(1.0, float(second))
        watch.note(1.0, float(second))
    assert watch.read(59.5).per_s_minute == pytest.approx(120 / 59.5)
    assert watch.read(89.5).per_s_minute == pytest.approx(1.0), "half of it is gone"
    assert watch.read(500.0).per_s_minute == 0.0
    assert watch.read(480.0).per_s == 0.25


def test_a_step_that_fails_counts_too() -> None:
    moments = iter([0.0] * len(Step) + [1.0, 1.25, 2.0])
    timings = Timings(clock=lambda: next(moments))
    with pytest.raises(ValueError, match="broken"), timings.measure(Step.COMMIT):
        raise ValueError("broken")
    found = timings.read()
    assert (found[Step.COMMIT].count, found[Step.COMMIT].most_ms) == (1, 250.0)
    assert found[Step.DECIDE] == Timing()


def test_threads_lose_no_count() -> None:
    watch = Stopwatch(0.0)

    def note() -> None:
        for _ in range(5000):
            watch.note(1.0, 0.0)

    threads = [Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watch.read(1.0).count == 20_000
