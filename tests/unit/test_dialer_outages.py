"""The database away: no new call, nothing that is up is forgotten, no burst when it is back."""

from dataclasses import replace
from datetime import time, timedelta

from core.model import Campaign
from core.ports import events
from core.rules.active_period import ActivePeriod
from core.rules.verdicts import Verdict
from tests.support.world import NOON, TRUNK, World

AWAY = events.DatabaseDown(reason="connection refused")
BACK = events.DatabaseUp()


def dialling(count: int = 3, **campaign: object) -> World:
    """A run that keeps so many lines busy."""
    world = World()
    world.add_list(1, [str(1000 + i) for i in range(20)])
    trunk = replace(TRUNK, capacity=count)
    world.load(Campaign(id=1, name="c", **campaign), trunks=[trunk])  # type: ignore[arg-type]
    return world


def test_while_the_database_is_away_no_call_is_placed_and_afterwards_they_are() -> None:
    world = dialling(3)
    world.post(AWAY)
    for channel in world.ringing:
        world.complete(channel)
    world.wait(minutes=5)
    assert world.states() == ["TERMINATED"] * 3
    assert len(world.placed) == 3
    assert world.dialer.live.runs[1].verdict is Verdict.DATABASE_DOWN
    world.post(BACK)
    assert len(world.placed) == 6
    assert world.dialer.live.runs[1].verdict is Verdict.CALLS_PLACED


def test_what_is_reported_while_the_database_is_away_is_in_the_log() -> None:
    world = dialling(1)
    [channel] = world.ringing
    world.answer(channel)
    world.is_database_up = False
    world.post(AWAY)
    world.report(channel, "CALLSTATUS", value="SOLD")
    world.report(channel, "ATTRIBUTE", "COLOUR", "blue")
    world.hang_up(channel)
    world.wait(minutes=5)
    assert world.logs == []
    world.database_back()
    world.post(BACK)
    [log] = world.logs
    assert (log.log.state, log.log.ext_status, log.outputs) == (
        "TERMINATED",
        "SOLD",
        {"COLOUR": "blue"},
    )


def test_calls_that_waited_long_for_their_commit_leave_in_their_turn_not_at_once() -> None:
    world = World()
    world.add_list(1, [str(1000 + i) for i in range(8)])
    trunk = replace(TRUNK, max_calls_per_period=2)
    world.load(trunks=[trunk])
    world.is_database_up = False
    world.wait(seconds=60)
    world.database_back()
    assert len(world.originates) == 2
    late = [log for log in world.logs if log.log.reason == "not sent: the database took too long"]
    assert len(late) == 6
    sent: list[int] = []
    for _ in range(5):
        before = len(world.originates)
        world.wait(seconds=9.999 if not sent else 1)
        sent.append(len(world.originates) - before)
    assert sent == [0, 2, 2, 2, 0]


def test_a_call_committed_after_its_hours_does_not_leave() -> None:
    world = World(commits=False, now=NOON.replace(hour=17, minute=59, second=58))
    world.add_list(1, ["1000"])
    until_six = ActivePeriod(start=time(9), end=time(17, 59, 59))
    world.load(Campaign(id=1, name="c", active_period=until_six))
    [placed] = world.placed
    world.now += timedelta(seconds=2)
    world.post(events.AttemptsCommitted(attempt_ids=(placed.attempt.id,)))
    assert world.originates == []
    assert [log.log.reason for log in world.logs] == ["not sent: its hours ended"]
    world.commits = True
    world.wait(hours=14, minutes=59, seconds=59)
    assert world.originates == []
    world.wait(seconds=1)
    assert [o.channel for o in world.originates] == ["PJSIP/1000@carrier"]
