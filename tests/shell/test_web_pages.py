"""Requests in, answers out: over the whole web server, with a real database."""

import csv
import io
import json
from dataclasses import replace

import pytest
from sqlalchemy import Engine
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from core.ports.snapshot import ServerView
from core.rules.states import CallState
from core.store.runs import fetch_asked
from tests.support.fixtures_web import (
    SECRET,
    SESSION,
    Answer,
    Web,
    call_log,
    parse_answer,
    snapshot_of,
    store_logs,
    store_run,
    store_site,
)
from web.forgery import FormTokens

TOKEN = FormTokens(SECRET).sign(SESSION)
FORM = {"Origin": "http://127.0.0.1:8080"}


def press(web: Web, verb: str, campaign: str = "Spring+call-back", **headers: str) -> Answer:
    return web.ask(
        "POST", f"/campaigns/{verb}", f"token={TOKEN}&campaign={campaign}", **(FORM | headers)
    )


def wishes(engine: Engine) -> list[tuple[int, str]]:
    with engine.begin() as conn:
        return [(wish.campaign_id, wish.verb) for wish in fetch_asked(conn, 10)]


def test_the_live_page_shows_runs_and_campaigns(web: Web) -> None:
    store_site(web.engine, name="Autumn")
    page = web.get("/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert 'id="run-7"' in page.body
    assert 'aria-label="Start Autumn"' in page.body


def test_every_answer_is_guarded(web: Web) -> None:
    for path in ("/", "/nope", "/static/app.css", "/health"):
        headers = web.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["server"] == "Whipbird"


@pytest.mark.parametrize("host", ["localhost:8080", "[::1]:8080", "127.0.0.1", "Dialer.Example"])
def test_our_own_names_are_answered(web: Web, host: str) -> None:
    assert web.get("/health", host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8080", None])
def test_other_names_are_not_answered(web: Web, host: str | None) -> None:
    answer = web.get("/", host=host)
    assert answer.status in {400, 421}
    assert "Spring" not in answer.body


@pytest.mark.parametrize("path", ["/", "/runs/", "/static/app.css", "/health", "/live/stream"])
def test_head_is_get_without_a_body(web: Web, path: str) -> None:
    answer = web.ask("HEAD", path)
    assert (answer.status, answer.body) == (200, "")


def test_a_button_leaves_a_wish_for_the_dialer(web: Web) -> None:
    campaign = store_site(web.engine)
    answer = press(web, "start")
    assert (answer.status, answer.headers["location"]) == (303, "/?asked=start")
    assert wishes(web.engine) == [(campaign.id, "start")]
    assert "Start asked" in web.get("/?asked=start").body


@pytest.mark.parametrize("verb", ["pause", "reload", "remove"])
def test_every_button_of_a_run_is_answered_in_words(web: Web, verb: str) -> None:
    campaign = store_site(web.engine)
    store_run(web.engine, campaign)
    answer = press(web, verb, HX_Request="true")
    assert (answer.status, wishes(web.engine)) == (200, [(campaign.id, verb)])
    assert answer.body.startswith('<p class="notice done">Spring call-back: ')


def test_a_script_gets_the_answer_as_a_part_of_the_page(web: Web) -> None:
    store_site(web.engine)
    answer = press(web, "start", HX_Request="true")
    assert (answer.status, answer.headers["hx-trigger"]) == (200, "asked")
    assert answer.body.startswith('<p class="notice done">Spring call-back: start asked')


def test_what_is_not_possible_is_said_in_words(web: Web) -> None:
    store_run(web.engine, store_site(web.engine))
    answer = press(web, "start", HX_Request="true")
    assert answer.status == 409
    assert "is running already: run 1 is RUNNABLE" in answer.body
    assert wishes(web.engine) == []


@pytest.mark.parametrize(
    ("verb", "campaign", "status", "words"),
    [
        ("start", "Nobody", 404, "there is no campaign &#34;Nobody&#34;"),
        ("explode", "Spring+call-back", 400, "one of start, pause, unpause, remove"),
        ("pause", "Spring+call-back", 409, "is not running"),
        ("start", "%3Cb%3E", 404, "&lt;b&gt;"),
    ],
)
def test_errors_have_their_status_and_words(
    web: Web, verb: str, campaign: str, status: int, words: str
) -> None:
    store_site(web.engine)
    answer = press(web, verb, campaign)
    assert answer.status == status
    assert words in answer.body


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"Origin": "http://evil.example"}, f"token={TOKEN}"),
        ({"Sec_Fetch_Site": "cross-site"}, f"token={TOKEN}"),
        ({"Cookie": "whipbird_form=" + "d" * 32}, f"token={TOKEN}"),
        ({"Cookie": "other=1"}, f"token={TOKEN}"),
        ({}, "token=" + "0" * 64),
        ({}, ""),
    ],
)
def test_a_forged_request_is_refused(web: Web, changes: dict[str, str], body: str) -> None:
    store_site(web.engine)
    form = f"{body}&campaign=Spring+call-back"
    answer = web.ask("POST", "/campaigns/start", form, **(FORM | changes))
    assert answer.status == 403
    assert wishes(web.engine) == []


def test_a_page_s_form_goes_with_the_session(web: Web) -> None:
    page = web.get("/")
    assert page.cookies == []
    assert f'value="{TOKEN}"' in page.body


def test_unknown_pages_and_methods_are_refused_kindly(web: Web) -> None:
    missing = web.get("/nope")
    assert (missing.status, "There is no such page" in missing.body) == (404, True)
    for page in ("", "logs.csv"):
        assert web.get(f"/runs/{'9' * 20}/{page}").status == 404
    wrong = web.get("/campaigns/start")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")


def test_a_redirect_stays_on_this_server(web: Web) -> None:
    for path in ("/runs", "//runs", "/runs?x=//evil.example"):
        answer = web.get(path)
        assert (answer.status, answer.headers["location"][:5]) == (308, "/runs")
    assert web.get("//evil.example/runs").status in {308, 404}
    assert not web.get("//evil.example/runs").headers.get("location", "/e").startswith("//")


def test_a_broken_page_shows_no_stack_trace(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.source.publish(snapshot_of(1 / 3))
    answer = web.get("/")
    assert answer.status == 500
    assert "Something went wrong here" in answer.body
    assert "Traceback" not in answer.body
    assert "float" not in answer.body
    assert "GET / failed" in caplog.text
    assert "'float object' has no attribute" in caplog.text


def test_a_lost_database_is_a_503(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    with web.engine.begin() as conn:
        conn.exec_driver_sql("DROP TABLE campaign_list")
        conn.exec_driver_sql("ALTER TABLE campaign RENAME TO lost")
    answer = web.get("/")
    assert answer.status == 503
    assert "campaign" not in answer.body.lower()
    assert "no such table" in caplog.text


def test_static_files_are_kept_by_their_version(web: Web) -> None:
    found = web.get("/static/app.css")
    version = found.headers["etag"].strip('"')
    assert found.headers["cache-control"] == "no-cache"
    exact = web.get(f"/static/app.css?v={version}")
    assert exact.headers["cache-control"] == "public, max-age=31536000, immutable"
    same = web.get("/static/app.css", If_None_Match=f'"{version}"')
    assert (same.status, same.body) == (304, "")
    for path in ("/static/../pages.py", "/static/%2e%2e/pages.py", "/static/vendor/vendor.toml"):
        assert web.get(path).status == 404


def test_health_tells_of_servers_that_are_down(web: Web) -> None:
    up = web.get("/health")
    assert up.headers["content-type"] == "application/json"
    assert json.loads(up.body)["status"] == "ok"
    web.source.publish(snapshot_of(servers=(ServerView(name="pbx-2", is_up=False),)))
    down = json.loads(web.get("/health").body)
    assert (down["status"], down["servers_down"]) == ("degraded", ["pbx-2"])


def test_health_tells_of_a_database_that_takes_nothing(web: Web) -> None:
    web.source.publish(snapshot_of(database_reason="database or disk is full"))
    answer = web.get("/health")
    assert answer.status == 503
    health = json.loads(answer.body)
    assert (health["status"], health["database"]) == ("failing", "failing")


def test_a_report_counts_what_was_logged(web: Web) -> None:
    campaign = store_site(web.engine)
    run = store_run(web.engine, campaign)
    busy = {"state": CallState.RS_BUSY, "wait_after_ms": 3000}
    store_logs(
        web.engine,
        call_log(run, campaign, 1, **busy),
        call_log(run, campaign, 2, **busy, retry_no=1),
        call_log(run, campaign, 3, talk_ms=61_000, wait_after_ms=5000, ext_status="SALE"),
        call_log(run, campaign, 4, **busy, retry_no=2),
    )
    body = web.get(f"/runs/{run.id}/").body
    row = '<td class="num">{}</td><td class="num">{}</td><td class="num">{}</td>'
    assert row.format(3, "75%", "0:03") in body
    assert row.format(1, "25%", "0:05") in body
    assert "<td>SALE</td>" in body
    assert "<div><dt>Wait after</dt><dd>0:14</dd></div>" in body
    assert "<div><dt>Talk</dt><dd>1:01</dd></div>" in body
    assert '<th scope="row">pbx-1/carrier-a</th><td class="num">4</td>' in body
    assert '<th scope="row">Busy</th>' + row.format(1, 1, 1) + '<td class="num">3</td>' in body
    assert f'<a href="/runs/{run.id}/">Spring call-back' in web.get("/runs/").body


def test_a_report_tells_how_far_its_list_was_read(web: Web) -> None:
    campaign = store_site(web.engine)
    run = store_run(web.engine, campaign)
    before = web.get(f"/runs/{run.id}/").body
    assert '<td>0 of 1</td><td class="num">–</td>' in before
    log = call_log(run, campaign, 501)
    store_logs(web.engine, replace(log, attempt=replace(log.attempt, attempt_no=0)))
    assert '<td>1 of 1</td><td class="num">1</td>' in web.get(f"/runs/{run.id}/").body


def test_calls_are_shown_fifty_a_page(web: Web) -> None:
    campaign = store_site(web.engine)
    run = store_run(web.engine, campaign)
    logs = [call_log(run, campaign, n, number=f"1{n:03}") for n in range(1, 102)]
    store_logs(web.engine, *logs)
    pages = [web.get(f"/runs/{run.id}/{query}").body for query in ("", "?after=50", "?after=100")]
    assert [page.count('class="number"') for page in pages] == [50, 50, 1]
    assert [f"?after={n}" in pages[i] for i, n in enumerate((50, 100))] == [True, True]
    assert 'rel="next"' not in pages[2]
    assert ">201 / 1101</a></th>" in pages[2]
    assert web.get(f"/runs/{run.id}/?after=-1%27").body.count('class="number"') == 50


@pytest.mark.parametrize("path", ["/runs/99/", "/runs/99/logs.csv"])
def test_a_run_that_is_not_there_is_a_404(web: Web, path: str) -> None:
    answer = web.get(path)
    assert answer.status == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-disposition" not in answer.headers
    assert "there is no run &#34;99&#34;" in answer.body


def test_calls_download_as_csv_without_formulas(web: Web) -> None:
    campaign = store_site(web.engine)
    run = store_run(web.engine, campaign)
    store_logs(
        web.engine,
        call_log(run, campaign, 1, number="+4191", ext_status='=HYPERLINK("x")'),
        call_log(run, campaign, 2, reason="-1+1", channel="@SUM(A1)"),
        call_log(run, campaign, 3, ext_status='a "b", c\nd', talk_ms=5),
    )
    answer = web.get(f"/runs/{run.id}/logs.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="run-1.csv"'
    first, second, third = csv.DictReader(io.StringIO(answer.body, newline=""))
    assert (first["number"], first["ext_status"]) == ("+4191", '\'=HYPERLINK("x")')
    assert (second["reason"], second["channel"]) == ("'-1+1", "'@SUM(A1)")
    assert (third["ext_status"], third["talk_ms"], third["trunk"]) == (
        'a "b", c\nd',
        "5",
        "pbx-1/carrier-a",
    )


def test_a_download_waits_for_a_slow_reader(web: Web) -> None:
    campaign = store_site(web.engine)
    run = store_run(web.engine, campaign)
    store_logs(web.engine, *(call_log(run, campaign, n) for n in range(1, 1501)))
    reader = SlowReader(web, f"/runs/{run.id}/logs.csv")
    assert reader.lines() == 1001
    reader.resume()
    assert reader.lines() == 1501


class SlowReader:
    """A connection that is full as soon as something has been written to it."""

    def __init__(self, web: Web, path: str, *headers: str) -> None:
        self._protocol = web.site.buildProtocol(None)
        self._wire = _FullWire()
        self._protocol.makeConnection(self._wire)
        lines = (
            f"GET {path} HTTP/1.1",
            "Host: localhost",
            f"Cookie: {web.cookie}",
            *headers,
            "",
            "",
        )
        self._protocol.dataReceived("\r\n".join(lines).encode())

    def resume(self) -> None:
        self._wire.is_full = False
        self._wire.producer.resumeProducing()

    def leave(self) -> None:
        self._protocol.connectionLost(Failure(ConnectionDone()))

    @property
    def is_cut_off(self) -> bool:
        return bool(self._wire.disconnected)

    def lines(self) -> int:
        body = parse_answer(self._wire.value()).body
        return len(list(csv.reader(io.StringIO(body, newline=""))))


class _FullWire(StringTransport):
    is_full = True

    def writeSequence(self, data: list[bytes]) -> None:
        self.write(b"".join(data))

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.is_full and self.producer is not None:
            self.producer.pauseProducing()
