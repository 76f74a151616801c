"""Whole campaigns on the simulated PBX: hours in a moment, every record accounted for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred, fail

from core.model import Simulation
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState, RunState
from core.store.runs import fetch_outcome, fetch_run
from core.store.schema import attempt, call_log, retry
from tests.support.rig import NoThreads, Rig

ALL_OUTCOMES = Simulation(
    outcomes={
        "answered": 4, "busy": 2, "noanswer": 2, "congestion": 1, "number": 1, "rejected": 1,
        "silent": 1,
    }
)  # fmt: skip
NUMBERS = [str(5550000 + i) for i in range(300)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_a_campaign_with_every_outcome_runs_to_completion(rig: Rig) -> None:
    campaign = rig.configure(
        NUMBERS,
        simulation=ALL_OUTCOMES,
        reschedule_rules=(
            RescheduleRule(state=CallState.RS_BUSY, max_attempts=2, retry_after_s=300),
            RescheduleRule(state=CallState.RS_NOANSWER, max_attempts=1, retry_after_s=600),
        ),
    )
    rig.start()
    rig.ask(campaign)
    rig.turn(3600)
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
        per_record = conn.execute(
            select(call_log.c.record_id, func.count()).group_by(call_log.c.record_id)
        ).all()
        left = [
            conn.execute(select(func.count()).select_from(t)).scalar_one() for t in (attempt, retry)
        ]
    assert run.state is RunState.COMPLETED
    assert run.completed == len(per_record) == 300
    assert run.attempted == sum(rig.outcomes().values()) > 300
    assert set(rig.outcomes()) == {
        "TERMINATED", "RS_BUSY", "RS_NOANSWER", "RS_REJECTED", "RS_NUMBER", "RS_ERROR",
    }  # fmt: skip
    assert max(count for _record, count in per_record) <= 3
    assert left == [0, 0]


def test_a_wish_is_answered_in_words(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS)
    rig.start()
    wishes = [rig.ask(campaign, verb) for verb in ("pause", "start", "start")]
    rig.turn(1)
    with rig.database.connect() as conn:
        answers = [fetch_outcome(conn, wish) for wish in wishes]
    assert answers == [
        'campaign "campaign" has no run: start it first',
        "OK",
        'campaign "campaign" is running already: remove that run first',
    ]


def test_pause_and_unpause_reach_the_dialer(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS)
    engine = rig.start()
    rig.ask(campaign)
    rig.turn(2)
    rig.ask(campaign, "pause")
    rig.turn(60)
    placed = engine.publisher.latest().runs[0].attempted
    assert engine.publisher.latest().live_total == 0
    rig.turn(60)
    assert engine.publisher.latest().runs[0].attempted == placed
    rig.ask(campaign, "unpause")
    rig.turn(60)
    assert engine.publisher.latest().runs[0].attempted > placed


@pytest.mark.parametrize("moment", [0.1, 0.6, 1.7, 3.1, 5.3, 20.0, 61.7, 200.0])
def test_after_a_kill_nothing_is_dialled_twice_and_nothing_forgotten(
    rig: Rig, moment: float
) -> None:
    campaign = rig.configure(
        NUMBERS[:80],
        simulation=ALL_OUTCOMES,
        reschedule_rules=(
            RescheduleRule(state=CallState.RS_BUSY, max_attempts=1, retry_after_s=30),
        ),
    )
    rig.start()
    rig.ask(campaign)
    rig.turn(moment)
    rig.kill()
    rig.start()
    rig.turn(3600)
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
        records = conn.execute(select(func.count(func.distinct(call_log.c.record_id)))).scalar_one()
    assert run.state is RunState.COMPLETED
    assert run.completed == records == 80
    assert run.attempted == sum(rig.outcomes().values())


def test_after_a_kill_a_trunk_keeps_to_its_rate(rig: Rig) -> None:
    answered = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(2, 2))
    rate = {"max_calls_per_period": 5, "period_ms": 3_600_000}
    campaign = rig.configure(NUMBERS[:12], simulation=answered, trunk=rate)
    rig.start()
    rig.ask(campaign)
    rig.turn(2)
    rig.kill()
    rig.start()
    rig.turn(3500)
    assert sum(rig.outcomes().values()) == 5
    rig.turn(200)
    assert sum(rig.outcomes().values()) == 10


def test_a_clean_stop_loses_no_record_and_no_attempt(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS[:40], simulation=Simulation(outcomes={"answered": 1}))
    engine = rig.start()
    rig.ask(campaign)
    rig.turn(8)
    engine.stopService()
    rig.turn(1)
    rig.kill()
    rig.start()
    rig.turn(600)
    with rig.database.connect() as conn:
        assert fetch_run(conn, 1).state is RunState.COMPLETED
    assert set(rig.outcomes()) <= {"TERMINATED", "RS_LOST", "RS_ERROR"}
    assert sum(rig.outcomes().values()) >= 40


def test_after_a_restart_the_outcomes_of_the_whole_run_are_shown(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS[:40], simulation=ALL_OUTCOMES)
    rig.start()
    rig.ask(campaign)
    rig.turn(10)
    before = sum(rig.outcomes().values())
    assert 0 < before < 40
    rig.kill()
    engine = rig.start()
    rig.turn(600)
    view = engine.publisher.latest().runs[0]
    assert dict(view.outcomes) == dict(rig.outcomes())
    assert sum(view.outcomes.values()) == 40


def test_a_stop_waits_a_minute_for_a_database_that_is_away_and_says_what_is_lost(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    campaign = rig.configure(NUMBERS[:40], simulation=Simulation(outcomes={"answered": 1}))
    threads = NoThreads()
    engine = rig.start(threads=threads)
    rig.ask(campaign)
    rig.turn(5)

    def away(*_: object, **__: object) -> Deferred[None]:
        return fail(OperationalError("COMMIT", {}, Exception("disk full")))

    monkeypatch.setattr(threads, "write", away)
    rig.turn(2)
    stopped = engine.stopService()
    rig.turn(58)
    assert not stopped.called
    rig.turn(3)
    assert stopped.called
    assert "stopped without the database" in caplog.text
    stopped.addErrback(lambda failure: pytest.fail(str(failure)))
