"""Lists of a run while it is open: added, paused, resumed and begun again."""

from core.model import Campaign, ListPosition, Record, Retry, Run, Trunk
from core.ports import events
from core.rules.states import RunState
from tests.support.world import END, SERVER, World, rule

ONE_LINE = Trunk(id=1, server_id=1, name="trunk", dial_string="PJSIP/${num}@carrier", capacity=1)


def world_of(*numbers: str, batch_size: int = 100, **campaign: object) -> World:
    """One line; list 2 holds 200 and 201, and the run does not have it yet."""
    world = World()
    world.add_list(1, numbers)
    world.add_list(2, ["200", "201"])
    fields = {"id": 1, "name": "c", "list_ids": (1,), "batch_size": batch_size, **campaign}
    world.load(Campaign(**fields), trunks=[ONE_LINE])  # type: ignore[arg-type]
    return world


def dialled(world: World) -> list[str]:
    return [placed.attempt.number for placed in world.placed]


def finish(world: World) -> None:
    while world.ringing:
        world.complete(world.ringing[0])


def test_an_added_list_is_read_behind_the_others() -> None:
    world = world_of("100", "101")
    world.change_list(2)
    finish(world)
    assert dialled(world) == ["100", "101", "200", "201"]
    assert (world.progress[1].state, world.progress[1].completed) == (RunState.COMPLETED, 4)


def test_a_list_wakes_an_idle_run() -> None:
    world = world_of(idles_on_termination=True)
    assert world.progress[1].state is RunState.IDLE
    world.change_list(2)
    finish(world)
    assert dialled(world) == ["200", "201"]
    assert world.progress[1].state is RunState.IDLE


def test_a_paused_list_is_not_read_on_and_keeps_the_run_open() -> None:
    world = world_of("100", "101", "102", "103", batch_size=2)
    world.change_list(1, is_paused=True)
    finish(world)
    world.wait(minutes=10)
    assert dialled(world) == ["100", "101", "102"]
    assert world.progress[1].state is RunState.RUNNING
    world.change_list(1, is_paused=False)
    finish(world)
    assert dialled(world) == ["100", "101", "102", "103"]
    assert world.progress[1].state is RunState.COMPLETED


def test_a_paused_list_does_not_keep_the_dialer_reading() -> None:
    world = world_of("100", "101", "102", batch_size=2)
    world.change_list(1, is_paused=True)
    finish(world)
    asked = [type(command) for command in world.dialer.decide(world.now)]
    assert asked == []
    assert world.dialer.live.runs[1].wants_batch(world.now) is False


def test_lists_behind_a_paused_one_are_read() -> None:
    world = world_of("100", "101", "102", "103", batch_size=2)
    world.change_list(1, is_paused=True)
    world.change_list(2)
    finish(world)
    assert dialled(world) == ["100", "101", "102", "200", "201"]


def test_a_list_that_is_begun_again_is_called_again_under_new_attempts() -> None:
    world = world_of("100", "101", idles_on_termination=True)
    finish(world)
    world.restart_list(1)
    finish(world)
    attempts = [(p.attempt.number, p.attempt.attempt_no) for p in world.placed]
    assert attempts == [("100", 0), ("101", 0), ("100", 1), ("101", 1)]
    assert [p.attempt.retry_no for p in world.placed] == [0, 0, 0, 0]
    assert (world.progress[1].state, world.progress[1].completed) == (RunState.IDLE, 4)


def test_what_was_read_before_a_restart_is_not_called_twice() -> None:
    world = world_of("100", "101", "102")
    world.complete(world.ringing[0])
    world.restart_list(1)
    finish(world)
    assert dialled(world) == ["100", "101", "100", "102"]


def test_a_batch_that_was_under_way_during_a_restart_does_not_count() -> None:
    world = world_of("100", "101", "102")
    run = world.dialer.live.runs[1]
    late = world._fetch(run.fetch())
    world.restart_list(1)
    stale = events.BatchFetched(
        run_id=1,
        entries=world._fetch(world.dialer.live.runs[1].fetch()).entries,
        positions=late.positions,
        next_due_at=None,
    )
    world.post(stale)
    assert run.read[1].round == 1
    finish(world)
    assert dialled(world).count("101") == dialled(world).count("102") == 1


def test_a_batch_that_was_under_way_during_a_pause_does_not_end_it() -> None:
    world = world_of(*map(str, range(100, 110)), batch_size=2)
    run = world.dialer.live.runs[1]
    run.is_fetching = True
    before = run.read[1]
    world.change_list(1, is_paused=True)
    world.post(events.BatchFetched(run_id=1, entries=(), positions=(before,), next_due_at=None))
    assert run.read[1].is_paused
    finish(world)
    world.wait(minutes=1)
    assert dialled(world) == ["100", "101", "102"]


def test_a_retry_of_the_round_before_is_left_to_its_turn() -> None:
    world = world_of("100", "101", reschedule_rules=(rule("RS_BUSY", retry_after_s=60),))
    world.busy(world.ringing[0])
    world.complete(world.ringing[0])
    world.restart_list(1)
    finish(world)
    assert dialled(world) == ["100", "101", "101"]
    world.wait(seconds=61)
    finish(world)
    assert dialled(world) == ["100", "101", "101", "100"]
    assert world.progress[1].state is RunState.COMPLETED


def test_a_run_that_is_over_takes_no_list() -> None:
    world = world_of()
    assert world.progress[1].state is RunState.COMPLETED
    world.change_list(2)
    assert (dialled(world), world.progress[1].state) == ([], RunState.COMPLETED)


def test_a_run_does_not_end_before_it_was_given_all_that_come_ahead_of_their_list() -> None:
    """So many wait in the database that they come to its retry queue by and by."""
    world = World()
    world.add_list(1, ["100"])
    plan = events.RunPlan(
        run=Run(
            id=1,
            campaign_id=1,
            started_at=world.now,
            lists=(ListPosition(list_id=1, list_name="list 1"),),
        ),
        campaign=Campaign(id=1, name="c", list_ids=(1,)),
        servers=(SERVER,),
        trunks=(ONE_LINE,),
        endpoints=(END,),
        record_count=1,
        is_gathering=True,
    )
    world.post(events.RunLoaded(plan=plan))
    world.server_up()
    finish(world)
    world.wait(minutes=10)
    assert dialled(world) == ["100"]
    assert world.progress[1].state is RunState.RUNNING
    world.post(events.RecordsGathered(run_id=1, count=0, is_more=False))
    assert world.progress[1].state is RunState.COMPLETED


def gather(world: World, *numbers: str) -> None:
    """Records of the list, which are not called in its order, come to the run's retries."""
    for i, number in enumerate(numbers, 500):
        record = Record(id=1_000_000 + i, list_id=1, number=number)
        world.lists[1].append(record)
        world.retries[1, record.id] = Retry(
            run_id=1, record_id=record.id, attempt_no=0, retry_no=0, after_s=0, due_at=world.now
        )
    world.post(events.RecordsGathered(run_id=1, count=len(numbers), is_more=False))


def test_an_idle_run_calls_what_is_gathered_for_it() -> None:
    world = World()
    world.add_list(1, ["1"])
    world.load(Campaign(id=1, name="c", idles_on_termination=True))
    world.complete(world.ringing[0])
    assert world.progress[1].state is RunState.IDLE
    gather(world, "500", "501")
    assert dialled(world) == ["1", "500", "501"]
    assert world.progress[1].state is RunState.RUNNING


def test_what_is_gathered_for_a_run_that_is_over_is_left_alone() -> None:
    world = World()
    world.add_list(1, ["1"])
    world.load()
    world.complete(world.ringing[0])
    gather(world, "500")
    assert (dialled(world), world.dialer.live.runs[1].retries) == (["1"], 0)
