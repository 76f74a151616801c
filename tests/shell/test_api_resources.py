"""What the API's operations do with calls, runs and numbers, each once, against a real database."""

import pytest
from sqlalchemy import Engine

from core.model import Campaign, Run
from core.ports.commands import AttemptPlaced
from core.ports.control import LiveCall
from core.rules.states import CallState
from core.store.audit import LogFilter, fetch_log
from core.store.journal import write_entries
from tests.support.api_client import Client, furnish
from tests.support.fixtures_web import (
    NOW,
    Web,
    call_log,
    call_view,
    run_view,
    snapshot_of,
)
from web.api.operation import ROOT

ABC = Campaign(id=1, name="ABC", list_ids=(1,), trunk_ids=(1,), endpoint_ids=(1,))


@pytest.fixture
def client(web: Web) -> Client:
    return furnish(web)


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
    with client.web.engine.connect() as conn:
        found = fetch_log(conn, LogFilter(action="call.change"), 9)
    assert [(one.who, one.face, one.subject, one.detail) for one in reversed(found)] == [
        ("anna", "api", "501", "status: NONE"),
        *[("anna", "api", "501", "attribute A")] * 2,
        ("anna", "api", "501", "all attributes"),
    ]


def test_a_call_that_is_up_is_shown_as_the_dialer_knows_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = call_log(Run(id=1, campaign_id=1, started_at=NOW), ABC, 504).attempt
    with client.web.engine.begin() as conn:
        write_entries(conn, [AttemptPlaced(attempt=attempt)])
    asked = client.get("/calls/504")
    assert (asked["state"], asked["channel"], asked["ended_at"]) == ("REQUESTED", "", None)
    live = LiveCall(
        attempt_id=504,
        run_id=1,
        campaign_id=1,
        campaign="ABC",
        run_started_at=NOW,
        number="201",
        retry_no=0,
        server="pbx-1",
        trunk="carrier-a",
        trunk_capacity=10,
        endpoint="agents",
        channel_id=attempt.channel_id,
        state=CallState.CONNECTED,
        channel="PJSIP/a-1",
        outputs={"A": "1"},
        requested_at=NOW,
        connected_at=NOW,
    )
    monkeypatch.setattr(client.web.control, "find_call", lambda key: live if key == 504 else None)
    shown = client.get("/calls/504")
    assert (shown["state"], shown["channel"], shown["outputs"]) == (
        "CONNECTED",
        "PJSIP/a-1",
        {"A": "1"},
    )
    told = {"state", "channel", "outputs", "connected_at"}
    same = asked.keys() - told
    assert {name: shown[name] for name in same} == {name: asked[name] for name in same}


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
