"""Lists changed while their campaign runs, with the real store and crashes."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from core.model import CallList, Campaign, Simulation
from core.operations.run_lists import ask_list, run_lists
from core.people import SYSTEM
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState, RunState
from core.store.lists import insert_records, save_list
from core.store.run_lists import ListVerb
from core.store.runs import fetch_outcome, fetch_run
from core.store.schema import call_log
from tests.support.rig import Rig

MIXED = Simulation(outcomes={"answered": 1, "busy": 1}, ring_s=(1, 1), talk_s=(1, 1))
FIRST = [str(n) for n in range(100, 140)]
SECOND = [str(n) for n in range(200, 220)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def start(rig: Rig) -> Campaign:
    """A campaign over the list of FIRST, with a second list that it does not have."""
    campaign = rig.configure(
        FIRST,
        simulation=MIXED,
        batch_size=4,
        trunk={"capacity": 2},
        idles_on_termination=True,
        reschedule_rules=(
            RescheduleRule(state=CallState.RS_BUSY, max_attempts=1, retry_after_s=5),
        ),
    )
    with rig.database.begin() as conn:
        second = save_list(conn, CallList(name="second"))
        insert_records(conn, [(second.id, number, None) for number in SECOND])
    rig.start()
    rig.ask(campaign)
    rig.turn(3)
    return campaign


def ask(rig: Rig, verb: ListVerb, name: str) -> int:
    return ask_list(rig.database, SYSTEM, "campaign", verb, name, rig.clock.now())


def answers(rig: Rig, *commands: int) -> list[str | None]:
    with rig.database.connect() as conn:
        return [fetch_outcome(conn, command) for command in commands]


def first_attempts(rig: Rig) -> Counter[str]:
    with rig.database.connect() as conn:
        rows = conn.execute(select(call_log.c.number).where(call_log.c.retry_no == 0))
        return Counter(rows.scalars())


def test_a_list_is_paused_resumed_and_counted(rig: Rig) -> None:
    start(rig)
    assert answers(rig, ask(rig, ListVerb.PAUSE, "list")) == [None]
    rig.turn(60)
    [paused] = run_lists(rig.database, SYSTEM, "campaign")
    assert (paused.is_paused, paused.records) == (True, 40)
    assert paused.read == len(first_attempts(rig)) < 40
    rig.turn(60)
    assert len(first_attempts(rig)) == paused.read
    ask(rig, ListVerb.RESUME, "list")
    rig.turn(200)
    [read] = run_lists(rig.database, SYSTEM, "campaign")
    assert (read.read, read.is_complete, read.is_paused) == (40, True, False)
    assert first_attempts(rig) == Counter(FIRST)


def test_a_wish_that_came_too_late_is_answered_in_words(rig: Rig) -> None:
    start(rig)
    commands = [ask(rig, ListVerb.PAUSE, "list") for _ in range(2)]
    rig.turn(1)
    assert answers(rig, *commands) == ["OK", 'list "list" is paused already']


@pytest.mark.parametrize("moment", [0.1, 0.7, 3.3, 30.0])
def test_after_a_kill_an_added_list_is_called_once_and_one_begun_again_twice(
    rig: Rig, moment: float
) -> None:
    start(rig)
    rig.turn(10)
    ask(rig, ListVerb.ADD, "second")
    rig.turn(300)
    ask(rig, ListVerb.RESTART, "list")
    rig.turn(moment)
    rig.kill()
    rig.start()
    rig.turn(400)
    assert first_attempts(rig) == Counter(FIRST) + Counter(FIRST) + Counter(SECOND)
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
        rows = conn.execute(select(call_log.c.record_id, call_log.c.attempt_no)).all()
    assert len(rows) == len(set(rows))
    assert (run.state, run.completed) == (RunState.IDLE, 100)
    assert [(p.list_name, p.round, p.is_complete) for p in run.lists] == [
        ("list", 1, True), ("second", 0, True),
    ]  # fmt: skip
