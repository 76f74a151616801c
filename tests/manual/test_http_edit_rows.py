"""Manual 25.02, "The JSON configuration API": the fields of each object in their order, of the
types that clients read, with the values of something new that says little."""

import json
from typing import Any

import pytest

from tests.support.edit import EXAMPLES, Editor, furnish
from tests.support.fixtures_dialect import Dialect

NEW = {
    "sys_dt_creazione": "2026-03-02 09:00:00",
    "sys_user_creazione": "demoadmin",
    "sys_dt_modifica": "",
    "sys_user_modifica": "-",
}
OLD = NEW | {"sys_dt_creazione": "", "sys_user_creazione": "-"}
PBX = {
    **OLD,
    "id": 1,
    "description": "pbx",
    "serverType": "FAKEAMI",
    "ipAddress": "127.0.0.1",
    "login": "",
    "password": "",
    "port": 5038,
    "unit_len": 50,
    "msg_per_unit": 5,
    "securityKey": "",
    "state": "DOWN",
}
TRUNK = {
    "trunkId": 2,
    "astId": PBX,
    "name": "Two",
    "dialstring": "Local/${num}@out/n",
    "capacity": 10,
    "securityKey": "",
    "maxCallsPerPeriod": 100,
    "periodLength": 1000,
}
END_POINT = {
    "epId": 2,
    "type": "PHONE",
    "queueName": "",
    "name": "Two",
    "astId": PBX,
    "idx": "",
    "campaignId": "",
    "maxChannels": 10,
    "extension": "100",
    "context": "in",
    "boostFactor": 1.0,
    "maxWaitingCalls": 0,
    "reverseDialing": False,
    "stepwiseReverse": False,
    "securityKey": "",
    "description": "",
    "dialFind": "",
    "dialReplace": "",
}
OFFICE = {
    "openingHourId": 1,
    "name": "office",
    "defaultMode": "DEF_OPEN",
    "comment": "",
    "hidden": False,
    "securityKey": "",
    "rules": [],
}
MORE = {"listId": 2, "name": "more", "isHidden": False, "securityKey": ""}
ROWS: dict[str, dict[str, Any]] = {
    "asterisk": {
        **NEW,
        "id": 2,
        "description": "Two",
        "serverType": "ASTERISKAMI",
        "ipAddress": "10.0.0.2",
        "login": "hello",
        "password": "",
        "port": 5038,
        "unit_len": 50,
        "msg_per_unit": 5,
        "securityKey": "",
        "state": "DOWN",
    },
    "trunk": NEW | TRUNK,
    "ep": NEW | END_POINT,
    "oh": {**NEW, **OFFICE, "openingHourId": 3, "name": "Two"},
    "campaign": {
        **NEW,
        "campaignId": 2,
        "name": "Two",
        "priority": 10,
        "pace": "RUNNABLE",
        "dial_timeout": 30000,
        "dial_clid": "",
        "dial_account": "",
        "dial_pres": "",
        "addlLogging": "NONE",
        "pauseWhenFinished": 0,
        "timeStartHr": "000000",
        "timeEndHr": "235959",
        "timeDow": "1234567",
        "maxCallLength": 0,
        "batchSize": 100,
        "httpNotify": "",
        "loggingAlias": "",
        "securityKey": "",
        "autopause": False,
        "agentClid": "",
        "emailAddresses": "",
        "emailEvents": "NO",
        "initialBoostFactor": 1.0,
        "initialPredictiveModel": "OFF",
        "amdTracking": "OFF",
        "amdParams": "",
        "amdAudioFile": "",
        "amdFaxFile": "",
        "campaignVars": "",
        "loggingQmVars": "",
    },
    "campaign/ep": {
        "campaignId": 1,
        "epId": {
            **OLD,
            **END_POINT,
            "epId": 1,
            "name": "message",
            "extension": "s",
            "context": "message",
        },
    },
    "campaign/trunk": {
        "campaignId": 1,
        "trunkId": {
            **OLD,
            **TRUNK,
            "trunkId": 1,
            "name": "trunk",
            "dialstring": "PJSIP/${num}@carrier",
        },
    },
    "campaign/list": {
        "campaignId": 1,
        "idx": "2",
        "cclId": "4",
        "cl": NEW | MORE,
        "complete": False,
        "highwater": "",
        "clType": "CALL_LIST",
    },
    "campaign/reschedule": {
        "rescheduleRuleId": 1,
        "status": "RS_NOANSWER",
        "statusExt": "",
        "maxAttempts": 1,
        "retryAfterS": 120,
        "mode": "FIXED",
        "idx": "1",
        "campaignId": 1,
    },
    "campaign/disposition": {
        "dispositionId": 1,
        "onState": "RS_BUSY",
        "onExtState": "",
        "withRetriesPending": 0,
        "verb": "ADD_LIST",
        "destination": "more",
        "text": "",
        "deferSec": 0,
        "varMode": "INBOUND",
        "addlVars": "A:${NUM}",
        "campaignId": 1,
    },
    "campaign/oh": {"cohId": 1, "campaignId": 1, "rule": NEW | OFFICE, "idx": "1"},
    "list": {**NEW, **MORE, "listId": 4, "name": "Two"},
    "list/record": {
        "callId": 2,
        "number": "5551000",
        "listId": {**OLD, **MORE, "listId": 1, "name": "list"},
        "attributes": [
            {"isInput": True, "attrName": "IN", "attrValue": "puts"},
            {"isInput": False, "attrName": "OUT", "attrValue": "put"},
        ],
        "attributesAsString": "IN:puts ^OUT:put",
    },
}


@pytest.fixture
def editor(desk: Dialect) -> Editor:
    return furnish(desk, "201")


@pytest.mark.parametrize("thing", ROWS)
def test_a_new_row_is_written_as_clients_know_it(editor: Editor, thing: str) -> None:
    """Compared as texts: order and types count, too."""
    parent = {"parent": 1} if "/" in thing else {}
    made = editor.save(thing, EXAMPLES[thing], **parent)
    assert json.dumps(made, indent=1) == json.dumps(ROWS[thing], indent=1)


def test_the_rules_of_opening_hours_are_written_within_them(editor: Editor) -> None:
    rule = {
        "name": "week",
        "onDow": "23456",
        "dateFrom": "25/12",
        "dateTo": "06/01",
        "timeFrom": "09:30:00",
        "timeTo": "17:00:00",
        "state": "OPEN",
    }
    made = editor.save("oh", {"name": "Two", "defaultMode": "DEF_CLOSE", "rules": [rule]})
    assert json.dumps(made["rules"]) == json.dumps([rule])


def test_a_status_that_is_null_reads_as_empty(editor: Editor) -> None:
    rule = EXAMPLES["campaign/reschedule"] | {"statusExt": None}
    assert editor.save("campaign/reschedule", rule, parent=1)["statusExt"] == ""


def test_a_whole_number_will_do_as_a_factor(editor: Editor) -> None:
    made = editor.save("campaign", {"campaignId": 1, "initialBoostFactor": 2})
    assert json.dumps(made["initialBoostFactor"]) == "2.0"
