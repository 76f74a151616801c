"""The objects of `edit/…` as a client handles them."""

import json
from typing import Any
from urllib.parse import quote

from tests.support.fixtures_dialect import Dialect

AT = "http://127.0.0.1:8080/wombat/api/edit/"
ENVELOPE = ["status", "error", "timeMs", "results", "allResults", "startFrom", "nRecords"]
AUDIT = ["sys_dt_creazione", "sys_user_creazione", "sys_dt_modifica", "sys_user_modifica"]


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
