"""The database goes away in the middle of a run, or has no room left: nothing is lost of the
calls that are up, nobody is called meanwhile, and the run goes on by itself."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred, fail

from core.engine.engine import Engine
from core.model import Campaign, Simulation
from core.ports.events import Report, Reported
from core.rules.states import RunState
from core.rules.verdicts import Verdict
from core.store.runs import fetch_run
from core.store.schema import attempt, call_log, record
from tests.support.rig import NoThreads, Rig

ANSWERED = Simulation(outcomes={"answered": 1})
NUMBERS = [str(5550000 + i) for i in range(200)]


class Cable(NoThreads):
    """The way to the database; while it `is_cut`, everything fails."""

    is_cut = False

    def write(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        if self.is_cut:
            return fail(OperationalError("COMMIT", {"number": "5550001"}, Exception("gone away")))
        return super().write(work, *args, **kwargs)

    read = write


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def begin(rig: Rig, threads: NoThreads) -> tuple[Engine, Campaign]:
    campaign = rig.configure(NUMBERS, simulation=ANSWERED)
    engine = rig.start(threads=threads)
    rig.ask(campaign)
    rig.turn(10)
    return engine, campaign


def set_room(rig: Rig, pages: int) -> None:
    """How large the database may be: more than it is, or exactly as large."""
    with rig.database.connect() as conn:
        used = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count={used + pages}")


def check_all_accounted_for(rig: Rig) -> None:
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
        rows = conn.execute(select(call_log.c.record_id, call_log.c.state, call_log.c.reason)).all()
        assert conn.execute(select(attempt.c.id)).all() == []
    assert run.state is RunState.COMPLETED
    assert run.completed == len(NUMBERS)
    assert run.attempted == len(rows)
    called = Counter(row.record_id for row in rows if not row.reason.startswith("not sent"))
    assert sorted(called.values()) == [1] * len(NUMBERS)
    assert {row.state for row in rows if not row.reason} == {"TERMINATED"}


def test_while_the_database_is_away_calls_go_on_and_none_is_placed(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    cable = Cable()
    engine, _campaign = begin(rig, cable)
    cable.is_cut = True
    rig.turn(1)
    sent = engine.publisher.latest().runs[0].attempted
    channel = next(iter(engine.dialer.live.calls.values())).attempt.channel_id
    told = [
        Reported(call_ids=(channel,), report=Report.STATUS, value="SOLD"),
        Reported(call_ids=(channel,), report=Report.ATTRIBUTE, name="COLOUR", value="blue"),
    ]
    for report in told:
        engine.post(report)
    rig.turn(600)
    away = engine.publisher.latest()
    assert away.database_reason == "gone away"
    assert away.runs[0].verdict == Verdict.DATABASE_DOWN
    assert away.runs[0].attempted == sent
    assert {call.state for call in away.calls} <= {"SCHEDULED"}
    cable.is_cut = False
    rig.turn(1800)
    assert engine.publisher.latest().database_reason == ""
    check_all_accounted_for(rig)
    with rig.database.connect() as conn:
        [told_of] = conn.execute(select(call_log).where(call_log.c.ext_status == "SOLD")).all()
        found = select(record.c.outputs).where(record.c.id == told_of.record_id)
        assert conn.execute(found).scalar_one() == {"COLOUR": "blue"}
    assert told_of.channel_id == channel
    assert "the database is back" in caplog.text
    assert "5550001" not in caplog.text
    assert caplog.text.count("no new call is placed") == 1


def test_a_disk_that_is_full_holds_the_run_until_there_is_room_again(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    engine, _campaign = begin(rig, NoThreads())
    set_room(rig, 0)
    rig.turn(600)
    held = engine.publisher.latest()
    assert held.database_reason == "database or disk is full"
    assert held.runs[0].completed < len(NUMBERS)
    rig.turn(600)
    assert engine.publisher.latest().runs[0].attempted == held.runs[0].attempted
    set_room(rig, 10_000)
    rig.turn(1800)
    check_all_accounted_for(rig)
    assert "database or disk is full" in caplog.text


def test_a_stop_on_a_full_disk_says_what_is_lost_and_dials_nobody_twice(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    engine, _campaign = begin(rig, NoThreads())
    set_room(rig, 0)
    rig.turn(120)
    stopped = engine.stopService()
    rig.turn(61)
    assert stopped.called
    assert re.search(r"stopped without the database: [1-9]\d* entries are lost", caplog.text)
    rig.kill()
    set_room(rig, 10_000)
    rig.start()
    rig.turn(1800)
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
        records = conn.execute(select(call_log.c.record_id, call_log.c.state)).all()
    assert run.state is RunState.COMPLETED
    assert Counter(row.record_id for row in records).most_common(1)[0][1] == 1
    assert len(records) == len(NUMBERS)
    assert {row.state for row in records} == {"TERMINATED", "RS_LOST"}
