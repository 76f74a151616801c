"""Manual 25.02: "Blacklists" and "Understanding blacklists"."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules.blacklists import (
    FOREVER,
    blacklisted_until,
    is_blacklisted,
    render_cancellation,
    until,
)

ROME = ZoneInfo("Europe/Rome")
NEW_YORK = ZoneInfo("America/New_York")
SECOND = timedelta(seconds=1)
NOON = datetime(2024, 3, 18, 12, 0, tzinfo=UTC)
PAST, NEXT = "2024-03-17", "2024-03-19.10:00:00"


def test_a_number_that_is_on_no_blacklist_is_not_blacklisted() -> None:
    assert blacklisted_until([], ROME) is None
    assert not is_blacklisted([], NOON, ROME)


def test_a_number_with_no_time_limit_is_blacklisted_forever() -> None:
    assert until({"REASON": "recalled"}, ROME) == FOREVER
    assert until({"BLACKLISTED_UNTIL": " "}, ROME) == FOREVER
    assert is_blacklisted([{}], datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), ROME)


def test_a_full_date_ends_at_that_second_of_local_time() -> None:
    entry = {"BLACKLISTED_UNTIL": "2024-03-18.14:00:00"}
    end = datetime(2024, 3, 18, 13, 0, tzinfo=UTC)
    assert until(entry, ROME) == end
    assert is_blacklisted([entry], end - SECOND, ROME)
    assert not is_blacklisted([entry], end, ROME)
    assert until(entry, NEW_YORK) == datetime(2024, 3, 18, 18, 0, tzinfo=UTC)


def test_the_shorter_date_lasts_until_the_midnight_that_ends_the_day() -> None:
    entry = {"BLACKLISTED_UNTIL": " 2024-03-18 "}
    end = datetime(2024, 3, 18, 23, 0, tzinfo=UTC)
    assert until(entry, ROME) == end
    assert is_blacklisted([entry], end - SECOND, ROME)
    assert not is_blacklisted([entry], end, ROME)


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2024-03-31", datetime(2024, 3, 31, 22, 0, tzinfo=UTC)),
        ("2024-10-27", datetime(2024, 10, 27, 23, 0, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, 23, 0, tzinfo=UTC)),
    ],
)
def test_days_of_a_clock_change_and_leap_days_end_at_their_midnight(
    day: str, end: datetime
) -> None:
    assert until({"BLACKLISTED_UNTIL": day}, ROME) == end


def test_an_hour_shown_twice_or_never_means_the_later_moment() -> None:
    twice, never = "2024-10-27.02:30:00", "2024-03-31.02:30:00"
    assert until({"BLACKLISTED_UNTIL": twice}, ROME) == datetime(2024, 10, 27, 1, 30, tzinfo=UTC)
    assert until({"BLACKLISTED_UNTIL": never}, ROME) == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow", "0000-00-00", "2024-02-30", "2023-02-29", "2024-3-18", "18-03-2024",
        "2024-03-18 14:00:00", "2024-03-18.14:00", "2024-03-18.24:00:00", "2024-03-18.14:60:00",
        "2024-03-18.14:00:00Z", "٢٠٢٤-٠٣-١٨", "9999-12-31", "9999-99-99",
    ],
)  # fmt: skip
def test_a_date_that_is_not_valid_blacklists_forever(text: str) -> None:
    assert until({"BLACKLISTED_UNTIL": text}, ROME) == FOREVER


def test_a_date_beyond_the_calendar_of_utc_blacklists_forever() -> None:
    assert until({"BLACKLISTED_UNTIL": "9999-12-31.23:00:00"}, NEW_YORK) == FOREVER


def test_a_number_added_several_times_is_blacklisted_up_to_the_maximum_date() -> None:
    entries = [{"BLACKLISTED_UNTIL": text} for text in (PAST, NEXT, "2024-03-18")]
    end = datetime(2024, 3, 19, 9, 0, tzinfo=UTC)
    assert blacklisted_until(entries, ROME) == end
    assert is_blacklisted(entries, end - SECOND, ROME)
    assert not is_blacklisted(entries, end, ROME)


def test_an_entry_without_a_date_outlasts_those_with_one() -> None:
    assert blacklisted_until([{"BLACKLISTED_UNTIL": NEXT}, {}], ROME) == FOREVER


def test_each_of_several_entries_must_be_cancelled_separately() -> None:
    cancelled = {"BLACKLISTED_CANCELLED": "NEWCASE @2024-03-18.10:00:00"}
    still = {"BLACKLISTED_UNTIL": NEXT}
    assert until(cancelled, ROME) is None
    assert not is_blacklisted([cancelled], NOON, ROME)
    assert is_blacklisted([cancelled, still], NOON, ROME)
    assert not is_blacklisted([cancelled, still | cancelled], NOON, ROME)


def test_a_blank_cancellation_cancels_nothing() -> None:
    assert until({"BLACKLISTED_CANCELLED": " ", "BLACKLISTED_UNTIL": "x"}, ROME) == FOREVER


def test_a_number_added_again_after_a_cancellation_is_blacklisted_again() -> None:
    assert is_blacklisted([{"BLACKLISTED_CANCELLED": "NEWCASE"}, {}], NOON, ROME)


@given(
    st.sampled_from([NOON, datetime(2024, 3, 31, tzinfo=UTC), datetime(2024, 10, 27, tzinfo=UTC)]),
    st.timedeltas(timedelta(hours=-6), timedelta(hours=6)),
    st.timedeltas(timedelta(), timedelta(hours=3)),
)
def test_once_it_has_ended_the_clock_on_the_wall_never_shows_an_earlier_time(
    day: datetime, shift: timedelta, later: timedelta
) -> None:
    wall = (day + shift).replace(tzinfo=None, microsecond=0)
    end = until({"BLACKLISTED_UNTIL": f"{wall:%Y-%m-%d.%H:%M:%S}"}, ROME)
    assert end is not None
    assert (end + later).astimezone(ROME).replace(tzinfo=None) >= wall
    assert end - wall.replace(tzinfo=UTC) <= timedelta()


@given(st.text())
def test_any_text_for_a_date_gives_an_end_never_an_error(text: str) -> None:
    end = until({"BLACKLISTED_UNTIL": text}, ROME)
    assert end is not None
    assert end.utcoffset() == timedelta()


def test_a_cancellation_holds_the_reason_and_the_time_or_the_time_alone() -> None:
    at = datetime(2023, 11, 10, 17, 31, 32, tzinfo=UTC)
    assert render_cancellation("Incall1", at, ROME) == "Incall1 @2023-11-10.18:31:32"
    assert render_cancellation(" ", at, ROME) == "2023-11-10.18:31:32"
    for note in (render_cancellation("", at, ROME), render_cancellation("x", at, ROME)):
        assert until({"BLACKLISTED_CANCELLED": note}, ROME) is None
