"""Whatever stands in one entry, and wherever a crash cuts the journal, nothing else suffers."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock

from core.engine.engine import Engine as Dialling
from core.engine.journal import DatabaseJournal
from core.engine.outage import Outage
from core.engine.timings import Timings
from core.model import ListPosition, Screen, Simulation
from core.ports.commands import AttemptPlaced, CallClosed, JournalEntry, RunProgressed
from core.ports.events import AttemptsCapped, AttemptsCommitted, Event
from core.rules.caps import Cap
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState, RunState
from core.store.database import reading
from core.store.journal import write_entries
from core.store.past_calls import fetch_past_calls
from core.store.runs import fetch_run
from core.store.schema import call_log, retry
from tests.support.rig import NoThreads, Rig
from tests.support.store_site import NOW, closed, furnish, placed


def progressed(run_id: int, position: ListPosition) -> RunProgressed:
    return RunProgressed(
        run_id=run_id, state=RunState.RUNNING, attempted=0, completed=0, ended_at=None, error="",
        positions=(position,),
    )  # fmt: skip


def with_cause(entry: CallClosed, cause: int) -> CallClosed:
    return replace(entry, log=replace(entry.log, cause=cause))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda entry: with_cause(entry, 10**30),
        lambda entry: replace(entry, outputs={"NOTE": "\ud800"}),
        lambda entry: replace(entry, log=replace(entry.log, reason="\ud800")),
    ],
    ids=["a-cause-beyond-64-bits", "half-a-character-in-an-attribute", "half-a-character"],
)
def test_an_entry_that_cannot_be_written_does_not_stop_the_journal(
    database: Engine, spoil: Any
) -> None:
    site = furnish(database, records=9)
    posted: list[Event] = []
    journal = DatabaseJournal(
        database, NoThreads(), Clock(), posted.append, Outage(posted.append), Timings()
    )
    for number in (1, 2, 3):
        journal.append(placed(site.attempt(number, record=number)))
    journal.append(spoil(closed(site.attempt(1, record=1))))
    journal.append(closed(site.attempt(2, record=2)))
    journal.flush()
    journal.append(placed(site.attempt(4, record=4)))
    journal.flush()
    assert journal.backlog == 0
    with reading(database) as conn:
        assert conn.execute(select(call_log.c.id)).scalars().all() == [2]
    committed = [e.attempt_ids for e in posted if isinstance(e, AttemptsCommitted)]
    assert sorted({i for ids in committed for i in ids}) == [1, 2, 3, 4]


def test_an_attempt_takes_its_lists_position_along(database: Engine) -> None:
    site = furnish(database, records=9)
    start = site.run.lists[0]
    retried = replace(site.attempt(3, record=8), attempt_no=1)
    with database.begin() as conn:
        write_entries(conn, [progressed(site.run.id, start), placed(site.attempt(1, record=4))])
        assert fetch_run(conn, site.run.id).lists[0].highwater == site.record_ids[4]
        write_entries(conn, [placed(site.attempt(2, record=2)), placed(retried)])
        assert fetch_run(conn, site.run.id).lists[0].highwater == site.record_ids[4]


def test_attempts_written_twice_are_refused_as_before(database: Engine) -> None:
    """A commit may succeed although its answer is lost: each counts once, and for later ones."""
    site = furnish(database)
    screen = Screen(caps=(Cap(name="once", attempts=1, days=1),), time_zone="UTC")
    posted: list[Event] = []
    journal = DatabaseJournal(
        database, NoThreads(), Clock(), posted.append, Outage(posted.append), Timings()
    )
    attempts = [replace(site.attempt(i, record=i), number="555") for i in (1, 2, 3)]
    for _ in range(2):
        for attempt in attempts:
            journal.append(AttemptPlaced(attempt=attempt, screen=screen))
        journal.flush()
    assert [event.attempt_ids for event in posted if isinstance(event, AttemptsCommitted)] == [
        (1,),
        (1,),
    ]
    refused = [sorted(event.refusals) for event in posted if isinstance(event, AttemptsCapped)]
    assert refused == [[2, 3], [2], [3]]
    with reading(database) as conn:
        [(attempt_id, _call)] = fetch_past_calls(conn, ["555"], NOW)["555"]
    assert attempt_id == 1


def test_an_attempt_taken_back_before_it_was_written_does_not_count(database: Engine) -> None:
    site = furnish(database)
    nowhere: list[Event] = []
    outage = Outage(nowhere.append)
    journal = DatabaseJournal(database, NoThreads(), Clock(), nowhere.append, outage, Timings())
    journal.append(placed(site.attempt(1)))
    journal.append(replace(closed(site.attempt(1)), was_sent=False))
    journal.flush()
    with reading(database) as conn:
        assert fetch_past_calls(conn, ["100"], NOW) == {}


class PulledOut(NoThreads):
    """Whole until the first attempts: of these `kept` entries are written, then silence."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._is_dead = False

    def write(self, work: Any, *args: Any, **kwargs: Any) -> Deferred[Any]:
        entries: Sequence[JournalEntry] = args[0] if work.__name__ == "_write" else ()
        if self._is_dead:
            return Deferred()
        if any(isinstance(entry, AttemptPlaced) for entry in entries):
            self._is_dead = True
            work(entries[: self._kept])
            return Deferred()
        return execute(work, *args, **kwargs)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.mark.parametrize("kept", [1, 4, 10])
def test_a_crash_between_two_transactions_of_a_tick_dials_nobody_twice(
    rig: Rig, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    numbers = [str(5550000 + i) for i in range(30)]
    campaign = rig.configure(numbers, simulation=Simulation(outcomes={"answered": 1}))
    engine = Dialling(
        database=rig.database,
        threads=PulledOut(kept),
        reactor=rig.timer,
        clock=rig.clock,
        make_pbx=rig.simulated,
        lock=rig.lock,
    )
    engine.startService()
    rig.ask(campaign)
    rig.turn(2)
    rig.kill()
    rig.start()
    rig.turn(600)
    with rig.database.connect() as conn:
        assert fetch_run(conn, 1).state is RunState.COMPLETED
        records = Counter(conn.execute(select(call_log.c.record_id)).scalars())
    assert sorted(records.values()) == [1] * 30
    assert rig.outcomes() == {"TERMINATED": 30 - kept, "RS_LOST": kept}
    assert "refuses" not in caplog.text


def test_a_retry_on_its_way_to_the_database_is_not_overlooked_for_a_later_one(rig: Rig) -> None:
    rules = (
        RescheduleRule(state=CallState.RS_BUSY, max_attempts=3, retry_after_s=0),
        RescheduleRule(state=CallState.RS_NOANSWER, max_attempts=1, retry_after_s=3600),
    )
    campaign = rig.configure(
        [str(5550000 + i) for i in range(20)],
        simulation=Simulation(outcomes={"busy": 1, "noanswer": 1}),
        reschedule_rules=rules,
        answer_timeout_ms=5000,
    )
    rig.start()
    rig.ask(campaign)
    rig.turn(300)
    with rig.database.connect() as conn:
        waits = conn.execute(select(retry.c.after_s)).scalars().all()
    assert set(waits) == {3600}
    assert rig.outcomes()["RS_BUSY"] > 10


def test_what_is_read_waits_for_what_was_appended_before(sqlite: Engine) -> None:
    class Slow(NoThreads):
        def __init__(self) -> None:
            self.commits: list[Deferred[None]] = []

        def write(self, work: Any, *args: Any, **kwargs: Any) -> Deferred[Any]:
            commit: Deferred[None] = Deferred()
            self.commits.append(commit)
            return commit.addCallback(lambda _: work(*args, **kwargs))

    site = furnish(sqlite, records=9)
    threads, posted = Slow(), list[Event]()
    journal = DatabaseJournal(
        sqlite, threads, Clock(), posted.append, Outage(posted.append), Timings()
    )
    assert journal.written().called
    journal.append(placed(site.attempt(1, record=1)))
    journal.flush()
    first = journal.written()
    journal.append(placed(site.attempt(2, record=2)))
    second = journal.written()
    threads.commits[0].callback(None)
    assert (first.called, second.called) == (True, False)
    threads.commits[1].callback(None)
    assert second.called
