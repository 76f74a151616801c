"""A list of 2,000 numbers with every outcome, dialled through the real Asterisk, from the CSV
file to the log rows, by the commands that a user types."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.asterisk.server import AsteriskServer
from tests.support.installation import Installation, describe_server
from tests.support.sipp.carrier import Carrier

pytestmark = pytest.mark.asterisk

CAMPAIGN = """
[end_points.message]
server = "pbx"
extension = "report"
context = "message"
max_channels = 200

[lists.numbers]

[campaigns.all]
trunks = ["trunk"]
end_points = ["message"]
lists = ["numbers"]
answer_timeout_ms = 3000
batch_size = 200

[[campaigns.all.reschedule]]
state = "RS_BUSY"
max_attempts = 1
retry_after_s = 5
"""

#: The beginning of a number, how many of each thousand rows have it, and the state it ends in.
LOCAL = {
    "1000001": (550, "TERMINATED"),
    "20": (100, "RS_BUSY"),
    "21": (100, "RS_NOANSWER"),
    "22": (80, "RS_REJECTED"),
    "23": (70, "RS_NUMBER"),
    "24021": (50, "RS_REJECTED"),
    "25": (50, "RS_ERROR"),
}
PJSIP = {
    "70": (550, "TERMINATED"),
    "486": (100, "RS_BUSY"),
    "21": (100, "RS_NOANSWER"),
    "503": (80, "RS_REJECTED"),
    "404": (70, "RS_NUMBER"),
    "603": (50, "RS_REJECTED"),
    "25": (50, "RS_ERROR"),
}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    yield found
    found.stop()


def dial(
    installation: Installation,
    pbx: AsteriskServer,
    dial_string: str,
    plan: dict[str, tuple[int, str]],
) -> dict[str, str]:
    """Run the campaign over 2,000 numbers; the state expected of each."""
    installation.apply(
        f"""{describe_server(pbx.server())}
[trunks.trunk]
server = "pbx"
dial_string = "{dial_string}"
capacity = 200
max_calls_per_period = 150
{CAMPAIGN}"""
    )
    expected = {
        f"{start}{i:04}": state for start, (share, state) in plan.items() for i in range(share * 2)
    }
    rows = [f"{number},Anna Nowák,{number}" for number in expected]
    installation.import_numbers(rows, "numbers", "number,NAME,VALUE")
    installation.start()
    installation.run("campaign", "start", "all")
    installation.wait_for_run(150)
    return expected


def check(installation: Installation, expected: dict[str, str]) -> None:
    logs = installation.logs()
    wrong = Counter(
        (expected[log.number], log.state, log.cause, log.tech_cause, log.reason)
        for log in logs
        if log.state != expected[log.number]
    )
    assert wrong == Counter()
    assert {log.number for log in logs} == set(expected)
    attempts = Counter(log.number for log in logs)
    busy = {number for number, state in expected.items() if state == "RS_BUSY"}
    assert {n for n, count in attempts.items() if count == 2} == busy
    assert max(attempts.values()) == 2
    reported = Counter(log.ext_status for log in logs if log.state == "TERMINATED")
    assert reported == Counter({"SOLD": len([s for s in expected.values() if s == "TERMINATED"])})
    assert installation.count_open() == 0


def test_2000_numbers_over_local_channels(
    installation: Installation, asterisk: AsteriskServer
) -> None:
    expected = dial(installation, asterisk, "Local/${num}@carrier", LOCAL)
    check(installation, expected)


def test_2000_numbers_over_pjsip_to_a_carrier(
    installation: Installation, asterisk: AsteriskServer, carrier: Carrier
) -> None:
    expected = dial(installation, asterisk, "PJSIP/${num}@carrier", PJSIP)
    check(installation, expected)
