"""What goes wrong in one beat, one command or one wish costs nothing else."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred, fail

from ami.simulated import SimulatedPbx
from core.engine.engine import Engine
from core.engine.loader import take_wishes
from core.model import Server, Simulation
from core.ports import Post
from core.ports.commands import Originate
from core.ports.events import HungUp, Report, Reported
from core.rules.states import RunState
from core.store.runs import fetch_outcome, fetch_run
from core.store.schema import attempt, call_log, run_command
from tests.support.rig import NoThreads, Rig

ANSWERED = Simulation(outcomes={"answered": 1})
NUMBERS = [str(5550000 + i) for i in range(40)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def start(rig: Rig, threads: NoThreads) -> Engine:
    engine = Engine(
        database=rig.database,
        threads=threads,
        reactor=rig.timer,
        clock=rig.clock,
        make_pbx=rig.simulated,
        lock=rig.lock,
    )
    engine.startService()
    return engine


class ReadsFail(NoThreads):
    """A database that goes away between two statements."""

    def __init__(self) -> None:
        self.failures = 0

    def read(self, work: Any, *args: Any, **kwargs: Any) -> Deferred[Any]:
        if self.failures:
            self.failures -= 1
            return fail(OperationalError("SELECT", {}, Exception("gone away")))
        return super().read(work, *args, **kwargs)


def test_a_wish_that_nobody_understands_stops_no_other(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS, simulation=ANSWERED)
    rig.start()
    rig.ask(campaign)
    rig.turn(1)
    with rig.database.begin() as conn:
        values = {"campaign_id": campaign.id, "verb": "jump", "asked_at": rig.clock.now()}
        conn.execute(insert(run_command).values(values))
    wish = rig.ask(campaign, "pause")
    rig.turn(1)
    with rig.database.connect() as conn:
        assert fetch_outcome(conn, wish - 1) == "'jump' is not a valid RunVerb"
        assert fetch_outcome(conn, wish) == "OK"
        assert fetch_run(conn, 1).state is RunState.PAUSED


def test_a_look_on_that_fails_does_not_stop_the_beat(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    campaign = rig.configure(NUMBERS, simulation=ANSWERED)
    engine = rig.start()

    def fall_over(_snapshot: object) -> None:
        raise RuntimeError("a page broke")

    engine.publisher.subscribe(fall_over)
    rig.ask(campaign)
    rig.turn(600)
    assert "a page broke" in caplog.text
    assert rig.outcomes() == {"TERMINATED": 40}


def test_a_wish_that_was_granted_reaches_the_dialer_though_the_database_goes(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS, simulation=ANSWERED)
    threads = ReadsFail()
    start(rig, threads)
    rig.turn(1)
    wish = rig.ask(campaign)
    threads.failures = 1
    rig.turn(600)
    with rig.database.connect() as conn:
        assert fetch_outcome(conn, wish) == "OK"
        assert fetch_run(conn, 1).state is RunState.COMPLETED


def test_a_command_that_fails_takes_no_other_with_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    class Fragile(SimulatedPbx):
        def originate(self, command: Originate) -> None:
            if command.attempt_id == 3:
                raise RuntimeError("cannot say that")
            super().originate(command)

    def make_pbx(server: Server, post: Post) -> SimulatedPbx:
        return Fragile(server, post, rig.timer, random.Random(1), rig.clock)

    campaign = rig.configure(NUMBERS, simulation=ANSWERED)
    rig.start(make_pbx)
    rig.ask(campaign)
    rig.turn(600)
    assert "cannot say that" in caplog.text
    assert rig.outcomes() == {"TERMINATED": 39, "RS_LOST": 1}


def test_a_wish_granted_during_a_stop_is_journalled(rig: Rig) -> None:
    class Slow(NoThreads):
        """The answer of the database to a wish is on its way."""

        def __init__(self) -> None:
            self.answer: Deferred[None] | None = None

        def write(self, work: Any, *args: Any, **kwargs: Any) -> Deferred[Any]:
            result = super().write(work, *args, **kwargs)
            if work is take_wishes and self.answer is not None:
                return self.answer.addCallback(lambda _: result)
            return result

    campaign = rig.configure(NUMBERS, simulation=ANSWERED)
    threads = Slow()
    engine = start(rig, threads)
    rig.ask(campaign)
    rig.turn(1)
    answer: Deferred[None] = Deferred()
    threads.answer = answer
    rig.ask(campaign, "pause")
    rig.turn(0.6)
    stopped = engine.stopService()
    rig.turn(1)
    answer.callback(None)
    rig.turn(1)
    assert stopped.called
    with rig.database.connect() as conn:
        assert fetch_run(conn, 1).state is RunState.PAUSED


def test_what_was_committed_but_never_left_at_a_stop_is_not_lost(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS, simulation=ANSWERED)
    engine = rig.start()
    rig.ask(campaign)
    while not engine.dialer.live.calls:
        rig.timer.advance(0.001)
    engine.stopService()
    rig.turn(1)
    rig.kill()
    with rig.database.connect() as conn:
        assert conn.execute(select(attempt.c.id)).all() == []
        reasons = conn.execute(select(call_log.c.reason)).scalars().all()
    assert len(reasons) == 10
    assert {reason.partition(":")[0] for reason in reasons} == {"not sent"}


def test_an_event_that_fails_is_logged_without_what_is_known_of_the_called_person(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = rig.start()
    rig.turn(1)

    def fall_over(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(engine.dialer, "receive", fall_over)
    engine.post(
        Reported(call_ids=("c1",), report=Report.ATTRIBUTE, name="IBAN", value="DE89370400440532")
    )
    engine.post(HungUp(server_id=1, channel_id="wb-1", cause=16))
    rig.turn(0.1)
    assert [record.message for record in caplog.records if record.exc_info] == [
        "Reported passed over",
        "call wb-1: HungUp passed over",
    ]
    assert "DE89" not in caplog.text
