"""What the API's operations do, each once, against a real database."""

import json
from urllib.parse import quote

import pytest
from sqlalchemy import Engine

from core.model import Record
from core.operations.outbox import fetch_outbox
from core.operations.records import show_record, view_lists
from core.people import SYSTEM
from core.rules.states import CallState
from core.store.audit import LogFilter, fetch_log
from core.store.lists import fetch_list_by_name, save_record
from tests.support.api_client import Client
from tests.support.fixtures_web import (
    Web,
    call_log,
    call_view,
    run_view,
    snapshot_of,
    store_logs,
    store_run,
    store_site,
)
from web.api.operation import ROOT


@pytest.fixture
def client(web: Web) -> Client:
    campaign = store_site(web.engine, name="ABC")
    run = store_run(web.engine, campaign)
    store_logs(
        web.engine,
        call_log(run, campaign, 501, ext_status="SALE", talk_ms=4000),
        call_log(run, campaign, 502, state=CallState.RS_BUSY),
        call_log(run, campaign, 503, number="202"),
    )
    return Client(web)


def actions(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as conn:
        found = fetch_log(conn, LogFilter(), 99)
    return [(one.action, one.who, one.face) for one in found]


def test_the_dialer_is_stopped_and_started(client: Client) -> None:
    assert client.get("/dialer")["state"] == "READY"
    assert client.send("POST", "/dialer/stop")["state"] == "DOWN"
    assert client.send("POST", "/dialer/start")["state"] == "READY"
    assert actions(client.web.engine)[:2] == [
        ("dialer.start", "anna", "api"),
        ("dialer.stop", "anna", "api"),
    ]


def test_live_calls_are_shown_by_campaign(client: Client) -> None:
    calls = (call_view(campaign="ABC"), call_view(campaign="other", attempt_id=7))
    client.web.source.publish(snapshot_of(run_view(), calls=calls))
    told = client.get("/live?campaign=ABC")
    assert [(one["attempt_id"], one["state"]) for one in told["calls"]] == [(501, "DIALLING")]
    assert told["servers"] == [{"name": "pbx-1", "is_up": True, "reason": ""}]


def test_runs_come_newest_first_with_a_report(client: Client) -> None:
    [run] = client.get("/runs?campaign=ABC")["items"]
    assert (run["run_id"], run["state"], run["campaign"]) == (1, "RUNNABLE", "ABC")
    report = client.get("/runs/1")
    assert report["calls"] == 3
    assert {(one["state"], one["ext_status"]): one["count"] for one in report["outcomes"]} == {
        ("TERMINATED", "SALE"): 1,
        ("TERMINATED", ""): 1,
        ("RS_BUSY", ""): 1,
    }
    assert report["trunks"] == [{"name": "pbx-1/carrier-a", "count": 3}]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [503, 502, 501]),
        ("state=RS_BUSY", [502]),
        ("ext_status=SALE", [501]),
        ("number=202", [503]),
        ("run_id=1&list_name=spring&number=201", [502, 501]),
        ("run_id=2", []),
        ("since=2026-11-21T17:03:44Z", [503, 502, 501]),
        ("until=2026-11-21T18:03:44%2B01:00", []),
    ],
)
def test_calls_are_found_by_what_is_known_of_them(
    client: Client, query: str, found: list[int]
) -> None:
    assert [one["call_id"] for one in client.get(f"/calls?{query}")["items"]] == found


def test_calls_come_in_pages(client: Client) -> None:
    path, seen = "/calls?limit=2", []
    while path:
        page = client.get(path)
        seen.append([one["call_id"] for one in page["items"]])
        path = (page["next"] or "").removeprefix(ROOT)
    assert seen == [[503, 502], [501]]


def test_a_call_is_shown_and_told_things_when_it_is_over(client: Client) -> None:
    shown = client.get("/calls/501")
    assert (shown["trunk"], shown["ext_status"], shown["state"]) == (
        "carrier-a",
        "SALE",
        "TERMINATED",
    )
    assert shown["connected_at"] == "2026-11-21T17:03:49Z"
    client.send("PUT", "/calls/501/status", {"ext_status": "NONE"}, 204)
    client.send("PATCH", "/calls/501/attributes", {"set": {"A": "1"}}, 204)
    client.send("PATCH", "/calls/501/attributes", {"append": {"A": "2"}}, 204)
    shown = client.get("/calls/501")
    assert (shown["ext_status"], shown["outputs"]) == ("NONE", {"A": "12"})
    client.send("DELETE", "/calls/501/attributes", status=204)
    assert client.get("/calls/501")["outputs"] == {}


def test_a_call_is_added_once_under_its_key(client: Client) -> None:
    body = {"campaign": "ABC", "number": "+41 91 960 55 66", "attributes": {"N": "1"}}
    answers = [client.ask("POST", "/calls", body, Idempotency_Key="a") for _ in range(2)]
    assert [one.status for one in answers] == [201, 201]
    place = answers[1].headers["location"]
    assert place == answers[0].headers["location"]
    assert place.startswith(f"{ROOT}/lists/ABC%2FAUTO/records/")
    record = client.get(place.removeprefix(ROOT))
    assert (record["number"], record["inputs"]) == ("+41919605566", {"N": "1"})
    assert len(client.get("/lists/ABC%2FAUTO/records")["items"]) == 1


def test_a_call_that_cannot_be_is_refused_in_words(client: Client) -> None:
    told = client.send("POST", "/calls", {"campaign": "ABC", "number": "no"}, 422)
    assert told["errors"][0]["field"] == "number"
    client.send("POST", "/calls", {"campaign": "nope", "number": "1"}, 404)


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


def test_a_number_s_story_says_why(client: Client) -> None:
    story = client.get("/numbers/201/story?campaign=ABC")
    [record] = story["records"]
    [campaign] = record["campaigns"]
    assert [line["state"] for line in campaign["trail"]].count("RS_BUSY") == 1
    assert campaign["now"]["reasons"]


def test_hours_are_inspected(client: Client) -> None:
    told = client.get("/campaigns/ABC/hours?at=2026-12-25T10:00:00&zone=Europe/Zurich")
    assert (told["at"], told["is_open"]) == ("2026-12-25T09:00:00Z", True)
    assert len(told["week"]) == 7


def test_a_person_is_erased(client: Client) -> None:
    assert client.get("/numbers/201/erasure")["is_erased"] is False
    told = client.send("POST", "/numbers/201/erasure", {})
    assert (told["is_erased"], told["records"]) == (True, 1)
    assert client.get("/lists/spring/records")["items"] == []


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


def test_a_token_cannot_make_one_that_opens_more(client: Client) -> None:
    small = Client(client.web, "RT", "small")
    told = small.send("POST", "/tokens", {"name": "more", "keys": "ADMIN"}, 403)
    assert "ADMIN" in told["detail"]


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
