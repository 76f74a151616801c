"""Orders of events that seldom happen: none of them costs a record, a result or a line."""

from datetime import datetime, timedelta

import pytest

from core.dialer.call import Call
from core.model import Attempt, Campaign, HopperEntry, ListPosition, Record, Run, Server, Trunk
from core.ports import events
from core.ports.commands import AttemptPlaced, Command, HangUp, RunProgressed
from core.rules.states import RunState
from tests.support.world import END, NOON, SERVER, TRUNK, World, rule


def numbers(count: int) -> list[str]:
    return [str(1000 + i) for i in range(count)]


def trunk(**values: object) -> Trunk:
    base = {"id": 1, "server_id": 1, "name": "trunk", "dial_string": "PJSIP/${num}@carrier"}
    return Trunk(**{**base, **values})  # type: ignore[arg-type]  # fields of several types


def test_a_run_removed_in_the_tick_that_forgets_it_is_still_journalled() -> None:
    world = World()
    world.add_list(1, numbers(1))
    world.add_list(2, [])
    world.load(Campaign(id=1, name="long", list_ids=(1,)), run_id=1, trunks=())
    for run_id in range(2, 14):
        world.load(Campaign(id=run_id, name="short", list_ids=(2,)), run_id=run_id)
    world.dialer.receive(events.RunAsked(run_id=1, verb=events.RunVerb.REMOVE), world.now)
    world.load(Campaign(id=14, name="next", list_ids=(1,)), run_id=14, is_up=False)
    assert world.progress[1].state is RunState.REMOVE
    assert len(world.ringing) == 1


def test_a_call_committed_in_the_tick_its_server_comes_back_is_not_lost() -> None:
    world = World(commits=False)
    world.add_list(1, numbers(1))
    world.load()
    [placed] = world.placed
    world.dialer.receive(events.ServerDown(server_id=1, reason="gone"), world.now)
    committed = events.AttemptsCommitted(attempt_ids=(placed.attempt.id,))
    world.dialer.receive(committed, world.now)
    world.server_up(live=[])
    assert world.logs == []
    world.complete(world.originates[0].channel_id)
    assert world.states() == ["TERMINATED"]


def test_a_call_stays_with_its_server_when_its_trunk_moves() -> None:
    second = Server(id=2, name="second")
    world = World()
    world.add_list(1, numbers(1))
    world.load(servers=[SERVER, second])
    [channel] = world.ringing
    world.answer(channel)
    world.load(
        run_id=2, servers=[SERVER, second], trunks=[trunk(server_id=2)], endpoints=(), is_up=False
    )
    world.server_up(2, live=[])
    assert world.logs == []
    world.post(events.ServerDown(server_id=1, reason="gone"))
    world.server_up(1, live=[])
    assert world.states() == ["TERMINATED"]


def test_a_call_given_up_is_taken_back_from_its_server() -> None:
    """It may still wait there for its turn: it would ring after its log row was written."""
    world = World()
    world.add_list(1, numbers(1))
    world.load()
    [channel] = world.ringing
    world.wait(seconds=60)
    assert world.states() == ["RS_LOST"]
    assert world.hangups == [HangUp(server_id=1, channel_id=channel)]


def test_a_call_at_its_maximum_length_is_cut_once_its_server_is_back() -> None:
    world = World()
    world.add_list(1, numbers(1))
    world.load(Campaign(id=1, name="c", max_call_length_s=60))
    [channel] = world.ringing
    world.answer(channel)
    world.post(events.ServerDown(server_id=1, reason="gone"))
    world.wait(seconds=61)
    world.hangups.clear()
    world.server_up(live=[channel], answered_channels=frozenset({channel}))
    assert world.hangups == [HangUp(server_id=1, channel_id=channel)]
    world.hang_up(channel)
    assert world.states() == ["RS_TIMEOUT"]


def test_a_full_trunk_does_not_keep_a_rate_limited_run_awake() -> None:
    world = World()
    world.add_list(1, numbers(9))
    full = trunk(capacity=1)
    slow = trunk(id=2, name="slow", max_calls_per_period=1, period_ms=60_000)
    world.load(trunks=[full, slow])
    assert len(world.originates) == 2
    for channel in world.ringing:
        world.answer(channel)
    world.now += timedelta(seconds=30)
    world.settle()
    next_at = world.dialer.next_look_at()
    assert next_at is not None
    assert next_at > world.now
    world.wait(seconds=31)
    assert len(world.originates) == 3


def resume(run: Run, requested_at: datetime = NOON) -> World:
    """A restart with one call of unknown fate in `run`."""
    record = Record(id=1_000_001, list_id=1, number="1000")
    attempt = Attempt(
        id=7, run_id=1, campaign_id=1, record_id=record.id, list_id=1, server_id=1, trunk_id=1,
        endpoint_id=1, attempt_no=0, retry_no=0, number="1000", channel_id="wb-cafe0001-7",
        requested_at=requested_at,
    )  # fmt: skip
    entry = HopperEntry(record=record, list_name="list 1")
    world = World()
    world.add_list(1, ["1000"])
    world.post(
        events.RunLoaded(
            plan=events.RunPlan(
                run=run,
                campaign=Campaign(id=1, name="c"),
                servers=(SERVER,),
                trunks=(TRUNK,),
                endpoints=(END,),
            ),
            open_calls=(events.OpenCall(attempt=attempt, entry=entry, trunk=TRUNK, endpoint=END),),
        )
    )
    return world


def test_a_run_that_was_over_before_a_restart_stays_over() -> None:
    position = ListPosition(list_id=1, list_name="list 1", highwater=1_000_001)
    run = Run(
        id=1, campaign_id=1, state=RunState.REMOVE, started_at=NOON, ended_at=NOON,
        error="why", lists=(position,),
    )  # fmt: skip
    world = resume(run)
    world.server_up(live=[])
    assert world.states() == ["RS_LOST"]
    assert world.progress[1] == RunProgressed(
        run_id=1, state=RunState.REMOVE, attempted=0, completed=1, ended_at=NOON, error="why",
        positions=(position,),
    )  # fmt: skip


@pytest.mark.parametrize("days", [-1, 60])
def test_times_of_a_call_fit_the_log_whatever_the_clock_did(days: int) -> None:
    """A column holds 24 days of milliseconds; a clock may be set back."""
    position = ListPosition(list_id=1, list_name="list 1", highwater=1_000_001)
    run = Run(id=1, campaign_id=1, state=RunState.RUNNING, started_at=NOON, lists=(position,))
    world = resume(run, requested_at=NOON - timedelta(days=days))
    world.server_up(live=[])
    assert 0 <= world.logs[0].log.wait_pre_ms < 2**31


def test_retries_that_are_due_later_need_no_look_of_their_own() -> None:
    world = World()
    world.add_list(1, numbers(50))
    rules = (rule("RS_BUSY", max_attempts=1, retry_after_s=7200),)
    world.load(Campaign(id=1, name="c", reschedule_rules=rules))
    for _ in range(50):
        world.busy(world.ringing[0])
        world.now += timedelta(seconds=1)
    world.wait(minutes=5)
    later = world.dialer.live.timers.pop_due(world.now + timedelta(days=1))
    assert len(list(later)) == 1
    assert world.dialer.live.runs[1].retries == 50


def test_calls_that_are_over_are_not_kept_for_their_limits() -> None:
    world = World()
    world.add_list(1, numbers(50))
    rules = (rule("RS_BUSY", max_attempts=0, retry_after_s=7200),)
    campaign = Campaign(id=1, name="c", max_call_length_s=3600, reschedule_rules=rules)
    world.load(campaign)
    for i in range(40):
        (world.complete if i % 2 else world.busy)(world.ringing[0])
    timers = list(world.dialer.live.timers.pop_due(NOON + timedelta(days=1)))
    held = [cell.cell_contents for timer in timers for cell in timer.__closure__ or ()]
    assert len(timers) > 40
    assert not [thing for thing in held if isinstance(thing, Call)]


def test_a_retry_that_the_database_refuses_is_tried_once_and_the_run_completes() -> None:
    class Refusing(World):
        """The retry of 1000 is never committed, and stays where it is."""

        def _carry_out(self, command: Command) -> None:
            is_placed = isinstance(command, AttemptPlaced)
            if is_placed and (command.attempt.number, command.attempt.attempt_no) == ("1000", 1):
                self.placed.append(command)
                refused = events.AttemptRefused(attempt_id=command.attempt.id, reason="no")
                self.dialer.receive(refused, self.now)
            else:
                super()._carry_out(command)

    world = Refusing()
    world.add_list(1, numbers(2))
    rules = (
        rule("RS_BUSY", max_attempts=1, retry_after_s=10),
        rule("RS_NOANSWER", max_attempts=1, retry_after_s=60),
    )
    world.load(Campaign(id=1, name="c", reschedule_rules=rules))
    first, second = world.ringing
    world.busy(first)
    world.fail(second, 3, 19)
    world.wait(seconds=61)
    assert [p.attempt.number for p in world.placed] == ["1000", "1001", "1000", "1001"]
    world.complete(world.ringing[-1])
    assert world.states() == ["RS_BUSY", "RS_NOANSWER", "RS_ERROR", "TERMINATED"]
    assert (world.progress[1].state, world.progress[1].completed) == (RunState.COMPLETED, 2)
