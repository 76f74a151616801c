"""An agent of a real Asterisk passes a call on, and takes the next one while it goes on."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.store.schema import attempt
from tests.support.asterisk.server import AsteriskServer
from tests.support.installation import Installation, describe_server

pytestmark = pytest.mark.asterisk

#: The agent's phone passes each call on after a second or two; the second level keeps it for four.
SITE = """
[trunks.trunk]
server = "pbx"
dial_string = "Local/${num}@carrier"
capacity = 2

[end_points.agent]
server = "pbx"
extension = "blind"
context = "message"
max_channels = 1

[lists.numbers]

[campaigns.all]
trunks = ["trunk"]
end_points = ["agent"]
lists = ["numbers"]
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    yield found
    found.stop()


def test_the_only_agent_takes_the_next_call_while_the_transferred_one_goes_on(
    installation: Installation, asterisk: AsteriskServer
) -> None:
    installation.apply(describe_server(asterisk.server()) + SITE)
    installation.import_numbers(["11001", "11002"], "numbers")
    installation.start()
    installation.run("campaign", "start", "all")
    installation.wait_for_run(60)
    first, second = sorted(installation.logs(), key=lambda log: log.requested_at)
    assert {log.state for log in (first, second)} == {"TERMINATED"}
    assert {log.ext_status for log in (first, second)} == {"DONE"}
    assert first.talk_ms > 4_000
    assert second.requested_at < first.ended_at - timedelta(seconds=2)


def test_a_transferred_call_is_known_again_after_the_dialer_was_killed(
    installation: Installation, asterisk: AsteriskServer
) -> None:
    """Its talk is counted from its answer on, which the new dialer did not see."""
    installation.apply(describe_server(asterisk.server()) + SITE)
    installation.import_numbers(["11003", "11004"], "numbers")
    installation.start()
    installation.run("campaign", "start", "all")
    installation.wait(lambda: transferred(installation), 30, "no call is transferred")
    installation.kill()
    number, *_ = transferred(installation)
    installation.start()
    installation.wait_for_run(60)
    logs = {log.number: log for log in installation.logs()}
    assert set(logs) == {"11003", "11004"}
    assert logs[number].state == "TERMINATED"
    assert logs[number].talk_ms > 4_000


def transferred(installation: Installation) -> list[str]:
    with installation.database.connect() as conn:
        query = (
            select(attempt.c.number)
            .where(attempt.c.connected_at.is_not(None))
            .order_by(attempt.c.id)
        )
        return list(conn.execute(query).scalars())
