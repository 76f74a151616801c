"""What the dialer tells of its calls and runs while they go on."""

from datetime import timedelta

import pytest

from core.model import Campaign
from core.ports import events
from core.ports.commands import CallClosed
from core.rules.news import CallChanged, CallEnded, RunChanged
from tests.support.world import NOON, World, rule


def one_call(**campaign: object) -> World:
    world = World()
    world.add_list(1, ["5551234"], HH="10")
    world.load(Campaign(id=1, name="c", **campaign))  # type: ignore[arg-type]
    return world


def states(world: World) -> list[str]:
    """The states of calls in the order they were told, those of ends in brackets."""
    told = []
    for news in world.news:
        match news:
            case CallChanged(state=state):
                told.append(str(state))
            case CallEnded(state=state):
                told.append(f"[{state}]")
    return told


def test_each_state_of_a_call_is_told_from_its_request_to_its_end() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.answer(channel)
    world.transfer(channel)
    world.hang_up(channel)
    assert states(world) == ["REQUESTED", "DIALLING", "CONNECTED", "TRANSFERRED", "[TERMINATED]"]


def test_nothing_is_told_of_a_call_that_is_not_committed() -> None:
    world = World(is_database_up=False)
    world.add_list(1, ["5551234"])
    world.load()
    assert states(world) == []
    world.database_back()
    assert states(world) == ["REQUESTED"]


def test_what_is_told_of_a_call_names_everything_it_belongs_to() -> None:
    world = one_call()
    [told] = [news for news in world.news if isinstance(news, CallChanged)]
    assert told == CallChanged(
        at=NOON,
        call_id=1,
        run_id=1,
        campaign_id=1,
        campaign="c",
        list_id=1,
        list_name="list 1",
        record_id=1_000_001,
        number="5551234",
        retry_no=0,
        state=told.state,
    )


def test_the_end_of_a_call_is_told_as_its_log_row_has_it() -> None:
    world = one_call(reschedule_rules=(rule("TERMINATED", max_attempts=1, retry_after_s=90),))
    channel = world.originates[0].channel_id
    world.answer(channel)
    world.report(channel, "CALLSTATUS", value="OK1")
    world.report(channel, "ATTRIBUTE", "SAID", "yes")
    world.now += timedelta(seconds=7)
    world.hang_up(channel)
    [log] = world.logs
    ended = log.news
    assert isinstance(ended, CallEnded)
    assert ended is world.news[-1], "webhooks and listeners are told the same"
    assert (ended.state, ended.ext_status, ended.talk_ms) == ("TERMINATED", "OK1", 7000)
    assert (ended.next_retry_s, ended.at, ended.channel_id) == (90, world.now, channel)
    assert (ended.inputs, ended.outputs) == ({"HH": "10"}, {"SAID": "yes"})


def test_a_status_and_an_attribute_are_told_when_they_are_set() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.answer(channel)
    world.news.clear()
    world.report(channel, "CALLSTATUS", value="OK1")
    world.report(channel, "ATTRIBUTE", "SAID", "yes")
    world.report(channel, "ATTR_CLEAR")
    told = [(one.ext_status, one.outputs) for one in world.news if isinstance(one, CallChanged)]
    assert told == [("OK1", None), ("OK1", {"SAID": "yes"}), ("OK1", {})]


def test_what_was_said_before_the_answer_is_told_with_it() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.report(channel, "ATTRIBUTE", "SAID", "yes")
    assert states(world) == ["REQUESTED"]
    world.answer(channel)
    [*_, answered] = world.news
    assert isinstance(answered, CallChanged)
    assert (answered.state, answered.outputs) == ("CONNECTED", {"SAID": "yes"})


def test_a_number_on_a_black_list_is_told_as_an_end_alone() -> None:
    world = World(blacklist={"5551234"})
    world.add_list(1, ["5551234"])
    world.load(Campaign(id=1, name="c", black_list_ids=(9,)))
    assert states(world) == ["[RS_BLACKLIST]"]
    [ended] = [news for news in world.news if isinstance(news, CallEnded)]
    assert (ended.call_id, ended.channel_id) == (1, "")


@pytest.mark.parametrize("is_fetched", [True, False])
def test_nobody_is_told_of_a_record_that_was_taken_away(is_fetched: bool) -> None:
    world = World(commits=is_fetched)
    world.add_list(1, ["5551234"])
    world.load()
    told = len(states(world))
    if not is_fetched:
        world.post(events.AttemptsRemoved(reasons={1: "it was erased"}))
        [closed] = world.logs
        assert isinstance(closed, CallClosed)
        assert closed.news is None
    assert len(states(world)) == told == int(is_fetched)


def test_a_run_is_told_at_each_change_of_its_state_and_not_in_between() -> None:
    world = World()
    world.add_list(1, ["1000", "1001"])
    world.load(Campaign(id=1, name="c"))
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.PAUSE))
    world.complete(world.originates[0].channel_id)
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.UNPAUSE))
    world.complete(world.originates[1].channel_id)
    told = [news for news in world.news if isinstance(news, RunChanged)]
    assert [(news.state, news.attempted, news.completed) for news in told] == [
        ("RUNNING", 0, 0),
        ("PAUSED", 2, 0),
        ("RUNNING", 2, 1),
        ("COMPLETED", 2, 2),
    ]
    assert world.progress[1].news is told[-1]
