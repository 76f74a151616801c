"""People are called within hours of their own zone, wherever they may be."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidValue
from core.rules.active_period import EVERY_MOMENT, ActivePeriod
from core.rules.hours import inspect
from core.rules.recipient_hours import Opening, RecipientHours, opening_at
from core.rules.recipient_zones import check_country, zones_of

DAYTIME = ActivePeriod(start=time(9), end=time(19, 59, 59))
NEW_YORK, LA, PARIS, ROME = (
    ZoneInfo(name)
    for name in ("America/New_York", "America/Los_Angeles", "Europe/Paris", "Europe/Rome")
)
SECOND = timedelta(seconds=1)


def utc(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_a_person_is_called_by_the_clock_on_the_wall() -> None:
    assert opening_at(utc(2026, 1, 5, 16, 59, 59), [LA], DAYTIME) == Opening(
        is_open=False, until=utc(2026, 1, 5, 17)
    )
    assert opening_at(utc(2026, 1, 5, 17), [LA], DAYTIME) == Opening(
        is_open=True, until=utc(2026, 1, 6, 4)
    )


def test_of_several_zones_all_must_be_open() -> None:
    zones = [NEW_YORK, LA]
    assert opening_at(utc(2026, 1, 5, 14), zones, DAYTIME) == Opening(
        is_open=False, until=utc(2026, 1, 5, 17)
    )
    assert opening_at(utc(2026, 1, 5, 17), zones, DAYTIME) == Opening(
        is_open=True, until=utc(2026, 1, 6, 1)
    )
    assert opening_at(utc(2026, 1, 6, 1), zones, DAYTIME).until == utc(2026, 1, 6, 17)


def test_zones_that_are_never_awake_together_never_open() -> None:
    short = ActivePeriod(start=time(9), end=time(9, 59, 59))
    assert opening_at(utc(2026, 1, 5, 17), [NEW_YORK, LA], short) == Opening(
        is_open=False, until=None
    )


def test_days_of_the_week_are_the_persons() -> None:
    weekdays = ActivePeriod(start=time(9), end=time(19, 59, 59), days=frozenset(range(2, 7)))
    friday_night_there = utc(2026, 1, 10, 4)
    assert opening_at(friday_night_there, [LA], weekdays).until == utc(2026, 1, 12, 17)


def test_without_limits_it_is_always_time() -> None:
    assert opening_at(utc(2026, 1, 5), [PARIS, LA], EVERY_MOMENT) == Opening(
        is_open=True, until=None
    )


@pytest.mark.parametrize(
    ("evening", "opens", "closes"),
    [
        # Clocks go forward on 29 March: the night is an hour shorter.
        (utc(2026, 3, 28, 20), utc(2026, 3, 29, 7), utc(2026, 3, 29, 18)),
        # Clocks go back on 25 October: it is an hour longer.
        (utc(2026, 10, 24, 20), utc(2026, 10, 25, 8), utc(2026, 10, 25, 19)),
    ],
)
def test_both_clock_changes_are_kept(evening: datetime, opens: datetime, closes: datetime) -> None:
    assert opening_at(evening, [PARIS], DAYTIME) == Opening(is_open=False, until=opens)
    assert opening_at(opens, [PARIS], DAYTIME) == Opening(is_open=True, until=closes)


def test_an_hour_that_is_skipped_opens_where_the_clock_goes_on() -> None:
    early = ActivePeriod(start=time(2, 30), end=time(19, 59, 59))
    assert opening_at(utc(2026, 3, 29, 0), [PARIS], early).until == utc(2026, 3, 29, 1)


PERIODS = st.builds(
    lambda ends, days: ActivePeriod(start=min(ends), end=max(ends), days=days),
    st.tuples(*[st.times().map(lambda t: t.replace(microsecond=0))] * 2),
    st.frozensets(st.integers(1, 7), min_size=1),
)
PLACES = st.lists(
    st.sampled_from(
        ["UTC", "Europe/Paris", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Apia",
         "America/Havana", "Australia/Lord_Howe"]
    ).map(ZoneInfo),
    min_size=1, max_size=3,
)  # fmt: skip
MOMENTS = st.timedeltas(timedelta(), timedelta(days=366)).map(utc(2026, 1, 1).__add__)


@given(MOMENTS, PLACES, PERIODS, st.floats(0, 1))
def test_what_holds_until_a_moment_holds_at_each_before_it(
    moment: datetime, zones: list[ZoneInfo], period: ActivePeriod, part: float
) -> None:
    opening = opening_at(moment, zones, period)

    def is_open(at: datetime) -> bool:
        return all(inspect(at, zone, period, ()).is_open for zone in zones)

    assert is_open(moment) is opening.is_open
    end = opening.until or moment + timedelta(days=3)
    assert end > moment
    assert is_open(moment + part * (end - SECOND - moment)) is opening.is_open
    if opening.until is not None:
        assert is_open(opening.until) is not opening.is_open


BY_NUMBER = RecipientHours(period=DAYTIME)
AMERICAN = RecipientHours(period=DAYTIME, country="US")


@pytest.mark.parametrize(
    ("hours", "number", "expected"),
    [
        (BY_NUMBER, "+12125550100", ("America/New_York",)),
        (BY_NUMBER, "0012125550100", ("America/New_York",)),
        (BY_NUMBER, "2125550100", ()),
        (AMERICAN, "2125550100", ("America/New_York",)),
        (AMERICAN, "+390612345678", ("Europe/Rome",)),
        (BY_NUMBER, "+999123", ()),
        (AMERICAN, "911", ()),
        (BY_NUMBER, "*100#", ()),
    ],
)
def test_a_number_tells_its_zone(
    hours: RecipientHours, number: str, expected: tuple[str, ...]
) -> None:
    assert zones_of(hours, number, {}) == expected


def test_a_mobile_number_of_a_wide_country_may_be_in_any_of_its_zones() -> None:
    zones = zones_of(BY_NUMBER, "+61412345678", {})
    assert {"Australia/Perth", "Australia/Sydney", "Australia/Brisbane"} < set(zones)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"TZ": "Europe/Paris"}, "Europe/Paris"),
        ({"TZ": " Europe/Paris "}, "Europe/Paris"),
        ({"TZ": ""}, "America/New_York"),
        ({"TZ": "Paris"}, "America/New_York"),
        ({"TZ": "../passwd"}, "America/New_York"),
        ({}, "America/New_York"),
    ],
)
def test_the_records_attribute_wins_if_it_names_a_zone(
    inputs: Mapping[str, str], expected: str
) -> None:
    hours = RecipientHours(period=DAYTIME, attribute="TZ")
    assert zones_of(hours, "+12125550100", inputs) == (expected,)


def test_a_country_is_known_by_its_code() -> None:
    assert check_country("us") == "US"
    with pytest.raises(InvalidValue, match='country "USA": write an ISO 3166 code of two letters'):
        check_country("USA")
