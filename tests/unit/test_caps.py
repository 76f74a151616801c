"""Caps on calls to a number: Regulation F's seven in seven days, France's four in thirty."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidValue
from core.rules.caps import FRANCE, US_REG_F, Cap, PastCall, Refusal, allows, check_cap

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY, HOUR, MOMENT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)


def attempts(*ats: datetime) -> list[PastCall]:
    return [PastCall(at=at, was_conversation=False) for at in ats]


def test_the_presets_are_the_laws() -> None:
    assert check_cap(US_REG_F) == Cap(attempts=7, days=7, rest_after_talk=timedelta(days=7))
    assert check_cap(FRANCE) == Cap(attempts=4, days=30, rest_after_talk=None)


@pytest.mark.parametrize("cap", [US_REG_F, FRANCE])
def test_a_number_never_called_may_be_called(cap: Cap) -> None:
    assert allows(cap, [], NOON) is None


def test_the_eighth_call_in_seven_days_waits_until_the_first_is_seven_days_old() -> None:
    history = attempts(*(NOON + n * HOUR for n in range(7)))
    refusal = Refusal(reason="a number gets at most 7 calls in 7 days", allowed_at=NOON + 7 * DAY)
    assert allows(US_REG_F, history[:6], NOON + 7 * HOUR) is None
    assert allows(US_REG_F, history, NOON + 7 * HOUR) == refusal
    assert allows(US_REG_F, history, NOON + 7 * DAY - MOMENT) == refusal
    assert allows(US_REG_F, history, NOON + 7 * DAY) is None


def test_the_fifth_call_in_thirty_days_waits_whatever_the_order_of_the_history() -> None:
    history = attempts(NOON + 3 * DAY, NOON, NOON + 2 * DAY, NOON + DAY)
    refusal = allows(FRANCE, history, NOON + 4 * DAY)
    assert refusal is not None
    assert refusal.allowed_at == NOON + 30 * DAY


def test_calls_before_the_period_do_not_count() -> None:
    old = attempts(*(NOON - 31 * DAY - n * HOUR for n in range(10)))
    assert allows(FRANCE, old + attempts(NOON, NOON, NOON), NOON) is None
    assert allows(FRANCE, old + attempts(NOON, NOON, NOON, NOON), NOON) is not None


def test_more_calls_than_the_cap_wait_for_all_that_are_too_many() -> None:
    refusal = allows(FRANCE, attempts(*(NOON + n * DAY for n in range(6))), NOON + 6 * DAY)
    assert refusal is not None
    assert refusal.allowed_at == NOON + 32 * DAY


def test_after_a_conversation_the_number_rests_for_seven_days() -> None:
    talk = PastCall(at=NOON, was_conversation=True)
    history = [talk, *attempts(NOON - DAY, NOON + DAY)]
    refusal = Refusal(
        reason="after a conversation the number is left alone for 7 days",
        allowed_at=NOON + 7 * DAY,
    )
    assert allows(US_REG_F, history, NOON + 2 * DAY) == refusal
    assert allows(US_REG_F, history, NOON + 7 * DAY - MOMENT) == refusal
    assert allows(US_REG_F, history, NOON + 7 * DAY) is None


def test_the_latest_conversation_counts_and_without_a_rest_none_does() -> None:
    history = [PastCall(at=NOON + n * DAY, was_conversation=True) for n in (3, 0)]
    refusal = allows(US_REG_F, history, NOON + 4 * DAY)
    assert refusal is not None
    assert refusal.allowed_at == NOON + 10 * DAY
    assert allows(FRANCE, history, NOON + 4 * DAY) is None


@pytest.mark.parametrize(
    ("talk_after", "says", "days"),
    [(timedelta(0), "at most 7 calls", 7), (6 * HOUR, "after a conversation", 7.25)],
)
def test_of_two_refusals_the_longer_one_is_given(
    talk_after: timedelta, says: str, days: float
) -> None:
    talk = PastCall(at=NOON - HOUR + talk_after, was_conversation=True)
    history = [talk, *attempts(*(NOON + n * HOUR for n in range(7)))]
    cap = Cap(attempts=7, days=7, rest_after_talk=timedelta(days=7, hours=1))
    refusal = allows(cap, history, NOON + DAY)
    assert refusal is not None
    assert says in refusal.reason
    assert refusal.allowed_at == NOON + days * DAY


def test_a_period_and_a_rest_are_told_in_days() -> None:
    cap = Cap(attempts=1, days=1, rest_after_talk=timedelta(hours=36))
    called = allows(cap, attempts(NOON), NOON)
    talked = allows(cap, [PastCall(at=NOON, was_conversation=True)], NOON)
    assert called is not None
    assert talked is not None
    assert called.reason == "a number gets at most 1 call in 1 day"
    assert talked.reason == "after a conversation the number is left alone for 1.5 days"


@pytest.mark.parametrize(
    ("cap", "says"),
    [
        (Cap(attempts=0, days=7), 'attempts "0": a cap allows at least 1 attempt'),
        (Cap(attempts=7, days=0), 'days "0": a cap counts over 1 to 3650 days'),
        (Cap(attempts=7, days=3651), 'days "3651"'),
        (Cap(attempts=7, days=7, rest_after_talk=timedelta()), '"0 days": it is more than 0'),
        (Cap(attempts=7, days=7, rest_after_talk=-DAY), '"-1 days"'),
        (Cap(attempts=7, days=7, rest_after_talk=3651 * DAY), "at most 3650 days"),
    ],
)
def test_a_cap_that_cannot_be_meant_is_refused(cap: Cap, says: str) -> None:
    with pytest.raises(InvalidValue) as error:
        check_cap(cap)
    assert says in str(error.value)


CAPS = st.builds(
    Cap,
    attempts=st.integers(1, 4),
    days=st.integers(1, 3),
    rest_after_talk=st.none() | st.timedeltas(HOUR, 4 * DAY),
)
STEPS = st.lists(st.tuples(st.timedeltas(timedelta(), DAY), st.booleans()), max_size=40)


@given(CAPS, STEPS)
def test_calls_that_obey_the_cap_never_exceed_it(
    cap: Cap, steps: list[tuple[timedelta, bool]]
) -> None:
    now, history = NOON, list[PastCall]()
    for step, talks in steps:
        now += step
        if allows(check_cap(cap), history, now) is None:
            history.append(PastCall(at=now, was_conversation=talks))
    for index, call in enumerate(history):
        later = history[index + 1 :]
        assert sum(other.at < call.at + cap.days * DAY for other in later) < cap.attempts
        if call.was_conversation and cap.rest_after_talk is not None:
            assert all(other.at >= call.at + cap.rest_after_talk for other in later)


@given(
    CAPS,
    st.lists(
        st.builds(
            PastCall,
            at=st.timedeltas(-5 * DAY, DAY).map(NOON.__add__),
            was_conversation=st.booleans(),
        )
    ),
)
def test_a_refusal_ends_at_the_very_moment_it_says(cap: Cap, history: list[PastCall]) -> None:
    refusal = allows(cap, history, NOON)
    if refusal is None:
        return
    assert refusal.allowed_at > NOON
    assert allows(cap, history, refusal.allowed_at - MOMENT) is not None
    assert allows(cap, history, refusal.allowed_at) is None
