"""The objects of `edit/…` as a client handles them."""

import json
from typing import Any
from urllib.parse import quote

from tests.support.fixtures_dialect import ANSWERED, Dialect

AT = "http://127.0.0.1:8080/wombat/api/edit/"
ENVELOPE = ["status", "error", "timeMs", "results", "allResults", "startFrom", "nRecords"]
AUDIT = ["sys_dt_creazione", "sys_user_creazione", "sys_dt_modifica", "sys_user_modifica"]

#: Something new of each object that can be added, to what `furnish` makes.
EXAMPLES: dict[str, dict[str, Any]] = {
    "asterisk": {"description": "Two", "ipAddress": "10.0.0.2", "login": "hello"},
    "ep": {"astId": {"id": 1}, "name": "Two", "extension": "100", "context": "in"},
    "trunk": {"astId": {"id": 1}, "name": "Two", "dialstring": "Local/${num}@out/n"},
    "oh": {"name": "Two", "defaultMode": "DEF_OPEN"},
    "campaign": {"name": "Two"},
    "campaign/ep": {"epId": {"epId": 1}},
    "campaign/trunk": {"trunkId": {"trunkId": 1}},
    "campaign/list": {"cl": {"listId": 2}},
    "campaign/reschedule": {
        "rescheduleRuleId": None,
        "status": "RS_NOANSWER",
        "statusExt": "",
        "maxAttempts": 1,
        "retryAfterS": 120,
        "mode": "FIXED",
        "campaignId": 1,
    },
    "campaign/disposition": {
        "dispositionId": None,
        "onState": "RS_BUSY",
        "onExtState": None,
        "withRetriesPending": 0,
        "verb": "ADD_LIST",
        "destination": "more",
        "text": "",
        "deferSec": 0,
        "varMode": "INBOUND",
        "addlVars": "A:${NUM}",
        "campaignId": -1,
    },
    "campaign/oh": {"rule": {"openingHourId": 1}},
    "list": {"name": "Two"},
    "list/record": {
        "callId": None,
        "number": "5551000",
        "attributes": [
            {"isInput": True, "attrName": "IN", "attrValue": "puts"},
            {"isInput": False, "attrName": "OUT", "attrValue": "put"},
        ],
    },
}


class Editor:
    """Speaks to one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def ask(self, thing: str, mode: str = "L", data: object = None, **fields: object) -> Any:
        """The whole answer; `data` is written as JSON."""
        sent = {"mode": mode, **fields}
        if data is not None:
            sent["data"] = json.dumps(data)
        query = "&".join(f"{name}={quote(str(value))}" for name, value in sent.items())
        found = self.dialect.json(f"{AT}{thing}/?{query}")
        assert list(found) == ENVELOPE
        return found

    def rows(self, thing: str, mode: str = "L", data: object = None, **fields: object) -> Any:
        """The rows of an answer that is OK."""
        found = self.ask(thing, mode, data, **fields)
        assert (found["status"], found["error"]) == ("OK", "")
        assert found["nRecords"] == len(found["results"])
        return found["results"]

    def save(self, thing: str, data: object, **fields: object) -> Any:
        """The row that was saved."""
        return self.rows(thing, "E", data, **fields)[0]

    def refusal(self, thing: str, mode: str = "E", data: object = None, **fields: object) -> str:
        """Why it is refused."""
        found = self.ask(thing, mode, data, **fields)
        assert found["status"] == "ERROR"
        assert found["results"] == []
        return str(found["error"])

    def names(self, thing: str, **fields: object) -> list[str]:
        field = "description" if thing == "asterisk" else "name"
        return [row[field] for row in self.rows(thing, **fields)]


def furnish(dialect: Dialect, *numbers: str) -> Editor:
    """An administrator's editor. There is a campaign, 1, whose list, 1, has these numbers, and
    beside it two lists and opening hours."""
    dialect.rig.configure(list(numbers), simulation=ANSWERED)
    dialect.log_on()
    editor = Editor(dialect)
    for name in ("more", "third"):
        editor.save("list", {"name": name})
    for name in ("office", "holidays"):
        editor.save("oh", {"name": name, "defaultMode": "DEF_OPEN"})
    return editor
