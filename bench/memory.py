"""How much memory a campaign over a very long list takes, on the simulated PBX."""

import csv
import tempfile
from pathlib import Path

from bench.load import peak_mb, watch
from tests.support.installation import Installation

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
