"""Numbers removed or erased while the dialer has them in memory: nobody is called, nothing is
written of them, and the run ends."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from core.model import CallList, Campaign, Simulation
from core.operations.lists import remove_numbers
from core.operations.persons import erase_person
from core.people import SYSTEM
from core.rules.disposition import DispositionRule, Verb
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState, RunState
from core.store.campaigns import save_campaign
from core.store.lists import count_records, save_list
from core.store.runs import fetch_run
from core.store.schema import call_log, outbox, retry
from tests.support.rig import Rig

SLOW = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(10, 10))
BUSY = Simulation(outcomes={"busy": 1}, ring_s=(1, 1), talk_s=(1, 1))
NUMBERS = ["5550100", "5550101", "5550102"]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def keep_errors(rig: Rig, campaign: Campaign) -> int:
    """Have the campaign put whom it could not call on a list; its id."""
    with rig.database.begin() as conn:
        errors = save_list(conn, CallList(name="errors")).id
        on_error = DispositionRule(state=CallState.RS_ERROR, verb=Verb.ADD_LIST, list_id=errors)
        save_campaign(conn, replace(campaign, disposition_rules=(on_error,)))
    return errors


def logs(rig: Rig) -> list[tuple[str, str, str]]:
    with rig.database.connect() as conn:
        rows = conn.execute(select(call_log).order_by(call_log.c.id))
        return [(row.number, row.state, row.reason) for row in rows]


def state(rig: Rig) -> tuple[RunState, int, int]:
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
        assert conn.execute(select(retry)).all() == []
    return run.state, run.attempted, run.completed


def test_who_is_erased_while_the_hopper_holds_them_is_not_called(rig: Rig) -> None:
    campaign = rig.configure(
        NUMBERS,
        simulation=SLOW,
        trunk={"capacity": 1},
        http_notify="http://crm.example/",
    )
    errors = keep_errors(rig, campaign)
    rig.start()
    rig.ask(campaign)
    rig.turn(3)
    erase_person(rig.database, SYSTEM, "5550101", rig.clock.now())
    rig.turn(100)
    assert logs(rig) == [
        ("5550100", "TERMINATED", ""),
        ("erased-2", "RS_ERROR", "the person's data was erased"),
        ("5550102", "TERMINATED", ""),
    ]
    assert state(rig) == (RunState.COMPLETED, 2, 3)
    with rig.database.connect() as conn:
        bodies = list(conn.execute(select(outbox.c.body)).scalars())
        assert count_records(conn, errors) == 0
    assert len(bodies) == 2
    assert not any("5550101" in body for body in bodies)


def test_who_is_removed_while_the_hopper_holds_them_is_not_called(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS, simulation=SLOW, trunk={"capacity": 1})
    rig.start()
    rig.ask(campaign)
    rig.turn(3)
    remove_numbers(rig.database, SYSTEM, "list", ["5550101"], rig.clock.now())
    rig.turn(100)
    assert logs(rig)[1] == ("5550101", "RS_ERROR", "the record was taken off its list")
    assert state(rig) == (RunState.COMPLETED, 2, 3)


def test_a_retry_of_one_who_was_erased_comes_to_its_end_without_a_call(rig: Rig) -> None:
    rules = (
        RescheduleRule(state=CallState.RS_BUSY, max_attempts=5, retry_after_s=60),
        RescheduleRule(state=CallState.RS_ERROR, max_attempts=5, retry_after_s=60),
    )
    campaign = rig.configure(NUMBERS[:1], simulation=BUSY, reschedule_rules=rules)
    rig.start()
    rig.ask(campaign)
    rig.turn(10)
    erase_person(rig.database, SYSTEM, "5550100", rig.clock.now())
    rig.turn(100)
    assert logs(rig) == [
        ("erased-1", "RS_BUSY", ""), ("erased-1", "RS_ERROR", "the person's data was erased"),
    ]  # fmt: skip
    assert state(rig) == (RunState.COMPLETED, 1, 1)
