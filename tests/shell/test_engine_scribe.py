"""What the running dialer writes into the system log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred

from core.engine.scribe import CAPACITY, Scribe
from core.model import Simulation
from core.people import Face, LogEntry
from core.store.audit import LogFilter, fetch_log
from core.store.database import reading
from tests.support.rig import NoThreads, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    found = Rig(tmp_path)
    yield found
    found.close()


def lines(rig: Rig, limit: int = 99) -> list[LogEntry]:
    """The oldest first."""
    with reading(rig.database) as conn:
        return fetch_log(conn, LogFilter(), limit)[::-1]


def test_the_dialer_s_own_life_is_told_from_start_to_stop(rig: Rig) -> None:
    campaign = rig.configure(["201", "202"], simulation=Simulation(outcomes={"answered": 1}))
    engine = rig.start()
    rig.turn(1)
    rig.ask(campaign)
    rig.turn(1)
    rig.ask(campaign, "pause")
    rig.turn(1)
    rig.ask(campaign, "unpause")
    rig.turn(60)
    engine.stopService()
    rig.turn(1)
    found = lines(rig)
    actions = [line.action for line in found if line.action != "server.down"]
    assert actions == [
        "dialer.started",
        "server.up",
        "run.running",
        "run.paused",
        "run.running",
        "run.completed",
        "dialer.held",
        "dialer.stopped",
    ]
    assert {(line.who, line.face) for line in found} == {("system", Face.DIALER)}
    [done] = [line for line in found if line.action == "run.completed"]
    assert (done.subject, done.detail) == (
        "campaign",
        "run 1: 2 calls placed, 2 records done",
    )
    assert [line.at for line in found] == sorted(line.at for line in found)


class Away(NoThreads):
    """Threads whose database is away as long as the test says."""

    is_away = True

    def write(self, work, *args, **kwargs):  # type: ignore[no-untyped-def]
        if self.is_away:
            return Deferred.fromCoroutine(self._fail())
        return super().write(work, *args, **kwargs)

    async def _fail(self) -> None:
        raise OperationalError("INSERT", {}, Exception("away"))


def flush(scribe: Scribe) -> list[object]:
    """What came of it."""
    seen: list[object] = []
    Deferred.fromCoroutine(scribe.flush()).addBoth(seen.append)
    return seen


def test_lines_wait_for_a_database_that_is_away(rig: Rig) -> None:
    threads = Away()
    scribe = Scribe(rig.database, threads, rig.clock)
    scribe.note("server.down", "pbx", "refused")
    [failure] = flush(scribe)
    assert failure.check(OperationalError)  # type: ignore[attr-defined]
    scribe.note("server.up", "pbx")
    threads.is_away = False
    assert flush(scribe) == [None]
    assert flush(scribe) == [None]
    assert [line.action for line in lines(rig)] == ["server.down", "server.up"]


def test_of_too_many_lines_the_oldest_are_given_up(rig: Rig) -> None:
    threads = Away()
    scribe = Scribe(rig.database, threads, rig.clock)
    for n in range(CAPACITY + 3):
        scribe.note("server.up", str(n))
    flush(scribe)
    scribe.note("server.up", "last")
    threads.is_away = False
    flush(scribe)
    found = lines(rig, CAPACITY + 9)
    assert (len(found), found[0].subject, found[-1].subject) == (CAPACITY, "4", "last")
