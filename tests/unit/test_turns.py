"""When a record is called out of its turn, as a row of a list says it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidValue
from core.rules.turns import Turn, check_priority, parse_turn

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZURICH = ZoneInfo("Europe/Zurich")


def parse(priority: str = "", schedule: str = "", expires: str = "") -> Turn | None:
    return parse_turn(priority=priority, schedule=schedule, expires=expires, now=NOW, zone=ZURICH)


def test_a_row_that_says_nothing_has_no_turn_of_its_own() -> None:
    assert parse() is None


def test_a_priority_or_a_moment_puts_a_record_ahead_and_an_end_does_not() -> None:
    at, end = datetime(2026, 3, 3, 9, tzinfo=UTC), datetime(2026, 3, 3, 11, tzinfo=UTC)
    assert parse("0") == Turn(priority=0)
    assert parse("-5") == Turn(priority=-5)
    assert parse("", "2026-03-03.10:00:00", "2026-03-03 12:00") == Turn(
        not_before=at, expires_at=end
    )
    assert parse(schedule="60") == Turn(not_before=NOW + timedelta(minutes=1))
    assert [turn and turn.is_ahead for turn in (parse("0"), parse(schedule="60"))] == [True, True]
    late = parse(expires="60")
    assert late is not None
    assert not late.is_ahead


def test_a_moment_may_say_where_it_is() -> None:
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    for text in ("2026-03-03T12:00:00Z", "2026-03-03 17:30+05:30", "2026-03-03.13:00"):
        assert parse(schedule=text) == Turn(not_before=noon)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("high", "", ""), 'priority "high": write a whole number from -100 to 100'),
        (("101", "", ""), 'priority "101": from -100 to 100'),
        (("1.5", "", ""), "write a whole number"),
        (("", "tomorrow", ""), 'schedule "tomorrow": write seconds from now, or a date'),
        (("", "2026-02-30", ""), "there is no such date"),
        (("", "", "2026-03-02.12:59:59"), "it has passed; name a moment to come"),
        (("", "3600", "3600"), "later than the moment that the call is scheduled for"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    texts: tuple[str, str, str], message: str
) -> None:
    with pytest.raises(InvalidValue, match=message):
        parse(*texts)


def test_priorities_end_at_a_hundred() -> None:
    assert [check_priority(n) for n in (-100, 100)] == [-100, 100]
    for wrong in (-101, 101):
        with pytest.raises(InvalidValue):
            check_priority(wrong)
