"""Manual 25.02: "Opening Hours Inspector", with its states, as the command and the page ask it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import Engine

from core.errors import InvalidValue, NotFound
from core.model import Campaign
from core.operations.hours import Inspection, inspect_campaign, inspect_hours
from core.people import SYSTEM
from core.rules.active_period import ActivePeriod
from core.rules.hours import HoursState
from core.rules.opening_hours import DefaultMode, HourRule, OpeningHours, parse_date
from core.store.campaigns import save_campaign
from core.store.opening_hours import save_opening_hours
from tests.support.databases import fresh_sqlite

#: A Monday.
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHRISTMAS = parse_date("25/12", field="date")
FEASTS = OpeningHours(
    name="Feasts",
    default=DefaultMode.OPEN,
    rules=(HourRule(name="Christmas", date_from=CHRISTMAS, date_to=CHRISTMAS, is_open=False),),
)
WEEK = OpeningHours(
    name="Week",
    default=DefaultMode.CLOSED,
    rules=(HourRule(time_from=time(9, 30), time_to=time(11, 30), is_open=True),),
)
PERIOD = ActivePeriod(start=time(8), end=time(19, 59, 59), days=frozenset(range(2, 8)))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = fresh_sqlite(tmp_path_factory.mktemp("inspector") / "whipbird.db")
    with engine.begin() as conn:
        feasts, week = (save_opening_hours(conn, hours).id for hours in (FEASTS, WEEK))
        for name, hours in {"bare": (), "feasts": (feasts,), "full": (feasts, week)}.items():
            campaign = Campaign(
                name=name, time_zone="Europe/Zurich", active_period=PERIOD, opening_hours_ids=hours
            )
            save_campaign(conn, campaign)
    yield engine
    engine.dispose()


def campaign(engine: Engine, name: str, when: str, zone: str = "") -> Inspection:
    return inspect_campaign(engine, SYSTEM, name, when, zone, NOW)


@pytest.mark.parametrize(
    ("name", "when", "state", "rule"),
    [
        ("bare", "2026-03-02 10:00", HoursState.OPEN, ""),
        ("bare", "2026-03-01 10:00", HoursState.CLOSE_DAY, ""),
        ("bare", "2026-03-02 20:00", HoursState.CLOSE_HOUR, ""),
        ("full", "2026-12-25 10:00", HoursState.CLOSE_RULE, "rule Christmas of Feasts"),
        ("full", "2026-03-02 10:00", HoursState.OPEN_RULE, "rule #1 of Week"),
        ("feasts", "2026-03-02 10:00", HoursState.DEFAULT_OPEN, "default of Feasts"),
        ("full", "2026-03-02 12:00", HoursState.DEFAULT_CLOSE, "default of Week"),
    ],
)
def test_each_state_and_the_rule_that_decides(
    engine: Engine, name: str, when: str, state: HoursState, rule: str
) -> None:
    found = campaign(engine, name, when)
    assert (found.verdict.state, found.verdict.rule) == (state, rule)
    assert found.is_open is (state in {"OPEN", "OPEN_RULE", "DEFAULT_OPEN"})


def test_the_next_change_is_told_in_utc(engine: Engine) -> None:
    assert campaign(engine, "full", "2026-03-02 10:00").changes_at == datetime(
        2026, 3, 2, 10, 30, 1, tzinfo=UTC
    )
    assert campaign(engine, "full", "2026-03-02 12:00").changes_at == datetime(
        2026, 3, 3, 8, 30, tzinfo=UTC
    )


def test_a_bar_for_each_day_of_a_week_shows_what_decides_when(engine: Engine) -> None:
    week = campaign(engine, "full", "2026-12-24 10:00").week
    assert [day.date for day in week] == [date(2026, 12, 24 + n) for n in range(7)]
    christmas = [span.verdict.state for span in week[1].spans]
    assert christmas == ["CLOSE_HOUR", "CLOSE_RULE", "CLOSE_HOUR"]
    sunday = [span.verdict.state for span in week[3].spans]
    assert sunday == ["CLOSE_DAY"]
    begins = [f"{span.begin:%H:%M:%S}" for span in week[0].spans]
    assert begins == ["23:00:00", "07:00:00", "08:30:00", "10:30:01", "19:00:00"]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_the_days_of_the_clock_changes_are_whole(engine: Engine, day: str, hours: int) -> None:
    found = campaign(engine, "bare", day).week[0]
    assert (found.spans[-1].end - found.spans[0].begin).total_seconds() == hours * 3600
    assert all(a.end == b.begin for a, b in zip(found.spans, found.spans[1:], strict=False))


def test_without_a_moment_it_is_now(engine: Engine) -> None:
    assert campaign(engine, "full", "").at == NOW


def test_a_campaign_keeps_its_own_clock_wherever_the_moment_is_written(engine: Engine) -> None:
    found = campaign(engine, "full", "2026-03-02 18:00", "Asia/Tokyo")
    assert found.at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert (found.verdict.state, found.time_zone) == ("OPEN_RULE", "Europe/Zurich")
    assert campaign(engine, "full", "2026-03-02T09:00:00Z", "Asia/Tokyo").at == found.at


def test_opening_hours_alone_have_no_active_period(engine: Engine) -> None:
    found = inspect_hours(engine, SYSTEM, "Week", "2026-03-01 10:00", "Asia/Tokyo", NOW)
    assert (found.verdict.state, found.time_zone) == ("OPEN_RULE", "Asia/Tokyo")
    assert inspect_hours(engine, SYSTEM, "Week", "", "", NOW).time_zone == "UTC"


@pytest.mark.parametrize(
    ("when", "zone", "words"),
    [
        ("noon", "", 'at "noon": write a date and a time, 2026-12-25 10:00'),
        ("2026-02-30", "", 'at "2026-02-30": write a date and a time'),
        ("2026-03-29 02:30", "", "the clocks of Europe/Zurich skip it"),
        ("", "Europe/Zurch", 'time zone "Europe/Zurch": write an IANA time zone'),
    ],
)
def test_what_cannot_be_meant_is_refused(engine: Engine, when: str, zone: str, words: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        campaign(engine, "full", when, zone)
    assert words in str(refused.value)


def test_what_does_not_exist_is_named(engine: Engine) -> None:
    with pytest.raises(NotFound, match='there is no campaign "nobody"'):
        campaign(engine, "nobody", "")
    with pytest.raises(NotFound, match='there is no set of opening hours "nobody"'):
        inspect_hours(engine, SYSTEM, "nobody", "", "", NOW)
