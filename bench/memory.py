"""How much memory a campaign over a very long list takes, on the simulated PBX, and an upload of
that list; and how long the upload."""

import csv
import http.client
import json
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.import_rows import write_file
from bench.load import peak_mb, watch
from core.operations.tokens import add_token
from core.people import SYSTEM
from tests.support.installation import Installation
from tests.support.people import make_user

CALLS = 20_000

_SITE = """
[servers.pbx]
type = "simulated"
unit_ms = 10
messages_per_unit = 100

[trunks.trunk]
server = "pbx"
dial_string = "PJSIP/${num}@carrier"
capacity = 1000
max_calls_per_period = 100000
simulation = { outcomes = { answered = 1 }, ring_s = [0.1, 0.5], talk_s = [0.5, 1] }

[end_points.message]
server = "pbx"
extension = "s"
context = "message"
max_channels = 1000

[lists.numbers]

[campaigns.bench]
trunks = ["trunk"]
end_points = ["message"]
lists = ["numbers"]
batch_size = 1000
"""


def measure(rows: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        installation = Installation(Path(directory))
        installation.apply(_SITE)
        path = Path(directory) / "numbers.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["number", "NAME", "HH", "MM", "DOCTOR", "LANGUAGE"])
            for i in range(rows):
                writer.writerow([5_000_000_000 + i, "Anna", "10", "30", "Nowak", "cs"])
        installation.run("list", "import", path, "--list", "numbers")
        installation.start()
        try:
            installation.run("campaign", "start", "bench")
            watch(installation.count_logs, min(CALLS, rows))
            peak = peak_mb(installation.pid)
        finally:
            installation.stop()
    print(f"a campaign over {rows} rows: {peak:.0f} MB at the most (at most 300 is wanted)")


def measure_upload(rows: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        installation = Installation(Path(directory))
        now = datetime.now(UTC)
        make_user(installation.database, now)
        _view, token = add_token(installation.database, SYSTEM, "anna", "bench", "LIST", now)
        path = write_file(Path(directory) / "numbers.csv", rows)
        installation.start()
        try:
            before = peak_mb(installation.pid)
            begun = time.monotonic()
            told = _upload(installation.web_port, token, path)
            spent, peak = time.monotonic() - begun, peak_mb(installation.pid)
        finally:
            installation.stop()
    assert told["accepted"] == rows, told
    print(f"an upload of {rows} rows: {spent:.1f} s, {rows / spent:,.0f} rows a second")
    print(f"the server had {before:.0f} MB at the most before it, and {peak:.0f} MB with it")


def _upload(port: int, token: str, path: Path) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection, path.open("rb") as f:
        connection.request("POST", "/api/v1/lists/numbers/records:bulk", f, headers)
        return json.loads(connection.getresponse().read())
