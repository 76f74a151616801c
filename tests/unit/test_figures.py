"""The edges of a run's figures, and the counts of a run at work that they are made of."""

import pytest

from core.model import Campaign
from core.rules.figures import A_FEW, work_out
from tests.support.world import World, rule


def counts(world: World) -> tuple[int, int, int, int]:
    """Completed, live, in the cache, not yet read."""
    run = world.dialer.live.runs[1]
    return run.completed, run.live, run.cached, run.backlog


@pytest.mark.parametrize(("completed", "is_told"), [(A_FEW - 1, False), (A_FEW, True)])
def test_speeds_are_told_after_a_few_completions(completed: int, is_told: bool) -> None:
    figures = work_out(attempted=9, completed=completed, cached=0, backlog=9, running_s=60)
    assert (figures.completion_s is not None) is is_told


def test_nothing_placed_has_no_rates() -> None:
    figures = work_out(attempted=0, completed=0, cached=0, backlog=7, running_s=0)
    assert (figures.termination_rate, figures.reschedule_rate) == (None, None)
    assert figures.remaining == 7


def test_records_that_a_black_list_ended_do_not_make_more_than_all_terminated() -> None:
    figures = work_out(attempted=3, completed=8, cached=0, backlog=0, running_s=60)
    assert (figures.termination_rate, figures.reschedule_rate) == (100, 0)


def test_less_than_a_completion_an_hour_gives_no_estimate() -> None:
    figures = work_out(attempted=9, completed=5, cached=0, backlog=1, running_s=6 * 3600)
    assert (figures.completions_per_hour, figures.completion_s) == (0, None)


def test_every_record_is_counted_once_on_its_way() -> None:
    world = World()
    world.add_list(1, [str(i) for i in range(1000, 1100)])
    retry = rule("RS_BUSY", retry_after_s=600)
    world.load(Campaign(id=1, name="c", batch_size=20, reschedule_rules=(retry,)))
    assert counts(world) == (0, 10, 20, 70)
    for _ in range(4):
        world.busy(world.ringing[0])
    for _ in range(3):
        world.complete(world.ringing[0])
    completed, live, cached, backlog = counts(world)
    assert (completed, live) == (3, 10)
    assert cached == world.dialer.live.runs[1].hopper_size + 4
    assert completed + live + cached + backlog == 100


def test_what_is_read_to_the_end_has_no_backlog() -> None:
    world = World()
    world.add_list(1, ["1", "2"])
    world.load()
    world.lists[1].clear()
    world.complete(world.ringing[0])
    world.complete(world.ringing[0])
    assert counts(world) == (2, 0, 0, 0)


def test_the_high_water_mark_is_the_last_record_that_came_into_the_cache() -> None:
    world = World()
    world.add_list(1, [str(i) for i in range(1000, 1015)])
    world.add_list(2, [str(i) for i in range(2000, 2100)])
    world.load(Campaign(id=1, name="c", batch_size=20))
    mark = world.dialer.live.runs[1].high_water
    assert mark is not None
    last = world.dialer.live.runs[1].fresh[-1]
    assert (mark.list_name, mark.highwater) == (last.list_name, last.record.id)
    assert mark.list_name == "list 2"


def test_a_run_that_has_read_nothing_has_no_high_water_mark() -> None:
    world = World(is_database_up=False)
    world.add_list(1, ["1"])
    world.load()
    assert world.dialer.live.runs[1].high_water is None
