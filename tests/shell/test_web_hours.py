"""The page of the opening-hours inspector."""

import re
from datetime import time

import pytest
from sqlalchemy import Engine

from core.model import Campaign
from core.rules.opening_hours import DefaultMode, HourRule, OpeningHours
from core.store.campaigns import save_campaign
from core.store.opening_hours import save_opening_hours
from tests.support.fixtures_web import Web

HOSTILE = "\"><script>alert('1')</script>"


def store_hours(engine: Engine, name: str = "Week") -> None:
    rule = HourRule(name=name, time_from=time(9, 30), time_to=time(11, 29, 59), is_open=True)
    with engine.begin() as conn:
        hours = save_opening_hours(
            conn, OpeningHours(name=name, default=DefaultMode.CLOSED, rules=(rule,))
        )
        save_campaign(
            conn, Campaign(name=name, time_zone="Europe/Zurich", opening_hours_ids=(hours.id,))
        )


def test_the_form_offers_campaigns_and_opening_hours(web: Web) -> None:
    store_hours(web.engine)
    page = web.get("/hours/")
    assert page.status == 200
    assert re.findall(r'<option value="([^"]+)"', page.body) == ["campaign:Week", "hours:Week"]
    assert 'aria-current="page">Hours<' in page.body
    assert "Seven days" not in page.body


def test_the_answer_stands_under_the_question(web: Web) -> None:
    store_hours(web.engine)
    page = web.get("/hours/?of=campaign%3AWeek&at=2026-03-06T10%3A00&tz=")
    assert page.status == 200
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.body))
    assert "OPEN_RULE rule Week of Week, at Fri 2026-03-06 10:00:00 Europe/Zurich." in text
    assert "It closes at Fri 2026-03-06 11:30:00 Europe/Zurich." in text
    assert "Fri 06 Mar 00:00 DEFAULT_CLOSE default of Week 09:30 OPEN_RULE rule Week" in text
    assert '<option value="campaign:Week" selected>' in page.body
    assert 'value="2026-03-06T10:00"' in page.body
    bars = re.findall(r'class="hours-(\w+)" x="([0-9.]+)" y="0" width="([0-9.]+)"', page.body)
    assert bars[:3] == [
        ("DEFAULT_CLOSE", "0.0", "395.83"),
        ("OPEN_RULE", "395.83", "83.33"),
        ("DEFAULT_CLOSE", "479.17", "520.83"),
    ]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("of=campaign:Nobody", 404, "there is no campaign &#34;Nobody&#34;"),
        ("of=hours:Week&tz=Mars", 400, "write an IANA time zone"),
        ("of=hours:Week&at=soon", 400, "write a date and a time"),
        ("of=trunk:x", 400, "write campaign:NAME or hours:NAME"),
    ],
)
def test_what_is_wrong_is_said_above_a_form_that_keeps_it(
    web: Web, query: str, status: int, words: str
) -> None:
    store_hours(web.engine)
    page = web.get(f"/hours/?{query}")
    assert page.status == status
    assert words in page.body
    assert '<form class="card question"' in page.body


def test_nobody_s_name_becomes_markup(web: Web) -> None:
    store_hours(web.engine, HOSTILE)
    asked = "%22%3E%3Cscript%3Ealert(%271%27)%3C/script%3E"
    for query in ("", f"?of=hours:{asked}", f"?of=hours:x{asked}&at={asked}&tz={asked}"):
        assert "<script>alert" not in web.get(f"/hours/{query}").body
