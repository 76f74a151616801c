"""Moments to come: seconds or a date in the campaign's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidValue
from core.rules.schedule import parse_not_after, parse_not_before

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", NOW),
        ("90", NOW + timedelta(seconds=90)),
        ("2026-03-18.10:00:00", datetime(2026, 3, 18, 9, 0, tzinfo=UTC)),
        ("2026-07-18 10:00", datetime(2026, 7, 18, 8, 0, tzinfo=UTC)),
        ("2026-07-18T10:00:07", datetime(2026, 7, 18, 8, 0, 7, tzinfo=UTC)),
        ("2026-03-18", datetime(2026, 3, 17, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_moment_is_seconds_or_local_time(text: str, expected: datetime) -> None:
    assert parse_not_before(text, NOW, BERLIN) == expected


def test_an_hour_shown_twice_calls_nobody_too_early_or_too_late() -> None:
    text = "2026-10-25.02:30:00"
    assert parse_not_before(text, NOW, BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert parse_not_after(text, NOW, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", "write seconds from now, or a date such as"),
        ("-5", "write seconds from now"),
        ("2026-02-30", "there is no such date"),
        ("2026-03-18.25:00:00", "there is no such date"),
        ("0001-01-01", "there is no such date"),
        ("99999999", "at most a year from now"),
    ],
)
def test_what_is_no_moment_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidValue, match=message) as caught:
        parse_not_before(text, NOW, BERLIN)
    assert caught.value.field == "schedule"


def test_an_expiry_lies_ahead() -> None:
    with pytest.raises(InvalidValue, match=r'expires "2026-03-02\.13:00:00": it has passed'):
        parse_not_after("2026-03-02.13:00:00", NOW, BERLIN)
    assert parse_not_after("1", NOW, BERLIN) == NOW + timedelta(seconds=1)
