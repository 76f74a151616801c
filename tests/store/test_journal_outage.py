"""The journal while its database goes away and comes back."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock

from core.engine.journal import LONGEST_PAUSE_S, DatabaseJournal
from core.engine.outage import Outage
from core.engine.timings import Timings
from core.ports.events import AttemptRefused, AttemptsCommitted, DatabaseDown, DatabaseUp, Event
from core.store.database import reading
from core.store.schema import attempt, call_log
from tests.support.mariadb import MariaDB
from tests.support.store_site import Site, closed, furnish, placed


class NoThreads:
    """Runs the work on the spot; `losses` times the answer to a success gets lost."""

    def __init__(self, losses: int = 0) -> None:
        self._losses = losses

    def write(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        return execute(self._work, work, *args, **kwargs)

    read = write

    def _work(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> object:
        result = work(*args, **kwargs)
        if self._losses:
            self._losses -= 1
            raise OperationalError("COMMIT", {}, Exception("gone away"))
        return result


class Desk:
    """A journal on an injected clock, with what it posted."""

    def __init__(self, database: Engine, threads: NoThreads) -> None:
        self.clock = Clock()
        self.posted: list[Event] = []
        outage = Outage(self.posted.append)
        self.journal = DatabaseJournal(
            database, threads, self.clock, self.posted.append, outage, Timings()
        )

    def dial(self, site: Site, ids: range) -> None:
        """Place these attempts; those with even ids are over at once."""
        for number in ids:
            one = site.attempt(number, record=number)
            self.journal.append(placed(one))
            if number % 2 == 0:
                self.journal.append(closed(one))
        self.journal.flush()

    def committed(self) -> list[int]:
        return [i for e in self.posted if isinstance(e, AttemptsCommitted) for i in e.attempt_ids]


def stored(database: Engine) -> tuple[list[int], list[int]]:
    """The attempts that are open, and those that are over."""
    with reading(database) as conn:
        return (
            list(conn.execute(select(attempt.c.id).order_by(attempt.c.id)).scalars()),
            list(conn.execute(select(call_log.c.id).order_by(call_log.c.id)).scalars()),
        )


@pytest.mark.mariadb
@pytest.mark.usefixtures("leaky_driver")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_killed_server_loses_nothing_and_gets_nothing_twice(
    mariadb: Engine, mariadb_server: MariaDB, caplog: pytest.LogCaptureFixture
) -> None:
    site = furnish(mariadb, records=100)
    desk = Desk(mariadb, NoThreads())
    desk.dial(site, range(1, 21))
    mariadb_server.kill()
    try:
        desk.dial(site, range(21, 41))
        for _ in range(3):
            desk.clock.advance(LONGEST_PAUSE_S)
            desk.dial(site, range(0))
        assert desk.journal.backlog == 30
        assert "database away, 30 entries wait" in caplog.text
    finally:
        mariadb_server.start()
    desk.clock.advance(LONGEST_PAUSE_S)
    desk.dial(site, range(41, 61))
    assert desk.journal.backlog == 0
    assert stored(mariadb) == (list(range(1, 61, 2)), list(range(2, 61, 2)))
    assert desk.committed() == list(range(1, 61))
    kinds = [type(event) for event in desk.posted]
    committed = AttemptsCommitted
    assert kinds == [committed, DatabaseDown, committed, DatabaseUp, committed]


def test_a_commit_whose_answer_was_lost_is_not_repeated(database: Engine) -> None:
    site = furnish(database, records=100)
    desk = Desk(database, NoThreads(losses=2))
    desk.dial(site, range(1, 11))
    for _ in range(3):
        desk.clock.advance(LONGEST_PAUSE_S)
    assert desk.journal.backlog == 0
    assert stored(database) == ([1, 3, 5, 7, 9], [2, 4, 6, 8, 10])
    assert sorted(set(desk.committed())) == list(range(1, 11))
    assert not [e for e in desk.posted if isinstance(e, AttemptRefused)]


def test_an_attempt_that_is_refused_takes_no_other_with_it(database: Engine) -> None:
    site = furnish(database, records=100)
    desk = Desk(database, NoThreads())
    desk.dial(site, range(1, 2))
    desk.journal.append(placed(site.attempt(2, record=2)))
    desk.journal.append(placed(site.attempt(3, record=1)))
    desk.journal.append(placed(site.attempt(4, record=4)))
    desk.journal.flush()
    assert stored(database) == ([1, 2, 4], [])
    assert desk.committed() == [1, 2, 4]
    [refused] = [e for e in desk.posted if isinstance(e, AttemptRefused)]
    assert refused.attempt_id == 3
    assert "refused by the database" in refused.reason
