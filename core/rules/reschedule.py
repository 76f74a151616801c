"""Whether and when a call that ended is tried again.

Source: manual 25.02, "Reschedule rules", "Writing advanced reschedule rules" and "Handling
technical errors through Reschedule Rules".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import InvalidValue
from core.rules.states import CallState
from core.rules.statuses import matches_status


class RetryMode(StrEnum):
    """How the wait grows from one retry to the next."""

    #: The same wait each time.
    FIXED = "FIXED"
    #: The wait times the number of the attempt: 5, 10, 15 minutes.
    MULT = "MULT"


@dataclass(frozen=True, kw_only=True, slots=True)
class RescheduleRule:
    """On `state` (and `ext_status`: empty matches any, `$` only none), retry after
    `retry_after_s` seconds, up to `max_attempts` times; 0 attempts means always, without
    counting."""

    state: CallState
    ext_status: str = ""
    max_attempts: int = 1
    retry_after_s: int = 0
    mode: RetryMode = RetryMode.FIXED


def check_rule(rule: RescheduleRule) -> RescheduleRule:
    """The rule itself; InvalidValue if it would call somebody again and again without a
    pause."""
    if rule.max_attempts == 0 and rule.retry_after_s < 1:
        raise InvalidValue(
            "retry_after_s",
            rule.retry_after_s,
            "a rule with zero attempts repeats for ever: let it wait at least a second",
        )
    return rule


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryDecision:
    """Try again in `after_s` seconds; `retry_no` is the recall counter of that attempt."""

    after_s: int
    retry_no: int


def decide_retry(
    rules: Sequence[RescheduleRule], *, state: CallState, ext_status: str, retry_no: int
) -> RetryDecision | None:
    """The first rule that matches the present state, or None: the record is done.

    `retry_no` is the recall counter of the call that ended, 0 for the first attempt. Rules
    with zero attempts are preferred to the others, wherever they stand.
    """
    attempt = retry_no + 1
    matching = [rule for rule in rules if _matches(rule, state, ext_status)]
    for rule in matching:
        if rule.max_attempts == 0:
            return RetryDecision(after_s=_wait_s(rule, attempt), retry_no=retry_no)
    for rule in matching:
        if attempt <= rule.max_attempts:
            return RetryDecision(after_s=_wait_s(rule, attempt), retry_no=attempt)
    return None


def _matches(rule: RescheduleRule, state: CallState, ext_status: str) -> bool:
    return rule.state is state and matches_status(rule.ext_status, ext_status)


def _wait_s(rule: RescheduleRule, attempt: int) -> int:
    return rule.retry_after_s * attempt if rule.mode is RetryMode.MULT else rule.retry_after_s
