"""What becomes of calls that caps refuse: a log row, no call, and a wait for the cap."""

from datetime import timedelta

from core.model import Campaign
from core.ports import events
from core.rules.caps import Cap, Refusal
from core.rules.states import RunState
from tests.support.world import NOON, TRUNK, World, rule

CAP = Cap(name="twice", attempts=2, days=1)


def refusal(**wait: float) -> Refusal:
    return Refusal(
        reason='cap "twice": at most 2 calls in 1 day', allowed_at=NOON + timedelta(**wait)
    )


def world_of(numbers: list[str]) -> World:
    world = World()
    world.add_list(1, numbers)
    return world


def start(world: World, **campaign: object) -> None:
    world.load(Campaign(id=1, name="c", **campaign), caps=(CAP,))  # type: ignore[arg-type]


def test_a_number_refused_when_fetched_takes_no_line_and_waits_for_the_cap() -> None:
    world = world_of(["1", "2"])
    world.refusals["1"] = refusal(hours=3)
    start(world)
    assert [o.channel for o in world.originates] == ["PJSIP/2@carrier"]
    (closed,) = world.logs
    assert (closed.log.state, closed.log.ext_status) == ("RS_BLACKLIST", "CAPPED")
    assert closed.log.reason == (
        'cap "twice": at most 2 calls in 1 day; not before 2026-03-02 15:00:00 UTC'
    )
    assert (closed.log.attempt.trunk_id, closed.was_sent) == (None, False)
    assert closed.log.next_retry_s == 3 * 3600
    assert world.dialer.live.trunks[TRUNK.id].window.count_free(world.now) == 99
    world.refusals.clear()
    world.wait(hours=2, minutes=59, seconds=59)
    assert len(world.originates) == 1
    world.wait(seconds=1)
    assert world.originates[1].channel == "PJSIP/1@carrier"


def test_a_refused_attempt_is_none_on_the_person() -> None:
    world = world_of(["1"])
    world.refusals["1"] = refusal(hours=3)
    busy = rule("RS_BUSY", max_attempts=1, retry_after_s=60)
    start(world, reschedule_rules=(busy,))
    assert world.progress[1].attempted == 0
    world.refusals.clear()
    world.wait(hours=3)
    first = world.placed[0].attempt
    assert (first.attempt_no, first.retry_no) == (1, 0)
    world.busy(world.ringing[0])
    world.wait(seconds=60)
    assert world.placed[1].attempt.retry_no == 1


def test_a_rule_for_black_lists_does_not_hasten_a_cap() -> None:
    world = world_of(["1"])
    world.refusals["1"] = refusal(hours=3)
    start(world, reschedule_rules=(rule("RS_BLACKLIST", max_attempts=9, retry_after_s=1),))
    assert [log.log.next_retry_s for log in world.logs] == [3 * 3600]


def test_a_number_refused_just_before_dialling_gives_its_line_back() -> None:
    world = world_of(["1"])
    world.is_database_up = False
    start(world)
    world.is_database_up = True
    fetched = world._fetch(world.dialer.live.runs[1].fetch())
    world.refusals["1"] = refusal(minutes=10)
    world.post(fetched)
    assert world.originates == []
    (closed,) = world.logs
    log = closed.log
    assert (log.state, log.ext_status, closed.was_sent) == ("RS_BLACKLIST", "CAPPED", False)
    assert closed.log.attempt.trunk_id == TRUNK.id
    assert world.dialer.live.trunks[TRUNK.id].in_use == 0
    assert world.progress[1].attempted == 0
    world.refusals.clear()
    world.wait(minutes=10)
    assert len(world.originates) == 1


def test_what_the_cap_keeps_longer_than_the_campaign_waits_is_done() -> None:
    world = world_of(["1", "2"])
    world.refusals |= {"1": refusal(hours=5), "2": refusal(hours=5, seconds=1)}
    start(world, cap_wait_h=5)
    assert [log.log.next_retry_s for log in world.logs] == [5 * 3600, 0]
    assert world.progress[1].completed == 1
    world.refusals.clear()
    world.wait(hours=5)
    world.complete(world.ringing[0])
    assert world.progress[1].state is RunState.COMPLETED


def test_a_retry_that_a_cap_refuses_is_used_up_and_comes_again() -> None:
    world = world_of(["1"])
    start(world, reschedule_rules=(rule("RS_BUSY", max_attempts=2, retry_after_s=60),))
    world.busy(world.ringing[0])
    world.refusals["1"] = refusal(hours=3)
    world.wait(minutes=2)
    assert world.states() == ["RS_BUSY", "RS_BLACKLIST"]
    (retry,) = world.retries.values()
    assert (retry.attempt_no, retry.retry_no, retry.due_at) == (2, 1, NOON + timedelta(hours=3))
    run = world.dialer.live.runs[1]
    assert (run.retries, run.held) == (1, set())


def test_a_refusal_that_never_ends_is_no_busy_loop() -> None:
    world = world_of(["1"])
    world.refusals["1"] = refusal(seconds=0)
    start(world)
    world.wait(minutes=1)
    assert world.originates == []
    assert len(world.logs) <= 61


def test_a_refusal_that_ended_in_the_hopper_is_not_heeded() -> None:
    world = world_of(["1"])
    world.is_database_up = False
    start(world)
    world.is_database_up = True
    run = world.dialer.live.runs[1]
    command = run.fetch()
    world.refusals["1"] = refusal(minutes=1)
    fetched = world._screen(command, world._fetch(command))
    world.refusals.clear()
    world.wait(minutes=1)
    world.post(fetched)
    assert len(world.originates) == 1
    assert world.logs == []


def test_without_caps_no_check_is_asked_for() -> None:
    world = world_of(["1"])
    world.load(Campaign(id=1, name="c"))
    assert world.placed[0].screen is None


def test_a_reload_brings_the_caps_of_now() -> None:
    world = world_of(["1"])
    world.load(Campaign(id=1, name="c", idles_on_termination=True))
    run = world.dialer.live.runs[1]
    plan = events.RunPlan(
        run=run.run, campaign=run.campaign, servers=(), trunks=(), endpoints=(), caps=(CAP,)
    )
    world.post(events.RunReloaded(plan=plan))
    assert run.screen is not None
    assert run.screen.caps == (CAP,)


def test_a_call_that_never_left_says_so() -> None:
    world = world_of(["1", "2", "3"])
    start(world)
    first, second, third = world.ringing
    for channel, was_sent in ((first, False), (second, True)):
        world.post(
            events.OriginateRefused(
                server_id=1, channel_id=channel, was_sent=was_sent, reason="no", is_final=True
            )
        )
    world.complete(third)
    assert [log.was_sent for log in world.logs] == [False, True, True]
