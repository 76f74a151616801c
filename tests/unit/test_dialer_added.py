"""Records added to a run: when they are called, in which order, and when never."""

from datetime import datetime, timedelta

from core.model import Campaign, Record, Trunk
from core.ports import events
from core.rules.states import RunState
from tests.support.world import NOON, World, rule

ONE_LINE = Trunk(id=1, server_id=1, name="trunk", dial_string="PJSIP/${num}@carrier", capacity=1)


def added(
    key: int, number: str, *, priority: int = 0, expires_at: datetime | None = None
) -> Record:
    return Record(
        id=9_000_000 + key, list_id=9, number=number, priority=priority, expires_at=expires_at
    )


def world_of(*numbers: str, trunk: Trunk = ONE_LINE, **campaign: object) -> World:
    world = World()
    world.add_list(1, numbers)
    fields = {"id": 1, "name": "c", "list_ids": (1,), **campaign}
    world.load(Campaign(**fields), trunks=[trunk])  # type: ignore[arg-type]
    return world


def dialled(world: World) -> list[str]:
    return [placed.attempt.number for placed in world.placed]


def finish(world: World, calls: int) -> None:
    for _ in range(calls):
        world.complete(world.ringing[0])


def test_an_idle_run_takes_a_record_up_and_idles_again() -> None:
    world = world_of(idles_on_termination=True)
    assert world.progress[1].state is RunState.IDLE
    world.add_records(added(1, "200"))
    assert world.progress[1].state is RunState.RUNNING
    assert dialled(world) == ["200"]
    finish(world, 1)
    assert (world.progress[1].state, world.progress[1].completed) == (RunState.IDLE, 1)


def test_added_records_come_before_the_rest_of_the_lists() -> None:
    world = world_of("100", "101", "102")
    world.add_records(added(1, "200"), added(2, "201"))
    finish(world, 5)
    assert dialled(world) == ["100", "200", "201", "101", "102"]
    assert world.progress[1].state is RunState.COMPLETED


def test_the_lowest_priority_that_waits_is_called_first() -> None:
    world = world_of("100")
    world.add_records(
        added(1, "200"), added(2, "201", priority=5), added(3, "202", priority=-1), added(4, "203")
    )
    finish(world, 5)
    assert dialled(world) == ["100", "202", "200", "203", "201"]


def test_a_scheduled_record_waits_for_its_moment_and_keeps_the_run_open() -> None:
    world = world_of("100")
    world.add_records(added(1, "200"), due_at=NOON + timedelta(minutes=10))
    finish(world, 1)
    world.wait(seconds=599.999)
    assert dialled(world) == ["100"]
    assert world.progress[1].state is RunState.RUNNING
    world.wait(seconds=0.001)
    assert dialled(world) == ["100", "200"]
    finish(world, 1)
    assert world.progress[1].state is RunState.COMPLETED


def test_a_paused_run_calls_what_was_added_once_it_goes_on() -> None:
    world = world_of("100")
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.PAUSE))
    world.add_records(added(1, "200"))
    finish(world, 1)
    world.wait(minutes=1)
    assert dialled(world) == ["100"]
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.UNPAUSE))
    assert dialled(world) == ["100", "200"]


def test_a_run_that_is_over_takes_nothing_up() -> None:
    world = world_of()
    assert world.progress[1].state is RunState.COMPLETED
    world.add_records(added(1, "200"))
    assert (dialled(world), world.progress[1].state) == ([], RunState.COMPLETED)


def test_what_expired_while_it_waited_is_logged_and_counts_as_done() -> None:
    world = world_of("100")
    world.add_records(added(1, "200", expires_at=NOON + timedelta(seconds=30)))
    world.now += timedelta(seconds=30)
    finish(world, 1)
    assert dialled(world) == ["100"]
    assert world.states() == ["TERMINATED", "RS_EXPIRED"]
    log = world.logs[-1].log
    assert (log.reason, log.attempt.trunk_id) == (
        "its time was over before it could be called", None
    )  # fmt: skip
    progress = world.progress[1]
    assert (progress.state, progress.attempted, progress.completed) == ("COMPLETED", 1, 2)


def test_until_the_last_moment_a_record_is_called() -> None:
    world = world_of("100")
    world.add_records(added(1, "200", expires_at=NOON + timedelta(seconds=30)))
    world.now += timedelta(seconds=29.999999)
    finish(world, 2)
    assert world.states() == ["TERMINATED", "TERMINATED"]


def test_a_retry_behind_the_expiry_is_not_called() -> None:
    world = world_of(reschedule_rules=(rule("RS_BUSY", retry_after_s=60),), idles_on_termination=1)
    world.add_records(added(1, "200", expires_at=NOON + timedelta(seconds=30)))
    world.busy(world.ringing[0])
    world.wait(seconds=61)
    assert world.states() == ["RS_BUSY", "RS_EXPIRED"]
    assert world.progress[1].state is RunState.IDLE


def test_what_expires_before_its_commit_does_not_leave() -> None:
    world = world_of("100")
    world.commits = False
    world.add_records(added(1, "200", expires_at=NOON + timedelta(seconds=30)))
    finish(world, 1)
    [_, late] = world.placed
    world.now += timedelta(minutes=5)
    world.post(events.AttemptsCommitted(attempt_ids=(late.attempt.id,)))
    assert [o.channel for o in world.originates] == ["PJSIP/100@carrier"]
    assert world.states() == ["TERMINATED", "RS_EXPIRED"]
    assert (world.progress[1].state, world.progress[1].attempted) == (RunState.COMPLETED, 1)


def test_a_retry_keeps_its_record_s_priority() -> None:
    world = world_of(reschedule_rules=(rule("RS_BUSY", retry_after_s=60),), idles_on_termination=1)
    world.add_records(added(1, "200", priority=7))
    world.busy(world.ringing[0])
    assert world.retries[1, 9_000_001].priority == 7
