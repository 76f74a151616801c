"""When a PBX started, and when a lost one is tried again."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from ami.backoff import Backoff
from ami.greeting import read_start
from ami.protocol import LoginRefused, Reply, ServerLost

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LOST, REFUSED = ServerLost("gone"), LoginRefused("no")


def core(date: str, time: str) -> Reply:
    return Reply(headers=(("CoreStartupDate", date), ("CoreStartupTime", time)))


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("2026-03-01", "11:00:02"),
        ("2026-03-01", "12:00:02"),
        ("2026-03-01", "16:45:02"),
        ("2026-03-02", "01:00:02"),
        ("2026-02-28", "23:00:02"),
    ],
)
def test_the_start_is_exact_in_any_zone_and_with_a_clock_minutes_off(date: str, time: str) -> None:
    for error_s in (-300, 0, 300):
        assert read_start(
            core(date, time), uptime_s=3598, now=NOW + timedelta(seconds=error_s)
        ) == datetime(2026, 3, 1, 11, 0, 2, tzinfo=UTC)


def test_a_start_without_uptime_or_in_another_form_is_not_known() -> None:
    assert read_start(core("2026-03-01", "11:00:02"), uptime_s=None, now=NOW) is None
    assert read_start(core("yesterday", ""), uptime_s=10, now=NOW) is None


def test_a_lost_pbx_is_tried_again_after_one_second_doubling_to_thirty() -> None:
    backoff = Backoff(random.Random(1))
    waits = [backoff.next_s(after=LOST) for _ in range(8)]
    for wait_s, step_s in zip(waits, [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert 0.75 * step_s <= wait_s <= step_s


def test_a_refused_login_waits_at_least_ten_seconds_growing_to_sixty() -> None:
    backoff = Backoff(random.Random(1))
    waits = [backoff.next_s(after=REFUSED) for _ in range(5)]
    for wait_s, step_s in zip(waits, [15, 30, 60, 60, 60], strict=True):
        assert max(10, 0.75 * step_s) <= wait_s <= step_s


def test_waits_differ_between_dialers_and_start_again_after_success() -> None:
    one, other = Backoff(random.Random(1)), Backoff(random.Random(2))
    assert one.next_s(after=LOST) != other.next_s(after=LOST)
    one.next_s(after=LOST)
    one.reset()
    assert one.next_s(after=LOST) <= 1.0
