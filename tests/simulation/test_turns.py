"""Records of lists with priorities, moments and ends, on the real store: each is called once."""

import io
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.model import Campaign, Simulation
from core.operations.list_csv import import_csv
from core.operations.run_lists import ask_list
from core.people import SYSTEM
from core.rules.states import RunState
from core.store import ahead
from core.store.run_lists import ListVerb
from core.store.runs import fetch_run
from core.store.schema import call_log, retry
from tests.support.rig import MORNING, Rig

ANSWERED = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(1, 1))
ONE_LINE = {"capacity": 1}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def load(rig: Rig, folder: Path, *rows: str) -> None:
    """Append rows of `number,:priority,:at,:expires` to the campaign's list."""
    path = folder / "rows.csv"
    path.write_text("\n".join(["number,:priority,:at,:expires", *rows]) + "\n")
    result = import_csv(
        rig.database, SYSTEM, path, "list", lambda _: None, io.StringIO(), rig.clock.now()
    )
    assert result.rejected == 0


def calls(rig: Rig) -> list[tuple[str, str, float]]:
    """Number, state, and when it was called, in seconds since the morning."""
    query = select(call_log.c.number, call_log.c.state, call_log.c.requested_at)
    with rig.database.connect() as conn:
        return [
            (row.number, row.state, (row.requested_at - MORNING).total_seconds())
            for row in conn.execute(query.order_by(call_log.c.id))
        ]


def configure(rig: Rig, numbers: list[str], **more: object) -> Campaign:
    return rig.configure(numbers, simulation=ANSWERED, trunk=ONE_LINE, batch_size=2, **more)


def state(rig: Rig) -> RunState:
    with rig.database.connect() as conn:
        return fetch_run(conn, 1).state


def test_priorities_come_before_the_rest_of_the_list_the_lowest_first(
    rig: Rig, tmp_path: Path
) -> None:
    campaign = configure(rig, ["100", "101", "102", "103"])
    load(rig, tmp_path, "200,5,,", "201,-5,,", "202,0,,", "104,,,")
    rig.start()
    rig.ask(campaign)
    rig.turn(60)
    expected = ["201", "202", "200", "100", "101", "102", "103", "104"]
    assert [number for number, _state, _at in calls(rig)] == expected
    assert state(rig) is RunState.COMPLETED


def test_a_scheduled_record_is_called_when_it_is_due_and_the_run_waits_for_it(
    rig: Rig, tmp_path: Path
) -> None:
    campaign = configure(rig, ["100"])
    load(rig, tmp_path, "200,,2026-03-02.10:00:00,", "101,,,")
    rig.start()
    rig.ask(campaign)
    rig.turn(600)
    assert [number for number, _state, _at in calls(rig)] == ["100", "101"]
    assert state(rig) is RunState.RUNNING
    rig.kill()
    rig.start()
    rig.turn(3600 - 600 - 1)
    assert len(calls(rig)) == 2
    rig.turn(60)
    [(number, outcome, at_s)] = calls(rig)[2:]
    assert (number, outcome) == ("200", "TERMINATED")
    assert 3600 <= at_s < 3601
    assert state(rig) is RunState.COMPLETED


def test_a_record_is_never_called_after_its_end(rig: Rig, tmp_path: Path) -> None:
    campaign = configure(rig, [str(n) for n in range(100, 120)])
    load(rig, tmp_path, "200,,,20", "201,1,60,90", "202,1,60,61")
    rig.start()
    rig.ask(campaign)
    rig.turn(300)
    found = {number: (outcome, at_s) for number, outcome, at_s in calls(rig)}
    assert len(found) == 23
    assert found["200"][0] == "RS_EXPIRED"
    assert found["201"][0] == "TERMINATED"
    assert 60 <= found["201"][1] < 90
    # Of two that are due at once on one line, the second is called two seconds later.
    assert found["202"][0] == "RS_EXPIRED"


def test_a_paused_list_calls_nobody_at_their_moments_until_it_is_resumed(
    rig: Rig, tmp_path: Path
) -> None:
    campaign = configure(rig, ["100"])
    load(rig, tmp_path, "200,,60,", "201,1,300,")
    rig.start()
    rig.ask(campaign)
    rig.turn(5)
    ask_list(rig.database, SYSTEM, "campaign", ListVerb.PAUSE, "list", rig.clock.now())
    rig.turn(120)
    assert [number for number, _state, _at in calls(rig)] == ["100"]
    ask_list(rig.database, SYSTEM, "campaign", ListVerb.RESUME, "list", rig.clock.now())
    rig.turn(10)
    assert [number for number, _state, _at in calls(rig)] == ["100", "200"]
    rig.turn(300)
    [(number, _state, at_s)] = calls(rig)[2:]
    assert (number, round(at_s)) == ("201", 300)


def test_an_idle_run_calls_those_that_are_added_to_its_list(rig: Rig, tmp_path: Path) -> None:
    campaign = configure(rig, ["100"], idles_on_termination=True)
    rig.start()
    rig.ask(campaign)
    rig.turn(30)
    assert state(rig) is RunState.IDLE
    load(rig, tmp_path, "200,,60,")
    rig.turn(30)
    assert state(rig) is RunState.RUNNING
    rig.turn(60)
    assert [number for number, _state, _at in calls(rig)] == ["100", "200"]
    assert state(rig) is RunState.IDLE


@pytest.mark.parametrize("moment", [0.1, 0.6, 1.1, 2.3, 7.0])
def test_killed_at_any_moment_it_calls_each_of_very_many_once(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: float
) -> None:
    """The retry queue is filled by and by, and the run does not end before it is."""
    monkeypatch.setattr(ahead, "LIMIT", 3)
    campaign = configure(rig, ["100"])
    rows = [f"{200 + n},{n % 3},{n * 5 if n % 2 else ''}," for n in range(20)]
    load(rig, tmp_path, *rows)
    rig.start()
    rig.ask(campaign)
    rig.turn(moment)
    rig.kill()
    rig.start()
    rig.turn(400)
    numbers = [number for number, _state, _at in calls(rig)]
    lost = Counter(numbers) - Counter(str(n) for n in (100, *range(200, 220)))
    assert not lost
    assert set(numbers) == {str(n) for n in (100, *range(200, 220))}
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
        assert conn.execute(select(retry)).all() == []
    assert (run.state, run.completed) == (RunState.COMPLETED, 21)
    due = {row.split(",")[0]: float(row.split(",")[2] or 0) for row in rows}
    assert all(at_s >= due.get(number, 0) for number, _state, at_s in calls(rig))
    assert timedelta(seconds=max(due.values())) < timedelta(seconds=400)


def test_begun_again_a_list_calls_them_again(rig: Rig, tmp_path: Path) -> None:
    campaign = configure(rig, ["100"], idles_on_termination=True)
    load(rig, tmp_path, "200,1,,", "201,,30,")
    rig.start()
    rig.ask(campaign)
    rig.turn(60)
    ask_list(rig.database, SYSTEM, "campaign", ListVerb.RESTART, "list", rig.clock.now())
    rig.turn(60)
    assert Counter(number for number, _state, _at in calls(rig)) == dict.fromkeys(
        ["100", "200", "201"], 2
    )
    assert state(rig) is RunState.IDLE
