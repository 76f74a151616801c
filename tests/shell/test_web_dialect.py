"""The dialect's borders: who may ask, and what becomes of requests that go wrong."""

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred

from tests.support.fixtures_web import Web, parse_answer, store_site
from web.compat.dialect import ANSWER_S

STATE = "/wombat/api/engine/?op=STATE"
STOP = "/wombat/api/engine/?op=STOP"
HOST = "127.0.0.1:8080"


def test_tools_that_send_no_browser_headers_are_answered(web: Web) -> None:
    answer = web.get(STATE)
    assert (answer.status, answer.headers["content-type"]) == (
        200,
        "application/json;charset=UTF-8",
    )
    assert answer.body == (
        '{"state":"READY","uptimeMs":5809,"msgSent":23,"msgReceived":108,'
        '"maxLicensedChannels":2147483647}'
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "same-origin", "Referer": "http://127.0.0.1:8080/"},
        {"Origin": "http://127.0.0.1:8080"},
        {"Referer": "http://127.0.0.1:8080/runs/"},
    ],
)
def test_an_operator_may_type_an_address_or_follow_a_link_of_ours(
    web: Web, headers: dict[str, str]
) -> None:
    assert web.get(STOP, **headers).status == 200
    assert web.control.state == "DOWN"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8081"},
        {"Referer": "https://evil.example/page"},
        {"Referer": "http://[nonsense"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_page_elsewhere_cannot_use_the_operators_browser(
    web: Web, method: str, headers: dict[str, str]
) -> None:
    answer = web.ask(method, STOP, **headers)
    assert answer.status == 403
    assert web.control.state == "READY"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "stop"])
def test_other_methods_do_nothing(web: Web, method: str) -> None:
    answer = web.ask(method, STOP)
    assert (answer.status, answer.body) == (200, f'ERROR: method "{method}": send GET or POST\n')
    assert web.control.state == "READY"


def test_names_of_fields_are_read_in_any_case(web: Web) -> None:
    known = web.get(STATE).body
    assert web.get("/wombat/api/engine/?OP=state").body == known
    assert web.ask("POST", "/wombat/api/engine/", "Op=STATE").body == known


def test_another_host_name_gets_no_answer(web: Web) -> None:
    assert web.get(STOP, host="evil.example").status == 421
    assert web.control.state == "READY"


def test_a_program_that_speaks_http_1_0_need_name_no_host(web: Web) -> None:
    """Browsers, which a foreign name could lead here, speak HTTP/1.1."""
    for version, host, status in (
        ("1.0", "", "200"),
        ("1.0", "Host: evil.example\r\n", "421"),
        ("1.1", "", "4"),
    ):
        wire = web.connect()
        wire.protocol.dataReceived(f"GET {STATE} HTTP/{version}\r\n{host}\r\n".encode())
        assert wire.value().decode().startswith(f"HTTP/{version} {status}")


def test_every_answer_is_guarded_and_not_kept(web: Web) -> None:
    headers = web.get(STATE).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_what_goes_wrong_inside_is_logged_and_not_shown(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("secret innards")

    monkeypatch.setattr(web.control, "engine", fail)
    answer = web.get(STATE)
    assert (answer.status, answer.body) == (
        200,
        "ERROR: something went wrong here; Whipbird's log says what\n",
    )
    [record] = caplog.records
    assert "GET /wombat/api/engine/ failed" in record.getMessage()
    assert "secret innards" in record.getMessage()


def test_a_database_that_is_away_is_said_in_words(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_engine: Engine, *_args: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone away"))

    store_site(web.engine, name="ABC")
    monkeypatch.setattr(Engine, "begin", fail)
    answer = web.get("/wombat/api/campaigns/?op=start&campaign=ABC")
    assert (answer.status, answer.body) == (
        200,
        "ERROR: the database does not answer; try again in a moment\n",
    )
    assert "gone away" in caplog.text


def test_a_wish_waits_for_a_dialer_that_does_not_run(web: Web) -> None:
    store_site(web.engine, name="ABC")
    answer = web.get("/wombat/api/campaigns/?op=start&campaign=ABC")
    assert answer.body == "OK: start of campaign ABC: asked; the dialer takes it up when it runs\n"
    assert web.control.wakes == 1


def test_fields_that_nobody_knows_are_passed_over(web: Web) -> None:
    answer = web.get("/wombat/api/engine/?op=STATE&nope=1&=2&op=STOP")
    assert '"READY"' in answer.body
    assert web.control.state == "READY", "the first value counts"


def test_an_op_may_be_written_in_any_case(web: Web) -> None:
    assert '"READY"' in web.get("/wombat/api/engine/?op=state").body


def test_a_client_does_not_wait_for_ever(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    taken_up: Deferred[None] = Deferred()
    monkeypatch.setattr(web.control, "wake", lambda: taken_up)
    store_site(web.engine, name="ABC")
    wire = web.send("GET", "/wombat/api/campaigns/?op=start&campaign=ABC")
    web.clock.advance(ANSWER_S - 1)
    assert wire.value() == b""
    web.clock.advance(1)
    answer = parse_answer(wire.value())
    assert (answer.status, answer.body) == (
        200,
        "ERROR: the dialer did not answer within 10 s; try again later\n",
    )
    taken_up.callback(None)
    assert [record.getMessage() for record in caplog.records] == [
        "GET /wombat/api/campaigns/: no answer within 10 s"
    ]


def test_an_engine_that_does_not_answer_has_a_state_for_it(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.control, "start", Deferred)
    wire = web.send("GET", "/wombat/api/engine/?op=START")
    web.clock.advance(ANSWER_S)
    answer = parse_answer(wire.value())
    assert (answer.status, answer.headers["content-type"]) == (
        200,
        "application/json;charset=UTF-8",
    )
    assert answer.body == (
        '{"state":"TIMEOUT_NO_REPLY","uptimeMs":0,"msgSent":0,"msgReceived":0,'
        '"maxLicensedChannels":0}'
    )


def test_a_client_that_leaves_early_is_not_answered(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_up: Deferred[None] = Deferred()
    monkeypatch.setattr(web.control, "wake", lambda: taken_up)
    store_site(web.engine, name="ABC")
    wire = web.send("GET", "/wombat/api/campaigns/?op=start&campaign=ABC")
    wire.hang_up()
    taken_up.callback(None)
    assert wire.value() == b""
    assert web.clock.getDelayedCalls() == []
