"""Manual 25.02: "Reschedule rules", "Writing advanced reschedule rules", "Handling technical
errors through Reschedule Rules"."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from core.errors import InvalidValue
from core.model import Campaign
from core.ports import events
from core.rules.active_period import ActivePeriod
from core.rules.reschedule import (
    RescheduleRule,
    RetryDecision,
    RetryMode,
    check_rule,
    decide_retry,
)
from core.rules.states import CallState
from tests.support.world import NOON, TRUNK, World

BUSY, NOANSWER, LOST = CallState.RS_BUSY, CallState.RS_NOANSWER, CallState.RS_LOST


def waits(rules: list[RescheduleRule], state: CallState, tries: int = 8) -> list[int]:
    """The waits between the attempts of a number that always ends in `state`."""
    found = []
    for retry_no in range(tries):
        decision = decide_retry(rules, state=state, ext_status="", retry_no=retry_no)
        if decision is None:
            break
        assert decision.retry_no == retry_no + 1
        found.append(decision.after_s)
    return found


def test_a_rule_of_two_tries_three_times_in_all() -> None:
    rules = [RescheduleRule(state=BUSY, max_attempts=2, retry_after_s=300)]
    assert waits(rules, BUSY) == [300, 300]


def test_multiplicative_mode_waits_five_ten_fifteen_minutes() -> None:
    rules = [RescheduleRule(state=BUSY, max_attempts=3, retry_after_s=300, mode=RetryMode.MULT)]
    assert waits(rules, BUSY) == [300, 600, 900]


def test_up_to_the_second_busy_in_five_minutes_then_to_the_fifth_in_thirty() -> None:
    rules = [
        RescheduleRule(state=BUSY, max_attempts=2, retry_after_s=300),
        RescheduleRule(state=BUSY, max_attempts=5, retry_after_s=1800),
    ]
    assert waits(rules, BUSY) == [300, 300, 1800, 1800, 1800]


def test_a_busy_then_a_noanswer_that_retries_only_once_is_not_retried() -> None:
    rules = [
        RescheduleRule(state=BUSY, max_attempts=3, retry_after_s=300),
        RescheduleRule(state=NOANSWER, max_attempts=1, retry_after_s=600),
    ]
    first = decide_retry(rules, state=BUSY, ext_status="", retry_no=0)
    assert first == RetryDecision(after_s=300, retry_no=1)
    assert decide_retry(rules, state=NOANSWER, ext_status="", retry_no=1) is None


@pytest.mark.parametrize(
    ("rule_status", "call_status", "matches"),
    [
        ("", "", True),
        ("", "XX", True),
        ("XX", "XX", True),
        ("XX", "", False),
        ("XX", "YY", False),
        ("$", "", True),
        ("$", "XX", False),
    ],
)
def test_the_extended_status_of_a_rule(rule_status: str, call_status: str, matches: bool) -> None:
    rules = [RescheduleRule(state=BUSY, ext_status=rule_status, retry_after_s=5)]
    decision = decide_retry(rules, state=BUSY, ext_status=call_status, retry_no=0)
    assert (decision is not None) is matches


def test_zero_attempts_always_match_and_do_not_count() -> None:
    rules = [RescheduleRule(state=LOST, max_attempts=0, retry_after_s=60)]
    for retry_no in (0, 1, 50):
        decision = decide_retry(rules, state=LOST, ext_status="", retry_no=retry_no)
        assert decision == RetryDecision(after_s=60, retry_no=retry_no)


def test_zero_attempts_are_preferred_wherever_the_rule_stands() -> None:
    rules = [
        RescheduleRule(state=LOST, max_attempts=5, retry_after_s=600),
        RescheduleRule(state=LOST, max_attempts=0, retry_after_s=60),
    ]
    assert decide_retry(rules, state=LOST, ext_status="", retry_no=0) == RetryDecision(
        after_s=60, retry_no=0
    )


def test_zero_attempts_without_a_pause_are_refused() -> None:
    rule = RescheduleRule(state=LOST, max_attempts=0, retry_after_s=0)
    with pytest.raises(InvalidValue, match="at least a second"):
        check_rule(rule)
    assert check_rule(RescheduleRule(state=LOST, max_attempts=0, retry_after_s=1))
    assert check_rule(RescheduleRule(state=LOST, max_attempts=1, retry_after_s=0))


def test_a_normal_completion_is_not_rescheduled() -> None:
    rules = [RescheduleRule(state=BUSY, max_attempts=2, retry_after_s=300)]
    assert decide_retry(rules, state=CallState.TERMINATED, ext_status="", retry_no=0) is None


def test_a_completion_with_an_extended_status_can_be_rescheduled() -> None:
    rules = [
        RescheduleRule(
            state=CallState.TERMINATED, ext_status="0", max_attempts=4, retry_after_s=300
        )
    ]
    decision = decide_retry(rules, state=CallState.TERMINATED, ext_status="0", retry_no=3)
    assert decision == RetryDecision(after_s=300, retry_no=4)
    assert decide_retry(rules, state=CallState.TERMINATED, ext_status="0", retry_no=4) is None


def start(*rules: RescheduleRule, numbers: tuple[str, ...] = ("100",), **campaign: Any) -> World:
    world = World(now=campaign.pop("now", NOON))
    world.add_list(1, numbers)
    world.load(Campaign(id=1, name="c", reschedule_rules=rules, **campaign))
    return world


def attempts(world: World) -> list[tuple[str, int]]:
    """The number and the recall counter of each call that was placed."""
    return [(p.attempt.number, p.attempt.retry_no) for p in world.placed]


def test_busy_no_answer_and_lost_calls_are_retried_each_in_its_time() -> None:
    rules = [
        RescheduleRule(state=BUSY, max_attempts=2, retry_after_s=300),
        RescheduleRule(state=NOANSWER, max_attempts=2, retry_after_s=1800),
        RescheduleRule(state=LOST, max_attempts=1, retry_after_s=600),
        RescheduleRule(state=CallState.RS_ERROR, max_attempts=1, retry_after_s=600),
    ]
    assert waits(rules, BUSY) == [300, 300]
    assert waits(rules, NOANSWER) == [1800, 1800]
    assert waits(rules, LOST) == waits(rules, CallState.RS_ERROR) == [600]
    assert waits(rules, CallState.TERMINATED) == []


def test_a_call_over_its_retries_is_logged_without_a_next_one() -> None:
    world = start(RescheduleRule(state=BUSY, max_attempts=2, retry_after_s=300))
    for _ in range(3):
        world.busy(world.ringing[0])
        world.wait(seconds=300)
    assert attempts(world) == [("100", 0), ("100", 1), ("100", 2)]
    logs = [closed.log for closed in world.logs]
    assert [log.next_retry_s for log in logs] == [300, 300, 0]
    assert logs[-1].state is BUSY


def test_rescheduled_in_20_minutes_at_5_50_pm_it_is_retried_the_next_day() -> None:
    """A campaign that is not allowed to run after 6 PM."""
    until_six = ActivePeriod(start=time(9), end=time(17, 59, 59))
    at = datetime(2026, 3, 2, 17, 50, tzinfo=UTC)
    rule = RescheduleRule(state=BUSY, max_attempts=1, retry_after_s=1200)
    world = start(rule, now=at, active_period=until_six)
    world.busy(world.ringing[0])
    world.wait(hours=15)
    assert attempts(world) == [("100", 0)]
    world.wait(minutes=10)
    assert attempts(world) == [("100", 0), ("100", 1)]
    assert world.placed[1].attempt.requested_at == datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def test_reschedules_are_obeyed_before_new_calls_are_fetched() -> None:
    numbers = tuple(str(100 + i) for i in range(20))
    world = start(RescheduleRule(state=BUSY, retry_after_s=60), numbers=numbers, batch_size=12)
    assert len(world.ringing) == TRUNK.capacity == 10
    world.busy(world.ringing[0])
    assert attempts(world)[-1] == ("110", 0)
    for channel in world.ringing:
        world.answer(channel)
    world.wait(seconds=60)
    world.hang_up(world.ringing[0])
    world.hang_up(world.ringing[0])
    assert attempts(world)[-2:] == [("100", 1), ("111", 0)]


def test_a_report_shows_several_calls_of_one_attempt_number() -> None:
    """Zero as the maximum of attempts, for a technical error; then the person is busy."""
    world = start(
        RescheduleRule(state=LOST, max_attempts=0, retry_after_s=60),
        RescheduleRule(state=BUSY, max_attempts=1, retry_after_s=300),
    )
    for _ in range(3):
        world.post(events.ServerDown(server_id=1, reason="crash"))
        world.now += timedelta(seconds=1)
        world.server_up(started_at=world.now)
        world.wait(seconds=60)
    world.busy(world.ringing[0])
    world.wait(seconds=300)
    world.busy(world.ringing[0])
    logged = [(c.log.state.value, c.log.attempt.retry_no) for c in world.logs]
    assert logged == [("RS_LOST", 0)] * 3 + [("RS_BUSY", 0), ("RS_BUSY", 1)]
    assert len({c.log.attempt.attempt_no for c in world.logs}) == 5
