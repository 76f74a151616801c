"""What the dialer shows to other processes is in the database, and costs nothing while it rests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from core.model import Simulation
from core.operations.status import fetch_status
from core.people import SYSTEM
from core.rules.verdicts import Verdict
from core.store.database import reading
from core.store.run_shown import fetch_shown
from tests.support.rig import Rig

NUMBERS = [str(5550000 + i) for i in range(60)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def count_writes(rig: Rig) -> list[str]:
    """The statements that change what is shown, from now on."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO run_shown"):
            seen.append(statement)

    event.listen(rig.database, "before_cursor_execute", note)
    return seen


def test_another_process_sees_the_figures_and_decisions_of_a_run(rig: Rig) -> None:
    engine = rig.start()
    rig.ask(rig.configure(NUMBERS, simulation=Simulation(outcomes={"answered": 1})))
    rig.turn(21)
    live = engine.publisher.latest().runs[0]
    shown = fetch_status(rig.database, SYSTEM).runs[0]
    assert shown.figures is not None
    assert shown.figures.cached + shown.live_calls + shown.completed >= 50
    assert shown.figures.remaining == live.figures.remaining < 60
    assert {made.verdict for made in shown.decisions} >= {Verdict.CALLS_PLACED}
    assert 20 < sum(made.held_s for made in shown.decisions) <= 30


def test_a_run_at_work_is_written_every_two_seconds_at_most(rig: Rig) -> None:
    rig.start()
    rig.ask(rig.configure(NUMBERS))
    writes = count_writes(rig)
    rig.turn(20)
    assert 8 <= len(writes) <= 11


def test_a_run_at_rest_is_written_no_more(rig: Rig) -> None:
    campaign = rig.configure(NUMBERS)
    rig.start()
    rig.ask(campaign)
    rig.turn(2)
    rig.ask(campaign, "pause")
    rig.turn(60)
    writes = count_writes(rig)
    rig.turn(300)
    assert writes == []
    with reading(rig.database) as conn:
        [decision] = fetch_shown(conn, [1])[1].decisions
    assert (decision.verdict, decision.held_s) == (Verdict.NOT_RUNNING, 30)


def test_a_run_that_is_over_shows_its_end(rig: Rig) -> None:
    rig.start()
    rig.ask(rig.configure(NUMBERS))
    rig.turn(600)
    shown = fetch_status(rig.database, SYSTEM).runs[0]
    assert shown.figures is not None
    assert (shown.state, shown.figures.remaining, shown.live_calls) == ("COMPLETED", 0, 0)
    assert shown.figures.termination_rate == 100
    assert shown.ended_at is not None
    assert shown.figures.running_s == int((shown.ended_at - shown.started_at).total_seconds())
