"""The page that tells why a number was called or not."""

import re
from dataclasses import replace

import pytest

from core.model import Record
from core.rules.states import CallState
from core.store.lists import save_record
from tests.support.fixtures_web import Web, call_log, store_logs, store_run, store_site

HOSTILE = "\"><script>alert('1')</script>"


def text_of(body: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_answer_stands_under_the_question(web: Web) -> None:
    campaign = store_site(web.engine)
    run = store_run(web.engine, campaign)
    log = call_log(run, campaign, 501, state=CallState.RS_BUSY, reason="486")
    store_logs(web.engine, replace(log, attempt=replace(log.attempt, attempt_no=0)))
    page = web.get("/why/?number=201&campaign=")
    text = text_of(page.body)
    assert page.status == 200
    assert "201 record 1 of list spring" in text
    assert "Its last call ended RS_BUSY, and no reschedule rule tries it again." in text
    assert "No next call is in sight." in text
    assert "201 RS_BUSY – 2026-11-21 17:03:44 UTC 0.0 1 0 – 486" in text
    assert 'name="number" type="tel" value="201"' in page.body


def test_who_has_not_been_called_tells_when_it_may_be(web: Web) -> None:
    store_run(web.engine, store_site(web.engine))
    text = text_of(web.get("/why/?number=201").body)
    assert "It is the next record of its list." in text
    assert "Next call at the earliest at Sat 2026-11-21 17:03:44 UTC ." in text


def test_each_call_of_a_report_leads_to_the_page(web: Web) -> None:
    campaign = store_site(web.engine, name="R & D")
    run = store_run(web.engine, campaign)
    store_logs(web.engine, call_log(run, campaign, 501, number="+44 1"))
    report = web.get(f"/runs/{run.id}/").body
    [address] = re.findall(r'href="(/why/[^"]+)"', report)
    assert address == "/why/?number=201&amp;campaign=R+%26+D"
    assert web.get(address.replace("&amp;", "&")).status == 200


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("number=999", 404, "there is no record &#34;999&#34;"),
        ("number=Anna", 400, "a number has digits"),
        ("number=201&campaign=Nobody", 404, "there is no campaign &#34;Nobody&#34;"),
    ],
)
def test_what_is_wrong_is_said_above_a_form_that_keeps_it(
    web: Web, query: str, status: int, words: str
) -> None:
    store_site(web.engine)
    page = web.get(f"/why/?{query}")
    assert (page.status, words in page.body) == (status, True)
    assert f'value="{query.split("&", maxsplit=1)[0][7:]}"' in page.body


def test_nobody_s_text_becomes_markup(web: Web) -> None:
    campaign = store_site(web.engine, name=HOSTILE)
    run = store_run(web.engine, campaign)
    log = call_log(run, campaign, 501, number="201", ext_status=HOSTILE, reason=HOSTILE)
    store_logs(web.engine, log)
    with web.engine.begin() as conn:
        save_record(conn, Record(list_id=1, number="202", inputs={"MULTINUM1": HOSTILE}))
    asked = "%22%3E%3Cscript%3Ealert(%271%27)%3C/script%3E"
    for query in ("", "?number=201", "?number=202", f"?number={asked}&campaign={asked}"):
        assert "<script>alert" not in web.get(f"/why/{query}").body
    assert "&lt;script&gt;alert" in web.get("/why/?number=201").body


def test_before_a_question_there_is_only_the_form(web: Web) -> None:
    page = web.get("/why/")
    assert page.status == 200
    assert 'aria-current="page">Why<' in page.body
    assert "<article" not in page.body
