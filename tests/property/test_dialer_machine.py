"""Whatever the telephone network, the database and people do, in any order: no record is
dialled twice for one attempt, none is forgotten, and no limit is passed."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.model import Campaign
from core.ports import events
from core.rules.states import CallState, RunState
from tests.support.world import END, TRUNK, World
from tests.support.world import rule as reschedule


class DialerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.add_list(1, [str(100 + i) for i in range(25)])
        rules = (
            reschedule("RS_BUSY", max_attempts=2, retry_after_s=30),
            reschedule("RS_LOST", max_attempts=1, retry_after_s=5),
        )
        self.world.load(Campaign(id=1, name="c", batch_size=6, reschedule_rules=rules))
        self.up = True

    def pick(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.world.ringing))

    def has_calls(self) -> bool:
        return bool(self.world.ringing) and self.up

    @precondition(has_calls)
    @rule(data=st.data())
    def a_call_is_busy(self, data: st.DataObject) -> None:
        self.world.busy(self.pick(data))

    @precondition(has_calls)
    @rule(data=st.data())
    def a_call_completes(self, data: st.DataObject) -> None:
        self.world.complete(self.pick(data))

    @precondition(has_calls)
    @rule(data=st.data())
    def a_call_is_answered(self, data: st.DataObject) -> None:
        self.world.answer(self.pick(data))

    @precondition(has_calls)
    @rule(data=st.data())
    def a_call_is_transferred(self, data: st.DataObject) -> None:
        self.world.transfer(self.pick(data))

    @precondition(has_calls)
    @rule(data=st.data(), cause=st.sampled_from([0, 1, 16, 17, 19, 34]))
    def a_call_hangs_up_out_of_order(self, data: st.DataObject, cause: int) -> None:
        self.world.hang_up(self.pick(data), cause)

    @precondition(has_calls)
    @rule(data=st.data(), was_sent=st.booleans())
    def an_originate_is_refused(self, data: st.DataObject, was_sent: bool) -> None:
        self.world.post(
            events.OriginateRefused(
                server_id=1, channel_id=self.pick(data), was_sent=was_sent, reason="no"
            )
        )

    @precondition(lambda self: self.up)
    @rule()
    def the_server_goes(self) -> None:
        self.up = False
        self.world.post(events.ServerDown(server_id=1, reason="gone"))

    @precondition(lambda self: not self.up)
    @rule(data=st.data())
    def the_server_comes_back(self, data: st.DataObject) -> None:
        self.up = True
        ringing = self.world.ringing
        alive = [channel for channel in ringing if data.draw(st.booleans())]
        self.world.server_up(live=alive)

    @rule(verb=st.sampled_from([events.RunVerb.PAUSE, events.RunVerb.UNPAUSE]))
    def somebody_asks(self, verb: events.RunVerb) -> None:
        self.world.post(events.RunAsked(run_id=1, verb=verb))

    @rule()
    def the_database_goes_or_comes(self) -> None:
        if self.world.is_database_up:
            self.world.is_database_up = False
        else:
            self.world.database_back()

    @rule(seconds=st.sampled_from([0.5, 3, 31, 100]))
    def time_passes(self, seconds: float) -> None:
        self.world.wait(seconds=seconds)

    @invariant()
    def no_attempt_is_dialled_twice(self) -> None:
        attempts = [(p.attempt.record_id, p.attempt.attempt_no) for p in self.world.placed]
        assert len(attempts) == len(set(attempts))
        channels = [o.channel_id for o in self.world.originates]
        assert len(channels) == len(set(channels))

    @invariant()
    def every_originate_was_committed_before(self) -> None:
        committed = {p.attempt.channel_id for p in self.world.placed}
        assert {o.channel_id for o in self.world.originates} <= committed

    @invariant()
    def a_record_has_one_call_at_a_time(self) -> None:
        live = [c.attempt.record_id for c in self.world.dialer.live.calls.values()]
        assert len(live) == len(set(live))

    @invariant()
    def no_line_is_taken_beyond_the_capacity(self) -> None:
        trunk = self.world.dialer.live.trunks[1]
        calls = self.world.dialer.live.calls.values()
        assert trunk.in_use == len(calls) <= TRUNK.capacity
        with_agent = [call for call in calls if call.state is not CallState.TRANSFERRED]
        assert self.world.dialer.live.endpoints[1].in_use == len(with_agent) <= END.max_channels

    @invariant()
    def what_is_below_the_highwater_is_accounted_for(self) -> None:
        """What a restart at this moment would find: nothing forgotten, nothing dialled
        again."""
        if 1 not in self.world.progress:
            return
        highwater = self.world.progress[1].positions[0].highwater
        attempted = {p.attempt.record_id for p in self.world.placed}
        assert {r.id for r in self.world.lists[1] if r.id <= highwater} <= attempted
        if self.world.is_database_up:
            assert all(record_id <= highwater for record_id in attempted)

    def teardown(self) -> None:
        """Left alone with a network where everybody answers, the run comes to its end."""
        world = self.world
        if not world.is_database_up:
            world.database_back()
        world.server_up(live=world.ringing)
        world.post(events.RunAsked(run_id=1, verb=events.RunVerb.UNPAUSE))
        for _ in range(200):
            for channel in world.ringing:
                world.complete(channel)
            world.wait(seconds=60)
        assert world.progress[1].state is RunState.COMPLETED
        assert world.progress[1].completed == 25
        assert {p.attempt.record_id for p in world.placed} == {r.id for r in world.lists[1]}
        assert len(world.logs) == len(world.placed)


TestDialer = DialerMachine.TestCase
TestDialer.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
