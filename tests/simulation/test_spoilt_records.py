"""A record that another program spoilt is refused with its reason, and its run goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from core.model import Simulation
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState, RunState
from core.store.schema import call_log
from tests.support.rig import Rig

BUSY = Simulation(outcomes={"busy": 1})
ANSWERED = Simulation(outcomes={"answered": 1})


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def spoil(rig: Rig, number: str) -> None:
    with rig.database.begin() as conn:
        spoilt = text("UPDATE record SET inputs = :inputs WHERE number = :number")
        conn.execute(spoilt, {"inputs": '{"AGE":7}', "number": number})


def test_a_spoilt_record_is_an_error_without_a_call_and_the_others_are_called(rig: Rig) -> None:
    rules = (RescheduleRule(state=CallState.RS_ERROR, max_attempts=3, retry_after_s=1),)
    campaign = rig.configure(
        ["100", "101", "102"], simulation=ANSWERED, reschedule_rules=rules, batch_size=10
    )
    spoil(rig, "101")
    engine = rig.start()
    rig.ask(campaign)
    rig.turn(60)
    assert rig.outcomes() == {"TERMINATED": 2, "RS_ERROR": 1}
    with rig.database.connect() as conn:
        query = select(call_log).where(call_log.c.state == "RS_ERROR")
        (refused,) = conn.execute(query).all()
    assert (refused.number, refused.trunk_id) == ("101", None)
    assert refused.reason == 'attribute AGE "7": a value is text, in quotes'
    assert engine.publisher.latest().runs[0].state is RunState.COMPLETED


def test_a_record_spoilt_before_its_retry_is_refused_then(rig: Rig) -> None:
    rules = (RescheduleRule(state=CallState.RS_BUSY, max_attempts=1, retry_after_s=60),)
    campaign = rig.configure(["100", "101"], simulation=BUSY, reschedule_rules=rules)
    engine = rig.start()
    rig.ask(campaign)
    rig.turn(30)
    spoil(rig, "101")
    rig.turn(120)
    assert rig.outcomes() == {"RS_BUSY": 3, "RS_ERROR": 1}
    assert engine.publisher.latest().runs[0].state is RunState.COMPLETED
