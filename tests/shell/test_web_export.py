"""The file of calls that the dialect's reports page gives."""

import csv
import io
import logging

import pytest
from sqlalchemy import text

from core.operations.people import UserChange, change_user, set_password
from core.people import SYSTEM
from tests.shell.test_web_pages import SlowReader
from tests.support.fixtures_web import (
    NOW,
    Web,
    call_log,
    store_logs,
    store_run,
    store_site,
)
from tests.support.people import QUICK, basic

EXPORT = "/wombat/runs/export.jsp?runId=1,2&mode=csv"
ANNA = basic("anna")


def store_two_runs(web: Web, calls: int = 2) -> None:
    campaign = store_site(web.engine)
    first = store_run(web.engine, campaign)
    with web.engine.begin() as conn:
        conn.execute(text("UPDATE run SET ended_at = started_at"))
    second = store_run(web.engine, campaign)
    for run, start in ((first, 1), (second, calls + 1)):
        store_logs(web.engine, *(call_log(run, campaign, i) for i in range(start, start + calls)))


def test_calls_of_several_runs_are_one_table(web: Web) -> None:
    store_two_runs(web)
    answer = web.get(EXPORT, Authorization=ANNA)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    rows = list(csv.DictReader(io.StringIO(answer.body, newline="")))
    assert [(row["run_id"], row["id"]) for row in rows] == [
        *(("1", "1"), ("1", "2"), ("2", "3"), ("2", "4")),
    ]
    assert (rows[0]["campaign"], rows[0]["run"]) == ("Spring call-back", "26.11.21 17:03:44")
    assert (rows[0]["trunk"], rows[0]["number"]) == ("pbx-1/carrier-a", "201")


def test_no_cell_of_it_is_a_formula(web: Web) -> None:
    campaign = store_site(web.engine, name="=1+1")
    run = store_run(web.engine, campaign)
    store_logs(web.engine, call_log(run, campaign, 1, ext_status='=HYPERLINK("x")'))
    answer = web.get("/wombat/runs/export.jsp?runId=1", Authorization=ANNA)
    [row] = csv.DictReader(io.StringIO(answer.body, newline=""))
    assert (row["campaign"], row["ext_status"]) == ("'=1+1", '\'=HYPERLINK("x")')


def test_it_waits_for_a_slow_reader(web: Web) -> None:
    store_two_runs(web, 1500)
    reader = SlowReader(web, EXPORT, f"Authorization: {ANNA}")
    assert reader.lines() == 1001
    reader.resume()
    assert reader.lines() == 3001


def test_a_reader_who_leaves_ends_it(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    store_two_runs(web, 1500)
    reader = SlowReader(web, EXPORT, f"Authorization: {ANNA}")
    with caplog.at_level(logging.WARNING):
        reader.leave()
    assert reader.lines() == 1001
    assert caplog.messages == []


def test_what_fails_half_way_does_not_look_whole(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    store_two_runs(web, 1500)
    reader = SlowReader(web, EXPORT, f"Authorization: {ANNA}")
    with web.engine.begin() as conn:
        conn.execute(text("ALTER TABLE call_log RENAME TO away"))
    reader.resume()
    assert reader.is_cut_off
    assert reader.lines() == 1001
    assert "broke off" in caplog.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", 'ERROR: runId "": the request needs runId=…'),
        ("?runId=x", 'ERROR: runId "x": write whole numbers'),
        ("?runId=1&mode=xls", 'ERROR: mode "xls": write csv'),
    ],
)
def test_a_wrong_request_is_told_what_would_be_right(web: Web, query: str, says: str) -> None:
    answer = web.get(f"/wombat/runs/export.jsp{query}", Authorization=ANNA)
    assert (answer.status, answer.body) == (200, says + "\n")


def test_only_a_user_who_may_see_reports_gets_it(web: Web) -> None:
    store_two_runs(web)
    assert web.get(EXPORT).status == 401
    assert web.get(EXPORT, Authorization=basic("anna", "wrong")).status == 401
    change_user(web.engine, SYSTEM, "anna", UserChange(keys="-REPORT"), NOW)
    refused = web.get(EXPORT, Authorization=ANNA)
    assert (refused.status, refused.headers["content-type"]) == (200, "text/plain;charset=UTF-8")
    assert '"REPORT"' in refused.body


def test_another_password_ends_it(web: Web) -> None:
    store_two_runs(web, 1500)
    assert web.get(EXPORT, Authorization=ANNA).status == 200
    reader = SlowReader(web, EXPORT, f"Authorization: {ANNA}")
    set_password(web.engine, SYSTEM, QUICK, "anna", "another horse", NOW)
    reader.resume()
    assert reader.is_cut_off
    assert reader.lines() == 1001
