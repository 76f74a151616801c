"""What the log says of servers that come back."""

import logging
from datetime import datetime, timedelta

import pytest

from core.dialer.lines import LiveServer
from core.dialer.live import Live
from core.engine.chronicle import Chronicle
from core.ports.events import ServerUp
from tests.support.world import NOON, SERVER

RESTARTED = "server pbx restarted: its calls are gone"


@pytest.mark.parametrize(
    ("was", "started_at", "lines"),
    [
        (NOON, NOON + timedelta(seconds=1), ["server pbx is up, with 0 channels", RESTARTED]),
        (NOON, NOON, ["server pbx is up, with 0 channels"]),
        (None, NOON, ["server pbx is up, with 0 channels"]),
        (NOON, None, ["server pbx is up, with 0 channels"]),
    ],
)
def test_a_restart_is_told_from_a_server_that_is_only_back(
    was: datetime | None,
    started_at: datetime | None,
    lines: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    live = Live(servers={SERVER.id: LiveServer(SERVER, started_at=was)})
    up = ServerUp(server_id=SERVER.id, started_at=started_at, live_channels=frozenset())
    with caplog.at_level(logging.INFO, "core"):
        Chronicle(live).note_event(up)
    assert [record.getMessage() for record in caplog.records] == lines
