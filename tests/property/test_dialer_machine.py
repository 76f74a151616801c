"""Whatever the database, the telephone network and people do, in any order: no record is
dialled twice for one attempt, none is forgotten, no limit is passed and no retry comes early."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.model import Attempt, Campaign, EndPoint, Trunk
from core.ports import events
from core.rules.caps import Refusal
from core.rules.states import CallState, RunState
from tests.support.oracle import CAPPED_S, check_rates, check_retries
from tests.support.world import NOON, World
from tests.support.world import rule as reschedule

TRUNK = Trunk(
    id=1, server_id=1, name="trunk", dial_string="PJSIP/${num}@carrier",
    capacity=6, max_calls_per_period=4, period_ms=2000,
)  # fmt: skip
END = EndPoint(id=1, server_id=1, name="end", extension="s", context="message", max_channels=4)
WAITS = {CallState.RS_BUSY: (30, 30), CallState.RS_LOST: (5,)}
CAMPAIGN = Campaign(
    id=1, name="c", batch_size=6, black_list_ids=(9,),
    reschedule_rules=(
        reschedule("RS_BUSY", max_attempts=2, retry_after_s=30),
        reschedule("RS_LOST", max_attempts=1, retry_after_s=5),
    ),
)  # fmt: skip
NUMBERS = [str(100 + i) for i in range(25)]
#: What the database may say of an attempt that waits for its commit.
WORDS = ["committed", "twice", "blacklisted", "capped", "removed", "refused"]
REMOVED = "taken away"


class DialerMachine(RuleBasedStateMachine):
    """Commits are quick, or wait for what the database is to say. `still` are the calls that were
    there when something forbade new ones, by what it was; `barred` the calls to a number when it
    came on the black list."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.add_list(1, NUMBERS)
        expires_at = NOON + timedelta(seconds=90)
        for at in range(4, len(NUMBERS), 5):
            record = self.world.lists[1][at]
            self.world.lists[1][at] = replace(record, expires_at=expires_at)
        self.up = True
        self.still: dict[str, set[int]] = {}
        self.barred: dict[str, set[str]] = {}

    @initialize(is_slow=st.booleans())
    def begin(self, is_slow: bool) -> None:
        self.world.commits = not is_slow
        self.world.load(CAMPAIGN, trunks=(TRUNK,), endpoints=(END,))

    def pick(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.world.ringing))

    def has_calls(self) -> bool:
        return bool(self.world.ringing) and self.up

    def uncommitted(self) -> list[Attempt]:
        calls = self.world.dialer.live.by_attempt.values()
        waiting = {c.attempt.id for c in calls if c.state is CallState.SCHEDULED}
        return [p.attempt for p in self.world.placed if p.attempt.id in waiting]

    def forbid(self, what: str) -> None:
        self.still[what] = set(self.world.dialer.live.by_attempt)

    # The telephone network

    @precondition(has_calls)
    @rule(data=st.data(), end=st.sampled_from(["busy", "complete", "answer", "transfer"]))
    def something_becomes_of_a_call(self, data: st.DataObject, end: str) -> None:
        getattr(self.world, end)(self.pick(data))

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
        self.forbid("server")

    @precondition(lambda self: not self.up)
    @rule(data=st.data())
    def the_server_comes_back(self, data: st.DataObject) -> None:
        self.up = True
        ringing = self.world.ringing
        alive = [channel for channel in ringing if data.draw(st.booleans())]
        del self.still["server"]
        self.world.server_up(live=alive)

    # People

    @rule(verb=st.sampled_from([events.RunVerb.PAUSE, events.RunVerb.UNPAUSE]))
    def somebody_asks(self, verb: events.RunVerb) -> None:
        self.still.pop("pause", None)
        self.world.post(events.RunAsked(run_id=1, verb=verb))
        if verb is events.RunVerb.PAUSE:
            self.forbid("pause")

    @rule()
    def somebody_stops_or_starts_the_dialer(self) -> None:
        if self.still.pop("stop", None) is None:
            self.world.post(events.Stopping())
            assert self.uncommitted() == []
            self.forbid("stop")
        else:
            self.world.post(events.Starting())

    @rule(number=st.sampled_from(NUMBERS))
    def somebody_is_not_to_be_called(self, number: str) -> None:
        self.world.blacklist.add(number)
        placed = {p.attempt.channel_id for p in self.world.placed if p.attempt.number == number}
        self.barred.setdefault(number, placed)

    # The database, and time

    @rule(is_noticed=st.booleans())
    def the_database_goes_or_comes(self, is_noticed: bool) -> None:
        if self.world.is_database_up:
            self.world.is_database_up = False
            if is_noticed:
                self.world.post(events.DatabaseDown(reason="gone"))
                self.forbid("database")
        else:
            self.still.pop("database", None)
            self.world.database_back()
            self.world.post(events.DatabaseUp())

    @precondition(lambda self: self.uncommitted())
    @rule(data=st.data())
    def the_database_speaks_of_attempts(self, data: st.DataObject) -> None:
        for attempt in self.uncommitted():
            word = data.draw(st.sampled_from(WORDS))
            for event in self.spoken(attempt, word):
                self.world.post(event)
            record = next(r for r in self.world.lists[1] if r.id == attempt.record_id)
            is_late = self.world.now - attempt.requested_at > timedelta(seconds=5)
            has_expired = record.expires_at is not None and record.expires_at <= self.world.now
            leaves = word in {"committed", "twice"} and not (is_late or has_expired)
            assert (attempt.channel_id in self.world.sent_at) is leaves
            assert (attempt.id in self.world.dialer.live.by_attempt) is leaves

    def spoken(self, attempt: Attempt, word: str) -> list[events.Event]:
        ids, at = (attempt.id,), self.world.now + timedelta(seconds=CAPPED_S)
        match word:
            case "blacklisted":
                return [events.AttemptsBlacklisted(attempt_ids=ids)]
            case "capped":
                refusal = Refusal(reason="too often", allowed_at=at)
                return [events.AttemptsCapped(refusals={attempt.id: refusal})]
            case "removed":
                return [events.AttemptsRemoved(reasons={attempt.id: REMOVED})]
            case "refused":
                return [events.AttemptRefused(attempt_id=attempt.id, reason="no")]
        return [events.AttemptsCommitted(attempt_ids=ids)] * (2 if word == "twice" else 1)

    @rule(seconds=st.sampled_from([0.5, 3, 31, 100]))
    def time_passes(self, seconds: float) -> None:
        self.world.wait(seconds=seconds)

    # What always holds

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
    def nothing_new_begins_while_something_forbids_it(self) -> None:
        for calls in self.still.values():
            assert set(self.world.dialer.live.by_attempt) <= calls

    @invariant()
    def nobody_is_called_who_must_not_be(self) -> None:
        for placed in self.world.placed:
            attempt = placed.attempt
            if attempt.channel_id in self.world.sent_at and attempt.number in self.barred:
                assert attempt.channel_id in self.barred[attempt.number]

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
    def rates_and_retries_are_those_of_the_rules(self) -> None:
        check_rates(self.world, (TRUNK,))
        check_retries(self.world, WAITS)

    @invariant()
    def the_figures_are_those_of_the_log(self) -> None:
        if not self.world.is_database_up:
            return
        run, logs = self.world.dialer.live.runs[1], self.world.logs
        given_up = [
            closed
            for closed in logs
            if closed.log.attempt.trunk_id is not None
            and (
                closed.log.state in {CallState.RS_BLACKLIST, CallState.RS_EXPIRED}
                or closed.log.reason == REMOVED
            )
        ]
        assert run.attempted == len(self.world.placed) - len(given_up)
        assert run.completed == sum(closed.retry is None for closed in logs)

    @invariant()
    def what_is_below_the_highwater_is_accounted_for(self) -> None:
        """What a restart at this moment would find: nothing forgotten, nothing dialled
        again."""
        if 1 not in self.world.progress:
            return
        highwater = self.world.progress[1].positions[0].highwater
        seen = {p.attempt.record_id for p in self.world.placed}
        seen |= {closed.log.attempt.record_id for closed in self.world.logs}
        assert {r.id for r in self.world.lists[1] if r.id <= highwater} <= seen
        if self.world.is_database_up:
            assert all(record_id <= highwater for record_id in seen)

    def teardown(self) -> None:
        """Left alone with a network where everybody answers, the run comes to its end."""
        world = self.world
        world.commits = True
        world.database_back()
        for event in (events.DatabaseUp(), events.Starting()):
            world.post(event)
        world.post(events.AttemptsCommitted(attempt_ids=tuple(a.id for a in self.uncommitted())))
        world.server_up(live=world.ringing)
        world.post(events.RunAsked(run_id=1, verb=events.RunVerb.UNPAUSE))
        for _ in range(100):
            for channel in world.ringing:
                world.complete(channel)
            world.wait(seconds=60)
        assert world.progress[1].state is RunState.COMPLETED
        assert world.progress[1].completed == len(NUMBERS)
        assert {log.log.attempt.record_id for log in world.logs} == {r.id for r in world.lists[1]}
        assert len({log.log.attempt.id for log in world.logs}) == len(world.logs)
        assert {p.attempt.id for p in world.placed} <= {log.log.attempt.id for log in world.logs}
        assert world.dialer.live.calls == {}


TestDialer = DialerMachine.TestCase
TestDialer.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
