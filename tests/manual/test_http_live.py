"""Manual 25.02, "Live Calls" and "Live Campaigns"."""

from dataclasses import replace
from datetime import time
from typing import Any

from core.model import Campaign, Pace, Simulation
from core.rules.active_period import ActivePeriod
from core.store.campaigns import fetch_campaign, save_campaign
from tests.manual.test_http_calls import TALKING
from tests.support.fixtures_dialect import Dialect
from tests.support.world import rule

CALLS = "http://127.0.0.1:8080/wombat/api/live/calls/"
RUNS = "http://127.0.0.1:8080/wombat/api/live/runs/"
START = "http://127.0.0.1:8080/wombat/api/campaigns/?op=start&campaign=campaign"
#: What answers have in common, without their own keys.
FRAME = {
    "requestId": "",
    "lockUntilComplete": False,
    "responseStatus": "OK",
    "responseMessage": "",
    "toPanel": "API_CALL",
    "responseLog": None,
}


def begin(dialect: Dialect, numbers: int = 1, **settings: Any) -> Campaign:
    """A campaign that was just started, and somebody who may see it."""
    dialect.log_on()
    called = [str(5550001 + i) for i in range(numbers)]
    campaign = dialect.rig.configure(called, **{"simulation": TALKING, **settings})
    assert dialect.text(START).startswith("OK")
    return campaign


def test_the_manuals_line_shows_campaigns_and_calls(dialect: Dialect) -> None:
    begin(dialect)
    dialect.rig.turn(3)
    found = dialect.json(CALLS)
    assert list(found) == ["status", "error", "timeMs", "result"]
    assert (found["status"], found["error"]) == ("OK", "")
    result = found["result"]
    assert list(result) == [*FRAME, "campaigns", "asterisks", "hopperState"]
    [call] = result["hopperState"]
    originated, connected, unique = (
        call.pop(key) for key in ("tst_originate", "tst_connect", "astUnique")
    )
    assert (connected - originated) // 100 == 10
    assert [unique] == list(dialect.engine.dialer.live.calls)
    assert result == {
        **FRAME,
        "campaigns": [{"campaignId": 1, "name": "campaign", "isRunning": True, "secKey": ""}],
        "asterisks": [],
        "hopperState": [
            {
                "hopperCallId": 1,
                "number": "5550001",
                "state": "CONNECTED",
                "trunk": "trunk",
                "astServer": "pbx",
                "trunk_size": 10,
                "endpoint": "message",
                "campaignRun": "campaign 26.03.02 09:00:00",
                "tst_terminate": 0,
                "astChannel": "PJSIP/5550001@carrier",
                "nRetry": 0,
                "statusExt": "",
                "subEp": "",
                "bridgedChan": "",
            }
        ],
    }


def test_the_keys_of_a_call_stand_in_the_manuals_order(desk: Dialect) -> None:
    begin(desk)
    desk.rig.turn(3)
    [call] = desk.json(CALLS)["result"]["hopperState"]
    assert list(call) == [
        *("hopperCallId", "number", "state", "trunk", "astServer", "trunk_size", "endpoint"),
        *("campaignRun", "tst_originate", "tst_connect", "tst_terminate", "astUnique"),
        *("astChannel", "nRetry", "statusExt", "subEp", "bridgedChan"),
    ]


def test_every_live_call_is_shown_the_oldest_first(desk: Dialect) -> None:
    begin(desk, 150, trunk={"capacity": 150, "max_calls_per_period": 1000}, batch_size=200)
    desk.rig.turn(6)
    calls = desk.json(CALLS)["result"]["hopperState"]
    assert [call["hopperCallId"] for call in calls] == list(range(1, 151))


def test_the_manuals_line_shows_a_run_within_a_second_of_its_start(dialect: Dialect) -> None:
    begin(dialect, 3, trunk={"capacity": 2})
    found = dialect.json(RUNS)
    assert list(found) == ["status", "error", "timeMs", "result"]
    [run] = found["result"].pop("campaigns")
    assert found["result"] == {**FRAME, "action": "NONE", "hopcampId": 0, "campaignId": 0}
    assert list(run) == [
        *("name", "startedAt", "campaignId", "hoppercampId", "priority", "state"),
        *("n_calls_completed", "n_open_retries", "n_calls_attempted", "n_est_remaining_calls"),
        *("secondsSinceStarted", "listName", "listPos", "timeDow", "timeStartHr", "timeEndHr"),
        *("predictiveModel", "boostFactor", "dowAsString"),
    ]
    assert (run["state"], run["n_calls_attempted"]) == ("RUNNING", 2)
    dialect.rig.turn(5)
    assert dialect.json(RUNS)["result"]["campaigns"] == [
        {
            "name": "campaign",
            "startedAt": "26.03.02 09:00:00",
            "campaignId": 1,
            "hoppercampId": 1,
            "priority": 10,
            "state": "RUNNING",
            "n_calls_completed": 0,
            "n_open_retries": 0,
            "n_calls_attempted": 2,
            "n_est_remaining_calls": 1,
            "secondsSinceStarted": 5,
            "listName": "list",
            "listPos": 3,
            "timeDow": "1234567",
            "timeStartHr": "000000",
            "timeEndHr": "235959",
            "predictiveModel": "OFF",
            "boostFactor": 1.0,
            "dowAsString": "Su | Mo | Tu | We | Th | Fr | Sa",
        }
    ]


def test_retries_boost_and_active_period_are_told(desk: Dialect) -> None:
    busy = Simulation(outcomes={"busy": 1})
    office = ActivePeriod(start=time(8), end=time(17, 59, 59), days=frozenset(range(2, 7)))
    rules = (rule("RS_BUSY", max_attempts=3, retry_after_s=600),)
    begin(desk, 2, simulation=busy, reschedule_rules=rules, active_period=office)
    desk.text("/wombat/api/campaigns/?op=boost&campaign=campaign&factor=150")
    desk.rig.turn(9)
    [run] = desk.json(RUNS)["result"]["campaigns"]
    assert (run["n_open_retries"], run["n_est_remaining_calls"], run["boostFactor"]) == (2, 2, 1.5)
    assert (run["timeStartHr"], run["timeEndHr"]) == ("080000", "175959")
    assert (run["timeDow"], run["dowAsString"]) == ("23456", "Mo | Tu | We | Th | Fr")


def test_a_run_without_a_list_that_waits_for_numbers_is_idle(desk: Dialect) -> None:
    begin(desk, 0, idles_on_termination=True)
    desk.rig.turn(2)
    [run] = desk.json(RUNS)["result"]["campaigns"]
    assert (run["state"], run["listName"], run["listPos"]) == ("IDLE", "#0", 0)


def test_a_hidden_campaign_is_not_offered(desk: Dialect) -> None:
    desk.log_on()
    campaign = desk.rig.configure([])
    with desk.rig.database.begin() as conn:
        save_campaign(conn, replace(campaign, id=0, name="Another"))
        save_campaign(conn, replace(campaign, pace=Pace.HIDDEN))
    found = desk.json(CALLS)["result"]["campaigns"]
    assert [(one["name"], one["isRunning"]) for one in found] == [("Another", False)]


def test_what_a_key_protects_is_seen_by_its_holders_alone(desk: Dialect) -> None:
    campaign = begin(desk)
    with desk.rig.database.begin() as conn:
        found = fetch_campaign(conn, campaign.id)
        save_campaign(conn, replace(found, security_key="ZURICH"))
    desk.rig.turn(3)
    assert desk.json(CALLS)["result"]["hopperState"] == []
    assert desk.json(CALLS)["result"]["campaigns"] == []
    assert desk.json(RUNS)["result"]["campaigns"] == []
    desk.log_on("zora", keys="ZURICH")
    calls = desk.json(CALLS)["result"]
    assert [one["secKey"] for one in calls["campaigns"]] == ["ZURICH"]
    assert len(calls["hopperState"]) == len(desk.json(RUNS)["result"]["campaigns"]) == 1


def test_both_need_a_user_with_the_key_rt(desk: Dialect) -> None:
    begin(desk)
    desk.log_on("bea", class_name="USER", keys="-RT")
    for url in (CALLS, RUNS):
        found = desk.json(url)
        assert found["status"] == "ERROR"
        assert '"RT"' in found["error"]
    desk.authorization = ""
    assert [desk.ask(url).status for url in (CALLS, RUNS)] == [401, 401]
