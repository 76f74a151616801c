"""Manual 25.02, "Live call details", "Query current calls and recalls for runs" and "JMX
statistics"."""

import pytest

from core.store.lists import fetch_records
from core.store.records import save_outputs
from tests.manual.test_http_calls import TALKING
from tests.support.fixtures_dialect import ANSWERED, Dialect
from tests.support.world import rule
from web.compat.monitor import render_figure

CALLINFO = "http://127.0.0.1:8080/wombat/api/callinfo/"
RECALLINFO = "http://127.0.0.1:8080/wombat/api/recallinfo/"
#: What the manual says there is of the dialer's own, without what a server is called.
FIGURES = {
    *("wombat.all.brain", "wombat.all.msg-in", "wombat.all.runafter"),
    *("wombat.brain.brain", "wombat.brain.calls", "wombat.brain.reschedule", "wombat.brain.runs"),
    *("wombat.hibernate.commit", "wombat.hibernate.evict", "wombat.hibernate.flush"),
    *("wombat.hibernate.save", "wombat.hibernate.refresh", "wombat.hibernate.openconnection"),
    *("wombat.refill.new", "wombat.refill.retry", "wombat.refill.blacklist"),
}
PARTS = {"50th", "95th", "count", "max", "min", "rate_sec", "rate_sec_oneminute"}
#: 2 March 2026, 9:00:00, in milliseconds since 1970.
NINE = 1772442000000


def begin(dialect: Dialect, **settings: object) -> None:
    campaign = dialect.rig.configure(["5550001"], simulation=TALKING, **settings)
    with dialect.rig.database.begin() as conn:
        [record] = fetch_records(conn, campaign.list_ids[0], after_id=0, limit=2)
        save_outputs(conn, record.id, {"OUT": "before"})
    dialect.rig.ask(campaign)
    dialect.rig.turn(3)


def test_a_live_call_is_shown_with_its_record(dialect: Dialect) -> None:
    begin(dialect)
    dialect.text("/wombat/api/calls/?op=attr&wombatid=1&attr=AB&val=CD")
    [channel_id] = dialect.engine.dialer.live.calls
    found = dialect.json(f"{CALLINFO}?wid=WBT.1")
    assert found["call"].pop("tst_originate") // 1000 == NINE // 1000
    assert found["call"].pop("tst_connect") // 1000 == NINE // 1000 + 1
    assert found == {
        "callFound": True,
        "isLive": True,
        "callRecord": {
            "callId": 1,
            "listId": {"listId": 1, "name": "list", "isHidden": False, "securityKey": ""},
            "number": "5550001",
            "attributes": [
                {"isInput": False, "attrName": "OUT", "attrValue": "before"},
                {"isInput": False, "attrName": "AB", "attrValue": "CD"},
            ],
        },
        "call": {
            "hopperCallId": 1,
            "number": "5550001",
            "numberId": 1,
            "state": "CONNECTED",
            "trunk": "trunk",
            "astServer": "pbx",
            "trunk_size": 10,
            "endpoint": "PHONE message",
            "campaignRun": "campaign 26.03.02 09:00:00",
            "tst_terminate": 0,
            "astUnique": channel_id,
            "astChannel": "PJSIP/5550001@carrier",
            "nRetry": 0,
            "statusExt": "",
            "subEp": "",
            "bridgedChan": "",
        },
    }


def test_the_keys_stand_in_the_manuals_order(dialect: Dialect) -> None:
    begin(dialect)
    found = dialect.json(f"{CALLINFO}?wid=1")
    assert list(found) == ["callFound", "isLive", "callRecord", "call"]
    assert list(found["callRecord"]) == ["callId", "listId", "number", "attributes"]
    assert list(found["call"]) == [
        *("hopperCallId", "number", "numberId", "state", "trunk", "astServer", "trunk_size"),
        *("endpoint", "campaignRun", "tst_originate", "tst_connect", "tst_terminate"),
        *("astUnique", "astChannel", "nRetry", "statusExt", "subEp", "bridgedChan"),
    ]


def test_a_call_that_is_over_is_found_in_the_logs(dialect: Dialect) -> None:
    begin(dialect)
    dialect.text("/wombat/api/calls/?op=extstatus&wombatid=1&status=XY")
    [channel_id] = dialect.engine.dialer.live.calls
    dialect.rig.turn(60)
    by_id, by_unique = (
        dialect.json(f"{CALLINFO}?{query}") for query in ("wid=1", f"unqid={channel_id}")
    )
    assert by_id == by_unique
    assert (by_id["callFound"], by_id["isLive"]) == (True, False)
    call = by_id["call"]
    assert (call["state"], call["statusExt"]) == ("TERMINATED", "XY")
    assert call["tst_terminate"] - call["tst_connect"] == 30_000
    assert call["tst_connect"] - call["tst_originate"] in range(1000, 1100)


def test_a_live_call_is_found_by_its_uniqueid(dialect: Dialect) -> None:
    begin(dialect)
    [channel_id] = dialect.engine.dialer.live.calls
    assert dialect.json(f"{CALLINFO}?unqid={channel_id}")["isLive"] is True


@pytest.mark.parametrize("wid", ["1", "WBT1", "WBT.1", "wbt.1"])
def test_a_wombat_id_may_have_its_prefix(desk: Dialect, wid: str) -> None:
    begin(desk)
    assert desk.json(f"{CALLINFO}?wid={wid}")["call"]["hopperCallId"] == 1


def test_a_call_that_is_not_there_is_not_found(dialect: Dialect) -> None:
    begin(dialect)
    nothing = {"callFound": False, "isLive": False}
    for query in (
        "wid=99",
        "wid=WBT.99",
        "wid=x",
        "unqid=1700210157.12",
        "id=1",
        "",
        "unqid=wb-0-1",
    ):
        assert dialect.json(f"{CALLINFO}?{query}") == nothing
    [channel_id] = dialect.engine.dialer.live.calls
    other = "wb-00000000-" + channel_id.rpartition("-")[2]
    assert dialect.json(f"{CALLINFO}?unqid={other}") == nothing, "another installation's"


def test_calls_and_recalls_are_counted_by_run(dialect: Dialect) -> None:
    rules = (rule("TERMINATED", max_attempts=3, retry_after_s=600),)
    campaign = dialect.rig.configure(
        [str(5550000 + i) for i in range(30)], simulation=ANSWERED, reschedule_rules=rules
    )
    dialect.rig.ask(campaign)
    dialect.rig.turn(9.5)
    found = dialect.json(RECALLINFO)
    [run] = found["runs"]
    waiting, retries = run["callsInHopper"], run["reschedules"]
    assert list(run) == [
        *("campaignName", "runName", "runId", "callsInHopper", "callsByState"),
        *("reschedules", "reschedulingSoon", "reschedulingLater"),
    ]
    assert (run["campaignName"], run["runName"], run["runId"]) == (
        "campaign",
        "26.03.02 09:00:00",
        1,
    )
    assert run["callsByState"]["IN_HOPPER"] == waiting > 0
    live = sum(run["callsByState"].values()) - waiting
    assert (live, waiting + retries) == (10, 20)
    assert (run["reschedulingSoon"], run["reschedulingLater"]) == (0, retries)
    assert found["reschedule_late_limit_sec"] == 300
    later = dialect.json(f"{RECALLINFO}?campaign=amp&late_reschedule=601")
    assert later["reschedule_late_limit_sec"] == 601
    [run] = later["runs"]
    assert (run["reschedulingSoon"], run["reschedulingLater"]) == (retries, 0)


def test_runs_are_chosen_by_a_part_of_the_campaigns_name(dialect: Dialect) -> None:
    begin(dialect)
    assert dialect.json(f"{RECALLINFO}?campaign=other") == {
        "runs": [],
        "reschedule_late_limit_sec": 300,
    }
    assert "write a whole number from 0 to" in dialect.text(f"{RECALLINFO}?late_reschedule=-1")


def test_an_older_address_shows_the_live_calls(dialect: Dialect) -> None:
    begin(dialect)
    found = dialect.json("http://127.0.0.1:8080/wombat/inspect_dialer/?op=LIVE_CALLS")
    assert found["liveCalls"] == 1
    assert (found["calls"][0]["number"], found["calls"][0]["state"]) == ("5550001", "CONNECTED")


def test_the_dialers_own_figures_stand_under_the_manuals_keys(dialect: Dialect) -> None:
    begin(dialect)
    dialect.rig.turn(60)
    found = dialect.json("http://127.0.0.1:8080/wombat/api/sysup/jmx/")
    assert list(found) == sorted(found)
    assert all(isinstance(value, str) for value in found.values())
    for name in ("wombat.all.brain", "wombat.all.msg-in", "wombat.hibernate.commit"):
        count, most, median = (found[f"{name}:{part}"] for part in ("count", "max", "50th"))
        assert int(count) >= 3
        assert float(most) >= float(median) >= float(found[f"{name}:min"])
    assert int(found["wombat.refill.new:count"]) > 0
    assert found['"WD/FAKEAMI-127.0.0.1:5038#1.connected":value'] == "1"
    assert found['"WD/FAKEAMI-127.0.0.1:5038#1.fromMaster":value'] == "1"
    assert found['"WD/FAKEAMI-127.0.0.1:5038#1.fromAsterisk":value'] == "6"
    others = {key for key in found if not key.startswith('"WD/')}
    assert {"generatedOn", "jmx_query_ms", "wombat_version"} < others
    figures = {key.partition(":")[0] for key in others if ":" in key}
    assert figures < FIGURES, "no others, such as those of Java"
    assert {key for key in others if ":" in key} == {f"{f}:{p}" for f in figures for p in PARTS}


def test_figures_are_written_as_in_the_manual() -> None:
    written = [render_figure(x) for x in (0, 0.004, 11.2294, 18.31, 0.576, 155.41, 20.0, 0.0001)]
    assert written == ["0", ".004", "11.229", "18.31", ".576", "155.41", "20", "0"]
