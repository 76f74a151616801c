"""Manual 25.02: "A run's life-cycle", and what may be asked of a run in each of its states."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from sqlalchemy import Engine, update

from core.errors import NotPossible
from core.model import Campaign, Run
from core.operations.campaigns import ask
from core.people import SYSTEM
from core.ports import events
from core.rules.active_period import ActivePeriod
from core.rules.states import RunState
from core.store.runs import create_run
from core.store.schema import run as run_table
from tests.support.store_site import furnish
from tests.support.world import NOON, TRUNK, World

S = RunState
MORNING = ActivePeriod(end=time(11, 59, 59))
IDLING = Campaign(id=1, name="c", idles_on_termination=True)


def running(world: World) -> None:
    world.load()


def in_wrong_time(world: World) -> None:
    world.load(Campaign(id=1, name="c", active_period=MORNING))


def idle(world: World) -> None:
    world.load(IDLING)
    while world.ringing:
        world.complete(world.ringing[0])


def paused(world: World) -> None:
    world.load()
    verb(world, "pause")


def completed(world: World) -> None:
    world.load()
    while world.ringing:
        world.complete(world.ringing[0])


def removed(world: World) -> None:
    world.load()
    verb(world, "remove")


def in_error(world: World) -> None:
    world.load(Campaign(id=1, name="c", time_zone="Mars/Olympus"))


REACH: dict[RunState, Callable[[World], None]] = {
    S.RUNNING: running,
    S.WRONG_TIME: in_wrong_time,
    S.IDLE: idle,
    S.PAUSED: paused,
    S.COMPLETED: completed,
    S.REMOVE: removed,
    S.ERROR: in_error,
}

#: From each state, where the dialer takes a run on each of: pause, unpause, remove, reload. The
#: campaign itself is what it was.
MOVES = {
    S.RUNNING: (S.PAUSED, S.RUNNING, S.REMOVE, S.RUNNING),
    S.WRONG_TIME: (S.PAUSED, S.WRONG_TIME, S.REMOVE, S.WRONG_TIME),
    S.IDLE: (S.PAUSED, S.IDLE, S.REMOVE, S.IDLE),
    S.PAUSED: (S.PAUSED, S.RUNNING, S.REMOVE, S.PAUSED),
    S.COMPLETED: (S.COMPLETED,) * 4,
    S.REMOVE: (S.REMOVE,) * 4,
    S.ERROR: (S.ERROR,) * 4,
}
VERBS = ("pause", "unpause", "remove", "reload")

#: In each state, what a person may ask for; the rest is refused at once, with the reason. Without
#: an open run only a start makes sense.
ALLOWED = {
    S.RUNNABLE: {"pause", "remove", "reload"},
    S.RUNNING: {"pause", "remove", "reload"},
    S.WRONG_TIME: {"pause", "remove", "reload"},
    S.IDLE: {"pause", "remove", "reload"},
    S.PAUSED: {"unpause", "remove", "reload"},
    S.COMPLETED: {"start"},
    S.REMOVE: {"start"},
    S.ERROR: {"start"},
}


def make_world(state: RunState) -> World:
    """A run of five numbers in this state."""
    world = World()
    world.add_list(1, [str(i) for i in range(100, 105)])
    REACH[state](world)
    assert state_of(world) is state
    return world


def state_of(world: World) -> RunState:
    return world.dialer.live.runs[1].state


def verb(world: World, word: str, campaign: Campaign | None = None) -> None:
    if word != "reload":
        world.post(events.RunAsked(run_id=1, verb=events.RunVerb(word)))
        return
    live = world.dialer.live.runs[1]
    plan = events.RunPlan(
        run=live.run,
        campaign=campaign or live.campaign,
        servers=(),
        trunks=(TRUNK,),
        endpoints=(),
    )
    world.post(events.RunReloaded(plan=plan))


@pytest.mark.parametrize(
    ("state", "asked", "after"),
    [
        (state, asked, after)
        for state, moves in MOVES.items()
        for asked, after in zip(VERBS, moves, strict=True)
    ],
)
def test_where_a_run_goes(state: RunState, asked: str, after: RunState) -> None:
    world = make_world(state)
    verb(world, asked)
    assert state_of(world) is after
    if after is not state:
        assert world.progress[1].state is after


def test_a_run_is_made_running_when_the_dialer_takes_it_up() -> None:
    world = World()
    world.add_list(1, ["100"])
    world.load()
    assert world.progress[1].state is S.RUNNING


def test_outside_its_hours_a_run_waits_and_goes_on_by_itself() -> None:
    world = make_world(S.WRONG_TIME)
    assert world.originates == []
    world.wait(hours=12)
    assert state_of(world) is S.RUNNING
    assert len(world.originates) == 5


def test_a_paused_run_stays_paused_when_its_hours_come_and_go() -> None:
    world = make_world(S.WRONG_TIME)
    verb(world, "pause")
    world.wait(hours=48)
    assert (state_of(world), world.originates) == (S.PAUSED, [])


def test_a_run_unpaused_outside_its_hours_waits_for_them() -> None:
    world = make_world(S.WRONG_TIME)
    verb(world, "pause")
    verb(world, "unpause")
    assert state_of(world) is S.WRONG_TIME


def test_out_of_calls_a_run_completes_though_it_is_outside_its_hours() -> None:
    world = make_world(S.RUNNING)
    verb(world, "reload", Campaign(id=1, name="c", active_period=MORNING))
    assert state_of(world) is S.WRONG_TIME
    while world.ringing:
        world.complete(world.ringing[0])
    assert state_of(world) is S.COMPLETED


@pytest.mark.parametrize(("campaign", "after"), [(IDLING, S.IDLE), (None, S.COMPLETED)])
def test_what_a_paused_run_out_of_calls_becomes(campaign: Campaign | None, after: RunState) -> None:
    world = World()
    world.add_list(1, ["100"])
    world.load(campaign)
    verb(world, "pause")
    world.complete(world.ringing[0])
    assert state_of(world) is S.PAUSED
    verb(world, "unpause")
    assert state_of(world) is after


def test_an_idle_run_is_closed_by_a_pause_and_a_remove() -> None:
    """Manual, "Terminating the campaign": "In order to close it, first pause and then remove"."""
    world = make_world(S.IDLE)
    verb(world, "pause")
    verb(world, "remove")
    assert state_of(world) is S.REMOVE
    assert world.progress[1].ended_at == world.now


def test_an_idle_run_that_is_to_idle_no_more_completes() -> None:
    world = make_world(S.IDLE)
    verb(world, "reload", Campaign(id=1, name="c"))
    assert state_of(world) is S.COMPLETED
    assert world.progress[1].ended_at == world.now


def test_a_run_in_error_says_why_and_is_over() -> None:
    world = make_world(S.ERROR)
    assert world.progress[1].error == 'time zone "Mars/Olympus": this machine does not know it'
    assert world.progress[1].ended_at == NOON


def store(engine: Engine, run: Run, state: RunState) -> None:
    ended_at = run.started_at + timedelta(hours=1) if state.is_over else None
    with engine.begin() as conn:
        values = {"state": state, "ended_at": ended_at}
        conn.execute(update(run_table).where(run_table.c.id == run.id).values(values))


def refusal(engine: Engine, campaign: Campaign, word: str) -> str:
    """What asking this is answered with; empty if it is taken."""
    try:
        ask(engine, SYSTEM, campaign.name, word, NOON)
    except NotPossible as error:
        return str(error)
    return ""


@pytest.mark.parametrize("state", list(RunState))
def test_what_may_be_asked(sqlite: Engine, state: RunState) -> None:
    site = furnish(sqlite)
    store(sqlite, site.run, state)
    answers = {word: refusal(sqlite, site.campaign, word) for word in ("start", *VERBS)}
    assert {word for word, said in answers.items() if not said} == ALLOWED[state]
    assert all(site.campaign.name in said for said in answers.values() if said)


@pytest.mark.parametrize("state", list(RunState))
def test_a_campaign_runs_once_at_a_time(sqlite: Engine, state: RunState) -> None:
    site = furnish(sqlite)
    store(sqlite, site.run, state)
    with sqlite.begin() as conn:
        if state.is_over:
            assert create_run(conn, site.campaign, NOON).state is S.RUNNABLE
            return
        with pytest.raises(NotPossible, match="is running already"):
            create_run(conn, site.campaign, NOON)
