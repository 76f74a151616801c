"""Nobody is called outside hours of their own, and those asleep keep nobody else waiting."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import Campaign, Record
from core.ports import events
from core.ports.commands import Command, Originate
from core.rules.active_period import ActivePeriod
from core.rules.recipient_hours import RecipientHours, UnknownZone
from core.rules.states import RunState
from tests.support.world import TRUNK, World, rule

DAYTIME = ActivePeriod(start=time(9), end=time(19, 59, 59))
HOURS = RecipientHours(period=DAYTIME, attribute="TZ")
#: Noon in Europe, three in the morning in Los Angeles.
NOON = datetime(2026, 1, 5, 11, 0, tzinfo=UTC)
PARIS, LA = "Europe/Paris", "America/Los_Angeles"
IN_LA = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)


def people(places: Sequence[str]) -> list[Record]:
    """One at each place, with numbers from 101."""
    return [
        Record(id=1_000_000 + i, list_id=1, number=str(100 + i), inputs={"TZ": place})
        for i, place in enumerate(places, 1)
    ]


def world_of(*places: str, now: datetime = NOON) -> World:
    world = World(now=now)
    world.lists[1] = people(places)
    return world


def start(world: World, hours: RecipientHours = HOURS, **campaign: Any) -> None:
    world.load(Campaign(id=1, name="c", recipient_hours=hours, **campaign))


def dialled(world: World) -> list[str]:
    return [placed.attempt.number for placed in world.placed]


def test_who_sleeps_is_called_when_awake_and_waits_without_a_trace() -> None:
    world = world_of(LA, PARIS)
    start(world)
    assert dialled(world) == ["102"]
    assert world.logs == []
    assert world.dialer.live.trunks[TRUNK.id].in_use == 1
    (retry,) = world.retries.values()
    assert (retry.record_id, retry.retry_no, retry.due_at) == (1_000_001, 0, IN_LA)
    world.wait(hours=5, minutes=59, seconds=59)
    assert dialled(world) == ["102"]
    world.wait(seconds=1)
    assert dialled(world) == ["102", "101"]
    assert world.placed[1].attempt.retry_no == 0
    assert world.placed[1].attempt.requested_at == IN_LA


def test_many_who_sleep_do_not_keep_the_awake_waiting() -> None:
    world = world_of(*[LA] * 500, PARIS)
    start(world, batch_size=10)
    assert dialled(world) == ["601"]
    assert len(world.retries) == 500
    run = world.dialer.live.runs[1]
    assert (run.retries, run.hopper_size, run.completed) == (500, 0, 0)
    assert world.progress[1].positions[0].is_complete
    world.complete(world.ringing[0])
    world.wait(hours=6)
    for _ in range(60):
        for channel in world.ringing:
            world.complete(channel)
        world.wait(seconds=1)
    assert len(set(dialled(world))) == len(dialled(world)) == 501
    assert world.progress[1].state is RunState.COMPLETED
    assert world.progress[1].completed == 501


def test_a_retry_waits_for_the_morning_too() -> None:
    world = world_of(PARIS, now=datetime(2026, 1, 5, 18, 50, tzinfo=UTC))
    busy = rule("RS_BUSY", max_attempts=1, retry_after_s=1200)
    start(world, reschedule_rules=(busy,))
    world.busy(world.ringing[0])
    world.wait(hours=13)
    assert len(world.placed) == 1
    world.wait(minutes=10)
    last = world.placed[-1].attempt
    assert (last.retry_no, last.requested_at) == (1, datetime(2026, 1, 6, 8, 0, tzinfo=UTC))
    assert world.states() == ["RS_BUSY"]


def test_who_falls_asleep_while_waiting_for_a_line_is_called_the_next_day() -> None:
    world = world_of(*[PARIS] * 11, now=datetime(2026, 1, 5, 18, 59, 30, tzinfo=UTC))
    start(world)
    assert len(world.ringing) == 10
    world.wait(seconds=30)
    world.complete(world.ringing[0])
    assert len(world.placed) == 10
    world.wait(hours=13)
    assert world.placed[10].attempt.requested_at == datetime(2026, 1, 6, 8, 0, tzinfo=UTC)


def test_a_commit_that_comes_too_late_dials_nobody() -> None:
    world = world_of(PARIS, now=datetime(2026, 1, 5, 18, 59, 59, tzinfo=UTC))
    world.commits = False
    start(world)
    (placed,) = world.placed
    world.commits = True
    world.wait(seconds=1)
    world.post(events.AttemptsCommitted(attempt_ids=(placed.attempt.id,)))
    assert world.originates == []
    (closed,) = world.logs
    assert (closed.log.state, closed.was_sent) == ("RS_ERROR", False)
    assert closed.log.reason == "not sent: the person's hours ended"
    world.wait(hours=13)
    assert [p.attempt.requested_at.hour for p in world.placed] == [18, 8]


def test_a_zone_that_is_not_known_is_the_campaigns() -> None:
    world = world_of("", now=NOON)
    start(world, time_zone=LA)
    assert world.placed == []
    world.wait(hours=6)
    assert world.placed[0].attempt.requested_at == IN_LA


def test_a_zone_that_is_not_known_may_be_refused() -> None:
    world = world_of("", PARIS)
    start(world, RecipientHours(period=DAYTIME, attribute="TZ", unknown=UnknownZone.REFUSE))
    assert dialled(world) == ["102"]
    (closed,) = world.logs
    assert (closed.log.state, closed.log.ext_status) == ("RS_BLACKLIST", "NO_HOURS")
    assert closed.log.reason == "the person's time zone is not known, or has no such hours"
    assert (closed.retry, closed.was_sent) == (None, False)
    assert world.progress[1].completed == 1


def test_a_reload_looks_again_at_those_in_the_hopper() -> None:
    world = world_of(*[LA] * 11)
    world.load(Campaign(id=1, name="c"))
    run = world.dialer.live.runs[1]
    assert run.hopper_size == 1
    campaign = Campaign(id=1, name="c", recipient_hours=HOURS)
    plan = events.RunPlan(
        run=run.run,
        campaign=campaign,
        servers=(),
        trunks=tuple(t.trunk for t in run.trunks),
        endpoints=tuple(e.endpoint for e in run.endpoints),
    )
    world.post(events.RunReloaded(plan=plan))
    world.wait(seconds=2)
    assert [retry.due_at for retry in world.retries.values()] == [IN_LA]


PLACES = [PARIS, LA, "UTC", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana", "nowhere"]


class Watched(World):
    """Notes when each Originate leaves, and for which number."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now=now)
        self.sent: list[tuple[datetime, str]] = []

    def _carry_out(self, command: Command) -> None:
        if isinstance(command, Originate):
            number = command.channel.removeprefix("PJSIP/").partition("@")[0]
            self.sent.append((self.now, number))
        super()._carry_out(command)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(PLACES), min_size=1, max_size=25),
    st.timedeltas(timedelta(), timedelta(days=366)).map(NOON.__add__),
    st.lists(st.sampled_from(["busy", "complete", "database", "hour", "night"]), max_size=12),
)
def test_nobody_is_ever_dialled_outside_their_hours(
    places: list[str], now: datetime, happenings: list[str]
) -> None:
    world = Watched(now)
    world.lists[1] = people(places)
    rules = (rule("RS_BUSY", max_attempts=2, retry_after_s=7200),)
    start(world, time_zone="Europe/Rome", batch_size=4, reschedule_rules=rules)
    for happening in happenings:
        match happening:
            case "busy" | "complete":
                for channel in world.ringing:
                    getattr(world, happening)(channel)
            case "database" if world.is_database_up:
                world.is_database_up = False
            case "database":
                world.database_back()
            case _:
                world.wait(hours=1 if happening == "hour" else 10)
    for at, number in world.sent:
        place = places[int(number) - 101]
        zone = ZoneInfo("Europe/Rome" if place == "nowhere" else place)
        assert time(9) <= at.astimezone(zone).time() < time(20)
