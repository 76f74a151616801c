"""Caps on calls to a number: Regulation F's seven in seven days, France's four in thirty."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules.caps import (
    PRESETS,
    UNDER_WAY,
    Cap,
    DayKind,
    PastCall,
    Preset,
    Refusal,
    allows,
    counted_as,
    was_conversation,
)
from core.rules.states import CallState

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY, HOUR, MOMENT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
ZONE = ZoneInfo("UTC")
REG_F, FRANCE = PRESETS[Preset.US_REG_F], PRESETS[Preset.FRANCE]
TWICE = Cap(name="twice", attempts=2, days=1)


def attempts(*ats: datetime) -> list[PastCall]:
    return [PastCall(placed_at=at) for at in ats]


def talk(until: datetime) -> PastCall:
    return PastCall(placed_at=until - HOUR, talked_until=until)


def allowed_at(
    cap: Cap, history: Sequence[PastCall], now: datetime, zone: str = "UTC"
) -> datetime | None:
    refusal = allows([cap], history, now, ZoneInfo(zone))
    return refusal and refusal.allowed_at


def test_the_presets_are_the_laws() -> None:
    figures = {p: (c.attempts, c.days, c.rest_days, c.day) for p, c in PRESETS.items()}
    assert figures == {
        Preset.US_REG_F: (7, 7, 7, DayKind.CALENDAR),
        Preset.FRANCE: (4, 30, 0, DayKind.CALENDAR),
    }


@pytest.mark.parametrize("cap", [REG_F, FRANCE, TWICE])
def test_a_number_never_called_may_be_called(cap: Cap) -> None:
    assert allows([cap], [], NOON, ZONE) is None


def test_the_eighth_call_waits_for_the_eighth_day() -> None:
    """12 CFR 1006.14(b)(2)(i)(A): not more than seven times within seven consecutive days."""
    history = attempts(*(NOON + n * HOUR for n in range(7)))
    refusal = Refusal(
        reason='cap "US-REG-F": at most 7 calls in 7 days',
        allowed_at=datetime(2026, 3, 9, tzinfo=UTC),
    )
    assert allows([REG_F], history[:6], NOON + 7 * HOUR, ZONE) is None
    assert allows([REG_F], history, NOON + 7 * HOUR, ZONE) == refusal
    assert allows([REG_F], history, refusal.allowed_at - MOMENT, ZONE) == refusal
    assert allows([REG_F], history, refusal.allowed_at, ZONE) is None


def test_the_day_of_a_conversation_is_the_first_of_seven_without_calls() -> None:
    """12 CFR 1006.14(b)(2)(i)(B): after a talk on a Monday, not before the next Monday."""
    monday = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    refusal = allows([REG_F], [talk(monday)], monday + DAY, ZONE)
    assert refusal == Refusal(
        reason='cap "US-REG-F": 7 days of rest after a conversation',
        allowed_at=datetime(2026, 3, 9, tzinfo=UTC),
    )


def test_the_fifth_call_in_thirty_calendar_days_waits_whatever_the_order() -> None:
    """Code de la consommation, article D. 223-9: 1 March is the first of thirty days."""
    ats = [datetime(2026, 3, day, 18, 0, tzinfo=UTC) for day in (4, 1, 3, 2)]
    assert allowed_at(FRANCE, attempts(*ats), NOON + 10 * DAY) == datetime(2026, 3, 31, tzinfo=UTC)
    assert allowed_at(FRANCE, [*attempts(*ats[:3]), talk(NOON)], NOON + DAY) is not None
    assert allowed_at(FRANCE, [*attempts(*ats[:2]), talk(NOON)], NOON + DAY) is None


def test_calendar_days_are_those_of_the_zone_whose_clocks_may_change() -> None:
    """Clocks go back on 25 October: seven days from that morning are 169 hours."""
    at = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    once = replace(REG_F, attempts=1)
    in_paris = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert allowed_at(once, attempts(at), at + DAY, "Europe/Paris") == in_paris
    in_la = datetime(2026, 10, 31, 7, 0, tzinfo=UTC)
    assert allowed_at(once, attempts(at), at + DAY, "America/Los_Angeles") == in_la
    rolling = replace(once, day=DayKind.ROLLING)
    assert allowed_at(rolling, attempts(at), at + DAY, "Europe/Paris") == at + 7 * DAY


def test_calls_before_the_period_do_not_count() -> None:
    old = attempts(*(NOON - 31 * DAY - n * HOUR for n in range(10)))
    assert allows([FRANCE], old + attempts(NOON, NOON, NOON), NOON, ZONE) is None
    assert allows([FRANCE], old + attempts(NOON, NOON, NOON, NOON), NOON, ZONE) is not None


def test_more_calls_than_the_cap_wait_for_all_that_are_too_many() -> None:
    history = attempts(*(NOON + n * HOUR for n in range(4)))
    assert allowed_at(TWICE, history, NOON + 4 * HOUR) == NOON + DAY + 2 * HOUR


def test_the_latest_conversation_counts_and_without_a_rest_none_does() -> None:
    rest = replace(TWICE, attempts=9, rest_days=7)
    history = [talk(NOON + 3 * DAY), talk(NOON)]
    assert allowed_at(rest, history, NOON + 4 * DAY) == NOON + 10 * DAY
    assert allowed_at(replace(rest, rest_days=0), history, NOON + 4 * DAY) is None


def test_of_several_caps_the_strictest_wins() -> None:
    history = attempts(NOON, NOON, NOON, NOON)
    refusal = allows([TWICE, FRANCE, REG_F], history, NOON + HOUR, ZONE)
    assert refusal is not None
    assert refusal.reason == 'cap "FRANCE": at most 4 calls in 30 days'
    assert allows([], history, NOON + HOUR, ZONE) is None


def test_a_call_under_way_may_become_a_conversation() -> None:
    under_way = [PastCall(placed_at=NOON, is_open=True)]
    refusal = allows([REG_F], under_way, NOON + HOUR, ZONE)
    assert refusal == Refusal(
        reason='cap "US-REG-F": another call to the number is under way',
        allowed_at=NOON + HOUR + UNDER_WAY,
    )
    assert allows([FRANCE], under_way, NOON + HOUR, ZONE) is None


def test_one_call_in_one_day_is_said_in_the_singular() -> None:
    once = Cap(name="c", attempts=1, days=1, rest_days=1)
    refusals = [allows([once], h, NOON, ZONE) for h in (attempts(NOON), [talk(NOON)])]
    assert [refusal.reason for refusal in refusals if refusal] == [
        'cap "c": at most 1 call in 1 day',
        'cap "c": 1 day of rest after a conversation',
    ]


@pytest.mark.parametrize(
    ("number", "counted"),
    [
        ("+41915550100", "41915550100"),
        ("0041915550100", "41915550100"),
        ("41915550100", "41915550100"),
        ("0915550100", "0915550100"),
        ("00", "00"),
        ("*100#", "*100#"),
    ],
)
def test_the_ways_to_write_an_international_number_are_one(number: str, counted: str) -> None:
    assert counted_as(number) == counted


@pytest.mark.parametrize(
    ("state", "talk_ms", "expected"),
    [
        (CallState.TERMINATED, 0, True),
        (CallState.RS_TIMEOUT, 5, True),
        (CallState.RS_LOST, 5, True),
        (CallState.RS_LOST, 0, False),
        (CallState.RS_NOANSWER, 0, False),
    ],
)
def test_who_answered_had_a_conversation(state: CallState, talk_ms: int, expected: bool) -> None:
    assert was_conversation(state, talk_ms) is expected


CAPS = st.builds(
    Cap,
    name=st.just("c"),
    attempts=st.integers(1, 4),
    days=st.integers(1, 4),
    rest_days=st.integers(0, 4),
    day=st.sampled_from(DayKind),
)
ZONES = st.sampled_from(["UTC", "Europe/Paris", "America/Havana", "Pacific/Apia"]).map(ZoneInfo)
MOMENTS = st.timedeltas(timedelta(), 16 * DAY).map(datetime(2026, 10, 20, tzinfo=UTC).__add__)


@given(CAPS, ZONES, st.lists(st.tuples(MOMENTS, st.booleans()), max_size=25))
def test_whatever_is_tried_no_window_holds_more_than_the_cap(
    cap: Cap, zone: ZoneInfo, tries: list[tuple[datetime, bool]]
) -> None:
    history: list[PastCall] = []
    for at, is_answered in sorted(tries):
        if allows([cap], history, at, zone) is None:
            end = at if is_answered else None
            history.append(PastCall(placed_at=at, talked_until=end))
    first_too_late = cap.days * DAY
    for call, nth in zip(history, history[cap.attempts :], strict=False):
        assert gap(call.placed_at, nth.placed_at, cap.day, zone) >= first_too_late
    for index, call in enumerate(history):
        if call.talked_until is not None:
            for later in history[index + 1 :]:
                rest = gap(call.talked_until, later.placed_at, cap.day, zone)
                assert rest >= cap.rest_days * DAY


def gap(first: datetime, second: datetime, kind: DayKind, zone: ZoneInfo) -> timedelta:
    if kind is DayKind.ROLLING:
        return second - first
    return second.astimezone(zone).date() - first.astimezone(zone).date()


@given(CAPS, ZONES, st.lists(st.builds(PastCall, placed_at=MOMENTS, talked_until=MOMENTS)))
def test_a_refusal_ends_at_the_very_moment_it_says(
    cap: Cap, zone: ZoneInfo, history: list[PastCall]
) -> None:
    now = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    refusal = allows([cap], history, now, zone)
    if refusal is None:
        return
    assert refusal.allowed_at > now
    assert allows([cap], history, refusal.allowed_at - MOMENT, zone) is not None
    assert allows([cap], history, refusal.allowed_at, zone) is None
