"""Manual 25.02, "Reports: logs by runs"."""

import json
from typing import Any

import pytest

from core.model import Campaign
from core.operations.people import UserChange, change_user
from core.people import SYSTEM
from core.store.lists import fetch_records
from core.store.schema import record
from tests.support.fixtures_dialect import ANSWERED, Dialect
from tests.support.people import basic
from tests.support.world import rule
from web.compat.envelope import MOST_ITEMS

LOGS = "http://127.0.0.1:8080/wbt/api/reports/logs/"
KEYS = [
    *("dim_id", "listId", "listName", "trunkId", "trunkName", "astId", "astName", "epId"),
    *("epName", "campId", "campName", "runId", "runName", "runStarted", "id", "callId"),
    *("callNumber", "numberDialed", "attributes", "attempted", "waitPre", "waitAfter", "talk"),
    *("statusCode", "astChannel", "astUnique", "nRetry", "statusExt", "nextRetry", "wombatId"),
    *("subEp", "bridgedChannel"),
]


def call_all(dialect: Dialect, numbers: int = 5, runs: int = 1, **settings: Any) -> Campaign:
    """Runs of a campaign that are over, and somebody who may see them."""
    called = [str(5550000 + i) for i in range(numbers)]
    campaign = dialect.rig.configure(called, simulation=ANSWERED, **settings)
    for _ in range(runs):
        dialect.rig.ask(campaign)
        dialect.rig.turn(60)
    dialect.log_on()
    return campaign


def listed(dialect: Dialect, query: str) -> list[int]:
    return [row["id"] for row in dialect.json(f"{LOGS}?{query}")["results"]]


def test_the_manuals_line_gives_the_first_page(dialect: Dialect) -> None:
    call_all(dialect, runs=2)
    found = dialect.json(f"{LOGS}?from=0&items=3&id=1&id=2&id=123")
    assert list(found) == [
        *("status", "error", "timeMs", "results", "allResults", "startFrom", "nRecords"),
    ]
    assert (found["status"], found["error"], found["timeMs"]) == ("OK", "", 0)
    assert (found["allResults"], found["startFrom"], found["nRecords"]) == (10, 0, 3)
    assert [row["id"] for row in found["results"]] == [1, 2, 3]
    assert [list(row) for row in found["results"]] == [KEYS] * 3


def test_a_row_tells_all_of_a_call(desk: Dialect) -> None:
    rules = (rule("TERMINATED", max_attempts=1, retry_after_s=120),)
    campaign = desk.rig.configure(["5550001"], simulation=ANSWERED, reschedule_rules=rules)
    with desk.rig.database.begin() as conn:
        [one] = fetch_records(conn, campaign.list_ids[0], after_id=0, limit=2)
        values = {"inputs": {"IN": "puts"}, "outputs": {"OUT": "put"}}
        conn.execute(record.update().where(record.c.id == one.id).values(**values))
    desk.rig.ask(campaign)
    desk.rig.turn(60)
    desk.log_on()
    [row] = desk.json(f"{LOGS}?id=1")["results"]
    began = row.pop("attempted")
    assert began - row["runStarted"] in range(1000)
    channel_id = row.pop("astUnique")
    assert channel_id.startswith("wb-")
    assert row.pop("waitAfter") in range(1000, 3001)
    assert row.pop("talk") in range(3000, 6001)
    assert row == {
        "dim_id": 0,
        "listId": campaign.list_ids[0],
        "listName": "list",
        "trunkId": 1,
        "trunkName": "trunk",
        "astId": 1,
        "astName": "pbx",
        "epId": 1,
        "epName": "message",
        "campId": 1,
        "campName": "campaign",
        "runId": 1,
        "runName": "26.03.02 09:00:00",
        "runStarted": 1772442000500,
        "id": 1,
        "callId": 1,
        "callNumber": "5550001",
        "numberDialed": "5550001",
        "attributes": "IN:puts ^OUT:put",
        "waitPre": 10,
        "statusCode": "TERMINATED",
        "astChannel": "PJSIP/5550001@carrier",
        "nRetry": 0,
        "statusExt": "",
        "nextRetry": 120,
        "wombatId": "1",
        "subEp": "",
        "bridgedChannel": "",
    }


def test_pages_follow_each_other_over_several_runs(desk: Dialect) -> None:
    call_all(desk, runs=3)
    pages = [listed(desk, f"id=3&id=1,2&from={start}&items=4") for start in (0, 4, 8, 12, 16)]
    assert pages == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15], []]
    assert listed(desk, "id=3&id=1,2&from=9&items=2") == [10, 11], "a page on its own"


def test_who_reads_on_reads_nothing_twice(desk: Dialect) -> None:
    """A call that is logged before where the page began does not move the pages after it."""
    campaign = desk.rig.configure(
        [str(5550000 + i) for i in range(40)], simulation=ANSWERED, trunk={"capacity": 20}
    )
    desk.rig.ask(campaign)
    desk.log_on()
    desk.rig.turn(6)
    first = desk.json(f"{LOGS}?id=1&items=3")
    desk.rig.turn(60)
    rest = listed(desk, "id=1&from=3&items=1000")
    first_ids = [row["id"] for row in first["results"]]
    assert first["allResults"] < 40
    assert not set(first_ids) & set(rest)
    assert rest == sorted(rest)
    assert set(range(first_ids[-1] + 1, 41)) <= set(rest)


def test_all_results_are_as_many_as_there_are_now(desk: Dialect) -> None:
    campaign = call_all(desk)
    assert desk.json(f"{LOGS}?id=1,2&items=2")["allResults"] == 5
    desk.rig.ask(campaign)
    desk.rig.turn(60)
    assert desk.json(f"{LOGS}?id=1,2&items=2&from=2")["allResults"] == 10


def test_no_page_is_longer_than_a_thousand(desk: Dialect) -> None:
    call_all(desk)
    huge = desk.json(f"{LOGS}?id=1&items=999999999")
    assert (MOST_ITEMS, huge["nRecords"]) == (1000, 5)
    assert desk.json(f"{LOGS}?id=1&items=0")["allResults"] == 5
    behind = desk.json(f"{LOGS}?id=1&from=9007199254740992")
    assert (behind["results"], behind["allResults"]) == ([], 5)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", 'id "": the request needs id=…'),
        ("id=x", 'id "x": write whole numbers'),
        ("id=1&id=-2", 'id "1,-2": write whole numbers'),
        ("id=1&from=-1", 'from "-1": write a whole number from 0 to 9007199254740992'),
        ("id=1&items=many", 'items "many": write a whole number from 0 to 9007199254740992'),
    ],
)
def test_a_wrong_request_is_told_what_would_be_right(desk: Dialect, query: str, says: str) -> None:
    desk.log_on()
    found = desk.json(f"{LOGS}?{query}")
    nothing = {"results": [], "allResults": 0, "startFrom": 0, "nRecords": 0}
    assert found == {"status": "ERROR", "error": says, "timeMs": 0, **nothing}


def test_runs_that_are_not_there_have_no_calls(desk: Dialect) -> None:
    desk.log_on()
    found = desk.json(f"{LOGS}?id=99")
    assert (found["status"], found["results"], found["allResults"]) == ("OK", [], 0)


def test_only_a_user_who_may_see_reports_is_answered(desk: Dialect) -> None:
    """Control calls are open on this machine, reports are not."""
    call_all(desk)
    wrong = desk.ask(f"{LOGS}?id=1", Authorization=basic("demoadmin", "wrong"))
    desk.authorization = ""
    nobody = desk.ask(f"{LOGS}?id=1")
    for answer in (wrong, nobody):
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert json.loads(answer.body)["status"] == "ERROR"
    desk.log_on("bea", class_name="USER", keys="-REPORT")
    found = desk.json(f"{LOGS}?id=1")
    assert found["status"] == "ERROR"
    assert "REPORT" in found["error"]
    with_key = UserChange(keys="")
    change_user(desk.rig.database, SYSTEM, "bea", with_key, desk.rig.clock.now())
    assert len(listed(desk, "id=1")) == 5
