"""Each call ends in the state that its evidence speaks for, in whichever order that comes, and
when it does; what is not known of it is lost, and nothing is decided by half."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.model import Campaign
from core.ports import events
from core.rules.reschedule import RetryMode
from core.rules.states import CallState, RunState
from tests.support.oracle import check_retries
from tests.support.world import World
from tests.support.world import rule as reschedule

WAITS = {CallState.RS_BUSY: (30, 60), CallState.RS_LOST: (5,), CallState.RS_TIMEOUT: (7,)}
CAMPAIGN = Campaign(
    id=1, name="c", max_call_length_s=60, answer_timeout_ms=30_000,
    reschedule_rules=(
        reschedule("RS_BUSY", max_attempts=2, retry_after_s=30, mode=RetryMode.MULT),
        reschedule("RS_LOST", max_attempts=1, retry_after_s=5),
        reschedule("RS_TIMEOUT", max_attempts=1, retry_after_s=7),
    ),
)  # fmt: skip
RECORDS = 20
#: Without news for so long after its sending a call is lost; without its hang-up for so long
#: after it was not listed it is over.
NEWS, HANG_UP = timedelta(seconds=45), timedelta(seconds=5)
LONGEST = timedelta(seconds=60)


@dataclass(frozen=True)
class Failure:
    """Reason of the OriginateResponse, cause of the Hangup, DialStatus, and what they mean."""

    reason: int
    cause: int
    status: str
    state: CallState


FAILURES = [
    Failure(5, 17, "BUSY", CallState.RS_BUSY),
    Failure(8, 34, "CONGESTION", CallState.RS_REJECTED),
    Failure(3, 19, "NOANSWER", CallState.RS_NOANSWER),
    Failure(0, 1, "NOANSWER", CallState.RS_NUMBER),
    Failure(0, 17, "BUSY", CallState.RS_BUSY),
]
PARTS = ["response", "hangup", "status"]


class CallMachine(RuleBasedStateMachine):
    """`talking` and `transferred` are the answered calls, and when they were; `failing` those of
    which a part was told, and what will come of them; all others are `fresh`. `gone` were not
    listed any more, at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.add_list(1, [str(100 + i) for i in range(RECORDS)])
        self.world.load(CAMPAIGN)
        self.up_since: datetime | None = self.world.now
        self.talking: dict[str, datetime] = {}
        self.transferred: dict[str, datetime] = {}
        self.failing: dict[str, tuple[Failure, list[str]]] = {}
        self.gone: dict[str, datetime] = {}

    @property
    def fresh(self) -> list[str]:
        heard = self.talking.keys() | self.transferred.keys() | self.failing.keys()
        return [channel for channel in self.world.ringing if channel not in heard]

    @property
    def answered(self) -> list[str]:
        return [c for c in self.world.ringing if c in self.talking or c in self.transferred]

    @property
    def with_agent(self) -> list[str]:
        return [c for c in self.answered if c in self.talking and c not in self.cut]

    @property
    def cut(self) -> set[str]:
        """The calls that the dialer hung up."""
        return {hangup.channel_id for hangup in self.world.hangups}

    def state_of(self, channel: str) -> CallState | None:
        """How the call ended; None while it is up."""
        ends = {log.log.attempt.channel_id: log.log.state for log in self.world.logs}
        return ends.get(channel)

    def end_of_answered(self, channel: str) -> CallState:
        return CallState.RS_TIMEOUT if channel in self.cut else CallState.TERMINATED

    # The telephone network

    @precondition(lambda self: self.up_since and self.fresh)
    @rule(data=st.data())
    def somebody_answers(self, data: st.DataObject) -> None:
        channel = data.draw(st.sampled_from(self.fresh))
        self.world.answer(channel)
        self.world.post(events.DialEnded(server_id=1, channel_id=channel, status="ANSWER"))
        self.talking[channel] = self.world.now
        assert self.state_of(channel) is None

    @precondition(lambda self: self.up_since and self.with_agent)
    @rule(data=st.data())
    def an_agent_transfers_a_call(self, data: st.DataObject) -> None:
        channel = data.draw(st.sampled_from(self.with_agent))
        self.world.transfer(channel)
        self.transferred[channel] = self.talking.pop(channel)

    @precondition(lambda self: self.up_since and self.answered)
    @rule(data=st.data())
    def somebody_hangs_up(self, data: st.DataObject) -> None:
        channel = data.draw(st.sampled_from(self.answered))
        expected = self.end_of_answered(channel)
        self.world.hang_up(channel)
        assert self.state_of(channel) is expected

    @precondition(lambda self: self.up_since and self.fresh)
    @rule(
        data=st.data(),
        failure=st.sampled_from(FAILURES),
        parts=st.permutations(PARTS),
        rings=st.booleans(),
    )
    def a_call_begins_to_fail(
        self, data: st.DataObject, failure: Failure, parts: list[str], rings: bool
    ) -> None:
        channel = data.draw(st.sampled_from(self.fresh))
        if rings or failure.state is CallState.RS_NOANSWER:
            self.world.ring(channel)
        self.tell(channel, failure, parts[0])
        self.failing[channel] = failure, parts[1:]
        assert self.state_of(channel) is None

    @precondition(lambda self: self.up_since and self.failing)
    @rule(data=st.data())
    def the_rest_is_told_of_a_call_that_fails(self, data: st.DataObject) -> None:
        channel = data.draw(st.sampled_from(sorted(self.failing)))
        failure, parts = self.failing.pop(channel)
        if self.state_of(channel) is None:
            for part in parts:
                self.tell(channel, failure, part)
            assert self.state_of(channel) is failure.state

    def tell(self, channel: str, failure: Failure, part: str) -> None:
        call = {"server_id": 1, "channel_id": channel}
        match part:
            case "response":
                told = events.Originated(**call, is_answered=False, reason=failure.reason)
                self.world.post(told)
            case "hangup":
                self.world.hang_up(channel, failure.cause)
            case "status":
                self.world.post(events.DialEnded(**call, status=failure.status))

    @precondition(lambda self: self.up_since)
    @rule(data=st.data())
    def the_server_lists_its_channels(self, data: st.DataObject) -> None:
        gone = [c for c in self.answered if data.draw(st.booleans())]
        there = frozenset(self.world.ringing).difference(gone)
        now = self.world.now
        listed = events.ChannelsListed(server_id=1, asked_at=now, live_channels=there)
        self.world.post(listed)
        moments = self.talking | self.transferred
        self.gone |= {c: now for c in gone if c not in self.gone and moments[c] < now}

    @precondition(lambda self: self.up_since)
    @rule()
    def the_server_goes(self) -> None:
        self.up_since = None
        self.world.post(events.ServerDown(server_id=1, reason="gone"))

    @precondition(lambda self: not self.up_since and self.fresh)
    @rule(data=st.data(), cause=st.sampled_from([0, 16]))
    def a_call_ends_before_anybody_knows_whether_it_was_answered(
        self, data: st.DataObject, cause: int
    ) -> None:
        channel = data.draw(st.sampled_from(self.fresh))
        self.world.hang_up(channel, cause)
        assert self.state_of(channel) is CallState.RS_LOST

    @precondition(lambda self: not self.up_since)
    @rule(data=st.data(), is_restarted=st.booleans())
    def the_server_comes_back(self, data: st.DataObject, is_restarted: bool) -> None:
        world, now = self.world, self.world.now
        before = [channel for channel in world.ringing if channel not in self.failing]
        alive = [c for c in before if not is_restarted and data.draw(st.booleans())]
        answered = [c for c in self.fresh if c in alive and data.draw(st.booleans())]
        ends = {c: self.end_out_of_sight(c, is_restarted) for c in before if c not in alive}
        world.server_up(
            live=alive,
            started_at=now if is_restarted else None,
            answered_channels=frozenset(answered),
        )
        self.up_since = now
        self.talking |= dict.fromkeys(answered, now)
        assert {channel: self.state_of(channel) for channel in ends} == ends

    def end_out_of_sight(self, channel: str, is_restarted: bool) -> CallState:
        """An answered call has ended, but not normally if its PBX cut it off."""
        if channel in self.cut:
            return CallState.RS_TIMEOUT
        is_cut_off = is_restarted and self.world.sent_at[channel] < self.world.now
        was_answered = channel in self.talking or channel in self.transferred
        return CallState.TERMINATED if was_answered and not is_cut_off else CallState.RS_LOST

    @rule(seconds=st.sampled_from([0.5, 1, 3, 6, 31, 60]))
    def time_passes(self, seconds: float) -> None:
        self.world.wait(seconds=seconds)

    # What always holds

    @invariant()
    def a_call_without_news_is_lost_in_its_time(self) -> None:
        now, since = self.world.now, self.up_since
        if since is not None:
            for channel in self.fresh:
                assert now - max(since, self.world.sent_at[channel]) < NEWS

    @invariant()
    def a_call_that_is_not_listed_any_more_ends_soon(self) -> None:
        now = self.world.now
        for channel in self.answered:
            assert channel not in self.gone or now - self.gone[channel] < HANG_UP

    @invariant()
    def a_call_is_cut_at_its_longest_unless_it_was_transferred(self) -> None:
        now, cut = self.world.now, self.cut
        for channel, at in self.talking.items():
            if self.state_of(channel) is None:
                assert (channel in cut) is (now - at >= LONGEST)
        assert not cut & self.transferred.keys()

    @invariant()
    def lines_are_those_of_the_calls(self) -> None:
        live = self.world.dialer.live
        states = [call.state for call in live.calls.values()]
        assert set(live.calls) == set(self.world.ringing)
        assert live.trunks[1].in_use == len(states)
        with_agent = len(states) - states.count(CallState.TRANSFERRED)
        assert live.endpoints[1].in_use == with_agent

    @invariant()
    def retries_are_those_of_the_rules(self) -> None:
        check_retries(self.world, WAITS)

    def teardown(self) -> None:
        """Left alone with a network where everybody answers, the run comes to its end."""
        world = self.world
        world.server_up(live=world.ringing)
        for _ in range(60):
            for channel in world.ringing:
                world.complete(channel)
            world.wait(seconds=60)
        assert world.progress[1].state is RunState.COMPLETED
        assert len(world.logs) == len(world.placed)
        assert {log.log.attempt.record_id for log in world.logs} == {r.id for r in world.lists[1]}


TestCall = CallMachine.TestCase
TestCall.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
