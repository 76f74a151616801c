"""Opening hours: what is saved is what is found, whole and in order."""

from dataclasses import replace
from datetime import date, time

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from core.errors import NotFound
from core.rules.opening_hours import DefaultMode, HourRule, MonthDay, OpeningHours
from core.rules.public_holidays import public_holidays
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.opening_hours import (
    fetch_all_opening_hours,
    fetch_opening_hours,
    save_opening_hours,
)
from core.store.runs import fetch_plan
from tests.support.store_site import furnish

OFFICE = OpeningHours(
    name="office",
    default=DefaultMode.CLOSED,
    rules=(
        HourRule(
            name="new year",
            date_from=MonthDay(month=12, day=27),
            date_to=MonthDay(month=1, day=3),
            is_open=False,
        ),
        HourRule(date_from=date(2026, 8, 1), date_to=date(2026, 8, 2), is_open=False),
        HourRule(date_from=MonthDay(month=2, day=29), is_open=True),
        HourRule(date_to=date(999, 1, 1), is_open=False),
        HourRule(
            days=frozenset({2, 3, 4, 5, 6}),
            time_from=time(0, 0, 0),
            time_to=time(17, 30, 59),
            is_open=True,
        ),
    ),
)


def test_opening_hours_are_found_as_they_were_saved(database: Engine) -> None:
    with database.begin() as conn:
        saved = save_opening_hours(conn, OFFICE)
    assert saved == replace(OFFICE, id=saved.id)
    with reading(database) as conn:
        assert fetch_opening_hours(conn, saved.id) == saved
        assert fetch_all_opening_hours(conn) == [saved]


def test_saving_again_replaces_the_rules(database: Engine) -> None:
    with database.begin() as conn:
        other = save_opening_hours(conn, replace(OFFICE, name="other"))
        saved = save_opening_hours(conn, OFFICE)
        changed = replace(saved, default=DefaultMode.OPEN, rules=OFFICE.rules[:1])
        assert save_opening_hours(conn, changed) == changed
        assert fetch_all_opening_hours(conn) == [other, changed]


@pytest.mark.parametrize(("country", "region"), [("CH", "TI"), ("JP", None), ("IN", None)])
def test_public_holidays_are_kept_under_their_own_names(
    database: Engine, country: str, region: str | None
) -> None:
    rules = public_holidays(country, region, [2026, 2027])
    hours = OpeningHours(name="holidays", default=DefaultMode.OPEN, rules=rules)
    with database.begin() as conn:
        saved = save_opening_hours(conn, hours)
        assert fetch_opening_hours(conn, saved.id).rules == rules


def test_unknown_opening_hours_are_named(database: Engine) -> None:
    with reading(database) as conn, pytest.raises(NotFound, match='no set of opening hours "999"'):
        fetch_opening_hours(conn, 999)


def test_a_name_given_twice_is_refused(database: Engine) -> None:
    with database.begin() as conn:
        save_opening_hours(conn, OFFICE)
    with pytest.raises(IntegrityError), database.begin() as conn:
        save_opening_hours(conn, OFFICE)


def test_a_plan_has_the_campaign_s_opening_hours_in_its_order(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        first = save_opening_hours(conn, OFFICE)
        second = save_opening_hours(conn, replace(OFFICE, name="other", rules=()))
        ids = (second.id, first.id)
        save_campaign(conn, replace(site.campaign, opening_hours_ids=ids))
    with reading(database) as conn:
        assert fetch_plan(conn, site.run.id).opening_hours == (second, first)
