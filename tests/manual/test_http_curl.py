"""Manual 25.02, "The JSON configuration API" and "The JSON Live and Reporting API": each line
that begins with `curl`, to the letter."""

import pytest

from tests.support.edit import EXAMPLES, furnish
from tests.support.fixtures_dialect import ANSWERED, Dialect

LIST_TRUNKS = """curl --user demoadmin:demo -i -X POST
"http://127.0.0.1:8080/wombat/api/edit/trunk/?mode=L"
"""
SAVE_TRUNK = """curl --user demoadmin:demo -i -X POST --data-urlencode data@newtrunk.json
"http://127.0.0.1:8080/wombat/api/edit/trunk/?mode=E"
"""
NEW_TRUNK = {
    "trunkId": 1,
    "astId": {"id": 1},
    "name": "NewName",
    "dialstring": "Local/${num}@from-internal/n",
    "capacity": 10,
    "securityKey": "",
}
LIST_RULES = """curl --user demoadmin:demo -i -X POST
"http://127.0.0.1:8080/wbt/api/edit/campaign/reschedule/?parent=1"
"""
SAVE_RULE = """curl --user demoadmin:demo -i -X POST --data-urlencode data@rrnew.json
"http://127.0.0.1:8080/wbt/api/edit/campaign/reschedule/?mode=E&parent=1"
"""
MOVE_RULE = """curl --user demoadmin:demo -i -X POST --data-urlencode data@rrnew.json
"http://127.0.0.1:8080/wbt/api/edit/campaign/reschedule/?mode=MU&parent=1"
"""
DELETE_RULE = """curl --user demoadmin:demo -i -X POST --data-urlencode data@rrnew.json
"http://127.0.0.1:8080/wbt/api/edit/campaign/reschedule/?mode=D&parent=1"
"""
#: The manual's new rule.
RULE = EXAMPLES["campaign/reschedule"]
LIVE_CALLS = 'curl --user demoadmin:demo -i -X POST "http://127.0.0.1:8080/wombat/api/live/calls/"'
LIVE_RUNS = 'curl --user demoadmin:demo -i -X POST "http://127.0.0.1:8080/wombat/api/live/runs/"'
RUNS = """curl --user demoadmin:demo -i -X POST
"http://127.0.0.1:8080/wbt/api/reports/runs/?from=2000-01-01.00:00:00&to=2020-01-01.00:00:00"
"""
STATS = """curl --user demoadmin:demo -i -X POST
"http://127.0.0.1:8080/wbt/api/reports/stats/?id=1&id=7&id=123"
"""
LOGS = """curl --user demoadmin:demo -i -X POST
"http://127.0.0.1:8080/wbt/api/reports/logs/?from=0&items=3&id=1&id=2&id=123"
"""


@pytest.fixture
def site(desk: Dialect) -> Dialect:
    """A campaign, 1, with a trunk, 1, on a server, 1."""
    desk.rig.configure([str(5550000 + i) for i in range(5)], simulation=ANSWERED)
    desk.log_on()
    return desk


def test_trunks_are_listed(site: Dialect) -> None:
    answer = site.curl(LIST_TRUNKS)
    [trunk] = answer["results"]
    assert (answer["status"], answer["error"]) == ("OK", "")
    assert (answer["allResults"], answer["startFrom"], answer["nRecords"]) == (1, 0, 1)
    assert 0 <= answer["timeMs"] < 10_000
    assert (trunk["trunkId"], trunk["astId"]["id"], trunk["capacity"]) == (1, 1, 10)


def test_a_trunk_is_renamed(site: Dialect) -> None:
    [before] = site.curl(LIST_TRUNKS)["results"]
    answer = site.curl(SAVE_TRUNK, newtrunk=NEW_TRUNK)
    assert answer["results"] == [
        before
        | {
            "name": "NewName",
            "dialstring": "Local/${num}@from-internal/n",
            "sys_dt_modifica": "2026-03-02 09:00:00",
            "sys_user_modifica": "demoadmin",
        }
    ]
    assert site.curl(LIST_TRUNKS)["results"] == answer["results"]


def test_stamps_that_are_left_in_and_objects_within_are_not_saved(site: Dialect) -> None:
    [before] = site.curl(LIST_TRUNKS)["results"]
    server = before["astId"] | {"description": "other", "port": 1, "serverType": "ASTERISKAMI"}
    stamps = {"sys_dt_creazione": "1999-01-01 00:00:00", "sys_user_creazione": "nobody"}
    site.curl(SAVE_TRUNK, newtrunk=before | stamps | {"astId": server, "capacity": 11})
    [after] = site.curl(LIST_TRUNKS)["results"]
    changed = {"capacity", "sys_dt_modifica", "sys_user_modifica"}
    assert {name for name in before if before[name] != after[name]} == changed


def test_nothing_is_linked_to_what_does_not_exist(site: Dialect) -> None:
    answer = site.curl(SAVE_TRUNK, newtrunk=NEW_TRUNK | {"astId": {"id": 77}})
    assert (answer["status"], answer["error"]) == ("ERROR", 'astId "77": there is no server "77"')


def test_rules_are_added_listed_moved_and_deleted(site: Dialect) -> None:
    assert site.curl(LIST_RULES)["results"] == []
    [first] = site.curl(SAVE_RULE, rrnew=RULE)["results"]
    assert first == RULE | {"rescheduleRuleId": 1, "idx": "1"}
    assert list(first) == [
        *("rescheduleRuleId", "status", "statusExt", "maxAttempts", "retryAfterS", "mode"),
        *("idx", "campaignId"),
    ]
    second = site.curl(SAVE_RULE, rrnew=RULE | {"status": "RS_BUSY"})["results"][0]
    assert site.curl(LIST_RULES)["results"] == [first, second]
    moved = site.curl(MOVE_RULE, rrnew=RULE | {"rescheduleRuleId": second["rescheduleRuleId"]})
    assert moved["results"] == [second | {"idx": "1"}, first | {"idx": "2"}]
    down = MOVE_RULE.replace("mode=MU", "mode=MD")
    assert site.curl(down, rrnew=second)["results"] == [first, second]
    assert site.curl(DELETE_RULE, rrnew=first)["results"] == [second | {"idx": "1"}]


def test_live_calls_and_runs_and_their_reports(site: Dialect) -> None:
    site.text("http://127.0.0.1:8080/wombat/api/campaigns/?op=start&campaign=campaign")
    site.rig.turn(2)
    calls = site.curl(LIVE_CALLS)["result"]["hopperState"]
    assert {call["number"] for call in calls} == {str(5550000 + i) for i in range(5)}
    [run] = site.curl(LIVE_RUNS)["result"]["campaigns"]
    assert (run["name"], run["state"]) == ("campaign", "RUNNING")
    site.rig.turn(120)
    assert site.curl(RUNS)["result"]["campaignsAndRuns"] == [], "the run began later"
    [run] = site.curl(RUNS.replace("to=2020", "to=2030"))["result"]["campaignsAndRuns"]
    assert run["hoppercampId"] == 1
    assert site.curl(STATS)["result"]["statsOut"]
    logs = site.curl(LOGS)
    assert [row["callNumber"] for row in logs["results"]] == ["5550000", "5550001", "5550002"]
    assert (logs["allResults"], logs["startFrom"], logs["nRecords"]) == (5, 0, 3)


def test_a_page_has_a_hundred_rows_unless_more_are_wanted(desk: Dialect) -> None:
    """Manual: `from` is zero and `items` 100 if they are missing."""
    editor = furnish(desk, *(str(5550000 + i) for i in range(101)))
    found = editor.ask("list/record", parent=1)
    assert (found["startFrom"], found["nRecords"], found["allResults"]) == (0, 100, 101)
    assert editor.ask("list/record", parent=1, items=500)["nRecords"] == 101
