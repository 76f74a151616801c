"""Manual 25.02, "Blacklists": both checks, a log row without a call, and what follows."""

from core.model import Campaign
from core.ports import events
from core.rules.states import RunState
from tests.support.world import TRUNK, World, rule


def world_of(numbers: list[str], *forbidden: str, **campaign: object) -> World:
    world = World(blacklist=set(forbidden))
    world.add_list(1, numbers)
    fields = {"id": 1, "name": "c", "black_list_ids": (9,), "list_ids": (1,), **campaign}
    world.load(Campaign(**fields))  # type: ignore[arg-type]
    return world


def test_a_blacklisted_number_is_logged_and_not_called() -> None:
    world = world_of(["1", "2", "3"], "2")
    assert [o.channel for o in world.originates] == ["PJSIP/1@carrier", "PJSIP/3@carrier"]
    (closed,) = world.logs
    attempt = closed.log.attempt
    assert (closed.log.state, attempt.number) == ("RS_BLACKLIST", "2")
    assert (attempt.server_id, attempt.trunk_id, attempt.endpoint_id) == (None, None, None)


def test_blacklisted_numbers_take_neither_lines_nor_rate() -> None:
    bad = [str(n) for n in range(100, 150)]
    world = world_of([*bad, "1", "2"], *bad, batch_size=200)
    assert len(world.logs) == 50
    assert len(world.originates) == 2
    trunk = world.dialer.live.trunks[TRUNK.id]
    assert trunk.in_use == 2
    assert trunk.window.count_free(world.now) == TRUNK.max_calls_per_period - 2


def test_a_run_of_nothing_but_blacklisted_numbers_completes() -> None:
    world = world_of(["1", "2"], "1", "2")
    progress = world.progress[1]
    assert (progress.state, progress.attempted, progress.completed) == ("COMPLETED", 0, 2)
    assert progress.positions[0].is_complete


def test_blacklisted_numbers_are_logged_even_while_no_line_is_free() -> None:
    world = world_of([str(n) for n in range(10)] + ["66"], "66")
    assert len(world.ringing) == 10
    assert world.states() == ["RS_BLACKLIST"]


def test_a_number_listed_after_the_fetch_is_stopped_just_before_dialling() -> None:
    world = World(is_database_up=False, blacklist=set())
    world.add_list(1, ["1"])
    world.load(Campaign(id=1, name="c", black_list_ids=(9,)))
    world.is_database_up = True
    batch = world.dialer.live.runs[1].fetch()
    fetched = world._fetch(batch)
    world.blacklist.add("1")
    world.post(fetched)
    assert world.originates == []
    assert world.states() == ["RS_BLACKLIST"]
    assert world.logs[0].log.attempt.trunk_id == TRUNK.id
    assert world.progress[1].attempted == 0
    assert world.dialer.live.trunks[1].in_use == 0


def test_a_retry_is_checked_again_each_time() -> None:
    busy = rule("RS_BUSY", max_attempts=3, retry_after_s=60)
    world = world_of(["1"], reschedule_rules=(busy,))
    world.busy(world.ringing[0])
    world.blacklist.add("1")
    world.wait(seconds=61)
    assert world.states() == ["RS_BUSY", "RS_BLACKLIST"]
    assert world.retries == {}
    assert world.progress[1].state is RunState.COMPLETED
    assert world.progress[1].completed == 1


def test_a_rule_may_look_again_when_the_entry_has_expired() -> None:
    again = rule("RS_BLACKLIST", max_attempts=1, retry_after_s=3600)
    world = world_of(["1"], "1", reschedule_rules=(again,))
    assert world.logs[0].log.next_retry_s == 3600
    world.blacklist.clear()
    world.wait(seconds=3600)
    assert len(world.originates) == 1
    assert world.placed[0].attempt.attempt_no == 1


def test_a_campaign_without_black_lists_asks_for_no_check() -> None:
    world = world_of(["1"], "1", black_list_ids=())
    assert len(world.originates) == 1
    assert world.placed[0].screen is None


def test_all_numbers_of_a_record_are_checked_before_dialling() -> None:
    world = World(blacklist={"103"})
    world.add_list(1, ["100"], MULTINUM1="103")
    world.load(Campaign(id=1, name="c", black_list_ids=(9,)))
    assert world.placed[0].numbers == ("100", "103")
    assert world.originates == []
    assert world.states() == ["RS_BLACKLIST"]


def test_a_forbidden_attempt_announced_late_changes_nothing() -> None:
    world = world_of(["1"])
    world.post(events.AttemptsBlacklisted(attempt_ids=(1, 999)))
    assert len(world.ringing) == 1
    assert world.logs == []
