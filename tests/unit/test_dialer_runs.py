"""Lines, rates and priorities; the life of a run; recovery after a restart."""

from datetime import timedelta

import pytest

from core.model import Attempt, Campaign, HopperEntry, ListPosition, Record, Run, Server, Trunk
from core.ports import events
from core.rules.states import RunState
from core.rules.verdicts import Verdict
from tests.support.world import END, NOON, SERVER, TRUNK, World, rule


def numbers(count: int, start: int = 1000) -> list[str]:
    return [str(start + i) for i in range(count)]


def trunk(**values: object) -> Trunk:
    base = {"id": 1, "server_id": 1, "name": "trunk", "dial_string": "PJSIP/${num}@carrier"}
    return Trunk(**{**base, **values})  # type: ignore[arg-type]


def verdict(world: World, run_id: int = 1) -> Verdict:
    return world.dialer.live.runs[run_id].verdict


def test_no_more_calls_than_the_trunk_has_lines() -> None:
    world = World()
    world.add_list(1, numbers(30))
    world.load(trunks=[trunk(capacity=4)])
    assert len(world.originates) == 4
    world.complete(world.ringing[0])
    assert len(world.originates) == 5


def test_calls_are_placed_within_the_trunks_rate() -> None:
    world = World()
    world.add_list(1, numbers(30))
    world.load(trunks=[trunk(max_calls_per_period=3, period_ms=1000)])
    assert len(world.originates) == 3
    assert verdict(world) is Verdict.LIMITED_BY_TRUNK_RATE
    world.wait(milliseconds=999)
    assert len(world.originates) == 3
    world.wait(milliseconds=1)
    assert len(world.originates) == 6


def test_a_clock_set_back_an_hour_holds_a_trunks_rate_up_for_one_period_only() -> None:
    world = World()
    world.add_list(1, ["1", "2", "3"])
    world.load(trunks=[trunk(max_calls_per_period=1)])
    world.complete(world.ringing[0])
    world.now -= timedelta(hours=1)
    world.settle()
    assert len(world.originates) == 1
    world.wait(seconds=1)
    assert len(world.originates) == 2
    world.wait(seconds=1)
    assert len(world.originates) == 3


def test_a_run_completes_when_every_record_is_done() -> None:
    world = World()
    world.add_list(1, numbers(12))
    world.load()
    for _ in range(12):
        world.complete(world.ringing[0])
    progress = world.progress[1]
    assert (progress.state, progress.attempted, progress.completed) == ("COMPLETED", 12, 12)
    assert progress.ended_at == world.now
    assert progress.positions[0].is_complete


def test_a_run_waits_for_its_retries_before_it_completes() -> None:
    world = World()
    world.add_list(1, ["1"])
    campaign = Campaign(id=1, name="c", reschedule_rules=(rule("RS_BUSY", retry_after_s=600),))
    world.load(campaign)
    world.busy(world.ringing[0])
    world.wait(seconds=599)
    assert world.progress[1].state is RunState.RUNNING
    world.wait(seconds=2)
    world.busy(world.ringing[0])
    assert world.progress[1].state is RunState.COMPLETED
    assert (world.progress[1].attempted, world.progress[1].completed) == (2, 1)


def test_a_run_over_an_empty_list_completes_at_once() -> None:
    world = World()
    world.add_list(1, [])
    world.load()
    assert world.progress[1].state is RunState.COMPLETED


def test_a_run_that_idles_on_termination_becomes_idle() -> None:
    world = World()
    world.add_list(1, ["1"])
    world.load(Campaign(id=1, name="c", idles_on_termination=True))
    world.complete(world.ringing[0])
    assert world.progress[1].state is RunState.IDLE
    assert world.progress[1].ended_at is None


def test_a_paused_run_places_nothing_and_tracks_what_is_up() -> None:
    world = World()
    world.add_list(1, numbers(30))
    world.load()
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.PAUSE))
    world.complete(world.ringing[0])
    assert len(world.originates) == 10
    assert world.states() == ["TERMINATED"]
    assert world.progress[1].state is RunState.PAUSED
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.UNPAUSE))
    assert len(world.originates) == 11


def test_unpause_changes_only_a_paused_run() -> None:
    world = World()
    world.add_list(1, ["1"])
    world.load(Campaign(id=1, name="c", idles_on_termination=True))
    world.complete(world.ringing[0])
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.UNPAUSE))
    assert world.progress[1].state is RunState.IDLE


def test_a_removed_run_dials_no_more_and_logs_what_was_up() -> None:
    world = World()
    world.add_list(1, numbers(30))
    campaign = Campaign(id=1, name="c", reschedule_rules=(rule("RS_BUSY", retry_after_s=1),))
    world.load(campaign)
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.REMOVE))
    assert world.progress[1].state is RunState.REMOVE
    world.busy(world.ringing[0])
    world.complete(world.ringing[0])
    world.wait(minutes=5)
    assert world.states()[:2] == ["RS_BUSY", "TERMINATED"]
    assert world.logs[0].retry is None
    assert len(world.originates) == 10


def test_a_call_whose_run_ends_before_its_commit_never_leaves() -> None:
    world = World(commits=False)
    world.add_list(1, ["1"])
    world.load()
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.REMOVE))
    world.post(events.AttemptsCommitted(attempt_ids=(1,)))
    assert world.originates == []
    assert world.states() == ["RS_ERROR"]


def test_a_stopping_dialer_keeps_what_has_not_left() -> None:
    world = World(commits=False)
    world.add_list(1, numbers(30))
    world.load()
    world.post(events.Stopping())
    assert len(world.placed) == 10
    assert len(world.retries) == 10
    world.post(events.AttemptsCommitted(attempt_ids=tuple(range(1, 11))))
    assert world.originates == []


def test_calls_from_before_a_restart_count_for_their_trunks_rate() -> None:
    world = World()
    slow = trunk(max_calls_per_period=5, period_ms=60_000)
    lately = tuple(NOON - timedelta(seconds=ago) for ago in (50, 40, 30))
    world.post(events.ServersLoaded(servers=(SERVER,)))
    world.post(events.RecentCalls(trunk=slow, placed_at=lately))
    world.add_list(1, numbers(20))
    world.load(trunks=[slow])
    assert len(world.originates) == 2
    world.wait(seconds=10)
    assert len(world.originates) == 3


def test_a_dialer_that_starts_again_goes_on_where_it_was() -> None:
    world = World()
    world.add_list(1, numbers(20))
    world.load()
    world.post(events.Stopping())
    assert verdict(world) is Verdict.DIALER_STOPPED
    for channel_id in world.ringing:
        world.complete(channel_id)
    assert len(world.originates) == 10
    world.post(events.Starting())
    assert len(world.originates) == 20
    assert verdict(world) is Verdict.CALLS_PLACED


def test_a_run_without_a_line_says_so_again_when_the_dialer_starts() -> None:
    world = World()
    world.add_list(1, numbers(20))
    world.load()
    world.post(events.Stopping())
    world.post(events.Starting())
    assert verdict(world) is Verdict.NO_CHANNELS_ON_TRUNK


def test_a_run_that_is_over_keeps_its_verdict_when_the_dialer_stops() -> None:
    world = World()
    world.add_list(1, ["1"])
    world.load()
    world.complete(world.ringing[0])
    world.post(events.Stopping())
    assert verdict(world) is Verdict.NOT_RUNNING


def test_a_lost_server_stops_its_calls_only() -> None:
    world = World()
    world.add_list(1, numbers(50))
    world.load(
        servers=[SERVER, Server(id=2, name="pbx two")],
        trunks=[trunk(capacity=2), trunk(id=2, name="two", server_id=2, capacity=2)],
        endpoints=[END, type(END)(id=2, server_id=2, name="two", extension="s", context="m")],
    )
    world.post(events.ServerDown(server_id=1, reason="connection refused"))
    for call in [o for o in world.originates if o.server_id == 2]:
        world.complete(call.channel_id)
    assert {o.server_id for o in world.originates[4:]} == {2}
    assert world.dialer.live.servers[1].reason == "connection refused"


def test_when_the_server_is_back_gone_calls_are_lost_and_live_ones_go_on() -> None:
    world = World()
    world.add_list(1, numbers(3))
    world.load()
    gone, talking, answered_meanwhile = world.ringing
    world.answer(talking)
    world.ring(answered_meanwhile)
    world.post(events.ServerDown(server_id=1, reason="gone"))
    world.wait(minutes=10)
    assert world.logs == []
    world.server_up(
        live=[talking, answered_meanwhile],
        answered_channels=frozenset({talking, answered_meanwhile}),
    )
    assert [(c.log.attempt.channel_id, c.log.state) for c in world.logs] == [(gone, "RS_LOST")]
    world.hang_up(talking)
    world.hang_up(answered_meanwhile)
    assert world.states() == ["RS_LOST", "TERMINATED", "TERMINATED"]


def resumed(state: RunState = RunState.RUNNING) -> World:
    """A restart with one call of unknown fate, on a trunk that has left the campaign."""
    world = World()
    world.add_list(1, numbers(3))
    record = Record(id=1_000_001, list_id=1, number="1000", outputs={"OLD": "1"})
    attempt = Attempt(
        id=7, run_id=1, campaign_id=1, record_id=record.id, list_id=1, server_id=1, trunk_id=9,
        endpoint_id=1, attempt_no=0, retry_no=0, number="1000", channel_id="wb-cafe0001-7",
        requested_at=NOON - timedelta(seconds=20),
    )  # fmt: skip
    position = ListPosition(list_id=1, list_name="list 1", highwater=record.id)
    world.post(
        events.RunLoaded(
            plan=events.RunPlan(
                run=Run(id=1, campaign_id=1, state=state, started_at=NOON, lists=(position,)),
                campaign=Campaign(id=1, name="c"),
                servers=(SERVER,),
                trunks=(TRUNK,),
                endpoints=(END,),
            ),
            open_calls=(
                events.OpenCall(
                    attempt=attempt,
                    entry=HopperEntry(record=record, list_name="list 1"),
                    trunk=trunk(id=9, name="old"),
                    endpoint=END,
                ),
            ),
        )
    )
    return world


def test_a_call_found_up_after_a_restart_is_tracked_to_its_end() -> None:
    world = resumed()
    world.server_up(live=["wb-cafe0001-7"], answered_channels=frozenset({"wb-cafe0001-7"}))
    assert [p.attempt.number for p in world.placed] == ["1001", "1002"]
    world.report("wb-cafe0001-7", "ATTRIBUTE", "NEW", "2")
    world.hang_up("wb-cafe0001-7")
    assert world.states() == ["TERMINATED"]
    assert world.logs[0].outputs == {"OLD": "1", "NEW": "2"}


def test_a_call_gone_after_a_restart_is_lost_and_not_dialled_again() -> None:
    world = resumed()
    world.server_up(live=[])
    assert world.states() == ["RS_LOST"]
    world.wait(hours=1)
    assert "1000" not in [p.attempt.number for p in world.placed]


@pytest.mark.parametrize(
    ("cause", "state"), [(16, "RS_LOST"), (0, "RS_LOST"), (17, "RS_BUSY"), (1, "RS_NUMBER")]
)
def test_a_call_that_ends_before_its_server_is_found_again_is_judged_by_what_was_seen(
    cause: int, state: str
) -> None:
    """An answered call and one that nobody answered may both end with cause 16."""
    world = resumed()
    world.hang_up("wb-cafe0001-7", cause)
    world.server_up(live=[])
    world.wait(seconds=3)
    assert world.states() == [state]


@pytest.mark.parametrize(("is_lost", "state"), [(True, "RS_LOST"), (False, "RS_NUMBER")])
def test_a_call_that_fails_without_a_word_as_its_server_goes_is_lost(
    is_lost: bool, state: str
) -> None:
    """A PBX that is being stopped makes no channel: that says nothing of the number."""
    world = World()
    world.add_list(1, numbers(1))
    world.load()
    [channel] = world.ringing
    world.ring(channel)
    world.post(events.DialEnded(server_id=1, channel_id=channel, status="NOANSWER"))
    world.post(events.Originated(server_id=1, channel_id=channel, is_answered=False, reason=0))
    world.hang_up(channel, 0)
    if is_lost:
        world.post(events.ServerDown(server_id=1, reason="shutting down"))
        world.server_up(live=[])
    world.wait(seconds=3)
    assert world.states() == [state]


def test_a_call_that_may_have_rung_out_of_sight_was_not_answered() -> None:
    world = resumed()
    world.server_up(live=["wb-cafe0001-7"])
    unanswered = events.Originated(
        server_id=1, channel_id="wb-cafe0001-7", is_answered=False, reason=3
    )
    world.post(unanswered)
    world.hang_up("wb-cafe0001-7", 19)
    assert world.states() == ["RS_NOANSWER"]


def test_a_call_of_a_run_that_is_over_is_still_tracked_after_a_restart() -> None:
    world = resumed(RunState.REMOVE)
    world.server_up(live=["wb-cafe0001-7"], answered_channels=frozenset({"wb-cafe0001-7"}))
    world.hang_up("wb-cafe0001-7")
    assert world.states() == ["TERMINATED"]
    assert world.originates == []


def test_runs_long_over_are_forgotten() -> None:
    world = World()
    world.add_list(1, [])
    for run_id in range(1, 15):
        world.load(run_id=run_id)
    assert list(world.dialer.live.runs) == list(range(4, 15))


def reload(world: World, campaign: Campaign, trunks: tuple[Trunk, ...] = (TRUNK,)) -> None:
    run = world.dialer.live.runs[1].run
    world.post(
        events.RunReloaded(
            plan=events.RunPlan(
                run=run, campaign=campaign, servers=(SERVER,), trunks=trunks, endpoints=(END,)
            )
        )
    )


def test_a_reloaded_run_goes_on_by_the_new_definition() -> None:
    world = World()
    world.add_list(1, numbers(30))
    old = Campaign(id=1, name="c", dial_clid="100")
    world.load(old, trunks=[trunk(capacity=2)])
    world.answer(world.ringing[0])
    wider = Campaign(id=1, name="c", dial_clid="200", reschedule_rules=(rule("RS_BUSY"),))
    reload(world, wider, (trunk(id=2, name="wide", capacity=5),))
    assert [o.caller_id for o in world.originates] == ["100"] * 2 + ["200"] * 5
    assert [p.attempt.number for p in world.placed] == numbers(7)
    world.hang_up(world.ringing[0])
    world.busy(world.ringing[0])
    assert world.logs[0].log.attempt.trunk_id == 1
    assert world.logs[1].retry is not None
    assert len(world.originates) == 7
    assert world.dialer.live.trunks[1].users == set()


def test_a_run_that_is_over_is_not_reloaded() -> None:
    world = World()
    world.add_list(1, [])
    world.load()
    reload(world, Campaign(id=1, name="new"))
    assert world.progress[1].state is RunState.COMPLETED
    assert world.dialer.live.runs[1].campaign.name == "campaign 1"


def test_a_call_to_be_cut_while_its_server_was_away_is_cut_when_it_is_back() -> None:
    world = World()
    world.add_list(1, ["1"])
    world.load(Campaign(id=1, name="c", max_call_length_s=60))
    channel = world.ringing[0]
    world.answer(channel)
    world.wait(seconds=61)
    world.post(events.ServerDown(server_id=1, reason="gone"))
    world.server_up(live=[channel], answered_channels=frozenset({channel}))
    assert [h.channel_id for h in world.hangups] == [channel, channel]
    world.hang_up(channel)
    assert world.states() == ["RS_TIMEOUT"]


def test_a_retry_that_the_database_refuses_is_dropped_and_the_run_completes() -> None:
    world = World()
    world.add_list(1, ["1"])
    world.load(Campaign(id=1, name="c", reschedule_rules=(rule("RS_BUSY", retry_after_s=5),)))
    world.busy(world.ringing[0])
    world.commits = False
    world.wait(seconds=6)
    world.post(events.AttemptRefused(attempt_id=2, reason="UNIQUE constraint failed"))
    assert world.states() == ["RS_BUSY", "RS_ERROR"]
    assert world.progress[1].state is RunState.COMPLETED


def test_a_stopping_dialer_keeps_retries_that_have_not_left() -> None:
    world = World()
    world.add_list(1, ["1", "2"])
    world.load(Campaign(id=1, name="c", reschedule_rules=(rule("RS_BUSY", retry_after_s=5),)))
    busy, talking = world.ringing
    world.answer(talking)
    world.busy(busy)
    world.commits = False
    world.wait(seconds=6)
    world.post(events.Stopping())
    assert list(world.retries) == [(1, 1_000_001)]
    assert world.states() == ["RS_BUSY", "RS_ERROR"]
    assert world.ringing == [talking]
    run = world.dialer.live.runs[1]
    assert (run.retries, run.held) == (1, set())


@pytest.mark.parametrize(
    "event",
    [
        events.ServerUp(server_id=99, started_at=None, live_channels=frozenset()),
        events.BatchFetched(run_id=99, entries=(), positions=(), next_due_at=None),
        events.AttemptRefused(attempt_id=99, reason="?"),
        events.OriginateRefused(server_id=1, channel_id="x", was_sent=False, reason="?"),
        events.DialEnded(server_id=1, channel_id="x", status="BUSY"),
        events.Signalled(server_id=1, channel_id="x", signal=events.DialSignal.RINGING),
        events.Reported(call_ids=("x",), report=events.Report.CLEAR),
    ],
)
def test_news_of_strangers_is_passed_over(event: events.Event) -> None:
    world = World()
    world.add_list(1, numbers(3))
    world.load()
    world.post(event)
    assert len(world.ringing) == 3
    assert world.logs == []


def test_a_run_loaded_with_retries_reads_them_at_once() -> None:
    world = World()
    world.add_list(1, ["1"])
    busy = rule("RS_BUSY", retry_after_s=5)
    world.load(Campaign(id=1, name="c", reschedule_rules=(busy,)))
    world.busy(world.ringing[0])
    world.wait(seconds=2)
    after = World(lists=world.lists, retries=world.retries, now=world.now)
    position = ListPosition(list_id=1, list_name="list 1", highwater=1_000_001, is_complete=True)
    plan = events.RunPlan(
        run=Run(id=1, campaign_id=1, state=RunState.RUNNING, started_at=NOON, lists=(position,)),
        campaign=Campaign(id=1, name="c", reschedule_rules=(busy,)),
        servers=(SERVER,),
        trunks=(TRUNK,),
        endpoints=(END,),
        retry_count=1,
    )
    after.post(events.ServersLoaded(servers=(SERVER,)))
    after.post(events.RunLoaded(plan=plan))
    after.server_up()
    assert after.originates == []
    after.wait(seconds=3)
    assert [p.attempt.attempt_no for p in after.placed] == [1]
