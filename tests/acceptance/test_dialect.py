"""A program made for a WombatDialer drives the real service, over a real socket."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.installation import Installation
from tests.support.people import basic, make_user

SITE = """
[servers.pbx]
type = "simulated"

[trunks.out]
server = "pbx"
dial_string = "SIP/provider/${num}"

[trunks.out.simulation]
outcomes = { answered = 1.0 }
ring_s = [0.1, 0.2]
talk_s = [0.1, 0.2]

[end_points.message]
server = "pbx"
extension = "s"
context = "message"

[lists."my numbers"]

[campaigns."My campaign"]
trunks = ["out"]
end_points = ["message"]
lists = ["my numbers"]
idles_on_termination = true
"""
BASIC = f"Authorization: {basic('anna')}\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    found.apply(SITE)
    make_user(found.database, datetime.now(UTC))
    found.start()
    yield found
    found.stop()


def ask(installation: Installation, line: str, head: str = "", body: str = "") -> str:
    """Write a request as it stands, like a script that knows little of HTTP; the answer's body,
    after a look at its head."""
    address = ("127.0.0.1", installation.web_port)
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    request = f"{line} HTTP/1.0\r\nHost: localhost\r\n{head}{length}\r\n{body}"
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    top, _, content = answer.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.0 200 OK\r\n"), top
    return content.decode()


def test_a_campaign_is_filled_run_and_watched(installation: Installation) -> None:
    numbers = "numbers=5551,A:b c|5552|5553|"
    assert "OK: Numbers added: 3" in ask(
        installation, "POST /wombat/api/lists/?op=addToList&list=my numbers", FORM, numbers
    )
    started = ask(installation, "GET /wombat//api/campaigns/?op=start&campaign=My campaign")
    assert started == "OK: start of campaign My campaign: done\n"
    live = json.loads(ask(installation, "POST /wombat/api/live/runs/", BASIC))["result"]
    assert [run["name"] for run in live["campaigns"]] == ["My campaign"]
    runs = json.loads(ask(installation, "GET /wbt/api/recallinfo/?campaign=My"))["runs"]
    assert [run["campaignName"] for run in runs] == ["My campaign"]
    installation.wait(lambda: installation.count_logs() == 3, 30, "the calls do not end")
    call = json.loads(ask(installation, "GET /wombat/api/callinfo/?wid=WBT.1"))
    assert (call["callFound"], call["call"]["state"]) == (True, "TERMINATED")
    assert "queued" in ask(installation, "GET /wombat/api/calls/?op=extstatus&wombatid=1&status=XY")
    assert [row.ext_status for row in installation.logs()] == ["XY", "", ""]
    logs = json.loads(ask(installation, "GET /wbt/api/reports/logs/?id=1&items=2", BASIC))
    assert (logs["nRecords"], logs["allResults"]) == (2, 3)
    table = ask(installation, "GET /wombat/runs/export.jsp?runId=1&mode=csv", BASIC)
    assert [line.split(",")[3] for line in table.splitlines()] == ["id", "1", "2", "3"]
    assert "WBTUP" in ask(installation, "GET /wombat/api/sysup/")
    ask(installation, "POST /wombat/api/engine/", FORM, "op=STOP")
    state = json.loads(ask(installation, "GET /wombat/api/engine/?op=STATE"))["state"]
    assert state in ("TERMINATION_REQD", "DOWN")
