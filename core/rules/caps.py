"""How often the same number may be called: a cap on attempts, and a rest after a conversation.

The manual has none; the presets are laws, and stricter than them where they count fewer calls
than we do (every attempt counts, answered or not). A day is 24 hours from call to call. That
never allows more than counting calendar days would, save that a period in which summer time
ends is an hour longer than ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import InvalidValue

#: Longest period and rest, in days.
MAX_DAYS = 3650

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cap:
    """At most `attempts` calls within any `days` days, and none within `rest_after_talk` of a
    conversation; None is no rest."""

    attempts: int
    days: int
    rest_after_talk: timedelta | None = None


#: United States, debt collection: Regulation F, 12 CFR 1006.14(b)(2)(i).
US_REG_F = Cap(attempts=7, days=7, rest_after_talk=timedelta(days=7))
#: France, commercial solicitation: Code de la consommation, article D. 223-9. Its sixty days
#: after a refusal are a matter of blacklists: only the call's agent knows of it.
FRANCE = Cap(attempts=4, days=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class PastCall:
    """An attempt on the number, placed at `at` (UTC), and whether people talked. Both the
    period and the rest count from `at`."""

    at: datetime
    was_conversation: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The number may not be called, for `reason`, before `allowed_at` (UTC)."""

    reason: str
    allowed_at: datetime


def check_cap(cap: Cap) -> Cap:
    """The cap itself; InvalidValue if it would allow no call at all, or has no period."""
    if cap.attempts < 1:
        raise InvalidValue("attempts", cap.attempts, "a cap allows at least 1 attempt")
    if not 1 <= cap.days <= MAX_DAYS:
        raise InvalidValue("days", cap.days, f"a cap counts over 1 to {MAX_DAYS} days")
    rest = cap.rest_after_talk
    if rest is not None and not timedelta() < rest <= timedelta(days=MAX_DAYS):
        raise InvalidValue(
            "rest after a conversation",
            _in_days(rest / _DAY),
            f"it is more than 0 and at most {MAX_DAYS} days; leave it out for none",
        )
    return cap


def allows(cap: Cap, history: Sequence[PastCall], now: datetime) -> Refusal | None:
    """None if the number may be called now, else what stands against it longest.

    `cap` is one that `check_cap` accepts. `history` holds the number's attempts of all
    campaigns, in any order, at least those of the last `days` and of the rest. A period is over
    at the very moment of its end.
    """
    refusals = [
        refusal
        for refusal in (_refuse_count(cap, history), _refuse_rest(cap, history))
        if refusal is not None and now < refusal.allowed_at
    ]
    return max(refusals, key=lambda refusal: refusal.allowed_at, default=None)


def _refuse_count(cap: Cap, history: Sequence[PastCall]) -> Refusal | None:
    """As long as the last `attempts` calls all lie within the period, there is no room."""
    if len(history) < cap.attempts:
        return None
    oldest = sorted(call.at for call in history)[-cap.attempts]
    calls = "1 call" if cap.attempts == 1 else f"{cap.attempts} calls"
    return Refusal(
        reason=f"a number gets at most {calls} in {_in_days(cap.days)}",
        allowed_at=oldest + timedelta(days=cap.days),
    )


def _refuse_rest(cap: Cap, history: Sequence[PastCall]) -> Refusal | None:
    talks = [call.at for call in history if call.was_conversation]
    if cap.rest_after_talk is None or not talks:
        return None
    rest = _in_days(cap.rest_after_talk / _DAY)
    return Refusal(
        reason=f"after a conversation the number is left alone for {rest}",
        allowed_at=max(talks) + cap.rest_after_talk,
    )


def _in_days(days: float) -> str:
    return "1 day" if days == 1 else f"{days:g} days"
