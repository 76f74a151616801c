"""Manual 25.02: "Reschedule rules", "Writing advanced reschedule rules", "Handling technical
errors through Reschedule Rules"."""

import pytest

from core.errors import InvalidValue
from core.rules.reschedule import (
    RescheduleRule,
    RetryDecision,
    RetryMode,
    check_rule,
    decide_retry,
)
from core.rules.states import CallState

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
