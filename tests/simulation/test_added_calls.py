"""Records added to campaigns, with the real store: each is called once, whatever happens."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.model import Campaign, Simulation
from core.operations.calls import AddedCall, add_call
from core.people import SYSTEM
from core.rules.states import RunState
from core.store.runs import fetch_run
from core.store.schema import call_log, retry, waiting_record
from tests.support.rig import MORNING, Rig

ANSWERED = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(1, 1))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def add(rig: Rig, campaign: Campaign, number: str, **more: object) -> AddedCall:
    fields = {"attributes": {}, **more}
    return add_call(rig.database, SYSTEM, campaign.name, number, rig.clock.now(), **fields)  # type: ignore[arg-type]


def called(rig: Rig) -> Counter[tuple[str, str]]:
    """Numbers with the states they ended in, each with how often."""
    with rig.database.connect() as conn:
        rows = conn.execute(select(call_log.c.number, call_log.c.state))
        return Counter((row.number, row.state) for row in rows)


def state(rig: Rig, run_id: int = 1) -> RunState:
    with rig.database.connect() as conn:
        return fetch_run(conn, run_id).state


def test_an_idle_campaign_calls_an_added_number_within_a_second(rig: Rig) -> None:
    campaign = rig.configure([], simulation=ANSWERED, idles_on_termination=True)
    rig.start()
    rig.ask(campaign)
    rig.turn(5)
    assert state(rig) is RunState.IDLE
    asked_at = rig.clock.now()
    added = add(rig, campaign, "200")
    assert (added.run_id, added.run_state) == (1, RunState.IDLE)
    rig.turn(1)
    assert state(rig) is RunState.RUNNING
    rig.turn(5)
    assert called(rig) == {("200", "TERMINATED"): 1}
    assert state(rig) is RunState.IDLE
    with rig.database.connect() as conn:
        [requested_at] = conn.execute(select(call_log.c.requested_at)).scalars()
    assert requested_at - asked_at <= timedelta(seconds=1)


def test_a_scheduled_number_outlives_a_crash_and_keeps_to_its_moment(rig: Rig) -> None:
    campaign = rig.configure([], simulation=ANSWERED, idles_on_termination=True)
    rig.start(beat_s=0.9)
    rig.ask(campaign)
    add(rig, campaign, "200", schedule="2026-03-02.10:00:00")
    rig.turn(600)
    rig.kill()
    rig.start(beat_s=0.9)
    rig.turn(3600 - 600 - 1)
    assert called(rig) == {}
    rig.turn(60)
    assert called(rig) == {("200", "TERMINATED"): 1}
    with rig.database.connect() as conn:
        [requested_at] = conn.execute(select(call_log.c.requested_at)).scalars()
    assert timedelta() <= requested_at - (MORNING + timedelta(hours=1)) < timedelta(seconds=1)


def test_without_a_run_a_number_waits_for_the_next_and_is_called_in_one_only(rig: Rig) -> None:
    campaign = rig.configure(["100"], simulation=ANSWERED)
    assert add(rig, campaign, "200").run_id is None
    rig.start()
    rig.turn(5)
    assert called(rig) == {}
    for _ in range(2):
        rig.ask(campaign)
        rig.turn(60)
    assert called(rig) == {("100", "TERMINATED"): 2, ("200", "TERMINATED"): 1}


def test_a_number_that_a_removed_run_never_called_goes_to_the_next(rig: Rig) -> None:
    campaign = rig.configure([], simulation=ANSWERED, idles_on_termination=True)
    rig.start()
    rig.ask(campaign)
    add(rig, campaign, "200", schedule="600")
    rig.turn(5)
    rig.ask(campaign, "remove")
    rig.turn(1000)
    assert called(rig) == {}
    rig.ask(campaign)
    rig.turn(60)
    assert called(rig) == {("200", "TERMINATED"): 1}


MOMENTS = st.integers(0, 120)
ADDED = st.tuples(MOMENTS, st.none() | st.integers(1, 120), st.integers(-2, 2))
TROUBLES = st.sampled_from(["kill", "pause", "unpause", "add", "add", "wait"])


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    records=st.lists(ADDED, min_size=12, max_size=12),
    troubles=st.lists(st.tuples(TROUBLES, st.integers(0, 40)), max_size=12),
    outcomes=st.sampled_from(["answered", "busy"]),
)
def test_every_record_is_called_once_or_expires(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[tuple[int, int | None, int]],
    troubles: list[tuple[str, int]],
    outcomes: str,
) -> None:
    """Any mix of moments, expiries and priorities, with pauses and crashes in between; numbers
    off the list are called in between."""
    rig = Rig(tmp_path_factory.mktemp("rig"))
    simulation = Simulation(outcomes={outcomes: 1}, ring_s=(1, 1), talk_s=(1, 1))
    campaign = rig.configure(
        ["100", "101", "102"],
        simulation=simulation,
        trunk={"capacity": 1},
        idles_on_termination=True,
        batch_size=2,
    )
    left = {str(200 + n): record for n, record in enumerate(records)}
    fates: dict[str, tuple[int, int | None]] = {}

    def add_one() -> None:
        number, (due_s, expires_s, priority) = left.popitem()
        expires = "" if expires_s is None else str(due_s + expires_s)
        add(rig, campaign, number, schedule=str(due_s), expires=expires, priority=priority)
        seconds = round(rig.timer.seconds())
        fates[number] = seconds + due_s, expires_s and seconds + due_s + expires_s

    add_one()
    rig.start(beat_s=2)
    rig.ask(campaign)
    for trouble, seconds in troubles:
        if trouble == "kill":
            rig.kill()
            rig.start(beat_s=2)
        elif trouble == "add" and left:
            add_one()
        elif trouble in ("pause", "unpause"):
            rig.ask(campaign, trouble)
        rig.turn(seconds)
    while left:
        add_one()
    rig.ask(campaign, "unpause")
    rig.turn(300)
    with rig.database.connect() as conn:
        run = fetch_run(conn, 1)
        logs = conn.execute(select(call_log)).all()
        waiting = [*conn.execute(select(retry)), *conn.execute(select(waiting_record))]
    rig.close()
    assert (waiting, run.state, run.completed) == ([], RunState.IDLE, 15)
    assert Counter(log.number for log in logs) == dict.fromkeys([*fates, "100", "101", "102"], 1)
    for log in logs:
        due_s, expires_s = fates.get(log.number, (0, None))
        requested_s = (log.requested_at - MORNING).total_seconds()
        assert requested_s > due_s - 1
        if expires_s is not None:
            is_late = requested_s >= expires_s
            assert (log.state == "RS_EXPIRED") is is_late, log
