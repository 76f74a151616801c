"""A run's decisions of the last 30 seconds: what held how long, and that little is kept."""

from datetime import datetime, timedelta

from core.model import Campaign
from core.ports import events
from core.rules.decisions import SPAN_S, Decisions
from core.rules.verdicts import Verdict
from tests.support.world import NOON, World

PLACED, FULL, WAITING = (
    Verdict.CALLS_PLACED,
    Verdict.NO_CHANNELS_ON_TRUNK,
    Verdict.NO_CALLS_FETCHED,
)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def latest(decisions: Decisions, seconds: float) -> list[tuple[Verdict, float, int]]:
    return [(d.verdict, d.held_s, d.times) for d in decisions.latest(at(seconds))]


def test_before_the_first_look_there_is_nothing() -> None:
    assert latest(Decisions(), 0) == []


def test_a_verdict_holds_until_the_next_one() -> None:
    decisions = Decisions()
    decisions.note(PLACED, at(0))
    decisions.note(FULL, at(2.5))
    decisions.note(FULL, at(4))
    decisions.note(PLACED, at(9))
    assert latest(decisions, 10) == [(FULL, 6.5, 2), (PLACED, 3.5, 2)]


def test_a_verdict_that_held_no_time_is_counted_all_the_same() -> None:
    decisions = Decisions()
    decisions.note(PLACED, at(0))
    decisions.note(FULL, at(0))
    assert latest(decisions, 5) == [(FULL, 5, 1), (PLACED, 0, 1)]


def test_what_is_older_than_30_s_drops_out() -> None:
    decisions = Decisions()
    decisions.note(PLACED, at(0))
    decisions.note(FULL, at(10))
    assert latest(decisions, 39)[1] == (PLACED, 1, 0)
    assert latest(decisions, 40) == [(FULL, 30, 1)]
    assert latest(decisions, 10_000) == [(FULL, 30, 0)]


def test_an_hour_without_a_look_costs_no_more_than_30_s() -> None:
    decisions = Decisions()
    decisions.note(WAITING, at(0))
    decisions.note(PLACED, at(3600))
    assert latest(decisions, 3600) == [(WAITING, 30, 0), (PLACED, 0, 1)]
    assert len(decisions._seconds) <= SPAN_S + 2


def test_however_often_a_run_is_looked_at_little_is_kept() -> None:
    decisions = Decisions()
    for tick in range(10_000):
        decisions.note(PLACED if tick % 2 else FULL, at(tick / 100))
    assert len(decisions._seconds) <= SPAN_S + 2
    held = {verdict: round(held_s) for verdict, held_s, _ in latest(decisions, 100)}
    assert held == {PLACED: 15, FULL: 15}


def test_a_clock_set_back_begins_anew() -> None:
    decisions = Decisions()
    decisions.note(PLACED, at(3600))
    decisions.note(FULL, at(0))
    assert latest(decisions, 2) == [(FULL, 2, 1)]


def test_a_run_keeps_the_verdict_of_each_look() -> None:
    world = World()
    world.add_list(1, [str(i) for i in range(1000, 1012)])
    world.load(Campaign(id=1, name="c"))
    world.wait(seconds=4)
    world.post(events.ServerDown(server_id=1, reason="gone"))
    world.wait(seconds=3)
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.PAUSE))
    world.wait(seconds=2)
    held = {d.verdict: d.held_s for d in world.dialer.live.runs[1].decisions.latest(world.now)}
    assert held[Verdict.SERVER_DOWN] == 3
    assert held[Verdict.NOT_RUNNING] == 2
    assert held[Verdict.CALLS_PLACED] == 4
