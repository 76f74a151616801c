"""A program listens to a real service while it dials, is stopped, and starts anew."""

import http.client
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.operations.tokens import add_token
from core.people import SYSTEM
from tests.support.installation import Installation
from tests.support.people import make_user

SITE = """
[servers.pbx]
type = "simulated"

[trunks.line]
server = "pbx"
dial_string = "Local/${num}@out/n"

[trunks.line.simulation]
outcomes = { answered = 1.0 }
ring_s = [0.1, 0.2]
talk_s = [0.1, 0.2]

[end_points.message]
server = "pbx"
extension = "s"
context = "message"

[lists.people]

[campaigns.load]
trunks = ["line"]
end_points = ["message"]
lists = ["people"]
"""


class Stream:
    """An open stream of events."""

    def __init__(self, installation: Installation, token: str, heard: str = "") -> None:
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", installation.web_port, timeout=30
        )
        headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": heard}
        self._connection.request("GET", "/api/v1/events", headers=headers)
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        self.id = ""

    def next(self) -> tuple[str, Any]:
        """The next event's name and data; ("end", None) when the server has ended the stream as
        HTTP asks: one that is cut off raises."""
        fields: dict[str, str] = {}
        for line in self._answer:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            fields[name] = value
            self.id = fields.get("id", self.id)
            if not name:
                if "data" in fields:
                    return fields["event"], json.loads(fields["data"])
                fields = {}
        return "end", None

    def close(self) -> None:
        self._connection.close()


def test_events_tell_a_run_from_its_start_to_its_end_and_over_a_restart(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.apply(SITE)
    installation.import_numbers(["5551", "5552", "5553"], "people")
    now = datetime.now(UTC)
    make_user(installation.database, now)
    _view, token = add_token(installation.database, SYSTEM, "anna", "tests", "RT", now)
    installation.start()
    try:
        stream = Stream(installation, token)
        assert stream.next() == ("reset", {"reason": "begin"})
        installation.run("campaign", "start", "load")
        told = []
        while told[-1:] != [("run.changed", "COMPLETED")]:
            name, data = stream.next()
            told.append((name, data["state"]))
        middle = Stream(installation, token, stream.id.rpartition("-")[0] + "-0")
        assert middle.next()[0] != "reset", "all is kept still"
        installation.stop()
        while (event := stream.next()) != ("end", None):
            assert event[0] == "run.figures"
        for one in (stream, middle):
            one.close()
        installation.start()
        again = Stream(installation, token, stream.id)
        assert again.next() == ("reset", {"reason": "restart"})
        again.close()
    finally:
        installation.stop()
    calls = [event for event in told if event[0].startswith("call")]
    states = ["REQUESTED", "DIALLING", "CONNECTED", "TERMINATED"]
    assert sorted(calls, key=lambda event: states.index(event[1])) == [
        *[("call.changed", state) for state in states[:3] for _ in range(3)],
        *[("call.ended", "TERMINATED")] * 3,
    ]
    assert ("run.changed", "RUNNING") in told
