"""A whole site against its model: several runs, priorities, trunks and servers, hours, black lists,
retries, and a dialer that is killed and started again at any moment."""

from collections import Counter
from datetime import time, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.model import Campaign, EndPoint, Record, Server, Trunk
from core.ports import events
from core.rules.active_period import ActivePeriod
from core.rules.states import CallState, RunState
from tests.support.oracle import check_rates, check_retries
from tests.support.world import World
from tests.support.world import rule as reschedule

SERVERS = (Server(id=1, name="one"), Server(id=2, name="two"))
TRUNKS = tuple(
    Trunk(
        id=s.id,
        server_id=s.id,
        name=s.name,
        dial_string="PJSIP/${num}@carrier",
        capacity=3,
        max_calls_per_period=2,
    )
    for s in SERVERS
)
ENDS = tuple(
    EndPoint(
        id=s.id,
        server_id=s.id,
        name=s.name,
        extension="s",
        context="message",
        max_channels=2 * s.id,
    )
    for s in SERVERS
)
OFFICE = ActivePeriod(start=time(9), end=time(17, 59, 59))
RULES = (
    reschedule("RS_BUSY", max_attempts=2, retry_after_s=30),
    reschedule("RS_LOST", max_attempts=1, retry_after_s=5),
)
WAITS = {CallState.RS_BUSY: (30, 30), CallState.RS_LOST: (5,)}
ENDINGS = ["busy", "complete", "answer", "transfer", "hang_up"]
RUNS = (1, 2, 3)
RECORDS = 8


class SiteMachine(RuleBasedStateMachine):
    """Run 1 has hours and black lists, run 2 idles when it is done, run 3 waits for both: it has
    the highest priority number. The first two share what they need. `still` are the calls that
    each run had when something forbade it new ones."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.up: set[int] = set()
        self.removed: set[int] = set()
        self.still: dict[tuple[int, str], set[int]] = {}
        self.added = 0
        for run_id in RUNS:
            self.world.add_list(run_id, [f"{run_id}{i:03}" for i in range(RECORDS)])
        campaigns = (
            Campaign(
                id=1, name="hours", list_ids=(1,), priority=5, active_period=OFFICE,
                black_list_ids=(9,), batch_size=4, reschedule_rules=RULES,
            ),
            Campaign(
                id=2, name="idle", list_ids=(2,), priority=5, idles_on_termination=True,
                batch_size=4, reschedule_rules=RULES,
            ),
            Campaign(id=3, name="last", list_ids=(3,), priority=9, batch_size=4),
        )  # fmt: skip
        for campaign in campaigns:
            self.world.load(
                campaign,
                run_id=campaign.id,
                trunks=TRUNKS if campaign.id != 3 else TRUNKS[1:],
                endpoints=ENDS,
                servers=SERVERS,
                is_up=False,
            )

    def forbid(self, run_id: int, what: str) -> None:
        self.still[run_id, what] = self.calls_of(run_id)

    def calls_of(self, run_id: int) -> set[int]:
        calls = self.world.dialer.live.by_attempt.values()
        return {call.attempt.id for call in calls if call.attempt.run_id == run_id}

    def calls(self) -> list[str]:
        """The calls that a telephone network in reach may speak of."""
        of_server = {o.channel_id: o.server_id for o in self.world.originates}
        return [c for c in self.world.ringing if of_server[c] in self.up]

    # The telephone network

    @precondition(lambda self: self.calls())
    @rule(data=st.data(), end=st.sampled_from(ENDINGS))
    def something_becomes_of_a_call(self, data: st.DataObject, end: str) -> None:
        getattr(self.world, end)(data.draw(st.sampled_from(self.calls())))

    @precondition(lambda self: len(self.up) < 2)
    @rule(data=st.data())
    def a_server_comes_up(self, data: st.DataObject) -> None:
        server_id = data.draw(st.sampled_from(sorted({1, 2} - self.up)))
        self.up.add(server_id)
        of_server = {o.channel_id: o.server_id for o in self.world.originates}
        there = [c for c in self.world.ringing if of_server[c] == server_id]
        self.world.server_up(server_id, live=[c for c in there if data.draw(st.booleans())])

    @precondition(lambda self: self.up)
    @rule(data=st.data())
    def a_server_goes(self, data: st.DataObject) -> None:
        server_id = data.draw(st.sampled_from(sorted(self.up)))
        self.up.discard(server_id)
        self.world.post(events.ServerDown(server_id=server_id, reason="gone"))

    # The database, the process, people, time

    @rule()
    def the_database_goes_or_comes(self) -> None:
        if self.world.is_database_up:
            self.world.is_database_up = False
            self.world.post(events.DatabaseDown(reason="gone"))
            for run_id in RUNS:
                self.forbid(run_id, "database")
        else:
            for run_id in RUNS:
                self.still.pop((run_id, "database"), None)
            self.world.database_back()
            self.world.post(events.DatabaseUp())

    @rule()
    def the_dialer_is_killed_and_started_again(self) -> None:
        self.world.is_database_up = True
        self.up.clear()
        self.still.clear()
        self.world.now += timedelta(seconds=1)  # No trunk's period is longer than a start.
        self.world.restart()

    @rule(run_id=st.sampled_from(RUNS), verb=st.sampled_from(["pause", "unpause"]))
    def somebody_asks(self, run_id: int, verb: str) -> None:
        self.still.pop((run_id, "pause"), None)
        self.world.post(events.RunAsked(run_id=run_id, verb=events.RunVerb(verb)))
        if verb == "pause":
            self.forbid(run_id, "pause")

    @precondition(lambda self: self.world.is_database_up and not self.removed)
    @rule()
    def the_last_run_is_removed(self) -> None:
        self.removed.add(3)
        self.world.post(events.RunAsked(run_id=3, verb=events.RunVerb.REMOVE))
        self.forbid(3, "remove")

    @precondition(lambda self: self.world.is_database_up and self.added < 5)
    @rule(later=st.sampled_from([0, 45]), lasts=st.sampled_from([None, 60]))
    def somebody_adds_a_number(self, later: int, lasts: int | None) -> None:
        """To run 2: from a moment on, or until one."""
        self.added += 1
        record = Record(
            id=4_000_000 + self.added,
            list_id=4,
            number=f"4{self.added:03}",
            expires_at=lasts and self.world.now + timedelta(seconds=lasts),
        )
        due_at = self.world.now + timedelta(seconds=later)
        self.world.add_records(record, due_at=due_at, run_id=2)

    @rule(number=st.sampled_from([f"1{i:03}" for i in range(RECORDS)]))
    def somebody_is_not_to_be_called(self, number: str) -> None:
        self.world.blacklist.add(number)

    @rule(seconds=st.sampled_from([0.5, 3, 6, 31, 100, 5 * 3600]))
    def time_passes(self, seconds: float) -> None:
        self.world.wait(seconds=seconds)

    # What always holds

    @invariant()
    def no_attempt_is_dialled_twice(self) -> None:
        placed = [p.attempt for p in self.world.placed]
        keys = [(a.run_id, a.record_id, a.attempt_no) for a in placed]
        assert len(keys) == len(set(keys))
        channels = [o.channel_id for o in self.world.originates]
        assert len(channels) == len(set(channels))
        assert set(channels) <= {a.channel_id for a in placed}

    @invariant()
    def lines_and_channels_are_those_of_the_calls(self) -> None:
        live = self.world.dialer.live
        calls = list(live.calls.values())
        for trunk in live.trunks.values():
            assert trunk.in_use == sum(c.trunk is trunk for c in calls) <= trunk.trunk.capacity
        for end in live.endpoints.values():
            held = sum(c.endpoint is end and c.state is not CallState.TRANSFERRED for c in calls)
            assert end.in_use == held <= end.endpoint.max_channels
        assert all(call.trunk.server is call.endpoint.server for call in calls)

    @invariant()
    def nothing_new_begins_while_something_forbids_it(self) -> None:
        for (run_id, _what), calls in self.still.items():
            assert self.calls_of(run_id) <= calls

    @invariant()
    def calls_leave_within_hours_and_before_their_end(self) -> None:
        records = {r.id: r for records in self.world.lists.values() for r in records}
        placed = {p.attempt.channel_id: p.attempt for p in self.world.placed}
        for channel_id, sent_at in self.world.sent_at.items():
            attempt = placed[channel_id]
            assert attempt.run_id != 1 or 9 <= sent_at.hour < 18
            expires_at = records[attempt.record_id].expires_at
            assert expires_at is None or sent_at < expires_at

    @invariant()
    def rates_and_retries_are_those_of_the_rules(self) -> None:
        check_rates(self.world, TRUNKS)
        check_retries(self.world, WAITS, runs=(1, 2))

    def records_of(self, run_id: int) -> set[int]:
        added = self.world.lists.get(4, []) if run_id == 2 else []
        return {record.id for record in [*self.world.lists[run_id], *added]}

    def teardown(self) -> None:
        """Left alone with a network where everybody answers, every run comes to its end, and
        every record was called, or is on the black list."""
        world = self.world
        if not world.is_database_up:
            world.database_back()
            world.post(events.DatabaseUp())
        for server in SERVERS:
            world.server_up(server.id, live=world.ringing)
        for run_id in RUNS:
            world.post(events.RunAsked(run_id=run_id, verb=events.RunVerb.UNPAUSE))
        for _ in range(150):
            for channel in world.ringing:
                world.complete(channel)
            world.wait(minutes=20)
        ended = {1: RunState.COMPLETED, 2: RunState.IDLE, 3: RunState.COMPLETED}
        for run_id in {*RUNS} - self.removed:
            assert world.progress[run_id].state is ended[run_id]
            assert world.progress[run_id].completed == len(self.records_of(run_id))
            logged = {
                log.log.attempt.record_id for log in world.logs if log.log.attempt.run_id == run_id
            }
            assert logged == self.records_of(run_id)
        assert world.dialer.live.calls == {}
        logs = Counter(log.log.attempt.id for log in world.logs)
        assert set(logs.values()) <= {1}
        sent = {o.attempt_id for o in world.originates}
        barred = {
            log.log.attempt.id for log in world.logs if log.log.state is CallState.RS_BLACKLIST
        }
        assert not sent & barred


TestSite = SiteMachine.TestCase
TestSite.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
