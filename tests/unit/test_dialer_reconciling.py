"""What becomes of calls whose end nobody told: after a restart of their PBX, after a cut network,
after an event that was lost."""

from datetime import timedelta

import pytest

from core.model import Campaign, Server
from core.ports import events
from tests.support.world import NOON, SERVER, World


def three_calls(**campaign: object) -> World:
    """Three calls that have left, at noon."""
    world = World()
    world.add_list(1, ["1", "2", "3"])
    world.load(Campaign(id=1, name="c", list_ids=(1,), **campaign))  # type: ignore[arg-type]
    return world


def ends(world: World) -> dict[str, tuple[str, str]]:
    """State and reason of what ended, by number."""
    return {c.log.attempt.number: (c.log.state.value, c.log.reason) for c in world.logs}


def list_channels(world: World, *live: str, server_id: int = 1, after_s: float = 0) -> None:
    asked_at = world.now + timedelta(seconds=after_s)
    world.post(
        events.ChannelsListed(server_id=server_id, asked_at=asked_at, live_channels=frozenset(live))
    )


def in_use(world: World) -> tuple[int, int]:
    return world.dialer.live.trunks[1].in_use, world.dialer.live.endpoints[1].in_use


def test_after_a_restart_all_calls_are_lost_at_once_and_free_their_lines() -> None:
    world = three_calls()
    ringing, talking, transferred = world.ringing
    world.ring(ringing)
    world.answer(talking)
    world.answer(transferred)
    world.transfer(transferred)
    world.post(events.ServerDown(server_id=1, reason="gone"))
    world.now += timedelta(seconds=30)
    world.server_up(started_at=NOON + timedelta(seconds=20))
    restarted = ("RS_LOST", "its server restarted")
    assert ends(world) == {"1": restarted, "2": restarted, "3": restarted}
    assert in_use(world) == (0, 0)


def test_after_a_cut_network_answered_calls_that_are_gone_ended_ringing_ones_are_lost() -> None:
    world = three_calls()
    ringing, talking, going_on = world.ringing
    world.ring(ringing)
    world.answer(talking)
    world.answer(going_on)
    world.post(events.ServerDown(server_id=1, reason="no answer"))
    world.now += timedelta(seconds=30)
    world.server_up(live=[going_on], started_at=NOON - timedelta(days=1))
    assert ends(world) == {
        "1": ("RS_LOST", "gone when its server was back"),
        "2": ("TERMINATED", "it ended out of sight"),
    }
    assert world.ringing == [going_on]


def test_a_call_that_is_up_goes_on_whatever_start_a_wrong_clock_shows() -> None:
    world = three_calls()
    for channel in world.ringing:
        world.answer(channel)
    world.server_up(live=world.ringing, started_at=NOON + timedelta(hours=1))
    assert world.logs == []


def test_a_call_that_was_being_cut_when_its_server_went_is_a_timeout() -> None:
    world = three_calls(max_call_length_s=60)
    for channel in world.ringing:
        world.answer(channel)
    world.wait(seconds=60)
    world.server_up(started_at=world.now)
    assert set(world.states()) == {"RS_TIMEOUT"}


def test_a_call_whose_hang_up_was_lost_is_closed_by_the_next_listing() -> None:
    world = three_calls(answer_timeout_ms=600_000)
    ringing, talking, going_on = world.ringing
    world.ring(ringing)
    world.answer(talking)
    world.answer(going_on)
    world.now += timedelta(seconds=60)
    list_channels(world, going_on)
    world.wait(seconds=4.9)
    assert world.logs == []
    world.wait(seconds=0.2)
    assert ends(world) == {
        "1": ("RS_LOST", "its hang-up was never told"),
        "2": ("TERMINATED", "its hang-up was never told"),
    }
    assert in_use(world) == (1, 1)


def test_every_call_of_a_listing_is_looked_at() -> None:
    world = three_calls()
    for channel in world.ringing:
        world.answer(channel)
    world.now += timedelta(seconds=60)
    list_channels(world, world.ringing[0])
    world.wait(seconds=5)
    assert list(ends(world)) == ["2", "3"]


def test_a_hang_up_that_comes_behind_the_listing_says_how_the_call_ended() -> None:
    world = three_calls(answer_timeout_ms=600_000)
    talking = world.ringing[0]
    world.answer(talking)
    world.now += timedelta(seconds=60)
    list_channels(world, *world.ringing[1:])
    world.now += timedelta(seconds=1)
    world.hang_up(talking, cause=16)
    world.wait(seconds=10)
    assert ends(world) == {"1": ("TERMINATED", "")}
    assert world.logs[0].log.cause == 16


@pytest.mark.parametrize(("server_id", "after_s"), [(1, 0.0), (2, 1.0)])
def test_a_listing_asked_for_before_a_call_or_of_another_server_says_nothing_of_it(
    server_id: int, after_s: float
) -> None:
    world = three_calls()
    for channel in world.ringing:
        world.answer(channel)
    list_channels(world, server_id=server_id, after_s=after_s)
    world.wait(seconds=10)
    assert world.logs == []


def test_a_call_of_which_nothing_was_heard_is_not_missed_in_a_listing() -> None:
    world = three_calls()
    list_channels(world, after_s=1)
    world.wait(seconds=10)
    assert world.logs == []


def fails_unanswered(world: World, channel_id: str) -> None:
    """Nobody answered within the time-out."""
    call = {"server_id": 1, "channel_id": channel_id}
    world.post(events.Originated(**call, is_answered=False, reason=3))
    world.hang_up(channel_id, cause=19)


def test_a_call_that_may_have_rung_while_its_server_was_away_is_no_dead_trunk() -> None:
    world = World()
    world.add_list(1, ["1", "2"])
    world.load(servers=[SERVER, Server(id=2, name="another")])
    first, _ = world.ringing
    world.post(events.ServerDown(server_id=2, reason="gone"))
    fails_unanswered(world, first)
    assert world.states() == ["RS_ERROR"]
    world.post(events.ServerDown(server_id=1, reason="gone"))
    world.server_up(live=world.ringing)
    fails_unanswered(world, world.ringing[0])
    assert world.states() == ["RS_ERROR", "RS_NOANSWER"]


def test_a_call_that_ends_while_its_server_is_away_is_lost_unless_it_says_why() -> None:
    world = three_calls()
    unheard, busy, _ = world.ringing
    world.post(events.ServerDown(server_id=1, reason="gone"))
    world.hang_up(unheard, cause=16)
    world.hang_up(busy, cause=17)
    world.wait(seconds=2)
    assert ends(world) == {"1": ("RS_LOST", "it ended out of sight"), "2": ("RS_BUSY", "")}


@pytest.mark.parametrize(
    ("when", "end"),
    [
        ("before", ("RS_NUMBER", "")),
        ("after", ("RS_LOST", "its server went away")),
    ],
)
def test_a_failure_without_a_word_is_the_servers_only_if_that_went_away_behind_it(
    when: str, end: tuple[str, str]
) -> None:
    world = three_calls()
    first, *_ = world.ringing
    failed = events.Originated(server_id=1, channel_id=first, is_answered=False, reason=0)
    down = events.ServerDown(server_id=1, reason="gone")
    if when == "before":
        world.post(down)
        world.now += timedelta(seconds=1)
        world.server_up(live=world.ringing)
        world.post(failed)
    else:
        world.post(failed)
        world.now += timedelta(seconds=1)
        world.post(down)
    world.wait(seconds=2)
    assert ends(world) == {"1": end}
