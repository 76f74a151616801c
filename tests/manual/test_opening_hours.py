"""Manual 25.02: "Campaigns" (active period), "Opening Hours", "Opening Hours Inspector"."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.rules.active_period import ActivePeriod, parse_active_period, parse_time
from core.rules.hours import HoursState, Verdict, inspect, next_change
from core.rules.opening_hours import DefaultMode, HourRule, OpeningHours, parse_date

ZURICH = ZoneInfo("Europe/Zurich")
ALWAYS = ActivePeriod()
MONDAY = date(2026, 3, 2)
NUMBERS = dict(zip(("Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"), range(1, 8), strict=True))


def row(line: str) -> HourRule:
    """A rule as the manual's tables write it: days, dates and times from and to, state."""
    *days, date_from, date_to, time_from, time_to, state = line.split()
    dates = [None if d == "-" else parse_date(d, field="date") for d in (date_from, date_to)]
    times = [None if t == "-" else parse_time(t, field="time") for t in (time_from, time_to)]
    return HourRule(
        days=None if days == ["-"] else frozenset(NUMBERS[day] for day in days),
        date_from=dates[0],
        date_to=dates[1],
        time_from=times[0],
        time_to=times[1],
        is_open=state == "OPEN",
    )


WEEK = OpeningHours(
    name="Week",
    default=DefaultMode.CLOSED,
    rules=(
        row("Mo Tu We Th   -  -   9:30:00  11:30:00  OPEN"),
        row("Mo Tu We Th   -  -  13:30:00  17:00:00  OPEN"),
        row("Fr            -  -   9:30:00  13:00:00  OPEN"),
    ),
)
FEASTS = OpeningHours(
    name="Holidays",
    default=DefaultMode.OPEN,
    rules=(row("-  25/12  26/12  -  -  CLOSED"), row("-  1/01  1/01  -  -  CLOSED")),
)


def local(day: date, clock: str) -> datetime:
    """The moment, in UTC, of a date and a time of day in Zurich."""
    return datetime.combine(day, time.fromisoformat(clock), ZURICH).astimezone(UTC)


def at(
    day: date, clock: str, hours: Sequence[OpeningHours] = (), period: ActivePeriod = ALWAYS
) -> Verdict:
    return inspect(local(day, clock), ZURICH, period, hours)


def open_times(day: date, hours: Sequence[OpeningHours]) -> list[str]:
    """The open parts of the inspector's bar for a day, first and last second."""
    moment, midnight = local(day, "00:00:00"), local(day + timedelta(days=1), "00:00:00")
    parts = []
    while moment < midnight:
        end = min(next_change(moment, ZURICH, ALWAYS, hours) or midnight, midnight)
        if inspect(moment, ZURICH, ALWAYS, hours).is_open:
            shown = (moment.astimezone(ZURICH), end.astimezone(ZURICH) - timedelta(seconds=1))
            parts.append("-".join(f"{clock:%H:%M:%S}" for clock in shown))
        moment = end
    return parts


@pytest.mark.parametrize(
    ("weekday", "open_parts"),
    [
        ("Mo", ["09:30:00-11:30:00", "13:30:00-17:00:00"]),
        ("Tu", ["09:30:00-11:30:00", "13:30:00-17:00:00"]),
        ("We", ["09:30:00-11:30:00", "13:30:00-17:00:00"]),
        ("Th", ["09:30:00-11:30:00", "13:30:00-17:00:00"]),
        ("Fr", ["09:30:00-13:00:00"]),
        ("Sa", []),
        ("Su", []),
    ],
)
def test_different_hours_in_the_week_and_on_fridays(weekday: str, open_parts: list[str]) -> None:
    day = MONDAY + timedelta(days=(NUMBERS[weekday] - NUMBERS["Mo"]) % 7)
    assert open_times(day, [WEEK]) == open_parts


@pytest.mark.parametrize("year", [2025, 2026, 2028])
def test_christmas_and_new_year_are_closed_every_year(year: int) -> None:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    closed = [day for day in days if not at(day, "12:00", [FEASTS]).is_open]
    assert closed == [date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)]
    assert at(date(year, 12, 26), "23:59:59", [FEASTS]).state is HoursState.CLOSE_RULE
    assert at(date(year, 12, 27), "00:00:00", [FEASTS]).state is HoursState.DEFAULT_OPEN


def test_holidays_first_then_the_week_with_a_default_of_closed() -> None:
    campaign = [FEASTS, WEEK]
    christmas_friday, next_monday = date(2026, 12, 25), date(2026, 12, 28)
    assert at(christmas_friday, "10:00", campaign) == Verdict(
        state=HoursState.CLOSE_RULE, hours_name="Holidays", rule_name="#1"
    )
    assert open_times(christmas_friday, campaign) == []
    assert open_times(next_monday, campaign) == open_times(MONDAY, [WEEK])
    assert at(next_monday, "12:00", campaign) == Verdict(
        state=HoursState.DEFAULT_CLOSE, hours_name="Week"
    )


def test_the_order_of_opening_hours_is_important() -> None:
    christmas_friday = date(2026, 12, 25)
    assert at(christmas_friday, "10:00", [WEEK, FEASTS]).state is HoursState.OPEN_RULE
    assert at(christmas_friday, "10:00", [FEASTS, WEEK]).state is HoursState.CLOSE_RULE
    assert at(MONDAY, "20:00", [WEEK, FEASTS]).state is HoursState.DEFAULT_OPEN
    assert at(MONDAY, "20:00", [FEASTS, WEEK]).state is HoursState.DEFAULT_CLOSE


def test_the_order_of_rules_is_important() -> None:
    lunch = row("-  -  -  12:00:00  13:00:00  CLOSED")
    day = row("-  -  -  8:00:00  18:00:00  OPEN")
    for rules, state in [
        ((lunch, day), HoursState.CLOSE_RULE),
        ((day, lunch), HoursState.OPEN_RULE),
    ]:
        hours = OpeningHours(name="Day", default=DefaultMode.CLOSED, rules=rules)
        assert at(MONDAY, "12:30", [hours]) == Verdict(
            state=state, hours_name="Day", rule_name="#1"
        )


def test_calls_between_nine_and_four_of_working_days() -> None:
    period = parse_active_period("090000", "160000", "23456")
    friday, saturday, sunday = (MONDAY + timedelta(days=n) for n in (4, 5, 6))
    states = {
        (MONDAY, "08:59:59"): HoursState.CLOSE_HOUR,
        (MONDAY, "09:00:00"): HoursState.OPEN,
        (friday, "16:00:00"): HoursState.OPEN,
        (friday, "16:00:01"): HoursState.CLOSE_HOUR,
        (saturday, "12:00:00"): HoursState.CLOSE_DAY,
        (sunday, "12:00:00"): HoursState.CLOSE_DAY,
    }
    for (day, clock), state in states.items():
        assert at(day, clock, period=period) == Verdict(state=state), (day, clock)
    assert next_change(local(friday, "16:00:01"), ZURICH, period, []) == local(
        MONDAY + timedelta(days=7), "09:00:00"
    )


def test_opening_hours_are_only_asked_within_the_active_period() -> None:
    period = parse_active_period("100000", "120000", "2")
    assert at(MONDAY, "09:45", [WEEK], period).state is HoursState.CLOSE_HOUR
    assert at(MONDAY, "10:00", [WEEK], period).state is HoursState.OPEN_RULE
    assert at(MONDAY, "11:45", [WEEK], period).state is HoursState.DEFAULT_CLOSE
    assert at(MONDAY + timedelta(days=1), "10:00", [WEEK], period).state is HoursState.CLOSE_DAY


NAMED = OpeningHours(
    name="Named",
    default=DefaultMode.CLOSED,
    rules=(
        HourRule(name="Lunch", time_from=time(12), time_to=time(13), is_open=False),
        HourRule(time_from=time(8), time_to=time(18), is_open=True),
    ),
)


@pytest.mark.parametrize(
    ("clock", "period", "hours", "verdict", "is_open"),
    [
        ("10:00", ALWAYS, [], Verdict(state=HoursState.OPEN), True),
        (
            "10:00",
            ActivePeriod(days=frozenset({1, 7})),
            [NAMED],
            Verdict(state=HoursState.CLOSE_DAY),
            False,
        ),
        (
            "10:00",
            ActivePeriod(start=time(11)),
            [NAMED],
            Verdict(state=HoursState.CLOSE_HOUR),
            False,
        ),
        (
            "12:30",
            ALWAYS,
            [FEASTS, NAMED],
            Verdict(state=HoursState.CLOSE_RULE, hours_name="Named", rule_name="Lunch"),
            False,
        ),
        (
            "10:00",
            ALWAYS,
            [FEASTS, NAMED],
            Verdict(state=HoursState.OPEN_RULE, hours_name="Named", rule_name="#2"),
            True,
        ),
        (
            "20:00",
            ALWAYS,
            [NAMED, FEASTS],
            Verdict(state=HoursState.DEFAULT_OPEN, hours_name="Holidays"),
            True,
        ),
        (
            "20:00",
            ALWAYS,
            [FEASTS, NAMED],
            Verdict(state=HoursState.DEFAULT_CLOSE, hours_name="Named"),
            False,
        ),
    ],
)
def test_the_inspector_says_state_and_rule(
    clock: str,
    period: ActivePeriod,
    hours: list[OpeningHours],
    verdict: Verdict,
    is_open: bool,
) -> None:
    found = at(MONDAY, clock, hours, period)
    assert found == verdict
    assert found.is_open is is_open
