"""From the evidence of the telephone network to states, log rows and retries."""

from datetime import timedelta

import pytest

from core.model import Campaign
from core.ports import events
from tests.support.world import World, rule


def one_call(**campaign: object) -> World:
    world = World()
    world.add_list(1, ["5551234"], HH="10", MM="30")
    world.load(Campaign(id=1, name="c", **campaign))  # type: ignore[arg-type]
    return world


def test_a_refusal_of_a_call_that_is_up_changes_nothing() -> None:
    world = World()
    world.add_list(1, ["1"])
    world.load()
    (channel_id,) = world.ringing
    world.answer(channel_id)
    world.post(
        events.OriginateRefused(server_id=1, channel_id=channel_id, was_sent=False, reason="?")
    )
    assert (world.ringing, world.logs) == ([channel_id], [])


def test_a_call_leaves_only_after_its_attempt_is_committed() -> None:
    world = World(is_database_up=False)
    world.add_list(1, ["5551234"])
    world.load()
    assert world.originates == []
    world.database_back()
    assert [o.channel for o in world.originates] == ["PJSIP/5551234@carrier"]
    assert world.placed[0].attempt.id == world.originates[0].attempt_id


def test_an_originate_carries_the_variables_of_its_record() -> None:
    world = one_call(answer_timeout_ms=20_000, dial_clid="Whip <200>", dial_account="acme")
    originate = world.originates[0]
    assert dict(originate.variables) == {
        "WOMBAT_HOPPER_ID": "1",
        "WOMBAT_RETRY_NO": "0",
        "WOMBAT_DIALING_NUMBER": "5551234",
        "WOMBAT_DIALING_LIST": "list 1",
        "HH": "10",
        "MM": "30",
    }
    assert originate.channel_id == "wb-cafe0001-000000000001"
    assert (originate.answer_timeout_ms, originate.caller_id, originate.account) == (
        20_000,
        "Whip <200>",
        "acme",
    )


def test_no_channel_id_is_the_beginning_of_another() -> None:
    world = World()
    world.add_list(1, [str(n) for n in range(100, 130)])
    world.load(Campaign(id=1, name="c"))
    for channel in world.ringing:
        world.complete(channel)
    ids = [o.channel_id for o in world.originates]
    assert len(ids) > 12
    assert not [(a, b) for a in ids for b in ids if a != b and b.startswith(a)]


def test_an_unanswered_call_has_waited_but_not_talked() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.ring(channel)
    world.now += timedelta(seconds=30)
    world.fail(channel, 3, 19)
    log = world.logs[0].log
    assert (log.state, log.wait_after_ms, log.talk_ms) == ("RS_NOANSWER", 30_000, 0)


def test_a_failed_call_waits_for_the_hangup_that_says_why() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.ring(channel)
    world.post(events.Originated(server_id=1, channel_id=channel, is_answered=False, reason=0))
    assert world.logs == []
    world.hang_up(channel, 17, "SIP 486")
    assert world.states() == ["RS_BUSY"]


def test_a_hangup_waits_for_the_originate_response() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.ring(channel)
    world.hang_up(channel, 19)
    assert world.logs == []
    world.post(events.Originated(server_id=1, channel_id=channel, is_answered=False, reason=5))
    assert world.states() == ["RS_BUSY"]


def test_half_the_evidence_is_judged_after_two_seconds() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.ring(channel)
    world.hang_up(channel, 21, "SIP 603")
    world.wait(seconds=1.9)
    assert world.logs == []
    world.wait(seconds=0.2)
    assert world.states() == ["RS_REJECTED"]


def test_a_failure_without_a_channel_is_judged_when_no_hangup_came() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.post(events.Originated(server_id=1, channel_id=channel, is_answered=False, reason=0))
    assert world.logs == []
    world.wait(seconds=2)
    assert world.states() == ["RS_NUMBER"]


def test_a_failure_told_before_the_dialling_is_judged_by_its_hangup() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.post(events.Originated(server_id=1, channel_id=channel, is_answered=False, reason=0))
    world.ring(channel)
    world.hang_up(channel, 17, "SIP 486")
    assert world.states() == ["RS_BUSY"]


def test_an_originate_refused_by_the_pbx_is_an_error_with_its_words() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.post(
        events.OriginateRefused(
            server_id=1, channel_id=channel, was_sent=True, reason="Invalid channel"
        )
    )
    log = world.logs[0].log
    assert (log.state, log.reason, world.logs[0].retry) == ("RS_ERROR", "Invalid channel", None)


def test_an_originate_that_never_left_is_tried_again_without_a_rule() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.post(
        events.OriginateRefused(
            server_id=1, channel_id=channel, was_sent=False, reason="server pbx is down"
        )
    )
    retry = world.logs[0].retry
    assert retry is not None
    assert (retry.attempt_no, retry.retry_no, retry.after_s) == (1, 0, 10)
    world.wait(seconds=10)
    assert len(world.originates) == 2
    assert world.progress[1].completed == 0


def test_an_originate_that_can_never_leave_is_left_to_the_rules() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.post(
        events.OriginateRefused(
            server_id=1, channel_id=channel, was_sent=False, is_final=True, reason="line too long"
        )
    )
    assert (world.states(), world.logs[0].retry) == (["RS_ERROR"], None)


def test_a_call_without_any_news_is_lost_fifteen_seconds_past_its_timeout() -> None:
    world = one_call(answer_timeout_ms=30_000)
    world.wait(seconds=44.9)
    assert world.logs == []
    world.wait(seconds=0.2)
    assert world.states() == ["RS_LOST"]


def test_a_call_that_waits_for_its_turn_to_leave_is_not_lost() -> None:
    world = World(is_throttled=True)
    world.add_list(1, ["5551234"])
    world.load(Campaign(id=1, name="c", answer_timeout_ms=30_000))
    world.wait(minutes=10)
    assert world.logs == []
    world.send(world.originates[0])
    world.wait(seconds=44.9)
    assert world.logs == []
    world.wait(seconds=0.2)
    assert world.states() == ["RS_LOST"]


def test_a_connected_call_is_not_lost_for_lasting_long() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.answer(channel)
    world.wait(hours=2)
    world.hang_up(channel)
    assert world.states() == ["TERMINATED"]


def test_a_call_at_the_maximum_length_is_cut_and_logged_as_timeout() -> None:
    world = one_call(max_call_length_s=60)
    channel = world.originates[0].channel_id
    world.answer(channel)
    world.wait(seconds=59)
    assert world.hangups == []
    world.wait(seconds=1)
    assert [h.channel_id for h in world.hangups] == [channel]
    world.hang_up(channel)
    assert world.states() == ["RS_TIMEOUT"]


def test_a_call_that_ends_before_the_maximum_length_is_not_cut() -> None:
    world = one_call(max_call_length_s=60)
    world.complete(world.originates[0].channel_id)
    world.wait(seconds=120)
    assert world.hangups == []


def test_reports_of_the_dialplan_reach_the_log_and_the_record() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.answer(channel)
    world.report(channel, "CALLSTATUS", value="AA")
    world.report(channel, "CALLSTATUS", value="XY")
    world.report(channel, "ATTRIBUTE", "PATH", "1")
    world.report(channel, "ATTR_APPEND", "PATH", "2")
    world.report(channel, "ATTR_APPEND", "NEW", "3")
    world.hang_up(channel)
    assert world.logs[0].log.ext_status == "XY"
    assert world.logs[0].outputs == {"PATH": "12", "NEW": "3"}


def test_attr_clear_drops_output_attributes_only() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.answer(channel)
    world.report(channel, "ATTRIBUTE", "A", "1")
    world.report(channel, "ATTR_CLEAR")
    world.hang_up(channel)
    assert world.logs[0].outputs == {}


def test_a_call_without_reports_leaves_the_attributes_alone() -> None:
    world = one_call()
    world.complete(world.originates[0].channel_id)
    assert world.logs[0].outputs is None


def test_a_report_that_overtakes_the_answer_counts_once_it_is_known() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.report(channel, "CALLSTATUS", value="EARLY")
    world.answer(channel)
    world.hang_up(channel)
    assert world.logs[0].log.ext_status == "EARLY"


def test_a_report_on_a_call_that_is_never_answered_is_ignored() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.report(channel, "CALLSTATUS", value="X")
    world.busy(channel)
    assert world.logs[0].log.ext_status == ""


def test_a_call_is_found_by_any_of_the_ids_it_is_named_by() -> None:
    world = one_call()
    channel = world.originates[0].channel_id
    world.answer(channel)
    world.post(
        events.Reported(
            call_ids=("1700210157.12", channel), report=events.Report.STATUS, value="OK"
        )
    )
    world.hang_up(channel)
    assert world.logs[0].log.ext_status == "OK"


@pytest.mark.parametrize(
    "event",
    [
        events.HungUp(server_id=1, channel_id="1700210157.12", cause=16),
        events.Originated(server_id=1, channel_id="wb-beef0002-1", is_answered=True, reason=4),
        events.Dialling(server_id=1, channel_id="x"),
        events.AttemptsCommitted(attempt_ids=(999,)),
        events.RunAsked(run_id=99, verb=events.RunVerb.PAUSE),
        events.ServerDown(server_id=99, reason="?"),
    ],
)
def test_news_of_what_is_not_ours_changes_nothing(event: events.Event) -> None:
    world = one_call()
    before = len(world.dialer.live.calls)
    world.post(event)
    assert len(world.dialer.live.calls) == before == 1
    assert world.logs == []


def test_a_commit_announced_twice_dials_once() -> None:
    world = one_call()
    world.post(events.AttemptsCommitted(attempt_ids=(1,)))
    assert len(world.originates) == 1


def test_an_attempt_that_the_database_refuses_is_never_dialled() -> None:
    world = World(commits=False)
    world.add_list(1, ["5551234"])
    world.load()
    world.post(events.AttemptRefused(attempt_id=1, reason="UNIQUE constraint failed"))
    world.post(events.AttemptsCommitted(attempt_ids=(1,)))
    assert world.originates == []
    assert world.states() == ["RS_ERROR"]
    assert world.dialer.live.trunks[1].in_use == 0


def test_a_retry_is_placed_when_it_is_due_with_the_next_counters() -> None:
    world = one_call(reschedule_rules=(rule("RS_BUSY", max_attempts=2, retry_after_s=300),))
    world.busy(world.ringing[0])
    log = world.logs[0]
    assert log.log.next_retry_s == 300
    assert world.progress[1].state == "RUNNING"
    world.wait(seconds=299)
    assert len(world.originates) == 1
    world.wait(seconds=1)
    assert world.placed[1].attempt.retry_no == 1
    assert world.placed[1].attempt.attempt_no == 1
    assert dict(world.originates[1].variables)["WOMBAT_RETRY_NO"] == "1"


def test_a_rule_with_zero_attempts_does_not_count_the_recall() -> None:
    world = one_call(reschedule_rules=(rule("RS_LOST", max_attempts=0, retry_after_s=60),))
    for _ in range(3):
        world.server_up(live=[])
        world.wait(seconds=61)
    assert [p.attempt.retry_no for p in world.placed] == [0, 0, 0, 0]
    assert [p.attempt.attempt_no for p in world.placed] == [0, 1, 2, 3]


def test_what_is_due_is_dialled_before_fresh_records() -> None:
    world = World()
    world.add_list(1, [str(n) for n in range(100, 140)])
    campaign = Campaign(
        id=1,
        name="c",
        batch_size=20,
        reschedule_rules=(rule("RS_BUSY", max_attempts=1, retry_after_s=1),),
    )
    world.load(campaign)
    for channel in world.ringing[:10]:
        world.busy(channel)
    world.wait(seconds=2)
    for channel in world.ringing[:10]:
        world.complete(channel)
    retried = [p.attempt.number for p in world.placed[20:30]]
    assert retried == [str(n) for n in range(100, 110)]


def test_the_hopper_stays_small_however_many_retries_come_due() -> None:
    world = World()
    world.add_list(1, [str(n) for n in range(10_000, 12_000)])
    rules = (rule("RS_BUSY", max_attempts=1, retry_after_s=1),)
    world.load(Campaign(id=1, name="c", batch_size=20, reschedule_rules=rules))
    for _ in range(100):
        world.busy(world.ringing[0])
        world.wait(seconds=1)
        assert world.dialer.live.runs[1].hopper_size <= 40


def test_a_retry_still_on_its_way_to_the_database_is_looked_for_again() -> None:
    world = one_call(reschedule_rules=(rule("RS_BUSY", max_attempts=1, retry_after_s=1),))
    world.busy(world.ringing[0])
    on_its_way = world.retries.popitem()
    world.wait(seconds=1)
    assert len(world.originates) == 1
    world.retries.update([on_its_way])
    world.wait(seconds=1)
    assert len(world.originates) == 2
