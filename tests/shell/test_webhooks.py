"""Webhooks from the call's end to the receiver, and at the API and the command line."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Engine
from twisted.internet.defer import succeed

from core.engine.courier import HttpCourier
from core.engine.delivery import DELIVERED, Verdict
from core.errors import NotPossible
from core.model import Webhook
from core.operations.tokens import add_token
from core.operations.webhooks import (
    MOST,
    WebhookChange,
    add_webhook,
    change_webhook,
    find_webhook,
    ping_webhook,
)
from core.people import SYSTEM
from core.rules.notifications import LetterKind
from core.rules.webhooks import write_secret
from core.store.audit import LogFilter, fetch_log
from core.store.database import reading
from core.store.outbox import Letter, fetch_due
from core.store.webhooks import fetch_webhook
from tests.support.cli import CommandLine
from tests.support.fixtures_web import NOW, SECRET, SESSION, Answer, Web, store_site
from tests.support.installation import HOME
from tests.support.post_office import PostOffice, serving
from tests.support.rig import TimerClock
from tests.support.timer import Timer
from web.forgery import FormTokens

HOOKS = "/api/v1/webhooks"
URL = "https://crm.example/hook"
DOCS = (HOME / "docs" / "webhooks.md").read_text()


@pytest.fixture
def read_message() -> Callable[..., Any]:
    """The receiver that the documentation shows."""
    [code] = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # our own
    found: Callable[..., Any] = names["read_message"]
    return found


@pytest_twisted.ensureDeferred
async def test_the_receiver_of_the_documentation_knows_a_message_and_no_other(
    sqlite: Engine, read_message: Callable[..., Any]
) -> None:
    from twisted.internet import reactor

    async with serving() as server:
        office = PostOffice(sqlite, HttpCourier(reactor).deliver)  # type: ignore[arg-type]
        wanted = WebhookChange(url=server.url("/hook"))
        _view, secret = add_webhook(sqlite, SYSTEM, "crm", wanted, NOW)
        message_id = ping_webhook(sqlite, SYSTEM, "crm", TimerClock(office.timer).now())
        office.turn()
        await office.until(0)
        await office.close()
        [posted] = server.posted
    headers = {name.lower(): value for name, value in posted.headers.items()}
    assert (posted.method, posted.path) == ("POST", "/hook")
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == message_id
    assert read_message(headers, posted.body, secret)["type"] == "ping"
    assert read_message(headers, posted.body + b" ", secret) is None
    assert read_message(headers, posted.body, write_secret(b"x" * 32)) is None
    late = headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}
    assert read_message(late, posted.body, secret) is None
    assert read_message(headers | {"webhook-id": "other"}, posted.body, secret) is None


@pytest_twisted.ensureDeferred
async def test_a_message_that_is_sent_again_keeps_its_id_and_is_signed_anew() -> None:
    from twisted.internet import reactor

    timer = Timer()
    letter = Letter(
        id=1,
        campaign_id=None,
        webhook_id=1,
        call_id=None,
        message_id="call-7",
        kind=LetterKind.WEBHOOK,
        url="",
        body="{}",
        attempts=0,
        created_at=NOW,
        secret=write_secret(b"x" * 32),
    )
    async with serving() as server:
        courier = HttpCourier(reactor, clock=TimerClock(timer))  # type: ignore[arg-type]
        server.answers["/"] = [500, 200]
        here = replace(letter, url=server.url("/"))
        assert not (await courier.deliver(here)).is_delivered
        timer.advance(60)
        assert await courier.deliver(here) == DELIVERED
        first, second = server.posted
    names = [{k.lower(): v for k, v in one.headers.items()} for one in (first, second)]
    assert [one["webhook-id"] for one in names] == ["call-7", "call-7"]
    assert int(names[1]["webhook-timestamp"]) - int(names[0]["webhook-timestamp"]) == 60
    assert names[0]["webhook-signature"] != names[1]["webhook-signature"]


def test_a_server_that_takes_nothing_is_told_no_more_and_the_system_log_says_so(
    sqlite: Engine,
) -> None:
    verdicts = [Verdict(reason="no")]
    office = PostOffice(sqlite, lambda _letter: succeed(verdicts[0]))
    start = TimerClock(office.timer).now()
    add_webhook(sqlite, SYSTEM, "crm", WebhookChange(url=URL), start)
    for hour in range(26):
        if hour < 25:
            ping(sqlite, start + timedelta(hours=hour))
        office.turn(3600)
    found = find_webhook(sqlite, SYSTEM, "crm")
    assert (found.is_enabled, found.failing_since) == (False, start + timedelta(hours=1))
    assert found.why_disabled == "its server has taken nothing for 24 hours"
    with reading(sqlite) as conn:
        [line] = fetch_log(conn, LogFilter(action="webhook.disabled"), 9)
    assert (line.who, line.subject, line.detail) == ("system", "crm", found.why_disabled)
    with pytest.raises(NotPossible, match='webhook "crm" is disabled: enable it first'):
        ping(sqlite, start)
    waiting = found.waiting
    assert waiting > 0
    verdicts[0] = DELIVERED
    office.turn(3600 * 9)
    assert find_webhook(sqlite, SYSTEM, "crm").waiting == waiting, "nothing goes out"
    change_webhook(sqlite, SYSTEM, "crm", WebhookChange(is_enabled=True), start)
    office.turn(3)
    assert find_webhook(sqlite, SYSTEM, "crm").waiting == 0


def ping(engine: Engine, now: Any) -> None:
    ping_webhook(engine, SYSTEM, "crm", now)


# At the API


def ask(web: Web, method: str, path: str, body: object = None) -> Answer:
    token = FormTokens(SECRET).sign(SESSION)
    headers = {"X-Form-Token": token, "Content-Type": "application/json"}
    return web.ask(method, path, "" if body is None else json.dumps(body), **headers)


def make(web: Web, **changes: object) -> dict[str, Any]:
    answer = ask(web, "POST", HOOKS, {"name": "crm", "url": URL} | changes)
    assert answer.status == 201, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_a_webhook_is_made_shown_changed_and_removed(web: Web) -> None:
    store_site(web.engine, name="Spring")
    made = make(web, topics=["call.ended"], campaigns=["Spring"], name="crm/1")
    assert made["secret"].startswith("whsec_")
    assert (made["acts_for"], made["is_enabled"], made["waiting"]) == ("anna", True, 0)
    answer = web.get(HOOKS + "/crm%2F1")
    shown = json.loads(answer.body)
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert json.loads(web.get(HOOKS).body)["items"] == [shown]
    path = HOOKS + "/crm%2F1"
    changed = json.loads(ask(web, "PATCH", path, {"topics": [], "is_enabled": False}).body)
    assert (changed["topics"], changed["campaigns"]) == ([], ["Spring"])
    assert (changed["is_enabled"], changed["secret"]) == (False, "")
    again = json.loads(ask(web, "PATCH", path, {"secret": ""}).body)
    assert again["secret"].startswith("whsec_")
    assert again["secret"] != made["secret"]
    assert ask(web, "DELETE", path).status == 204
    assert web.get(path).status == 404


def test_where_a_new_webhook_is_stands_in_its_answer(web: Web) -> None:
    answer = ask(web, "POST", HOOKS, {"name": "crm/1", "url": URL})
    assert answer.headers["location"] == HOOKS + "/crm%2F1"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"url": "ftp://x/"}, 422, "write an address such as"),
        ({"url": "http://169.254.169.254/"}, 422, "link-local addresses"),
        ({"url": "http://user:pass@x/"}, 422, "it may hold no user and password"),
        ({"topics": ["call.changed"]}, 422, "write one of call.ended, run.changed"),
        ({"campaigns": ["Nobody"]}, 404, 'there is no campaign \\"Nobody\\"'),
        ({"secret": "abc"}, 422, "write whsec_ and 24 to 64 bytes"),
        ({"name": " crm"}, 422, "a name has 1 to 190 characters"),
        ({"colour": "red"}, 422, "is not known here; leave it out"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(
    web: Web, body: dict[str, object], status: int, words: str
) -> None:
    answer = ask(web, "POST", HOOKS, {"name": "crm", "url": URL} | body)
    assert answer.status == status
    assert words in answer.body
    assert json.loads(web.get(HOOKS).body)["items"] == []


def test_a_name_is_there_once_and_there_are_not_too_many(web: Web) -> None:
    make(web)
    assert ask(web, "POST", HOOKS, {"name": "crm", "url": URL}).status == 409
    for number in range(MOST - 1):
        add_webhook(web.engine, SYSTEM, f"n{number}", WebhookChange(url=URL), NOW)
    refused = ask(web, "POST", HOOKS, {"name": "more", "url": URL})
    assert (refused.status, "which is the most" in refused.body) == (409, True)


def test_a_webhook_acts_for_who_changed_it_last_with_the_keys_they_showed(web: Web) -> None:
    _view, token = add_token(web.engine, SYSTEM, "anna", "narrow", "ADMIN RT", NOW)
    make(web)
    before = kept(web)
    assert before.keys is not None
    assert len(before.keys) > 2
    add_webhook(web.engine, SYSTEM, "own", WebhookChange(url=URL), NOW)
    assert (kept(web, "own").acts_for, kept(web, "own").keys) == ("system", None)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = web.ask("PATCH", HOOKS + "/own", '{"topics": []}', Cookie="", **headers)
    assert answer.status == 200
    assert (kept(web, "own").acts_for, kept(web, "own").keys) == ("anna", ("ADMIN", "RT"))


def kept(web: Web, name: str = "crm") -> Webhook:
    with reading(web.engine) as conn:
        return fetch_webhook(conn, name)


@pytest.mark.parametrize("keys", ["ADMIN", "RT", "LIST"])
def test_without_both_keys_there_are_no_webhooks(web: Web, keys: str) -> None:
    _view, token = add_token(web.engine, SYSTEM, "anna", "narrow", keys, NOW)
    headers = {"Authorization": f"Bearer {token}", "Cookie": ""}
    assert web.get(HOOKS, **headers).status == 403
    assert web.ask("POST", HOOKS + "/crm/ping", **headers).status == 403


def test_a_ping_waits_to_be_sent(web: Web) -> None:
    make(web)
    answer = ask(web, "POST", HOOKS + "/crm/ping")
    with reading(web.engine) as conn:
        [letter] = fetch_due(conn, NOW, limit=9)
    assert json.loads(answer.body) == {"message_id": letter.message_id}
    assert letter.message_id.startswith("ping-")
    assert json.loads(letter.body)["type"] == "ping"
    ask(web, "PATCH", HOOKS + "/crm", {"is_enabled": False})
    assert ask(web, "POST", HOOKS + "/crm/ping").status == 409


# At the command line


def test_the_command_line_makes_shows_changes_and_removes(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    line.done("migrate")
    made = line.json("webhook", "add", "crm", URL, "--topic", "run.changed")
    assert made["secret"].startswith("whsec_")
    changed = line.json("webhook", "change", "crm", "--all-topics", "--new-secret", "--disable")
    assert changed["secret"] not in ("", made["secret"])
    [shown] = line.json("webhook", "list")["webhooks"]
    assert (shown["topics"], shown["is_enabled"], shown["acts_for"]) == ([], False, "system")
    assert "secret" not in shown
    assert "disabled" in line.done("webhook", "list").stdout
    line.done("webhook", "change", "crm", "--enable")
    assert line.json("webhook", "ping", "crm")["message_id"].startswith("ping-")
    [letter] = line.json("outbox", "list", "--waiting")["letters"]
    assert (letter["webhook"], letter["campaign"]) == ("crm", "")
    assert "webhook crm" in line.done("outbox", "list", "--waiting").stdout
    line.done("webhook", "remove", "crm")
    assert line.json("webhook", "list")["webhooks"] == []
