"""Manual 25.02, "Reports: runs in period" and "Report: stats for runs"."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.model import Campaign, Simulation
from core.store.campaigns import fetch_campaign, save_campaign
from core.store.schema import call_log, run
from tests.manual.test_http_live import FRAME
from tests.support.fixtures_dialect import ANSWERED, Dialect
from tests.support.world import rule

RUNS = "http://127.0.0.1:8080/wbt/api/reports/runs/"
STATS = "http://127.0.0.1:8080/wbt/api/reports/stats/"
EVER = "from=2000-01-01.00:00:00&to=2030-01-01.00:00:00"
#: 2 March 2026, 0:00, in milliseconds since 1970.
DAY, DAY_MS = 1772409600000, 24 * 3600 * 1000


def call_all(dialect: Dialect, runs: int = 1, **settings: Any) -> Campaign:
    """Runs of a campaign, ten minutes apart, and somebody who may see them."""
    dialect.log_on()
    settings = {"simulation": ANSWERED, **settings}
    campaign = dialect.rig.configure(["5550001", "5550002", "5550003"], **settings)
    for _ in range(runs):
        dialect.rig.ask(campaign)
        dialect.rig.turn(600)
    return campaign


def run_ids(dialect: Dialect, query: str) -> list[int]:
    found = dialect.json(f"{RUNS}?{query}")
    assert found["status"] == "OK", found
    return [one["hoppercampId"] for one in found["result"]["campaignsAndRuns"]]


def test_the_manuals_line_lists_runs(dialect: Dialect) -> None:
    call_all(dialect)
    found = dialect.json(f"{RUNS}?from=2000-01-01.00:00:00&to=2030-01-01.00:00:00")
    assert list(found) == ["status", "error", "timeMs", "result"]
    result = found["result"]
    assert list(result) == [*FRAME, "dateFrom", "dateTo", "campaignsAndRuns"]
    assert result == {
        **FRAME,
        "lockUntilComplete": True,
        "dateFrom": 946684800000,
        "dateTo": 1893456000000,
        "campaignsAndRuns": [
            {
                "name": "campaign",
                "startedAt": "26.03.02 09:00:00",
                "campaignId": 1,
                "hoppercampId": 1,
                "priority": 10,
                "state": "COMPLETED",
                "n_calls_completed": 3,
                "n_open_retries": 0,
                "n_calls_attempted": 3,
                "n_est_remaining_calls": 0,
                "secondsSinceStarted": result["campaignsAndRuns"][0]["secondsSinceStarted"],
                "listName": "list",
                "listPos": 3,
                "timeDow": "1234567",
                "timeStartHr": "000000",
                "timeEndHr": "235959",
                "predictiveModel": "OFF",
                "boostFactor": 1.0,
                "dowAsString": "Su | Mo | Tu | We | Th | Fr | Sa",
            }
        ],
    }
    assert result["campaignsAndRuns"][0]["secondsSinceStarted"] in range(3, 30)


def test_runs_come_by_their_beginning_the_newest_first(desk: Dialect) -> None:
    """They begin at 9:00, 9:10 and 9:20; both ends of a period belong to it."""
    call_all(desk, 3)
    assert run_ids(desk, EVER) == [3, 2, 1]
    assert run_ids(desk, "from=2026-03-02.09:05:00&to=2026-03-02.09:15:00") == [2]
    with desk.rig.database.connect() as conn:
        began = conn.execute(run.select().where(run.c.id == 2)).one().started_at
    exactly = began.replace(microsecond=0) + timedelta(seconds=1)
    assert run_ids(desk, f"from=2026-03-02.09:00:00&to={exactly:%Y-%m-%d.%H:%M:%S}") == [2, 1]


def test_a_date_without_a_time_is_the_whole_day(desk: Dialect) -> None:
    call_all(desk)
    found = desk.json(f"{RUNS}?from=2026-03-02&to=2026-03-02")["result"]
    assert (found["dateFrom"], found["dateTo"]) == (DAY, DAY + DAY_MS)
    assert len(found["campaignsAndRuns"]) == 1
    assert run_ids(desk, "from=2026-03-01&to=2026-03-01") == []
    assert run_ids(desk, "from=2026-03-03&to=2026-03-03") == []


def test_a_run_that_goes_on_has_its_retries_and_its_remaining_calls(desk: Dialect) -> None:
    busy = Simulation(outcomes={"busy": 1})
    rules = (rule("RS_BUSY", max_attempts=3, retry_after_s=3600),)
    call_all(desk, simulation=busy, reschedule_rules=rules)
    [found] = desk.json(f"{RUNS}?{EVER}")["result"]["campaignsAndRuns"]
    assert (found["state"], found["n_calls_attempted"], found["n_calls_completed"]) == (
        "RUNNING",
        3,
        0,
    )
    assert (found["n_open_retries"], found["n_est_remaining_calls"]) == (3, 3)
    assert found["secondsSinceStarted"] == 599


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("to=2020-01-01.00:00:00", 'from "": the request needs from=…'),
        ("from=2020-01-01.00:00:00", 'to "": the request needs to=…'),
        ("from=yesterday&to=2020-01-01", 'from "yesterday": write a date, 2026-03-18.14:00:00'),
        ("from=2020-01-01&to=2020-02-30", 'to "2020-02-30": write a date, 2026-03-18.14:00:00'),
        ("from=2020-01-01&to=9999-12-31", 'to "9999-12-31": write a date'),
        ("from=2020-01-02&to=2020-01-01", 'to "2020-01-01": it lies before the beginning, from'),
    ],
)
def test_both_ends_of_the_period_are_mandatory(desk: Dialect, query: str, says: str) -> None:
    desk.log_on()
    found = desk.json(f"{RUNS}?{query}")
    assert found["status"] == "ERROR"
    assert found["error"].startswith(says)


def test_the_manuals_line_counts_calls(dialect: Dialect) -> None:
    call_all(dialect)
    with dialect.rig.database.begin() as conn:
        conn.execute(call_log.update().values(wait_pre_ms=400, wait_after_ms=1600, talk_ms=20_100))
    found = dialect.json(f"{STATS}?id=1&id=7&id=123")
    assert list(found) == ["status", "error", "timeMs", "result"]
    result = found["result"]
    assert list(result) == [*FRAME, "campaignsToConsider", "statsOut"]
    [row] = result["statsOut"]
    assert list(row) == [
        *("gbCampaignId", "gbState", "gbTrunk", "gbStateExt", "nCalls", "totWaitPre"),
        *("totWaitAfter", "totTalk"),
    ]
    assert result == {
        **FRAME,
        "lockUntilComplete": True,
        "campaignsToConsider": [1, 7, 123],
        "statsOut": [
            {
                "gbCampaignId": 1,
                "gbState": "TERMINATED",
                "gbTrunk": "pbx trunk",
                "gbStateExt": "",
                "nCalls": 3,
                "totWaitPre": 1,
                "totWaitAfter": 5,
                "totTalk": 60,
            }
        ],
    }


def test_runs_of_one_campaign_are_counted_together(desk: Dialect) -> None:
    call_all(desk, 2)
    with desk.rig.database.begin() as conn:
        sale = call_log.update().where(call_log.c.id.in_([1, 4, 5]))
        conn.execute(sale.values(ext_status="SALE"))
        refused = call_log.update().where(call_log.c.id == 6)
        conn.execute(refused.values(state="RS_BLACKLIST", trunk_id=None))
    found = desk.json(f"{STATS}?id=1,2")["result"]["statsOut"]
    keys = ("gbCampaignId", "gbState", "gbTrunk", "gbStateExt", "nCalls")
    assert [tuple(row[key] for key in keys) for row in found] == [
        (1, "RS_BLACKLIST", "", "", 1),
        (1, "TERMINATED", "pbx trunk", "", 2),
        (1, "TERMINATED", "pbx trunk", "SALE", 3),
    ]
    assert [row["nCalls"] for row in desk.json(f"{STATS}?id=1")["result"]["statsOut"]] == [2, 1]


def test_what_a_key_protects_is_reported_to_its_holders_alone(desk: Dialect) -> None:
    campaign = call_all(desk)
    with desk.rig.database.begin() as conn:
        found = fetch_campaign(conn, campaign.id)
        save_campaign(conn, replace(found, security_key="ZURICH"))
    assert run_ids(desk, EVER) == []
    assert desk.json(f"{STATS}?id=1")["result"]["statsOut"] == []
    desk.log_on("zora", keys="ZURICH")
    assert run_ids(desk, EVER) == [1]
    assert len(desk.json(f"{STATS}?id=1")["result"]["statsOut"]) == 1


def test_reports_need_a_user_with_the_key_report(desk: Dialect) -> None:
    desk.log_on("bea", class_name="USER", keys="-REPORT")
    for url in (f"{RUNS}?{EVER}", f"{STATS}?id=1"):
        found = desk.json(url)
        assert found["status"] == "ERROR"
        assert '"REPORT"' in found["error"]
        assert desk.ask(url, Authorization="Basic nonsense").status == 401
