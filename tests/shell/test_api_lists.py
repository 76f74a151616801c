"""Lists and their records over the API, against a real database."""

import json
from urllib.parse import quote

import pytest
from sqlalchemy import Engine

from core.model import Record
from core.operations.records import show_record, view_lists
from core.people import SYSTEM
from core.store.lists import fetch_list_by_name, save_record
from tests.support.api_client import Client, furnish
from tests.support.fixtures_web import (
    Web,
)
from web.api.operation import ROOT


@pytest.fixture
def client(web: Web) -> Client:
    return furnish(web)


def test_records_are_added_shown_and_removed(client: Client) -> None:
    new = [{"number": "300", "attributes": {"NAME": "Zoë"}}, {"number": "301", "priority": 3}]
    told = client.send("POST", "/lists/autumn/records", {"records": new})
    assert told == {"is_new": True, "added": 2, "skipped": 0}
    again = {"records": new, "duplicates": "skip"}
    assert client.send("POST", "/lists/autumn/records", again)["skipped"] == 2
    first = client.get("/lists/autumn/records?limit=1")
    second = client.get(first["next"].removeprefix(ROOT))
    shown = [*first["items"], *second["items"]]
    assert [(one["number"], one["priority"], one["is_ahead"]) for one in shown] == [
        ("300", 0, False),
        ("301", 3, True),
    ]
    assert second["next"] is None
    assert shown[0]["inputs"] == {"NAME": "Zoë"}
    gone = client.send("DELETE", "/lists/autumn/records?number=300&number=301")
    assert gone == {"removed": 2}
    assert client.get("/lists/autumn") == {"name": "autumn", "records": 0, "is_hidden": False}


def test_a_record_is_changed_and_taken_off_its_list(client: Client) -> None:
    path = "/lists/spring/records/1"
    changed = client.send("PATCH", path, {"inputs": {"N": "1"}, "number": "+41 91 960 55 66"})
    assert (changed["number"], changed["inputs"]) == ("+41919605566", {"N": "1"})
    assert client.send("PATCH", path, {"outputs": {"M": "2"}}) == {**changed, "outputs": {"M": "2"}}
    client.send("PATCH", path, {"number": "no"}, 422)
    client.send("DELETE", path, status=204)
    client.send("GET", path, status=404)
    client.send("DELETE", path, status=404)


def test_one_wrong_record_hinders_all_and_is_named(client: Client) -> None:
    new = [{"number": "300"}, {"number": "301", "expires": "2020-01-01"}]
    told = client.send("POST", "/lists/autumn/records", {"records": new}, 422)
    [wrong] = told["errors"]
    assert (wrong["field"], wrong["value"]) == ("records[1].expires", "2020-01-01")
    assert [one.name for one in view_lists(client.web.engine, SYSTEM)] == ["spring"]


def hide(client: Client, name: str) -> None:
    path = f"/configuration/lists/{name}"
    assert client.ask("PATCH", path, {"hidden": True}, If_Match="*").status == 200


def test_a_list_is_hidden_stowed_away_and_dropped(client: Client) -> None:
    client.send("POST", "/lists/autumn/records", {"records": [{"number": "1"}]})
    hide(client, "autumn")
    assert [one["name"] for one in client.get("/lists")["items"]] == ["spring"]
    shown = client.get("/lists?with_hidden=true")["items"]
    assert [one["name"] for one in shown] == ["autumn", "spring"]
    client.send("POST", "/lists/autumn/stow", {"new_name": "old/autumn"})
    for name, status in (("old/autumn", 204), ("spring", 409)):
        path = f"/configuration/lists/{quote(name, safe='')}"
        assert client.ask("DELETE", path, If_Match="*").status == status


def test_a_record_of_another_list_is_not_there(client: Client) -> None:
    client.send("POST", "/lists/autumn/records", {"records": [{"number": "1"}]})
    client.send("GET", "/lists/autumn/records/1", status=404)
    assert show_record(client.web.engine, SYSTEM, "spring", 1).number == "201"


def test_an_entry_of_a_black_list_is_cancelled(client: Client) -> None:
    client.send("POST", "/lists/never/records", {"records": [{"number": "201"}]})
    [entry] = client.get("/black-list-entries?number=201&list_name=never")
    assert entry["is_in_force"]
    body = {"numbers": ["201"], "reason": "asked for it"}
    told = client.send("POST", "/lists/never/cancellations", body)
    assert told == {"found": 1, "updated": 1}
    [entry] = client.get("/black-list-entries?number=201&list_name=never")
    assert (entry["is_in_force"], "asked for it" in entry["cancelled"]) == (False, True)


def test_hostile_texts_come_back_as_they_are(client: Client) -> None:
    hostile = "<script>alert(1)</script>\r\nSet-Cookie: a=b\r\n=1+1 'x' \"y\" 漢"
    called = fetch_spring(client.web.engine)
    with client.web.engine.begin() as conn:
        save_record(conn, Record(list_id=called, number="209", inputs={"N": hostile}))
    answer = client.ask("GET", "/lists/spring/records")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert json.loads(answer.body)["items"][-1]["inputs"] == {"N": hostile}
    name = quote("a\r\nSet-Cookie: a=b", safe="")
    refused = client.ask("POST", f"/lists/{name}/records", {"records": [{"number": "1"}]})
    assert (refused.status, refused.cookies) == (422, [])


def fetch_spring(engine: Engine) -> int:
    with engine.connect() as conn:
        return fetch_list_by_name(conn, "spring").id
