"""Recipients' hours in a site file: what is read, what is refused, and how they are shown."""

from datetime import time

import pytest

from core.model import Campaign
from core.operations.site_changes import Action, compare
from core.operations.site_entries import campaign_entry
from core.operations.site_file import parse_site
from core.rules.active_period import ActivePeriod
from core.rules.recipient_hours import RecipientHours, UnknownZone

PLACE = "campaigns.c.recipient_hours"


def read(table: str) -> tuple[object, list[str]]:
    entries, problems = parse_site(f"[campaigns.c]\nrecipient_hours = {table}")
    return entries[0].values["recipient_hours"], problems


def test_times_days_and_ways_to_find_a_zone_are_read() -> None:
    table = """{ start_time = "9:00", end_time = 19:59:59, days = ["Mo", "Fr"],
        attribute = "TZ", country = "us", unknown = "refuse" }""".replace("\n", "")
    expected = RecipientHours(
        period=ActivePeriod(start=time(9), end=time(19, 59, 59), days=frozenset({2, 6})),
        attribute="TZ",
        country="US",
        unknown=UnknownZone.REFUSE,
    )
    assert read(table) == (expected, [])


def test_what_is_left_out_does_not_limit() -> None:
    expected = RecipientHours(period=ActivePeriod(end=time(20)))
    assert read('{ end_time = "20:00" }') == (expected, [])


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("true", f'{PLACE} "True": write a table, [{PLACE}]'),
        ('{ start = "9:00" }', f'{PLACE}.start: there is no such key; is "start_time" meant?'),
        (
            '{ attribute = "TZ" }',
            f"{PLACE}: give start_time, end_time or days; {{}} is at any hour",
        ),
        (
            '{ days = "2", country = "USA" }',
            f'{PLACE}.country "USA": write an ISO 3166 code of two letters, such as US',
        ),
        (
            '{ days = "2", unknown = "ask" }',
            f'{PLACE}.unknown "ask": write one of CAMPAIGN, REFUSE',
        ),
    ],
)
def test_what_cannot_be_meant_is_named(table: str, problem: str) -> None:
    assert problem in read(table)[1]


def test_hours_that_end_before_they_begin_are_refused() -> None:
    _hours, (problem,) = read('{ start_time = "20:00", end_time = "9:00" }')
    assert problem.startswith(f'{PLACE}.end_time "09:00:00": it lies before the start, 20:00:00')


def test_a_change_is_shown_in_words_and_an_empty_table_drops_the_hours() -> None:
    hours = RecipientHours(period=ActivePeriod(end=time(20)), attribute="TZ", country="US")
    stored = (campaign_entry(Campaign(name="c", recipient_hours=hours)),)
    entries, problems = parse_site("[campaigns.c]\nrecipient_hours = {}")
    (change,) = compare(entries, stored, problems)
    assert (change.action, problems) == (Action.UPDATE, [])
    (field,) = change.fields
    assert (field.old, field.new) == (
        "Su Mo Tu We Th Fr Sa 00:00:00-20:00:00, attribute TZ, numbers of US, unknown CAMPAIGN",
        "none",
    )
