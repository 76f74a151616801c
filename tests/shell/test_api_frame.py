"""The API's borders: who may ask, what is refused, and in which words."""

import base64
import json
import re
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred

from core.model import Campaign
from core.operations.campaigns import campaigns
from core.operations.tokens import add_token, revoke_token, show_tokens
from core.people import SYSTEM
from core.store.campaigns import fetch_campaign_by_name, save_campaign
from core.store.runs import create_run
from tests.support.fixtures_web import NOW, SECRET, SESSION, Answer, Web, parse_answer, store_site
from web.api.face import AT_ONCE
from web.api.operation import ANSWER_S, MOST_BYTES
from web.forgery import FormTokens

START = "/api/v1/campaigns/ABC/start"
CAMPAIGNS = "/api/v1/campaigns"


@pytest.fixture
def api(web: Web) -> Web:
    """The web server, asked without a session, with a campaign ABC."""
    web.cookie = ""
    store_site(web.engine, name="ABC")
    return web


@pytest.fixture
def token(api: Web) -> dict[str, str]:
    """The header of a token of anna's."""
    _view, secret = add_token(api.engine, SYSTEM, "anna", "tests", "RT CTRL_WBT", NOW)
    return {"Authorization": f"Bearer {secret}"}


def problem(answer: Answer) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(answer.body)
    assert told["status"] == answer.status
    return told


def test_a_token_opens_what_its_keys_open(api: Web, token: dict[str, str]) -> None:
    answer = api.get(CAMPAIGNS, **token)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    [campaign] = json.loads(answer.body)["items"]
    assert (campaign["name"], campaign["can_start"]) == ("ABC", True)


def test_nobody_is_told_how_to_say_who_they_are(api: Web) -> None:
    answer = api.get(CAMPAIGNS)
    assert answer.headers["www-authenticate"] == 'Bearer realm="Whipbird"'
    assert problem(answer) == {
        "type": "urn:whipbird:problem:not-recognised",
        "title": "Say who you are",
        "status": 401,
        "detail": "send `Authorization: Bearer` and a token of yours",
        "errors": [],
    }


@pytest.mark.parametrize("header", ["Bearer wb_nonsense", "Bearer", "Basic YTpi", "Bearer \xff"])
def test_what_is_no_token_opens_nothing(api: Web, header: str) -> None:
    assert api.get(CAMPAIGNS, Authorization=header).status == 401


def test_a_revoked_token_opens_nothing(api: Web, token: dict[str, str]) -> None:
    [view] = show_tokens(api.engine, SYSTEM, "anna")
    revoke_token(api.engine, SYSTEM, view.id, NOW)
    assert problem(api.get(CAMPAIGNS, **token))["detail"] == (
        "this token is not known, or was revoked"
    )


def test_a_token_without_the_key_is_told_which_it_lacks(api: Web) -> None:
    _view, secret = add_token(api.engine, SYSTEM, "anna", "reader", "REPORT", NOW)
    answer = api.get(CAMPAIGNS, Authorization=f"Bearer {secret}")
    assert answer.status == 403
    assert 'the key "RT"' in problem(answer)["detail"]


def test_a_browser_that_is_logged_on_may_read(api: Web) -> None:
    answer = api.get("/api/v1/me", Cookie=f"whipbird_session={SESSION}")
    assert json.loads(answer.body)["name"] == "anna"


def test_a_browser_changes_something_only_with_the_form_token(api: Web) -> None:
    cookie = f"whipbird_session={SESSION}"
    told = json.loads(api.get("/api/v1/me", Cookie=cookie).body)["form_token"]
    assert told == FormTokens(SECRET).sign(SESSION)
    assert problem(api.ask("POST", START, Cookie=cookie))["status"] == 403
    assert problem(api.ask("POST", START, Cookie=cookie, X_Form_Token="0" * 64))["status"] == 403
    elsewhere = {"Cookie": cookie, "X_Form_Token": told, "Origin": "https://evil.example"}
    assert problem(api.ask("POST", START, **elsewhere))["status"] == 403
    [campaign] = campaigns(api.engine, SYSTEM)
    assert campaign.can_start, "nothing was done"
    assert api.ask("POST", START, Cookie=cookie, X_Form_Token=told).status == 200


def test_an_address_that_is_none_says_where_all_are(api: Web) -> None:
    told = problem(api.get("/api/v1/nope"))
    assert told["detail"] == "there is no such address; /api/v1/docs shows all"


def test_a_wrong_method_is_told_the_right_ones(api: Web, token: dict[str, str]) -> None:
    answer = api.ask("DELETE", CAMPAIGNS, **token)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert problem(answer)["detail"] == "this address takes GET, HEAD only"


def test_head_answers_what_get_would_without_its_body(api: Web, token: dict[str, str]) -> None:
    got, headed = (api.ask(method, CAMPAIGNS, **token) for method in ("GET", "HEAD"))
    assert (headed.status, headed.body) == (200, "")
    assert headed.headers["content-length"] == got.headers["content-length"] == str(len(got.body))
    assert headed.headers["etag"] == got.headers["etag"]


def test_what_the_client_has_already_is_not_sent_again(api: Web, token: dict[str, str]) -> None:
    etag = api.get(CAMPAIGNS, **token).headers["etag"]
    again = api.get(CAMPAIGNS, **token, If_None_Match=f'"other", {etag}')
    assert (again.status, again.body, again.headers["etag"]) == (304, "", etag)
    api.ask("POST", START, **token)
    store_site_run(api.engine)
    changed = api.get(CAMPAIGNS, **token, If_None_Match=etag)
    assert changed.status == 200
    assert changed.headers["etag"] != etag


def store_site_run(engine: Engine) -> None:
    with engine.begin() as conn:
        create_run(conn, fetch_campaign_by_name(conn, "ABC"), NOW)


@pytest.mark.parametrize(
    ("query", "field", "value", "expected"),
    [
        ("limit=x", "limit", "x", "write a whole number, not text"),
        ("limit=0", "limit", "0", "write a whole number >= 1"),
        ("limit=99999999999999999999", "limit", "9" * 20, "write a whole number <= 1000"),
        ("limit=1&limit=2", "limit", "2", "write it once"),
        ("colour=red", "colour", "", "is not known here; leave it out"),
        ("cursor=nonsense", "cursor", "nonsense", "take it from `next` of a page"),
        ("cursor=%C3%BC", "cursor", "ü", "take it from `next` of a page"),
    ],
)
def test_a_wrong_field_is_named_with_what_would_be_right(
    api: Web, token: dict[str, str], query: str, field: str, value: str, expected: str
) -> None:
    told = problem(api.get(f"{CAMPAIGNS}?{query}", **token))
    assert told["type"] == "urn:whipbird:problem:invalid-value"
    assert told["errors"] == [{"field": field, "value": value, "expected": expected}]


def test_a_query_that_is_no_utf_8_is_malformed(api: Web, token: dict[str, str]) -> None:
    assert problem(api.get(f"{CAMPAIGNS}?cursor=%FF", **token))["status"] == 400


def put(api: Web, token: dict[str, str], body: str, kind: str = "application/json") -> Answer:
    headers = {**token, "Content-Type": kind, "Content-Length": str(len(body.encode()))}
    wire = api.connect()
    lines = ["PUT /api/v1/campaigns/ABC/boost HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    wire.protocol.dataReceived("\r\n".join([*lines, "", body]).encode())
    return parse_answer(wire.value())


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ('{"percent": 501}', 422, 'percent "501": write a whole number <= 500'),
        ('{"percent": "x"}', 422, 'percent "x": write a whole number, not text'),
        ("{}", 422, "percent: is needed"),
        ('{"percent": 1, "x": 2}', 422, "x: is not known here; leave it out"),
        ("[]", 422, "request: write an object, not a list"),
        ("{", 400, "the body is no application/json: Input data was truncated"),
        ("", 400, "the body is no application/json: Input data was truncated"),
        (
            '{"percent": 1e999}',
            400,
            "the body is no application/json: Number out of range - at `$[...]`",
        ),
    ],
)
def test_a_wrong_body_is_told_what_is_wrong(
    api: Web, token: dict[str, str], body: str, status: int, detail: str
) -> None:
    told = problem(put(api, token, body))
    assert (told["status"], told["detail"]) == (status, detail)


def test_a_body_nested_without_end_is_malformed(api: Web, token: dict[str, str]) -> None:
    assert problem(put(api, token, "[" * 100_000))["status"] == 400


def test_a_body_of_another_kind_is_not_read(api: Web, token: dict[str, str]) -> None:
    told = problem(put(api, token, "percent=3", "application/x-www-form-urlencoded"))
    assert (told["status"], told["title"]) == (415, "The body is of another kind")


def test_a_body_that_is_too_long_is_not_heard_out(api: Web) -> None:
    wire = api.connect()
    lines = [
        "PUT /api/v1/campaigns/ABC/boost HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {MOST_BYTES + 1}",
    ]
    wire.protocol.dataReceived("\r\n".join([*lines, "", ""]).encode())
    told = problem(parse_answer(wire.value()))
    assert (told["status"], told["detail"]) == (413, "at most 1048576 bytes")


def test_an_address_that_is_too_long_is_a_problem_too(api: Web) -> None:
    told = problem(api.get(f"{CAMPAIGNS}?cursor={'a' * 20_000}"))
    assert (told["status"], told["title"]) == (414, "The address is too long")


def test_too_many_fields_are_a_problem_too(api: Web) -> None:
    told = problem(api.get(f"{CAMPAIGNS}?{'a=1&' * 1001}"))
    assert (told["status"], told["detail"]) == (400, "at most 1000 fields")


def test_a_campaign_that_one_may_not_see_does_not_exist(api: Web, token: dict[str, str]) -> None:
    with api.engine.begin() as conn:
        save_campaign(conn, Campaign(name="SECRET", security_key="BOSS"))
    told = [
        problem(api.ask("POST", f"/api/v1/campaigns/{name}/start", **token))
        for name in ("SECRET", "nope")
    ]
    assert [one["status"] for one in told] == [404, 404]
    assert told[0]["detail"] == 'there is no campaign "SECRET"'


def test_what_the_present_state_forbids_is_a_conflict(api: Web, token: dict[str, str]) -> None:
    told = problem(api.ask("POST", "/api/v1/campaigns/ABC/pause", **token))
    assert (told["status"], told["detail"]) == (
        409,
        'campaign "ABC" is not running; start it first',
    )


def test_a_name_may_hold_a_slash(api: Web, token: dict[str, str]) -> None:
    told = problem(api.ask("POST", "/api/v1/campaigns/ABC%2FAUTO/start", **token))
    assert told["detail"] == 'there is no campaign "ABC/AUTO"'


def test_pages_follow_each_other_to_the_end(api: Web, token: dict[str, str]) -> None:
    with api.engine.begin() as conn:
        for name in ("Zürich", "b", "a b&c"):
            save_campaign(conn, Campaign(name=name))
    address, names = f"{CAMPAIGNS}?limit=1", list[str]()
    while address:
        answer = api.get(address, **token)
        told = json.loads(answer.body)
        names += [one["name"] for one in told["items"]]
        assert answer.headers.get("link") == (
            f'<{told["next"]}>; rel="next"' if told["next"] else None
        )
        address = told["next"]
    assert names == ["ABC", "Zürich", "a b&c", "b"]


def test_a_client_does_not_wait_for_ever_and_its_wish_goes_on(
    api: Web, token: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    taken_up: Deferred[None] = Deferred()
    monkeypatch.setattr(api.control, "wake", lambda: taken_up)
    wire = api.send("POST", START, **token)
    api.clock.advance(ANSWER_S - 1)
    assert wire.value() == b""
    api.clock.advance(1)
    answer = parse_answer(wire.value())
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    taken_up.callback(None)
    assert "no answer in time" in problem(answer)["detail"]


def test_one_user_is_worked_for_so_many_times_at_once(
    api: Web, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[Deferred[None]] = []

    def wake() -> Deferred[None]:
        waiting.append(Deferred())
        return waiting[-1]

    monkeypatch.setattr(api.control, "wake", wake)
    for _ in range(AT_ONCE):
        api.send("POST", START, **token)
    answer = api.get(CAMPAIGNS, **token)
    assert (problem(answer)["status"], answer.headers["retry-after"]) == (429, "1")
    waiting[0].callback(None)
    assert api.get(CAMPAIGNS, **token).status == 200


def test_a_client_that_left_disturbs_nobody(
    api: Web, token: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    taken_up: Deferred[None] = Deferred()
    monkeypatch.setattr(api.control, "wake", lambda: taken_up)
    api.send("POST", START, **token).hang_up()
    taken_up.callback(None)
    assert caplog.records == []


def test_a_database_that_is_away_is_said_in_words(
    api: Web, token: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def fail(_engine: Engine, *_args: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone away"))

    monkeypatch.setattr(Engine, "begin", fail)
    told = problem(api.ask("POST", START, **token))
    assert told["status"] == 503
    assert "gone away" not in told["detail"]
    assert "gone away" in caplog.text


def test_what_goes_wrong_inside_is_logged_and_not_shown(
    api: Web, token: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def fail() -> None:
        raise RuntimeError("secret innards")

    monkeypatch.setattr(api.control, "wake", fail)
    told = problem(api.ask("POST", START, **token))
    assert (told["status"], told["type"]) == (500, "urn:whipbird:problem:failed")
    assert "secret" not in told["detail"]
    [record] = caplog.records
    assert record.getMessage() == f"POST {START} failed"


def test_every_answer_is_guarded_and_kept_by_nobody_else(api: Web, token: dict[str, str]) -> None:
    headers = api.get(CAMPAIGNS, **token).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert (headers["cache-control"], headers["vary"]) == (
        "private, no-cache",
        "Authorization, Cookie",
    )


def test_the_document_is_open_to_everybody_and_not_sent_twice(api: Web) -> None:
    answer = api.get("/api/v1/openapi.json")
    assert (answer.status, json.loads(answer.body)["openapi"]) == (200, "3.1.0")
    assert api.get("/api/v1/openapi.json", If_None_Match=answer.headers["etag"]).status == 304


def test_the_page_that_shows_the_document_is_whole(api: Web) -> None:
    answer = api.get("/api/v1/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "img-src 'self' data:" in policy
    assert "script-src 'self';" in policy
    parts = re.findall(r'(?:src|href)="([^"]+)"', answer.body)
    assert len(parts) == 5
    assert {api.get(part).status for part in parts} == {200}


def test_a_request_that_is_sent_twice_is_done_once(api: Web, token: dict[str, str]) -> None:
    first, second = (api.ask("POST", START, **token, Idempotency_Key="k1") for _ in range(2))
    assert (first.status, first.body) == (second.status, second.body)
    assert (first.headers.get("idempotent-replayed"), api.control.wakes) == (None, 1)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["content-type"] == "application/json"


def test_a_key_may_be_used_again_after_a_refusal(api: Web, token: dict[str, str]) -> None:
    refused = api.ask("POST", "/api/v1/campaigns/ABC/pause", **token, Idempotency_Key="k1")
    assert refused.status == 409
    store_site_run(api.engine)
    done = api.ask("POST", "/api/v1/campaigns/ABC/pause", **token, Idempotency_Key="k1")
    assert (done.status, done.headers.get("idempotent-replayed")) == (200, None)


def test_a_key_of_another_request_is_named(api: Web, token: dict[str, str]) -> None:
    api.ask("POST", START, **token, Idempotency_Key="k1")
    told = problem(api.ask("POST", "/api/v1/campaigns/x/start", **token, Idempotency_Key="k1"))
    assert told["status"] == 422
    assert told["errors"][0]["field"] == "Idempotency-Key"


def test_the_same_request_twice_at_once_is_a_conflict(
    api: Web, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_up: Deferred[None] = Deferred()
    monkeypatch.setattr(api.control, "wake", lambda: taken_up)
    wire = api.send("POST", START, **token, Idempotency_Key="k1")
    told = problem(api.ask("POST", START, **token, Idempotency_Key="k1"))
    assert (told["status"], "is being worked on" in told["detail"]) == (409, True)
    taken_up.callback(None)
    assert parse_answer(wire.value()).status == 200
    assert api.ask("POST", START, **token, Idempotency_Key="k1").status == 200


def test_an_answer_that_came_too_late_is_kept(
    api: Web, token: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    taken_up: Deferred[None] = Deferred()
    monkeypatch.setattr(api.control, "wake", lambda: taken_up)
    wire = api.send("POST", START, **token, Idempotency_Key="k1")
    api.clock.advance(ANSWER_S)
    assert parse_answer(wire.value()).status == 503
    taken_up.callback(None)
    again = api.ask("POST", START, **token, Idempotency_Key="k1")
    assert (again.status, again.headers["idempotent-replayed"]) == (200, "true")


def test_an_answer_is_not_for_a_token_that_opens_less(api: Web, token: dict[str, str]) -> None:
    path, key = "/api/v1/campaigns/ABC/start", {"Idempotency_Key": "start-1"}
    assert api.ask("POST", path, **token, **key).status == 200
    _view, secret = add_token(api.engine, SYSTEM, "anna", "small", "RT", NOW)
    small = {**token, "Authorization": f"Bearer {secret}"}
    assert problem(api.ask("POST", path, **small, **key))["status"] == 422


@pytest.mark.parametrize(
    "query",
    [
        "calls?since=0001-01-01T00:00:00%2B14:00",
        "calls.csv?until=9999-12-31T23:59:59-14:00",
        f"lists/spring/records?cursor={base64.urlsafe_b64encode(b'9223372036854775808').decode()}",
        f"lists/spring/records?cursor={base64.urlsafe_b64encode(b'-1').decode()}",
    ],
)
def test_what_is_beyond_all_bounds_is_named(api: Web, query: str) -> None:
    _view, secret = add_token(api.engine, SYSTEM, "anna", "wide", "REPORT LIST", NOW)
    answer = api.get(f"/api/v1/{query}", Authorization=f"Bearer {secret}")
    [wrong] = problem(answer)["errors"]
    assert (answer.status, wrong["field"]) == (422, re.split("[?=]", query)[1])
