"""Manual 25.02: "Call logs", and the calls of "Run a report on your campaign"."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from core.model import CallLog, Campaign, Record
from core.ports import events
from tests.support.world import NOON, World, rule

#: The rules of the first campaign.
RULES = (
    rule("RS_NOANSWER", max_attempts=1, retry_after_s=120),
    rule("RS_BUSY", max_attempts=1, retry_after_s=2000),
    rule("RS_REJECTED", max_attempts=1, retry_after_s=12_000),
)


def start(numbers: Sequence[str], **campaign: object) -> World:
    world = World()
    world.add_list(1, numbers)
    world.load(Campaign(id=1, name="TestCampaign", **campaign))  # type: ignore[arg-type]
    return world


def ring_after(world: World, channel: str, wait_ms: int) -> None:
    world.now += timedelta(milliseconds=wait_ms)
    world.post(events.Dialling(server_id=1, channel_id=channel, channel=f"Local/{channel};1"))


def answer_after(world: World, channel: str, wait_ms: int, *, is_answered: bool = True) -> None:
    world.now += timedelta(milliseconds=wait_ms)
    reason = 4 if is_answered else 8
    world.post(
        events.Originated(server_id=1, channel_id=channel, is_answered=is_answered, reason=reason)
    )


def test_the_record_of_the_call_to_204() -> None:
    """Campaign RD1, list RD1/AUTO: the second attempt, with an extended status and attributes."""
    world = World()
    campaign = Campaign(
        id=1,
        name="RD1",
        idles_on_termination=True,
        reschedule_rules=(rule("RS_BUSY", retry_after_s=60),),
    )
    world.load(campaign)
    world.add_records(Record(id=9_000_001, list_id=9, number="204", inputs={"CASE": "7"}))
    world.busy(world.ringing[0])
    world.wait(seconds=60)
    (channel,) = world.ringing
    attempted_at = world.now
    ring_after(world, channel, 29)
    answer_after(world, channel, 996)
    world.report(channel, "CALLSTATUS", value="123")
    world.report(channel, "ATTRIBUTE", "MOOD", "good")
    world.now += timedelta(milliseconds=15_537)
    world.hang_up(channel)
    closed = world.logs[-1]
    log: CallLog = closed.log
    assert (log.attempt.number, log.attempt.list_id, log.attempt.campaign_id) == ("204", 9, 1)
    assert (log.attempt.requested_at, log.ended_at) == (attempted_at, world.now)
    assert (log.wait_pre_ms, log.wait_after_ms, log.talk_ms) == (29, 996, 15_537)
    assert (log.state, log.ext_status) == ("TERMINATED", "123")
    assert (log.attempt.retry_no, log.next_retry_s) == (1, 0)
    assert log.channel == f"Local/{channel};1"
    assert closed.outputs == {"MOOD": "good"}


@pytest.mark.parametrize(
    ("number", "wait_pre_ms", "wait_after_ms"), [("202", 1, 34), ("500", 25, 7863)]
)
def test_calls_of_the_first_campaign_that_were_rejected(
    number: str, wait_pre_ms: int, wait_after_ms: int
) -> None:
    world = start([number], reschedule_rules=RULES)
    (channel,) = world.ringing
    ring_after(world, channel, wait_pre_ms)
    answer_after(world, channel, wait_after_ms, is_answered=False)
    world.hang_up(channel, cause=34)
    log = world.logs[0].log
    assert (log.wait_pre_ms, log.wait_after_ms, log.talk_ms) == (wait_pre_ms, wait_after_ms, 0)
    assert (log.state, log.attempt.retry_no, log.next_retry_s) == ("RS_REJECTED", 0, 12_000)


def test_the_call_of_the_first_campaign_that_was_terminated() -> None:
    world = start(["203"], reschedule_rules=RULES)
    (channel,) = world.ringing
    ring_after(world, channel, 29)
    answer_after(world, channel, 4014)
    world.now += timedelta(milliseconds=7034)
    world.hang_up(channel)
    log = world.logs[0].log
    assert (log.wait_pre_ms, log.wait_after_ms, log.talk_ms) == (29, 4014, 7034)
    assert (log.state, log.attempt.retry_no, log.next_retry_s) == ("TERMINATED", 0, 0)
    assert log.attempt.requested_at == NOON
