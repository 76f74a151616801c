"""The service that forgets what is old."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred, fail

from core.engine.retention import BATCH, PERIOD_S, Retention
from core.people import Face, LogEntry
from core.settings import RetentionSettings
from core.store.audit import LogFilter, fetch_log, write_log
from tests.support.rig import MORNING, NoThreads, Rig

DAY = timedelta(days=1)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    found = Rig(tmp_path)
    yield found
    found.close()


class Broken(NoThreads):
    """The database is away until it `is_up`."""

    is_up = False

    def write(self, work: Any, *args: Any, **kwargs: Any) -> Deferred[Any]:
        if not self.is_up:
            return fail(OperationalError("SELECT", {}, Exception("away")))
        return super().write(work, *args, **kwargs)


def begin(rig: Rig, threads: NoThreads | None = None, **settings: int) -> Retention:
    found = Retention(
        RetentionSettings(**settings),
        database=rig.database,
        threads=threads or NoThreads(),
        reactor=rig.timer,
        clock=rig.clock,
    )
    found.startService()
    return found


def write(rig: Rig, *days_ago: int) -> None:
    with rig.database.begin() as conn:
        write_log(
            conn,
            *(
                LogEntry(
                    at=MORNING - days * DAY,
                    who="anna",
                    face=Face.WEB,
                    address="",
                    action="login",
                    detail=f"{days} days ago",
                )
                for days in days_ago
            ),
        )


def details(rig: Rig) -> list[str]:
    """What the system log says, the newest last."""
    with rig.database.connect() as conn:
        return [one.detail for one in fetch_log(conn, LogFilter(), 9)][::-1]


def test_lines_of_400_days_go_within_the_hour_and_that_is_a_line(rig: Rig) -> None:
    write(rig, 399, 401)
    begin(rig)
    rig.turn(PERIOD_S - 1)
    assert details(rig) == ["399 days ago", "401 days ago"]
    rig.turn(1)
    assert details(rig) == ["399 days ago", "1 from before 2025-01-26 10:00"]
    rig.turn(DAY.total_seconds())
    assert details(rig)[0] == "1 from before 2025-01-26 10:00"
    assert len(details(rig)) == 2, "each of the two once"


def test_more_than_a_batch_goes_at_once(rig: Rig) -> None:
    write(rig, *range(500, 500 + BATCH + 5))
    begin(rig)
    rig.turn(PERIOD_S)
    assert [one.split()[0] for one in details(rig)] == [str(BATCH), "5"]


def test_0_keeps_everything(rig: Rig) -> None:
    write(rig, 5000)
    begin(rig, system_log_days=0, letters_days=0)
    rig.turn(3 * PERIOD_S)
    assert details(rig) == ["5000 days ago"]


def test_a_database_that_is_away_is_asked_again(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    write(rig, 500)
    threads = Broken()
    begin(rig, threads)
    rig.turn(PERIOD_S)
    assert "what is old is kept for now" in caplog.text
    assert details(rig) == ["500 days ago"]
    threads.is_up = True
    rig.turn(PERIOD_S)
    assert details(rig) == ["1 from before 2025-01-26 11:00"]


def test_after_a_stop_nothing_goes(rig: Rig) -> None:
    write(rig, 500)
    begin(rig).stopService()
    rig.turn(2 * PERIOD_S)
    assert details(rig) == ["500 days ago"]
