"""Users, tokens, the system log and letters over the API, against a real database."""

import json

import pytest

from core.operations.outbox import fetch_outbox
from core.operations.people import UserChange, change_user
from core.people import SYSTEM
from tests.support.api_client import Client, furnish
from tests.support.fixtures_web import (
    NOW,
    SECRET,
    SESSION,
    Answer,
    Web,
)
from tests.support.people import PASSWORD
from web.api.operation import ROOT
from web.forgery import FormTokens


@pytest.fixture
def client(web: Web) -> Client:
    return furnish(web)


def test_users_come_change_and_go(client: Client) -> None:
    new = {"name": "ben", "password": "correct horse battery", "class_name": "USER"}
    made = client.ask("POST", "/users", new)
    assert (made.status, made.headers["location"]) == (201, f"{ROOT}/users/ben")
    changed = client.send("PATCH", "/users/ben", {"keys": "LIST", "is_enabled": False})
    assert ("LIST" in changed["keys"], changed["is_enabled"]) == (True, False)
    client.send("PUT", "/users/ben/password", {"password": "another horse battery"}, 204)
    client.send("POST", "/users", new, 409)
    client.send("DELETE", "/users/ben", status=204)
    assert [one["name"] for one in client.get("/users")["items"]] == ["anna"]


@pytest.mark.parametrize("password", ["qwxyz", "qwxyz" * 1000, ["qwxyz"]])
def test_a_password_that_is_refused_is_not_told_back(client: Client, password: object) -> None:
    answer = client.ask("PUT", "/users/anna/password", {"password": password})
    assert (answer.status, "qwxyz" in answer.body) == (422, False)


def test_classes_come_change_and_go(client: Client) -> None:
    client.send("POST", "/classes", {"name": "LOOK", "keys": "USER RT"}, 204)
    client.send("PUT", "/classes/LOOK", {"keys": "USER"}, 204)
    [shown] = [one for one in client.get("/classes") if one["name"] == "LOOK"]
    assert shown["keys"] == ["USER"]
    client.send("DELETE", "/classes/LOOK", status=204)


def test_a_token_is_shown_once_and_revoked(client: Client) -> None:
    made = client.send("POST", "/tokens", {"name": "crm", "keys": "RT"})
    assert made["secret"].startswith(made["token"]["prefix"])
    assert made["secret"] not in json.dumps(client.get("/tokens"))
    with client.web.engine.connect() as conn:
        kept = conn.exec_driver_sql("SELECT body FROM kept_answer").all()
    assert kept == [], "no secret is kept for an Idempotency-Key"
    client.send("DELETE", f"/tokens/{made['token']['id']}", status=204)
    client.send("DELETE", f"/tokens/{made['token']['id']}", status=409)


@pytest.mark.parametrize("keys", ["ADMIN", "RT"])
def test_a_token_of_few_keys_makes_no_other(client: Client, keys: str) -> None:
    small = Client(client.web, "RT", "small")
    told = small.send("POST", "/tokens", {"name": "more", "keys": keys}, 403)
    assert "ADMIN" in told["detail"]


def test_a_browser_makes_tokens_of_its_user(client: Client) -> None:
    change_user(client.web.engine, SYSTEM, "anna", UserChange(class_name="USER"), NOW)
    del client.headers["Authorization"]
    form_token = FormTokens(SECRET).sign(SESSION)
    headers = {"Cookie": f"whipbird_session={SESSION}", "X_Form_Token": form_token}
    made = client.ask("POST", "/tokens", {"name": "own", "keys": "RT"}, **headers)
    assert (made.status, json.loads(made.body)["token"]["user"]) == (200, "anna")
    refused = client.ask("POST", "/tokens", {"name": "more", "keys": "ADMIN"}, **headers)
    assert (refused.status, "ADMIN" in refused.body) == (403, True)


def test_a_token_that_opens_little_becomes_no_password_that_opens_all(client: Client) -> None:
    small = Client(client.web, "RT", "small")
    small.send("PUT", "/users/anna/password", {"password": "another horse"}, 403)
    client.send("PUT", "/users/anna/password", {"password": "another horse"}, 204)


def test_the_system_log_is_read_page_by_page(client: Client) -> None:
    client.send("POST", "/dialer/stop")
    client.send("POST", "/dialer/start")
    page = client.get("/system-log?who=anna&limit=1")
    rest = client.get(page["next"].removeprefix(ROOT))
    assert [one["action"] for one in (*page["items"], *rest["items"])] == [
        "dialer.start",
        "dialer.stop",
    ]


def test_the_outbox_is_shown_and_emptied(client: Client) -> None:
    assert client.get("/outbox?dead=true") == {"waiting": 0, "dead": 0, "letters": []}
    assert client.send("POST", "/outbox/retry", {}) == {"letters": 0}
    client.send("POST", "/outbox/drop", {"ids": [99]}, 404)
    assert fetch_outbox(client.web.engine, SYSTEM, dead=True, limit=9).dead == 0


def test_a_browser_changes_its_user_s_password_and_a_token_does_not(client: Client) -> None:
    def change(old: str, **headers: str) -> Answer:
        body = {"old_password": old, "password": "another horse"}
        return client.ask("PUT", "/me/password", body, Cookie=cookie, **headers)

    cookie, form_token = f"whipbird_session={SESSION}", FormTokens(SECRET).sign(SESSION)
    refused = change(PASSWORD, X_Form_Token=form_token)
    assert (refused.status, "a token changes no password" in refused.body) == (403, True)
    del client.headers["Authorization"]
    assert change(PASSWORD).status == 403
    wrong = change("wrong horse", X_Form_Token=form_token)
    assert (wrong.status, json.loads(wrong.body)["errors"][0]["value"]) == (422, "***")
    assert change(PASSWORD, X_Form_Token=form_token).status == 204
    assert change(PASSWORD, X_Form_Token=form_token).status == 422
