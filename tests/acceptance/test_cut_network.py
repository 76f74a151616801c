"""The network between Whipbird and a real Asterisk is cut while calls are up."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.asterisk.server import AsteriskServer
from tests.support.audit import count_live, recorded_calls
from tests.support.installation import Installation, describe_server
from tests.support.proxy import Proxy

pytestmark = pytest.mark.asterisk

SITE = """
[trunks.trunk]
server = "pbx"
dial_string = "Local/${num}@carrier"
capacity = 2

[end_points.wait]
server = "pbx"
extension = "wait"
context = "message"
max_channels = 2

[lists.numbers]

[campaigns.calls]
trunks = ["trunk"]
end_points = ["wait"]
lists = ["numbers"]

[[campaigns.calls.reschedule]]
state = "RS_LOST"
max_attempts = 5
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def pbx(asterisk: AsteriskServer) -> Iterator[AsteriskServer]:
    """A PBX that nobody else uses: its records are counted."""
    with AsteriskServer(root=asterisk.root) as own:
        yield own


def hang_up(pbx: AsteriskServer, number: str) -> None:
    """End the call at the PBX, as the called person would."""
    lines = pbx.command("core show channels concise").splitlines()
    names = [line.partition("!")[0] for line in lines]
    (channel,) = [name for name in names if number in name and name.endswith(";2")]
    pbx.command(f"channel request hangup {channel}")


def test_calls_that_end_behind_a_cut_free_their_lines_and_the_others_go_on(
    installation: Installation, pbx: AsteriskServer
) -> None:
    with Proxy(pbx.ami_port) as proxy:
        installation.apply(describe_server(replace(pbx.server(), port=proxy.port)) + SITE)
        installation.import_numbers(["1100001", "1100002", "1100003"], "numbers")
        installation.start()
        installation.run("campaign", "start", "calls")
        installation.wait(lambda: count_live(pbx) == 2, 20, "not all calls come up")
        proxy.cut()
        installation.wait(
            lambda: "server pbx is down" in installation.log.read_text(), 20, "no loss is noticed"
        )
        hang_up(pbx, "1100001")
        assert installation.count_logs() == 0
        proxy.mend()
        installation.wait(lambda: count_live(pbx) == 2, 60, "the line is not free again")
        hang_up(pbx, "1100002")
        hang_up(pbx, "1100003")
        installation.wait_for_run(30)
    ends = {log.number: (log.state, log.reason) for log in installation.logs()}
    assert ends == {
        "1100001": ("TERMINATED", "it ended out of sight"),
        "1100002": ("TERMINATED", ""),
        "1100003": ("TERMINATED", ""),
    }
    assert recorded_calls(pbx) == Counter(log.channel_id for log in installation.logs())
