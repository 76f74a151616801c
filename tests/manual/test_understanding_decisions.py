"""Manual 25.02: "Understanding WombatDialer decisions": each decision comes about as it says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core.model import Campaign, Trunk
from core.ports import events
from core.rules.decisions import Decisions
from core.rules.verdicts import Verdict
from tests.support.world import END, NOON, TRUNK, World, rule


def world_of(count: int, **more: object) -> World:
    world = World()
    world.add_list(1, [str(1000 + i) for i in range(count)])
    world.load(**more)  # type: ignore[arg-type]
    return world


def busy_trunk(**values: object) -> list[Trunk]:
    return [replace(TRUNK, **values)]  # type: ignore[arg-type]


def no_endpoints() -> World:
    return world_of(30, endpoints=[])


def no_trunks() -> World:
    return world_of(30, trunks=[])


def all_channels_used() -> World:
    """Another run has every line of the trunk."""
    world = world_of(30)
    world.load(run_id=2, is_up=False)
    return world


def all_endpoints_used() -> World:
    """Another run has every channel of the end-point; the trunk has lines left."""
    world = world_of(30, trunks=busy_trunk(capacity=30))
    world.load(run_id=2, trunks=busy_trunk(capacity=30), is_up=False)
    return world


def waiting_for_recalls() -> World:
    rules = (rule("RS_BUSY", max_attempts=1, retry_after_s=600),)
    world = world_of(1, campaign=Campaign(id=1, name="c", reschedule_rules=rules))
    world.busy(world.ringing[0])
    return world


def fewer_channels_than_lines() -> World:
    return world_of(30, trunks=busy_trunk(capacity=30), endpoints=[replace(END, max_channels=5)])


def a_low_rate() -> World:
    return world_of(30, trunks=busy_trunk(max_calls_per_period=5))


def a_small_batch() -> World:
    """More lines than calls that were fetched at once, and more calls in the list."""
    world = World(is_database_up=False)
    world.add_list(1, [str(1000 + i) for i in range(30)])
    world.load(Campaign(id=1, name="c", batch_size=4))
    world.post(world._fetch(world.dialer.live.runs[1].fetch()))
    return world


def enough_of_everything() -> World:
    return world_of(3)


@pytest.mark.parametrize(
    ("make_world", "run_id", "words"),
    [
        (no_endpoints, 1, "NO ENDPOINTS FOR RUN"),
        (no_trunks, 1, "NO TRUNKS FOR RUN"),
        (all_channels_used, 2, "NO CHANNELS ON TRUNK"),
        (all_endpoints_used, 2, "NO EP FOUND WITH FREE CHANNELS"),
        (waiting_for_recalls, 1, "NO CALLS FETCHED"),
        (fewer_channels_than_lines, 1, "LIMITED BY EP SIZE"),
        (a_low_rate, 1, "LIMITED BY TRUNK RATE"),
        (a_small_batch, 1, "LIMITED BY ACTUAL FETCH"),
        (enough_of_everything, 1, "CALLS PLACED"),
    ],
)
def test_what_is_decided_and_when(make_world: Callable[[], World], run_id: int, words: str) -> None:
    run = make_world().dialer.live.runs[run_id]
    assert run.verdict == words
    assert words in {d.verdict.value for d in run.decisions.latest(NOON)}


def test_a_paused_campaign_decides_nothing() -> None:
    """Big campaign, PAUSED, with its calls placed beside it."""
    world = world_of(30)
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.PAUSE))
    run = world.dialer.live.runs[1]
    assert (run.state, run.attempted, run.verdict) == ("PAUSED", 10, Verdict.NOT_RUNNING)


def test_a_problem_that_stays_is_counted_at_a_steady_number() -> None:
    """An error "may be displayed as a static number (e.g., 49)": as many as were met in 30 s."""
    decisions = Decisions()
    seen = []
    for look in range(600):
        now = NOON + look * timedelta(milliseconds=500)
        decisions.note(Verdict.NO_CHANNELS_ON_TRUNK, now)
        if look >= 100:
            (steady,) = decisions.latest(now)
            seen.append(steady.times)
    assert 59 <= min(seen) <= max(seen) <= 62
