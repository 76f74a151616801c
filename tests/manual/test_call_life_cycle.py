"""Manual 25.02: "A call's life-cycle" when dialling directly: its stages and its states."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.model import Campaign
from core.ports import events
from core.rules.states import CallState
from tests.support.world import World

#: All that the manual names, but those in which an agent is reserved or called first.
STATES = {
    "IN_HOPPER", "SCHEDULED", "REQUESTED", "DIALLING", "CONNECTED", "TRANSFERRED",
    "RS_ERROR", "RS_LOST", "RS_NOAGENT", "RS_REJECTED", "RS_BUSY", "RS_NUMBER", "RS_NOANSWER",
    "TERMINATED", "RS_TIMEOUT", "RS_AGENTSkip", "RS_BLACKLIST", "RS_AGENT",
}  # fmt: skip


def one_call(**campaign: object) -> tuple[World, str]:
    """A world with one call that has left, and its channel."""
    world = World()
    world.add_list(1, ["5551234"])
    world.load(Campaign(id=1, name="c", **campaign))  # type: ignore[arg-type]
    return world, world.ringing[0]


def test_the_states_have_the_manual_s_names() -> None:
    assert {state.value for state in CallState} >= STATES


def test_a_call_goes_from_the_hopper_to_its_completion() -> None:
    world = World(commits=False)
    world.add_list(1, ["5551234"])
    world.load(is_up=False)
    run = world.dialer.live.runs[1]
    assert (run.hopper_size, world.placed) == (1, [])

    world.server_up()
    attempt = world.placed[0].attempt
    call = world.dialer.live.calls[attempt.channel_id]
    seen = [call.state]
    assert run.hopper_size == 0
    world.post(events.AttemptsCommitted(attempt_ids=(attempt.id,)))
    seen.append(call.state)
    world.ring(attempt.channel_id)
    seen.append(call.state)
    world.answer(attempt.channel_id)
    seen.append(call.state)
    world.hang_up(attempt.channel_id)
    assert [*seen, world.logs[0].log.state] == [
        "SCHEDULED",
        "REQUESTED",
        "DIALLING",
        "CONNECTED",
        "TERMINATED",
    ]


def congestion(world: World, channel: str) -> None:
    world.fail(channel, 8, 34)


def no_status_code(world: World, channel: str) -> None:
    """The provider ends it before an answer and does not say why."""
    world.fail(channel, 0, 16)


def no_channel(world: World, channel: str) -> None:
    world.post(events.Originated(server_id=1, channel_id=channel, is_answered=False, reason=0))
    world.wait(seconds=5)


def invalid_number(world: World, channel: str) -> None:
    world.fail(channel, 0, 1)


def no_answer(world: World, channel: str) -> None:
    world.ring(channel)
    world.now += timedelta(seconds=30)
    world.fail(channel, 3, 19)


def technical_error(world: World, channel: str) -> None:
    world.post(
        events.OriginateRefused(
            server_id=1, channel_id=channel, was_sent=True, reason="Permission denied"
        )
    )


def crash(world: World, channel: str) -> None:
    world.answer(channel)
    world.post(events.ServerDown(server_id=1, reason="gone"))
    world.now += timedelta(seconds=30)
    world.server_up(started_at=world.now)


def forced_closure(world: World, channel: str) -> None:
    world.answer(channel)
    world.wait(seconds=60)
    world.hang_up(channel)


@pytest.mark.parametrize(
    ("happens", "state"),
    [
        (congestion, "RS_REJECTED"),
        (no_status_code, "RS_REJECTED"),
        (World.busy, "RS_BUSY"),
        (invalid_number, "RS_NUMBER"),
        (no_channel, "RS_NUMBER"),
        (no_answer, "RS_NOANSWER"),
        (technical_error, "RS_ERROR"),
        (crash, "RS_LOST"),
        (World.complete, "TERMINATED"),
        (forced_closure, "RS_TIMEOUT"),
    ],
)
def test_how_a_call_ends(happens: Callable[[World, str], None], state: str) -> None:
    world, channel = one_call(max_call_length_s=60)
    happens(world, channel)
    assert world.states() == [state]
    assert world.dialer.live.trunks[1].in_use == 0


def test_the_forced_closure_is_off_at_zero() -> None:
    world, channel = one_call(max_call_length_s=0)
    world.answer(channel)
    world.wait(hours=5)
    assert (world.hangups, world.logs) == ([], [])


def test_the_answer_timeout_of_the_campaign_is_asterisk_s() -> None:
    world, _ = one_call(answer_timeout_ms=25_000)
    assert world.originates[0].answer_timeout_ms == 25_000


def test_a_blacklisted_number_is_skipped() -> None:
    world = World(blacklist={"5551234"})
    world.add_list(1, ["5551234"])
    world.load(Campaign(id=1, name="c", black_list_ids=(9,)))
    assert (world.states(), world.originates) == (["RS_BLACKLIST"], [])
