"""The next change of opening hours is the one that looking at every minute finds, on any rules,
in any zone, around any clock change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from core.rules.active_period import ActivePeriod
from core.rules.hours import inspect, next_change
from core.rules.opening_hours import (
    DefaultMode,
    HourRule,
    MonthDay,
    OpeningHours,
    RuleDate,
    check_opening_hours,
)

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
SCAN = timedelta(days=3)

#: Zones, each with a day on which its clocks change.
CHANGES = [
    ("UTC", "2026-12-31"),
    ("Asia/Kathmandu", "2028-02-28"),
    ("Europe/Rome", "2026-03-29"),
    ("Europe/Rome", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("America/St_Johns", "2010-11-07"),  # at one past midnight: Saturday comes back
    ("America/Havana", "2026-11-01"),
    ("Africa/Cairo", "2026-04-24"),
    ("Africa/Cairo", "2026-10-30"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Pacific/Chatham", "2026-09-27"),
    ("Pacific/Apia", "2011-12-30"),
]

moments = st.tuples(st.sampled_from(CHANGES), st.integers(-2 * 1440, 1440)).map(
    lambda drawn: (
        ZoneInfo(drawn[0][0]),
        datetime.fromisoformat(drawn[0][1]).replace(tzinfo=UTC) + drawn[1] * MINUTE,
    )
)
days = st.frozensets(st.integers(1, 7), min_size=1)
#: Often in the small hours, where clocks are changed.
minutes = st.integers(0, 1439) | st.integers(0, 240)


def clock(minute: int, second: int) -> time:
    return time(minute // 60, minute % 60, second)


#: Ranges of whole minutes, so that a look at each minute's first second sees all there is.
ranges = st.tuples(minutes, minutes).map(lambda pair: (clock(min(pair), 0), clock(max(pair), 59)))


@st.composite
def dates(draw: st.DrawFn) -> tuple[RuleDate | None, RuleDate | None]:
    anchor = date.fromisoformat(draw(st.sampled_from(CHANGES))[1])
    first = anchor + timedelta(days=draw(st.integers(-2, 2)))
    last = first + timedelta(days=draw(st.integers(0, 20)))
    if draw(st.booleans()):
        return first, last
    return MonthDay(month=first.month, day=first.day), MonthDay(month=last.month, day=last.day)


@st.composite
def rules(draw: st.DrawFn) -> HourRule:
    time_from, time_to = draw(st.just((None, None)) | ranges)
    date_from, date_to = draw(st.just((None, None)) | dates())
    return HourRule(
        days=draw(st.none() | days),
        date_from=draw(st.sampled_from([None, date_from])),
        date_to=date_to,
        time_from=time_from,
        time_to=draw(st.sampled_from([None, time_to])),
        is_open=draw(st.booleans()),
    )


hours = st.builds(
    OpeningHours,
    name=st.just("h"),
    default=st.sampled_from(DefaultMode),
    rules=st.lists(rules(), max_size=4).map(tuple),
).map(check_opening_hours)
periods = st.just(ActivePeriod()) | st.builds(
    lambda drawn, on: ActivePeriod(start=drawn[0], end=drawn[1], days=on), ranges, days
)


@given(place=moments, period=periods, campaign=st.lists(hours, max_size=3))
@settings(max_examples=150, deadline=None)
def test_the_next_change_is_the_one_a_look_at_every_minute_finds(
    place: tuple[ZoneInfo, datetime], period: ActivePeriod, campaign: list[OpeningHours]
) -> None:
    zone, start = place
    is_open = inspect(start, zone, period, campaign).is_open
    looks = (start + n * MINUTE for n in range(SCAN // MINUTE))
    scanned = next(
        (m for m in looks if inspect(m, zone, period, campaign).is_open is not is_open), None
    )
    assert next_change(start, zone, period, campaign, SCAN) == scanned


#: Periods whose ends lie anywhere within a minute.
odd_periods = st.builds(
    lambda ends, on: ActivePeriod(start=min(ends), end=max(ends), days=on),
    st.tuples(*[st.builds(clock, minutes, st.integers(0, 59))] * 2),
    days,
)


@given(
    place=moments,
    period=periods | odd_periods,
    campaign=st.lists(hours, max_size=3),
    share=st.floats(0, 1),
)
@settings(max_examples=150, deadline=None)
def test_nothing_changes_before_the_next_change_and_something_does_at_it(
    place: tuple[ZoneInfo, datetime],
    period: ActivePeriod,
    campaign: list[OpeningHours],
    share: float,
) -> None:
    zone, start = place

    def is_open(moment: datetime) -> bool:
        return inspect(moment, zone, period, campaign).is_open

    change = next_change(start, zone, period, campaign)
    if change is not None:
        assert is_open(change) is not is_open(start)
        assert is_open(change - SECOND) is is_open(start)
    end = change or start + timedelta(days=400)
    assert is_open(start + (end - start - SECOND) * share) is is_open(start)
