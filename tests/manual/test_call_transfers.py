"""Manual 25.02, "Call transfers": what becomes of a call that the agent passes on."""

from datetime import timedelta

import pytest

from core.dialer.lines import LiveEndPoint, LiveTrunk
from core.model import Campaign, EndPoint, Trunk
from core.ports import events
from core.rules.states import CallState
from tests.support.world import END, TRUNK, World

ONE_AGENT = EndPoint(id=1, server_id=1, name="desk", extension="s", context="c", max_channels=1)


def one_agent(trunk: Trunk = TRUNK, **campaign: object) -> World:
    """Two people to call, one agent to talk to them; the first call has left."""
    world = World()
    world.add_list(1, ["100", "101"])
    fields = {"id": 1, "name": "c", "list_ids": (1,), **campaign}
    world.load(Campaign(**fields), trunks=[trunk], endpoints=[ONE_AGENT])  # type: ignore[arg-type]
    return world


def lines(world: World) -> tuple[LiveTrunk, LiveEndPoint]:
    return world.dialer.live.trunks[TRUNK.id], world.dialer.live.endpoints[END.id]


def test_the_agent_is_freed_and_takes_another_call_while_the_line_stays_in_use() -> None:
    world = one_agent()
    (first,) = world.ringing
    world.answer(first)
    assert world.ringing == [first]
    world.transfer(first)
    assert world.dialer.live.calls[first].state is CallState.TRANSFERRED
    first, second = world.ringing
    world.answer(second)
    trunk, agent = lines(world)
    assert (trunk.in_use, agent.in_use) == (2, 1)
    world.hang_up(first)
    assert (trunk.in_use, agent.in_use) == (1, 1)
    world.hang_up(second)
    assert (trunk.in_use, agent.in_use) == (0, 0)


def test_a_trunk_of_one_line_is_busy_until_the_transferred_call_ends() -> None:
    one_line = Trunk(id=1, server_id=1, name="t", dial_string="PJSIP/${num}@c", capacity=1)
    world = one_agent(one_line)
    (first,) = world.ringing
    world.answer(first)
    world.transfer(first)
    assert world.ringing == [first]
    world.hang_up(first)
    assert len(world.originates) == 2


def test_it_is_logged_until_its_full_completion() -> None:
    world = one_agent()
    (first,) = world.ringing
    world.answer(first)
    world.now += timedelta(seconds=10)
    world.transfer(first)
    world.now += timedelta(seconds=25)
    world.hang_up(first)
    log = world.logs[0].log
    assert (log.state, log.talk_ms, log.cause) == ("TERMINATED", 35_000, 16)


def test_nobody_cuts_a_transferred_call() -> None:
    world = one_agent(max_call_length_s=60)
    (first,) = world.ringing
    world.answer(first)
    world.transfer(first)
    world.wait(hours=1)
    assert first not in [hang_up.channel_id for hang_up in world.hangups]
    world.hang_up(first)
    assert world.states()[-1] == "TERMINATED"


def test_a_call_cut_just_before_its_transfer_is_a_timeout() -> None:
    world = one_agent(max_call_length_s=60)
    (first,) = world.ringing
    world.answer(first)
    world.wait(seconds=60)
    world.transfer(first)
    world.hang_up(first)
    assert world.states()[0] == "RS_TIMEOUT"


def test_the_second_level_still_reports_of_the_call() -> None:
    world = one_agent()
    (first,) = world.ringing
    world.answer(first)
    world.transfer(first)
    world.report(first, "CALLSTATUS", value="SOLD")
    world.report(first, "ATTRIBUTE", "BY", "second level")
    world.hang_up(first)
    closed = world.logs[0]
    assert (closed.log.ext_status, closed.outputs) == ("SOLD", {"BY": "second level"})


def test_a_call_transferred_again_frees_its_agent_once() -> None:
    world = one_agent()
    (first,) = world.ringing
    world.answer(first)
    world.transfer(first)
    world.transfer(first)
    world.hang_up(first)
    _, agent = lines(world)
    assert agent.in_use == 1
    assert world.states() == ["TERMINATED"]


def test_a_transfer_that_overtakes_the_answer_tells_of_it() -> None:
    world = one_agent()
    (first,) = world.ringing
    world.ring(first)
    world.transfer(first)
    world.answer(first)
    assert world.dialer.live.calls[first].state is CallState.TRANSFERRED
    world.hang_up(first)
    assert world.states() == ["TERMINATED"]


@pytest.mark.parametrize("channel_id", ["wb-cafe0001-000000000099", "1700000000.12"])
def test_a_transfer_of_somebody_elses_call_changes_nothing(channel_id: str) -> None:
    world = one_agent()
    (first,) = world.ringing
    world.post(events.Transferred(server_id=1, channel_id=channel_id))
    assert world.dialer.live.calls[first].state is CallState.REQUESTED


def test_a_dialer_that_is_killed_knows_a_transferred_call_again() -> None:
    """It does not count against its end-point, nor is it cut, and its talk goes on."""
    world = one_agent(max_call_length_s=60)
    (first,) = world.ringing
    world.answer(first)
    world.now += timedelta(seconds=10)
    world.is_throttled = True
    world.transfer(first)
    first, second = world.ringing
    world.restart()
    trunk, agent = lines(world)
    assert (trunk.in_use, agent.in_use) == (2, 1)
    assert world.dialer.live.calls[first].state is CallState.TRANSFERRED
    world.server_up(live=[first, second], answered_channels=frozenset({first}))
    assert world.dialer.live.calls[first].state is CallState.TRANSFERRED
    world.wait(seconds=50)
    assert first not in [hang_up.channel_id for hang_up in world.hangups]
    world.hang_up(first)
    log = world.logs[-1].log
    assert (log.state, log.talk_ms) == ("TERMINATED", 60_000)
    assert agent.in_use == len(world.ringing)


def test_a_transferred_call_that_ended_while_the_dialer_was_down_is_over() -> None:
    world = one_agent()
    (first,) = world.ringing
    world.answer(first)
    world.transfer(first)
    world.restart()
    world.server_up(live=world.ringing[1:])
    assert [log.log.state for log in world.logs] == ["TERMINATED"]
