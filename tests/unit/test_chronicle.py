"""What the log says of servers that come and go."""

import logging
from datetime import datetime, timedelta

import pytest

from core.dialer.lines import LiveServer
from core.dialer.live import Live
from core.engine.chronicle import Chronicle
from core.ports.commands import RunProgressed
from core.ports.events import ServerDown, ServerUp
from core.rules.states import RunState
from tests.support.world import NOON, SERVER, World

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
    noted: list[str] = []

    def note(action: str, subject: str, _detail: str) -> None:
        assert subject == "pbx"
        noted.append(action)

    with caplog.at_level(logging.INFO, "core"):
        Chronicle(live, note).note_event(up)
    assert [record.getMessage() for record in caplog.records] == lines
    assert noted == ["server.up", "server.restarted"][: len(lines)]


@pytest.mark.parametrize(("is_left", "level"), [(True, logging.INFO), (False, logging.WARNING)])
def test_only_a_server_that_was_lost_is_a_warning(
    is_left: bool, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    live = Live(servers={SERVER.id: LiveServer(SERVER)})
    down = ServerDown(server_id=SERVER.id, reason="gone", is_left=is_left)
    noted: list[tuple[str, str, str]] = []
    with caplog.at_level(logging.INFO, "core"):
        Chronicle(live, lambda *line: noted.append(line)).note_event(down)
    [record] = caplog.records
    assert (record.levelno, record.getMessage()) == (level, "server pbx is down: gone")
    assert noted == [("server.down", "pbx", "gone")]


def test_a_run_that_waits_for_numbers_and_goes_on_is_not_told_each_time() -> None:
    world = World()
    world.add_list(1, ["201"])
    world.load()
    noted: list[tuple[str, str]] = []
    chronicle = Chronicle(world.dialer.live, lambda *line: noted.append(line[:2]))
    states = ("RUNNING", "RUNNING", "IDLE", "RUNNING", "PAUSED", "RUNNING", "IDLE", "COMPLETED")
    for state in states:
        chronicle.note_command(
            RunProgressed(
                run_id=1,
                state=RunState(state),
                attempted=3,
                completed=2,
                ended_at=None,
                error="",
                positions=(),
            )
        )
    name = world.dialer.live.runs[1].campaign.name
    told = ("running", "paused", "running", "completed")
    assert noted == [(f"run.{state}", name) for state in told]
