"""Active periods, opening hours and public holidays: limits, clock changes, bad input."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidValue
from core.rules.active_period import (
    ActivePeriod,
    check_active_period,
    parse_active_period,
    parse_days,
    parse_time,
)
from core.rules.hours import HoursState, inspect, next_change
from core.rules.opening_hours import (
    DefaultMode,
    HourRule,
    MonthDay,
    OpeningHours,
    check_opening_hours,
    parse_date,
)
from core.rules.public_holidays import public_holidays

ROME, NEW_YORK = ZoneInfo("Europe/Rome"), ZoneInfo("America/New_York")
ALWAYS = ActivePeriod()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def closing(*rules: HourRule) -> OpeningHours:
    return OpeningHours(name="Closing", default=DefaultMode.OPEN, rules=rules)


def opening(*rules: HourRule) -> OpeningHours:
    return OpeningHours(name="Opening", default=DefaultMode.CLOSED, rules=rules)


def changes(
    start: str, days: int, zone: ZoneInfo, period: ActivePeriod, *hours: OpeningHours
) -> list[str]:
    """Every change within some days, in UTC."""
    moment, end, found = utc(start), utc(start) + timedelta(days=days), []
    while change := next_change(moment, zone, period, hours, end - moment):
        found.append(f"{change:%m-%d %H:%M:%S}")
        moment = change
    return found


def test_the_wire_s_default_period_is_unlimited() -> None:
    period = parse_active_period("000000", "235959", "1234567")
    assert period == ALWAYS
    assert period.is_unlimited
    assert not ActivePeriod(days=frozenset({1})).is_unlimited


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("9:30", time(9, 30)),
        ("09:30:15", time(9, 30, 15)),
        (" 9:30:00 ", time(9, 30)),
        ("093015", time(9, 30, 15)),
        ("235959", time(23, 59, 59)),
    ],
)
def test_a_time_of_day_is_written_with_colons_or_as_on_the_wire(text: str, clock: time) -> None:
    assert parse_time(text, field="time") == clock


@pytest.mark.parametrize(
    "text",
    ["", "9", "0930", "9.30", "24:00:00", "240000", "236000", "235960", "9:30:0", "-9:30", "٩:٣٠"],
)
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"9:30:00 or 093000") as refusal:
        parse_time(text, field="time from")
    assert (refusal.value.field, refusal.value.value) == ("time from", text)


def test_days_are_counted_from_sunday() -> None:
    assert parse_days("23456", field="days") == {2, 3, 4, 5, 6}
    sunday = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for day in range(7):
        period = ActivePeriod(days=frozenset({day + 1}))
        verdicts = [inspect(sunday + timedelta(days=n), ROME, period, []) for n in range(7)]
        assert [n for n, verdict in enumerate(verdicts) if verdict.is_open] == [day]


@pytest.mark.parametrize("text", ["0", "18", "Mo", "1,2"])
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="from 1 for Sunday to 7 for Saturday"):
        parse_days(text, field="days")


@pytest.mark.parametrize(
    ("start", "end", "days", "says"),
    [
        (
            "170000",
            "090000",
            "23456",
            'end active period "09:00:00": it lies before the start, 17:00:00',
        ),
        ("090000", "170000", "", 'allowed days of week "": choose at least one day'),
        ("9 AM", "170000", "1", 'start active period "9 AM": a time of day is written'),
        ("090000", "16h", "1", 'end active period "16h": a time of day is written'),
    ],
)
def test_a_period_that_means_nothing_is_refused(start: str, end: str, days: str, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        parse_active_period(start, end, days)


def test_a_period_of_one_second_is_a_period() -> None:
    noon = ActivePeriod(start=time(12), end=time(12))
    assert check_active_period(noon) == noon
    assert changes("2026-03-02T00:00", 1, ROME, noon) == ["03-02 11:00:00", "03-02 11:00:01"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("25/12", MonthDay(month=12, day=25)),
        ("1/01", MonthDay(month=1, day=1)),
        ("29/02", MonthDay(month=2, day=29)),
        ("29/02/2028", date(2028, 2, 29)),
        (" 3/4/2026 ", date(2026, 4, 3)),
    ],
)
def test_a_date_has_the_day_first_and_perhaps_a_year(text: str, day: MonthDay | date) -> None:
    assert parse_date(text, field="date") == day


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("30/02", "no such day"),
        ("12/25", "no such day"),
        ("29/02/2026", "no such day"),
        ("0/1", "no such day"),
        ("1/1/0000", "no such day"),
        ("", "25/12 or 25/12/2026"),
        ("2026-12-25", "25/12 or 25/12/2026"),
        ("25/12/26", "25/12 or 25/12/2026"),
    ],
)
def test_a_date_that_does_not_exist_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidValue, match=says) as refusal:
        parse_date(text, field="date from")
    assert (refusal.value.field, refusal.value.value) == ("date from", text)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (
            HourRule(time_from=time(17), time_to=time(9), is_open=True),
            'Opening, rule #1, time to "09:00:00": it lies before the time from, 17:00:00',
        ),
        (
            HourRule(name="Late", time_from=time(17), time_to=time(9), is_open=True),
            "Opening, rule Late, time to",
        ),
        (
            HourRule(date_from=date(2026, 8, 2), date_to=date(2026, 8, 1), is_open=True),
            'date to "01/08/2026": it lies before the date from, 02/08/2026',
        ),
        (
            HourRule(date_from=date(2026, 8, 1), date_to=MonthDay(month=8, day=2), is_open=True),
            'date to "02/08": write both dates with a year or both without; '
            "date from is 01/08/2026",
        ),
        (
            HourRule(date_from=MonthDay(month=8, day=1), date_to=date(2026, 8, 2), is_open=True),
            'date to "02/08/2026": write both dates',
        ),
        (HourRule(days=frozenset(), is_open=True), 'day of week "": choose at least one day'),
        (HourRule(days=frozenset({0, 8}), is_open=True), 'day of week "08": choose'),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule: HourRule, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        check_opening_hours(opening(rule))


def test_a_wrong_rule_is_called_by_its_number() -> None:
    fine = HourRule(is_open=True)
    wrong = HourRule(time_from=time(2), time_to=time(1), is_open=True)
    with pytest.raises(InvalidValue, match="rule #3, time to"):
        check_opening_hours(opening(fine, fine, wrong))


@pytest.mark.parametrize(
    "rule",
    [
        HourRule(is_open=True),
        HourRule(time_from=time(9), time_to=time(9), is_open=True),
        HourRule(time_from=time(0), time_to=time(0), is_open=True),
        HourRule(time_to=time(9), is_open=True),
        HourRule(time_from=time(9), is_open=True),
        HourRule(days=frozenset({1}), date_from=date(2026, 8, 1), is_open=True),
        HourRule(date_from=date(2026, 8, 1), date_to=date(2026, 8, 1), is_open=True),
        HourRule(
            date_from=MonthDay(month=12, day=27), date_to=MonthDay(month=1, day=3), is_open=True
        ),
    ],
)
def test_a_rule_that_means_something_is_accepted(rule: HourRule) -> None:
    assert check_opening_hours(opening(rule)) == opening(rule)


@pytest.mark.parametrize(
    ("start", "end", "closed"),
    [
        (
            "27/12",
            "03/01",
            ["01-01", "01-02", "01-03", "12-27", "12-28", "12-29", "12-30", "12-31"],
        ),
        ("30/12", None, ["12-30", "12-31"]),
        (None, "02/01", ["01-01", "01-02"]),
        ("30/12/2026", None, ["12-30", "12-31"]),
        (None, "02/01/2026", ["01-01", "01-02"]),
        ("28/02", "01/03", ["02-28", "03-01"]),
        ("29/02", "29/02", []),
        ("24/12/2025", "01/01/2026", ["01-01"]),
        ("24/12/2024", "01/01/2025", []),
    ],
)
def test_the_dates_of_a_rule(start: str | None, end: str | None, closed: list[str]) -> None:
    rule = HourRule(
        date_from=parse_date(start, field="from") if start else None,
        date_to=parse_date(end, field="to") if end else None,
        is_open=False,
    )
    noons = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(365)]
    shut = [noon for noon in noons if not inspect(noon, ROME, ALWAYS, [closing(rule)]).is_open]
    assert [f"{noon:%m-%d}" for noon in shut] == closed


def test_the_last_second_of_a_range_belongs_to_it() -> None:
    morning = opening(HourRule(time_from=time(9), time_to=time(12), is_open=True))
    noon = utc("2026-03-02T11:00:00")
    assert inspect(noon + timedelta(milliseconds=999), ROME, ALWAYS, [morning]).is_open
    assert not inspect(noon + timedelta(seconds=1), ROME, ALWAYS, [morning]).is_open
    for early in (timedelta(), timedelta(milliseconds=999)):
        change = next_change(noon + early, ROME, ALWAYS, [morning])
        assert change == noon + timedelta(seconds=1)


def test_hours_across_midnight_are_two_rules() -> None:
    late = HourRule(time_from=time(22), time_to=time(23, 59, 59), is_open=True)
    early = HourRule(time_from=time(0), time_to=time(1, 59, 59), is_open=True)
    found = changes("2026-03-02T12:00", 1, ROME, ALWAYS, opening(late, early))
    assert found == ["03-02 21:00:00", "03-03 01:00:00"]


def test_a_period_that_reaches_to_midnight_ends_there() -> None:
    period = ActivePeriod(start=time(9))
    found = changes("2026-03-02T12:00", 1, ROME, period)
    assert found == ["03-02 23:00:00", "03-03 08:00:00"]


def test_a_moment_is_judged_by_the_day_of_its_zone() -> None:
    monday = ActivePeriod(days=frozenset({2}))
    late_on_sunday = utc("2026-03-01T23:30")
    assert inspect(late_on_sunday, ROME, monday, []).state is HoursState.OPEN
    assert inspect(late_on_sunday, NEW_YORK, monday, []).state is HoursState.CLOSE_DAY


@pytest.mark.parametrize(
    ("zone", "start", "times", "found"),
    [
        # 02:00 to 03:00 does not come on 29 March, and comes twice on 25 October.
        ("Europe/Rome", "2026-03-28T12:00", ("2:15", "2:44"), []),
        ("Europe/Rome", "2026-03-28T12:00", ("2:00", "2:59"), []),
        ("Europe/Rome", "2026-03-28T12:00", ("1:30", "2:29"), ["03-29 00:30:00", "03-29 01:00:00"]),
        ("Europe/Rome", "2026-03-28T12:00", ("2:30", "3:29"), ["03-29 01:00:00", "03-29 01:30:00"]),
        (
            "Europe/Rome",
            "2026-10-24T12:00",
            ("2:15", "2:44"),
            ["10-25 00:15:00", "10-25 00:45:00", "10-25 01:15:00", "10-25 01:45:00"],
        ),
        (
            "Europe/Rome",
            "2026-10-24T12:00",
            ("1:30", "2:29"),
            ["10-24 23:30:00", "10-25 00:30:00", "10-25 01:00:00", "10-25 01:30:00"],
        ),
        ("America/New_York", "2026-03-07T18:00", ("2:15", "2:44"), []),
        # Lord Howe moves by half an hour: 02:00 to 02:30 is skipped on 4 October.
        (
            "Australia/Lord_Howe",
            "2026-10-03T12:00",
            ("2:15", "2:44"),
            ["10-03 15:30:00", "10-03 15:45:00"],
        ),
        (
            "Asia/Kathmandu",
            "2026-03-02T00:00",
            ("9:00", "9:59"),
            ["03-02 03:15:00", "03-02 04:15:00"],
        ),
        (
            "Pacific/Chatham",
            "2026-04-04T12:00",
            ("3:00", "3:29"),
            ["04-04 13:15:00", "04-04 13:45:00", "04-04 14:15:00", "04-04 14:45:00"],
        ),
        # Cairo's clocks skip midnight itself: Friday 24 April begins at one.
        (
            "Africa/Cairo",
            "2026-04-23T12:00",
            ("0:00", "1:29"),
            ["04-23 22:00:00", "04-23 22:30:00"],
        ),
    ],
)
def test_clock_changes_skip_and_repeat_hours(
    zone: str, start: str, times: tuple[str, str], found: list[str]
) -> None:
    first, last = (parse_time(text, field="time") for text in times)
    hours = opening(HourRule(time_from=first, time_to=last.replace(second=59), is_open=True))
    assert changes(start, 1, ZoneInfo(zone), ALWAYS, hours) == found


def test_a_clock_change_is_exact_to_the_second_wherever_the_search_starts() -> None:
    hours = opening(HourRule(time_from=time(2, 30), time_to=time(3, 29, 59), is_open=True))
    start, change = utc("2026-03-28T12:00"), utc("2026-03-29T01:00")
    for n in range(200):
        moment = start + n * timedelta(seconds=1, milliseconds=300)
        assert next_change(moment, ROME, ALWAYS, [hours]) == change


def test_a_day_that_a_zone_skipped_never_opens() -> None:
    """Samoa had no 30 December 2011."""
    day = date(2011, 12, 30)
    hours = opening(HourRule(date_from=day, date_to=day, is_open=True))
    assert changes("2011-12-28T00:00", 5, ZoneInfo("Pacific/Apia"), ALWAYS, hours) == []


def test_a_change_is_found_up_to_the_limit_and_no_further() -> None:
    christmas = date(2026, 12, 25)
    day = closing(
        HourRule(date_from=christmas, date_to=christmas, time_from=time(12), is_open=False)
    )
    start, change = utc("2026-01-01T00:00"), utc("2026-12-25T11:00")
    assert next_change(start, ROME, ALWAYS, [day]) == change
    just_before = change - start
    assert next_change(start, ROME, ALWAYS, [day], just_before) is None
    assert next_change(start, ROME, ALWAYS, [day], just_before + timedelta(seconds=1)) == change


def test_a_rule_of_the_leap_day_waits_for_it() -> None:
    leap = MonthDay(month=2, day=29)
    hours = opening(HourRule(date_from=leap, date_to=leap, is_open=True))
    start = utc("2026-03-01T00:00")
    assert next_change(start, ROME, ALWAYS, [hours]) is None
    assert next_change(start, ROME, ALWAYS, [hours], timedelta(days=800)) == utc("2028-02-28T23:00")


@pytest.mark.parametrize(
    ("period", "hours"),
    [
        (ALWAYS, []),
        (ALWAYS, [closing()]),
        (ALWAYS, [closing(HourRule(days=frozenset({2}), is_open=True))]),
        (ActivePeriod(days=frozenset({2})), [opening()]),
        (ActivePeriod(days=frozenset({2})), [closing(HourRule(is_open=False)), opening()]),
    ],
)
def test_what_is_always_the_same_never_changes(
    period: ActivePeriod, hours: list[OpeningHours]
) -> None:
    assert next_change(utc("2026-03-01T00:00"), ROME, period, hours) is None


def test_the_default_of_opening_hours_before_the_last_does_not_count() -> None:
    campaign = [opening(), closing(HourRule(days=frozenset({1}), is_open=False))]
    monday = utc("2026-03-02T12:00")
    assert inspect(monday, ROME, ALWAYS, campaign).state is HoursState.DEFAULT_OPEN
    assert next_change(monday, ROME, ALWAYS, campaign) == utc("2026-03-07T23:00")


def test_public_holidays_close_in_the_country_s_own_words() -> None:
    rules = public_holidays("IT", None, [2027, 2026, 2026])
    assert {rule.is_open for rule in rules} == {False}
    assert [rule.date_from for rule in rules] == [rule.date_to for rule in rules]
    of_2026 = {str(r.date_from): r.name for r in rules if str(r.date_from) < "2027"}
    assert list(of_2026)[:4] == ["2026-01-01", "2026-01-06", "2026-04-05", "2026-04-06"]
    assert (of_2026["2026-01-06"], of_2026["2026-12-25"]) == ("Epifania", "Natale")
    assert rules == (*public_holidays("IT", None, [2026]), *public_holidays("IT", None, [2027]))


def test_public_holidays_come_by_date() -> None:
    for country in ("DE", "JP", "US", "GB", "SA"):
        days = [str(rule.date_from) for rule in public_holidays(country, None, [2026, 2027])]
        assert days == sorted(days)
        assert days[0] < "2026-04"
        assert days[-1] > "2027-09"


def test_the_holidays_names_do_not_follow_the_machine_s_locale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGUAGE", "th")
    assert public_holidays("IT", None, [2026])[0].name == "Capodanno"


def test_public_holidays_are_rules_that_can_be_saved_and_close() -> None:
    hours = closing(*public_holidays("DE", "BY", [2026]))
    assert check_opening_hours(hours) == hours
    verdict = inspect(utc("2026-01-06T12:00"), ZoneInfo("Europe/Berlin"), ALWAYS, [hours])
    assert (verdict.state, verdict.rule_name) == (HoursState.CLOSE_RULE, "Heilige Drei Könige")


def test_a_subdivision_has_holidays_of_its_own() -> None:
    def days(subdivision: str | None) -> set[str]:
        return {str(rule.date_from) for rule in public_holidays("DE", subdivision, [2026])}

    assert days("BY") - days(None) >= {"2026-01-06", "2026-06-04", "2026-11-01"}
    assert days(None) <= days("BY")


def test_countries_and_regions_are_known_by_any_of_their_names() -> None:
    bavaria = public_holidays("DE", "BY", [2026])
    for country, region in [("de", "by"), ("DEU", "BY"), ("Germany", "Bayern"), (" DE ", "BAYERN")]:
        assert public_holidays(country, region, [2026]) == bavaria
    assert public_holidays("UK", None, [2026]) == public_holidays("GB", None, [2026])
    assert public_holidays("DE", "", [2026]) == public_holidays("DE", None, [2026])


@pytest.mark.parametrize(
    ("country", "region", "says"),
    [
        ("Itly", None, r'country "Itly": it is unknown; the nearest is IT \(Italy\)'),
        ("Germny", None, r"the nearest is DE \(Germany\)"),
        ("DEX", None, "the nearest is DE$"),
        ("utils", None, "it is unknown"),
        ("DE", "Bayer", r'subdivision "Bayer": it is unknown; the nearest is BY \(Bayern\)'),
        ("GE", "BY", 'subdivision "BY": GE has none: leave it out'),
    ],
)
def test_an_unknown_country_is_refused_with_the_nearest(
    country: str, region: str | None, says: str
) -> None:
    with pytest.raises(InvalidValue, match=says):
        public_holidays(country, region, [2026])


def test_a_year_of_which_nothing_is_known_has_no_rules() -> None:
    assert public_holidays("IT", None, [1]) == ()
    assert public_holidays("IT", None, []) == ()
