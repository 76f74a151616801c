"""Manual 25.02, "The JSON configuration API": servers, trunks, end-points, lists, opening hours
and campaigns."""

from typing import Any

import pytest

from core.store.campaigns import fetch_campaigns
from core.store.servers import fetch_servers
from tests.support.edit import AT, EXAMPLES, Editor
from tests.support.fixtures_dialect import Dialect

OFFICE = {
    "openingHourId": None,
    "name": "Office",
    "defaultMode": "DEF_CLOSE",
    "comment": "head office",
    "hidden": False,
    "securityKey": "",
    "rules": [
        {
            "name": "week",
            "onDow": "23456",
            "dateFrom": "",
            "dateTo": "",
            "timeFrom": "9:30",
            "timeTo": "17:00",
            "state": "OPEN",
        }
    ],
}
KEYS = {
    "asterisk": "id",
    "trunk": "trunkId",
    "ep": "epId",
    "list": "listId",
    "oh": "openingHourId",
    "campaign": "campaignId",
}


@pytest.fixture
def editor(desk: Dialect) -> Editor:
    desk.rig.configure([])
    desk.log_on()
    return Editor(desk)


@pytest.mark.parametrize("thing", KEYS)
def test_an_object_is_made_read_posted_back_and_unchanged(editor: Editor, thing: str) -> None:
    made = editor.save(thing, EXAMPLES[thing] | {KEYS[thing]: None})
    assert (made["sys_dt_creazione"], made["sys_user_creazione"]) == (
        "2026-03-02 09:00:00",
        "demoadmin",
    )
    assert (made["sys_dt_modifica"], made["sys_user_modifica"]) == ("", "-")
    assert editor.rows(thing)[0] == made, "the newest comes first"
    assert editor.save(thing, made) == made
    assert editor.rows(thing)[0] == made


@pytest.mark.parametrize("thing", KEYS)
@pytest.mark.parametrize("key", ["", "missing"])
def test_a_key_that_is_empty_or_missing_makes_something_new(
    editor: Editor, thing: str, key: str
) -> None:
    known = len(editor.rows(thing))
    editor.save(thing, EXAMPLES[thing] | ({} if key == "missing" else {KEYS[thing]: ""}))
    assert len(editor.rows(thing)) == known + 1


@pytest.mark.parametrize("thing", [thing for thing in KEYS if thing != "campaign"])
def test_what_nothing_uses_is_deleted(editor: Editor, thing: str) -> None:
    before = editor.rows(thing)
    made = editor.save(thing, EXAMPLES[thing])
    assert editor.rows(thing, "D", made) == before
    assert f'"{made[KEYS[thing]]}"' in editor.refusal(thing, "D", made)
    assert editor.refusal(thing, "MU", made) == "these have no order: nothing moves up or down"


def test_nothing_is_deleted_without_data(editor: Editor) -> None:
    for data in ("", " "):
        found = editor.dialect.json(f"{AT}trunk/?mode=D&data={data}")
        assert (found["status"], found["nRecords"]) == ("OK", 1)


def test_what_is_used_and_any_campaign_stay(editor: Editor) -> None:
    for thing, why in (
        ("trunk", 'trunk "trunk" is used by campaign: take it out there'),
        ("asterisk", 'server "pbx" is used by trunk, message: take it out there'),
        ("campaign", 'campaign "campaign" cannot be deleted: set its pace to HIDDEN'),
    ):
        [row] = editor.rows(thing)
        assert editor.refusal(thing, "D", row) == why
        assert editor.rows(thing) == [row]


def test_pages_have_a_beginning_and_a_length(editor: Editor) -> None:
    for number in range(5):
        editor.save("list", {"name": f"list-{number}"})
    found = editor.ask("list", **{"from": 1, "items": 2})
    assert [row["name"] for row in found["results"]] == ["list-3", "list-2"]
    assert (found["allResults"], found["startFrom"], found["nRecords"]) == (6, 1, 2)
    assert editor.names("list", items=10**9)[-1] == "list"
    assert editor.names("list", **{"from": 2**53}) == []
    assert editor.names("list", items=0) == []


def test_what_was_saved_comes_first_on_the_first_page(editor: Editor) -> None:
    for number in range(4):
        editor.save("list", {"name": f"list-{number}"})
    rows = editor.rows("list", "E", {"listId": 1, "isHidden": "false"}, items=3)
    assert [row["name"] for row in rows] == ["list", "list-3", "list-2"]


def test_a_search_finds_texts_and_what_is_hidden(editor: Editor) -> None:
    editor.save("list", {"name": "Autumn", "isHidden": True})
    editor.save("campaign", {"campaignId": 1, "pace": "HIDDEN"})
    assert editor.names("list", query="UTU") == ["Autumn"]
    assert editor.names("list") == ["list"]
    assert editor.names("list", query="~") == ["Autumn", "list"]
    assert (editor.names("campaign"), editor.names("campaign", query="~")) == ([], ["campaign"])
    assert editor.names("trunk", query="@CARRIER") == ["trunk"]


def test_opening_hours_have_their_rules_within(editor: Editor) -> None:
    made = editor.save("oh", OFFICE)
    rule = OFFICE["rules"][0] | {"timeFrom": "09:30:00", "timeTo": "17:00:00"}  # type: ignore[index]
    assert made["rules"] == [rule]
    assert (made["comment"], made["defaultMode"]) == ("head office", "DEF_CLOSE")
    kept = editor.save("oh", {"openingHourId": made["openingHourId"], "comment": ""})
    assert (kept["rules"], kept["comment"]) == ([rule], "")
    assert editor.save("oh", made | {"rules": []})["rules"] == []


def test_a_campaign_takes_all_that_it_tells(editor: Editor) -> None:
    wanted = {
        "name": "Spring",
        "priority": 3,
        "pace": "CLOSED",
        "dial_timeout": 20000,
        "dial_clid": "12 ${NAME}",
        "dial_account": "acc",
        "dial_pres": "13",
        "addlLogging": "QM_COMPATIBLE",
        "pauseWhenFinished": 1,
        "timeStartHr": "090000",
        "timeEndHr": "180000",
        "timeDow": "23456",
        "maxCallLength": 600,
        "batchSize": 20,
        "httpNotify": "http://crm.example/notify",
        "loggingAlias": "q-spring",
        "securityKey": "SPRING",
        "autopause": True,
        "agentClid": "C1 ${NAME}",
        "emailAddresses": "a@example.com,b@example.com",
        "emailEvents": "FINISH",
        "initialBoostFactor": 1.5,
        "initialPredictiveModel": "ADAPTIVE",
        "amdTracking": "amd",
        "amdParams": "2500,1500",
        "amdAudioFile": "sorry",
        "amdFaxFile": "page.tiff",
        "campaignVars": "A:B,C:D",
        "loggingQmVars": "A $B",
    }
    made = editor.save("campaign", wanted)
    assert {name: made[name] for name in wanted} == wanted
    with editor.dialect.rig.database.connect() as conn:
        stored = fetch_campaigns(conn)[-1]
    assert (stored.variables, stored.boost_percent) == ((("A", "B"), ("C", "D")), 150)
    assert (stored.idles_on_termination, stored.max_call_length_s) == (True, 600)


def test_an_end_point_keeps_what_is_said_of_a_queue(editor: Editor) -> None:
    """Manual, "Queue end-points": additional parameters, without effect on one of type PHONE."""
    wanted = {
        "type": "PHONE",
        "queueName": "q-spring",
        "boostFactor": 1.5,
        "maxWaitingCalls": 3,
        "reverseDialing": True,
        "stepwiseReverse": True,
        "dialFind": "@from-queue",
        "dialReplace": "@from-internal",
    }
    made = editor.save("ep", EXAMPLES["ep"] | wanted)
    assert {name: made[name] for name in wanted} == wanted
    changed = editor.save("ep", made | {"maxChannels": "7", "boostFactor": ""})
    assert changed | {"sys_dt_modifica": "", "sys_user_modifica": "-"} == made | {"maxChannels": 7}
    assert editor.save("ep", made | {"reverseDialing": 0})["reverseDialing"] is False
    assert [row["epId"] for row in editor.rows("ep", query="Q-SPRING")] == [made["epId"]]


def test_values_are_read_as_old_clients_write_them(editor: Editor) -> None:
    made = editor.save(
        "campaign",
        {
            "campaignId": "1",
            "priority": "3",
            "batchSize": 20.0,
            "pauseWhenFinished": "1",
            "initialBoostFactor": 1,
            "initialPredictiveModel": "",
            "addlLogging": "",
            "emailEvents": "",
            "maxCallLength": "",
            "autopause": "true",
            "emailAddresses": "a@b.ch; c@d.ch",
            "dial_clid": 41915550100,
            "agentClid": None,
            "unknown": {"x": 1},
        },
    )
    assert (made["priority"], made["batchSize"], made["pauseWhenFinished"]) == (3, 20, 1)
    assert (made["initialPredictiveModel"], made["autopause"]) == ("OFF", True)
    assert (made["emailAddresses"], made["dial_clid"]) == ("a@b.ch,c@d.ch", "41915550100")


@pytest.mark.parametrize(
    ("thing", "data", "why"),
    [
        ("trunk", {"trunkId": 1, "capacity": 0}, 'capacity "0": write a whole number from 1'),
        ("trunk", {"trunkId": 1, "capacity": "x"}, 'capacity "x": write a whole number'),
        ("trunk", {"trunkId": 1, "dialstring": "x"}, 'dialstring "x": '),
        ("trunk", {"trunkId": 1, "astId": {"id": 77}}, 'astId "77": there is no server "77"'),
        ("trunk", {"trunkId": 77, "name": "x"}, 'there is no trunk "77"'),
        ("trunk", {"dialstring": "Local/${num}@x", "astId": 1}, 'name "": it may not be empty'),
        ("trunk", EXAMPLES["trunk"] | {"name": "trunk"}, 'name "trunk": there is one of this name'),
        ("ep", {"epId": 1, "type": "QUEUE"}, 'type "QUEUE": only end-points of type PHONE'),
        ("ep", {"epId": 1, "type": "API"}, 'type "API": only end-points of type PHONE'),
        ("ep", {"epId": 1, "boostFactor": -1}, 'boostFactor "-100": write a whole number'),
        (
            "campaign",
            {"campaignId": 1, "initialPredictiveModel": "CRYSTAL_BALL"},
            'initialPredictiveModel "CRYSTAL_BALL": write one of OFF, ADAPTIVE',
        ),
        ("campaign", {"campaignId": 1, "initialBoostFactor": 9}, 'initialBoostFactor "900": '),
        ("campaign", {"campaignId": 1, "pace": "RUNNING"}, 'pace "RUNNING": write one of RUNNABLE'),
        ("campaign", {"campaignId": 1, "timeEndHr": "250000"}, 'timeEndHr "250000": '),
        ("campaign", {"campaignId": 1, "campaignVars": "A"}, 'campaignVars "'),
        ("oh", {"name": "x", "defaultMode": "OPEN?"}, 'defaultMode "OPEN?": '),
        ("oh", OFFICE | {"rules": ["x"]}, 'rules "["x"]": write a list of objects'),
        ("oh", OFFICE | {"rules": [{"onDow": "9"}]}, 'rules[1].onDow "9": days are digits'),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_the_field_is_named(
    editor: Editor, thing: str, data: dict[str, Any], why: str
) -> None:
    before = editor.rows(thing)
    assert editor.refusal(thing, data=data).startswith(why)
    assert editor.rows(thing) == before


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("trunk/?mode=X", 'mode "X": write one of L, E, D, MU, MD'),
        ("trunk/?mode=E", 'data "": the request needs data=…'),
        ("trunk/?mode=E&data=[1]", 'data "[1]": write a JSON object'),
        ("trunk/?mode=E&data={", 'data "{": write a JSON object'),
        ("trunk/?mode=D&data={}", 'trunkId "": the object needs its key'),
        ("trunk/?items=x", 'items "x": write a whole number'),
        ("nope/", 'address "edit/nope": write one of'),
    ],
)
def test_a_request_that_is_none_is_refused(editor: Editor, query: str, why: str) -> None:
    found = editor.dialect.json(f"{AT}{query}")
    assert found["status"] == "ERROR"
    assert found["error"].startswith(why)


def test_a_password_is_kept_and_never_told(editor: Editor) -> None:
    made = editor.save("asterisk", EXAMPLES["asterisk"] | {"password": "kitty", "port": 5039})
    assert made["password"] == ""
    editor.save("asterisk", made | {"unit_len": 60})
    with editor.dialect.rig.database.connect() as conn:
        stored = fetch_servers(conn)[-1]
    assert (stored.password, stored.port, stored.unit_ms) == ("kitty", 5039, 60)


def test_a_server_that_the_dialer_reaches_is_up(editor: Editor) -> None:
    assert editor.rows("asterisk")[0]["state"] == "DOWN"
    with editor.dialect.rig.database.connect() as conn:
        [campaign] = fetch_campaigns(conn)
    editor.dialect.rig.ask(campaign)
    editor.dialect.rig.turn(5)
    assert editor.rows("asterisk")[0]["state"] == "UP"


def test_objects_of_another_key_are_not_there(editor: Editor) -> None:
    made = editor.save("list", {"name": "secret", "securityKey": "ZURICH"})
    editor.dialect.log_on("bea", class_name="USER", keys="LIST")
    assert editor.names("list") == ["list"]
    for mode in ("E", "D"):
        assert editor.refusal("list", mode, made) == f'there is no list "{made["listId"]}"'
