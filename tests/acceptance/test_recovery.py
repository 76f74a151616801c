"""The night the dialer is killed, and the night the PBX is: audited by the PBX's own records."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.asterisk.server import AsteriskServer
from tests.support.audit import count_live, recorded_calls
from tests.support.installation import Installation, describe_campaign

pytestmark = pytest.mark.asterisk


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def pbx(asterisk: AsteriskServer) -> Iterator[AsteriskServer]:
    """A PBX that nobody else uses: it will be killed, and its records counted."""
    with AsteriskServer(root=asterisk.root) as own:
        yield own


def set_up(installation: Installation, pbx: AsteriskServer, numbers: list[str], lines: int) -> None:
    installation.apply(describe_campaign(pbx.server(), lines) + "answer_timeout_ms = 5000\n")
    installation.import_numbers(numbers, "numbers")
    installation.start()
    installation.run("campaign", "start", "calls")


def live_calls(installation: Installation) -> int:
    return int(installation.get("/health")["live_calls"])


def test_calls_that_are_up_are_found_again_and_tracked_to_their_end(
    installation: Installation, pbx: AsteriskServer
) -> None:
    numbers = [f"1000020{i:03}" for i in range(20)]
    set_up(installation, pbx, numbers, lines=20)
    installation.wait(lambda: count_live(pbx) == 20, 20, "not all calls come up")
    installation.kill()
    assert count_live(pbx) == 20
    installation.start()
    installation.wait(lambda: live_calls(installation) == 20, 20, "not all calls are found")
    installation.wait_for_run(60)
    states = Counter(log.state for log in installation.logs())
    assert states == Counter(TERMINATED=20)
    assert all(log.talk_ms > 1000 for log in installation.logs())
    assert recorded_calls(pbx) == Counter({log.channel_id: 1 for log in installation.logs()})


def test_killed_again_and_again_nobody_is_called_twice_and_nobody_forgotten(
    installation: Installation, pbx: AsteriskServer
) -> None:
    numbers = [f"1000001{i:03}" for i in range(400)]
    set_up(installation, pbx, numbers, lines=30)
    for done in (20, 60, 110, 170, 230, 300):
        installation.wait(lambda done=done: installation.count_logs() >= done, 40, "no progress")
        installation.kill()
        installation.start()
    installation.wait_for_run(60)
    logs = installation.logs()
    assert Counter(log.number for log in logs) == Counter(numbers)
    assert {log.state for log in logs} <= {"TERMINATED", "RS_LOST"}
    calls = recorded_calls(pbx)
    assert set(calls) <= {log.channel_id for log in logs}
    assert set(calls.values()) == {1}
    assert {log.channel_id for log in logs if log.state == "TERMINATED"} <= set(calls)
    assert installation.count_open() == 0


def test_a_pbx_that_dies_loses_its_calls_and_nothing_else(
    installation: Installation, pbx: AsteriskServer
) -> None:
    numbers = [f"1000002{i:03}" for i in range(120)]
    set_up(installation, pbx, numbers, lines=20)
    installation.wait(lambda: installation.count_logs() >= 30, 30, "no progress")
    pbx.kill()
    pbx.start()
    installation.wait_for_run(90)
    logs = installation.logs()
    assert any(log.state == "RS_LOST" or log.reason == "it ended out of sight" for log in logs)
    assert {log.state for log in logs} <= {"TERMINATED", "RS_LOST", "RS_ERROR"}
    dialled = Counter(log.number for log in logs if not log.reason.startswith("not sent"))
    assert dialled == Counter(numbers)
    assert set(recorded_calls(pbx).values()) == {1}
