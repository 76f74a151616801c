"""What is configured, over the API, against a real database."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from core.operations.elements import fetch_named, update
from core.operations.site_file import Kind
from core.people import SYSTEM
from core.store.audit import LogFilter, fetch_log
from tests.support.api_client import Client
from tests.support.fixtures_web import NOW, Web, log_on, make_guarded_web, store_site
from web.api.operation import ROOT

ROOM = "/configuration"


@pytest.fixture
def client(web: Web) -> Client:
    store_site(web.engine, name="ABC")
    return Client(web)


@pytest.fixture
def each(database: Engine) -> Client:
    """The same over each kind of database."""
    log_on(database)
    store_site(database, name="ABC")
    return Client(make_guarded_web(database))


def names(client: Client, path: str) -> list[str]:
    return [one["name"] for one in client.get(f"{ROOM}/{path}")["items"]]


def patch(client: Client, path: str, body: object, version: str = "*") -> Any:
    answer = client.ask("PATCH", f"{ROOM}/{path}", body, If_Match=version)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


NEW = {
    "servers": {"name": "pbx/2", "host": "10.0.0.7", "login": "wb", "password": "hush"},
    "trunks": {"name": "two", "server": "pbx-1", "dial_string": "PJSIP/${num}@two"},
    "end-points": {
        "name": "desk",
        "server": "pbx-1",
        "extension": "s",
        "context": "desk",
        "queue_name": "q",
        "boost_percent": 150,
        "reverse_dialing": True,
    },
    "lists": {"name": "autumn", "hidden": True},
    "opening-hours": {
        "name": "office",
        "default": "closed",
        "rules": [{"state": "OPEN", "days": "23456", "from_time": "9:30", "to_time": "17:00"}],
        "holidays": {"country": "CH", "years": [2026]},
    },
    "caps": {"name": "gentle", "preset": "us-reg-f"},
    "campaigns": {
        "name": "second",
        "trunks": ["carrier-a"],
        "lists": ["spring"],
        "http_secret": "hush",
        "boosting_model": "ADAPTIVE",
        "auto_pause": True,
        "recipient_hours": {"start_time": "9:00", "country": "CH"},
        "reschedule": [
            {"state": "RS_BUSY", "max_attempts": 2, "retry_after_s": 300},
            {"state": "RS_AGENTSkip"},
        ],
        "disposition": [
            {"state": "RS_NUMBER", "action": "email", "to": "a@b.ch", "text": "x"},
            {"state": "RS_NOAGENT", "action": "none"},
        ],
    },
}
CASES = list(NEW.items())


@pytest.mark.parametrize(("path", "body"), CASES, ids=list(NEW))
def test_an_element_is_made_shown_changed_and_deleted(
    each: Client, path: str, body: dict[str, Any]
) -> None:
    client = each
    made = client.ask("POST", f"{ROOM}/{path}", body)
    assert made.status == 201, made.body
    place = f"{ROOM}/{path}/{quote(body['name'], safe='')}"
    assert made.headers["location"] == f"{ROOT}{place}"
    assert "hush" not in made.body
    shown = client.ask("GET", place)
    assert (shown.body, shown.headers["etag"]) == (made.body, made.headers["etag"])
    again = client.ask("GET", place, If_None_Match=made.headers["etag"])
    assert (again.status, again.body) == (304, "")
    renamed = client.ask("PATCH", place, {"name": "other"}, If_Match=made.headers["etag"])
    assert renamed.status == 200, renamed.body
    assert client.ask("GET", place).status == 404
    version = client.ask("GET", f"{ROOM}/{path}/other").headers["etag"]
    assert renamed.headers["etag"] == version
    if path == "campaigns":
        assert client.ask("DELETE", f"{ROOM}/{path}/other").status == 405
        return
    assert client.ask("DELETE", f"{ROOM}/{path}/other", If_Match=version).status == 204
    assert "other" not in names(client, path)


@pytest.mark.parametrize(("path", "body"), CASES, ids=list(NEW))
def test_what_is_shown_may_be_sent_back(client: Client, path: str, body: dict[str, Any]) -> None:
    made = client.send("POST", f"{ROOM}/{path}", body, 201)
    told = {"id", "created_at", "created_by", "changed_at", "changed_by"}
    said = {key: value for key, value in made.items() if key not in told}
    place = f"{path}/{quote(body['name'], safe='')}"
    assert patch(client, place, said) == made


def test_who_read_an_older_version_undoes_nothing(each: Client) -> None:
    client = each
    path = f"{ROOM}/trunks/carrier-a"
    version = client.ask("GET", path).headers["etag"]
    patch(client, "trunks/carrier-a", {"capacity": 3}, version)
    for method, body in (("PATCH", {"capacity": 4}), ("DELETE", None)):
        answer = client.ask(method, path, body, If_Match=version)
        told = json.loads(answer.body)
        assert (answer.status, told["title"]) == (412, "It was changed meanwhile")
        assert client.ask(method, path, body).status == 428
    assert client.get(path)["capacity"] == 3


def test_a_change_between_reading_and_saving_is_seen(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = client.ask("GET", f"{ROOM}/trunks/carrier-a").headers["etag"]
    engine = client.web.engine

    def read_and_be_overtaken(*arguments: Any) -> Any:
        found = fetch_named(*arguments)
        update(engine, SYSTEM, Kind.TRUNK, found.id, {"capacity": 7}, NOW)
        return found

    monkeypatch.setattr("core.operations.elements.fetch_named", read_and_be_overtaken)
    answer = client.ask("PATCH", f"{ROOM}/trunks/carrier-a", {"period_ms": 9}, If_Match=version)
    assert answer.status == 412
    shown = fetch_named(engine, SYSTEM, Kind.TRUNK, "carrier-a").value
    assert (shown.capacity, shown.period_ms) == (7, 1000)


def test_an_answer_to_a_change_is_told_even_if_it_is_known(client: Client) -> None:
    path = f"{ROOM}/trunks/carrier-a"
    etag = client.ask("GET", path).headers["etag"]
    answer = client.ask("PATCH", path, {}, If_Match=etag, If_None_Match=etag)
    assert (answer.status, answer.headers["etag"]) == (200, etag)


WRONG = [
    ("trunks.capacity", 0, "capacity", "write a whole number from 1 to 100000"),
    ("trunks.server", "pbx", "server", 'not in [servers]; is "pbx-1" meant?'),
    ("trunks.capacity", "x", "capacity", "write a whole number, not text"),
    ("trunks.name", "", "name", "write text of length >= 1"),
    ("lists.name", "spring", "name", "there is one of this name already: choose another"),
    ("servers.password", 7, "password", "write text, not a whole number"),
    (
        "campaigns.disposition",
        [{"state": "RS_BUSY", "action": "email"}],
        "disposition[0].to",
        'with the action "email" it must be given',
    ),
    (
        "campaigns.reschedule",
        [{"state": "RS_BUSY"}, {"state": "RS_BUSY", "max_attempts": 0}],
        "reschedule[1].retry_after_s",
        "a rule with zero attempts repeats for ever: let it wait at least a second",
    ),
]


@pytest.mark.parametrize(("place", "value", "field", "expected"), WRONG)
def test_wrong_values_are_named_with_their_place(
    client: Client, place: str, value: object, field: str, expected: str
) -> None:
    path, _, key = place.partition(".")
    told = client.send("POST", f"{ROOM}/{path}", {**NEW[path], key: value}, 422)
    [wrong] = [one for one in told["errors"] if one["field"] == field]
    assert wrong["expected"] == expected
    if field == key:
        assert wrong["value"] == ("***" if key == "password" else str(value))


def test_all_that_is_wrong_is_told_at_once(client: Client) -> None:
    body = {**NEW["trunks"], "capacity": 0, "period_ms": 0}
    told = client.send("POST", f"{ROOM}/trunks", body, 422)
    assert [one["field"] for one in told["errors"]] == ["capacity", "period_ms"]


def test_of_two_who_take_a_name_at_once_one_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def save(*_arguments: object) -> None:
        raise IntegrityError("INSERT", {}, Exception("Duplicate entry"))

    monkeypatch.setattr("core.operations.elements.save_changes", save)
    told = client.send("POST", f"{ROOM}/lists", NEW["lists"], 409)
    assert "at the same moment" in told["detail"]
    assert "Duplicate entry" in caplog.text


FILE = """
[trunks.carrier-a]
capacity = 3

[servers.pbx-2]
host = "10.0.0.7"
login = "wb"
password = "hush"
"""


def test_a_site_file_is_shown_and_applied_as_a_whole(each: Client) -> None:
    client = each
    planned = client.send("POST", f"{ROOM}/apply", {"toml": FILE, "dry_run": True})
    assert "hush" not in json.dumps(planned)
    assert {(one["action"], one["kind"], one["name"]) for one in planned["changes"]} == {
        ("create", "servers", "pbx-2"),
        ("update", "trunks", "carrier-a"),
    }
    assert names(client, "servers") == ["pbx-1"]
    done = client.send("POST", f"{ROOM}/apply", {"toml": FILE})
    assert (done["is_applied"], done["changes"]) == (True, planned["changes"])
    assert names(client, "servers") == ["pbx-2", "pbx-1"]
    assert client.get(f"{ROOM}/trunks/carrier-a")["capacity"] == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[lists.people]\nfile = '/etc/passwd'", "only `whipbird apply` reads it"),
        ("[trunks.carrier-a]\ncapacity = 0", "write a whole number from 1 to 100000"),
        ("[colours.red]", "there is no such section"),
        ("=", "this is not TOML"),
        ("a = " + "[" * 5000, "this is not TOML"),
        ("a = " + "9" * 5000, "this is not TOML"),
    ],
)
def test_a_site_file_that_is_wrong_changes_nothing(client: Client, text: str, told: str) -> None:
    good = "[servers.pbx-2]\nhost = 'a'\nlogin = 'wb'\n"
    refused = client.send("POST", f"{ROOM}/apply", {"toml": f"{good}{text}"}, 422)
    assert told in refused["detail"]
    assert names(client, "servers") == ["pbx-1"]


def test_a_site_file_needs_the_keys_of_what_it_mentions(client: Client) -> None:
    small = Client(client.web, "LIST", "small")
    assert small.send("POST", f"{ROOM}/apply", {"toml": "[lists.x]"})["is_applied"]
    small.send("POST", f"{ROOM}/apply", {"toml": FILE}, 403)


def test_what_is_used_is_not_deleted(client: Client) -> None:
    answer = client.ask("DELETE", f"{ROOM}/trunks/carrier-a", If_Match="*")
    assert (answer.status, "ABC" in answer.body) == (409, True)


def test_elements_come_in_pages_and_are_searched(each: Client) -> None:
    client = each
    for number in range(3):
        client.send("POST", f"{ROOM}/lists", {"name": f"l{number}", "hidden": number == 1}, 201)
    path, seen = f"{ROOM}/lists?limit=2&with_hidden=true", list[list[str]]()
    while path:
        page = client.get(path)
        seen.append([one["name"] for one in page["items"]])
        path = (page["next"] or "").removeprefix(ROOT)
    assert seen == [["l2", "l1"], ["l0", "spring"]]
    assert names(client, "lists") == ["l2", "l0", "spring"]
    assert names(client, "lists?text=SPR") == ["spring"]


def test_an_element_that_one_may_not_see_does_not_exist(client: Client) -> None:
    patch(client, "servers/pbx-1", {"security_key": "BOSS"})
    assert names(client, "servers") == []
    assert client.ask("GET", f"{ROOM}/servers/pbx-1").status == 404
    assert client.ask("PATCH", f"{ROOM}/servers/pbx-1", {"port": 1}, If_Match="*").status == 404
    assert client.ask("POST", f"{ROOM}/trunks", NEW["trunks"]).status == 404


def test_a_campaign_is_cloned(client: Client) -> None:
    path = f"{ROOM}/campaigns/ABC/clone"
    made = client.ask("POST", path, {"new_name": "ABC/2"})
    assert (made.status, made.headers["location"]) == (201, f"{ROOT}{ROOM}/campaigns/ABC%2F2")
    old, new = (client.get(f"{ROOM}/campaigns/{name}") for name in ("ABC", "ABC%2F2"))
    assert (new["trunks"], new["lists"]) == (old["trunks"], old["lists"])
    client.send("POST", path, {"new_name": "ABC/2"}, 422)


def test_changes_are_in_the_system_log(client: Client) -> None:
    patch(client, "trunks/carrier-a", {"capacity": 3})
    with client.web.engine.connect() as conn:
        line = fetch_log(conn, LogFilter(), 1)[0]
    told = (line.who, line.face, line.action, line.subject, line.detail)
    assert told == ("anna", "api", "config.update", "trunks.carrier-a", "capacity: 10 → 3")
