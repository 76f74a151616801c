"""Runs keep their hours; calls carry what the campaign says of them."""

from datetime import UTC, datetime, time

import pytest

from core.model import Campaign
from core.ports import events
from core.rules.active_period import ActivePeriod
from core.rules.opening_hours import DefaultMode, HourRule, MonthDay, OpeningHours
from core.rules.states import RunState
from tests.support.world import World, rule

OFFICE = ActivePeriod(start=time(9), end=time(17, 59, 59), days=frozenset({2, 3, 4, 5, 6}))


def start(at: datetime, numbers: int = 30, **campaign: object) -> World:
    world = World(now=at)
    world.add_list(1, [str(1000 + i) for i in range(numbers)])
    world.load(Campaign(id=1, name="c", **campaign))  # type: ignore[arg-type]
    return world


def state(world: World) -> RunState:
    return world.dialer.live.runs[1].state


def test_a_run_started_at_night_waits_for_the_morning() -> None:
    world = start(datetime(2026, 3, 2, 3, 0, tzinfo=UTC), active_period=OFFICE)
    assert world.originates == []
    assert state(world) is world.progress[1].state is RunState.WRONG_TIME
    world.wait(hours=5, minutes=59, seconds=59)
    assert world.originates == []
    world.wait(seconds=1)
    assert state(world) is RunState.RUNNING
    assert len(world.originates) == 10


def test_a_run_goes_to_wrong_time_when_its_hours_end() -> None:
    world = start(datetime(2026, 3, 2, 17, 59, 0, tzinfo=UTC), active_period=OFFICE)
    for channel in world.ringing:
        world.answer(channel)
    world.wait(seconds=60)
    assert world.progress[1].state is RunState.WRONG_TIME
    world.complete(world.ringing[0])
    assert len(world.originates) == 10
    assert world.states() == ["TERMINATED"]


def test_hours_are_those_of_the_campaigns_zone() -> None:
    at = datetime(2026, 7, 1, 6, 59, tzinfo=UTC)
    world = start(at, active_period=OFFICE, time_zone="Europe/Zurich")
    assert world.originates == []
    world.wait(minutes=1)
    assert len(world.originates) == 10


def test_opening_hours_are_read_after_the_active_period() -> None:
    world = World(now=datetime(2026, 12, 25, 12, 0, tzinfo=UTC))
    world.add_list(1, ["1"])
    christmas = HourRule(
        date_from=MonthDay(month=12, day=25), date_to=MonthDay(month=12, day=26), is_open=False
    )
    holidays = OpeningHours(name="holidays", default=DefaultMode.OPEN, rules=(christmas,))
    world.load(hours=[holidays])
    assert state(world) is RunState.WRONG_TIME
    world.wait(hours=35, minutes=59)
    assert world.originates == []
    world.wait(minutes=1)
    assert world.placed[0].attempt.requested_at == datetime(2026, 12, 27, tzinfo=UTC)


def test_a_paused_run_stays_paused_when_its_hours_begin() -> None:
    world = start(datetime(2026, 3, 2, 8, 0, tzinfo=UTC), active_period=OFFICE)
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.PAUSE))
    world.wait(hours=2)
    assert state(world) is RunState.PAUSED
    world.post(events.RunAsked(run_id=1, verb=events.RunVerb.UNPAUSE))
    assert len(world.originates) == 10


def test_a_run_that_is_done_completes_even_at_night() -> None:
    world = start(datetime(2026, 3, 2, 17, 59, 59, tzinfo=UTC), 1, active_period=OFFICE)
    world.answer(world.ringing[0])
    world.wait(minutes=5)
    world.hang_up(world.ringing[0])
    assert world.progress[1].state is RunState.COMPLETED


def test_a_zone_that_nobody_knows_ends_the_run_with_words() -> None:
    world = start(datetime(2026, 3, 2, tzinfo=UTC), time_zone="Mars/Olympus")
    assert world.progress[1].state is RunState.ERROR
    assert world.progress[1].error == 'time zone "Mars/Olympus": this machine does not know it'


def test_each_retry_dials_the_next_number_of_the_record() -> None:
    world = World()
    world.add_list(1, ["100"], MULTINUM1="101", MULTINUM2="", MULTINUM3="103")
    world.load(Campaign(id=1, name="c", reschedule_rules=(rule("RS_BUSY", max_attempts=4),)))
    for _ in range(5):
        world.busy(world.ringing[0])
        world.wait(seconds=1)
    assert [p.attempt.number for p in world.placed] == ["100", "101", "103", "100", "101"]
    assert {dict(o.variables)["WOMBAT_DIALING_NUMBER"] for o in world.originates} == {"100"}


def test_a_caller_id_and_an_account_are_filled_in_for_each_call() -> None:
    world = World()
    world.add_list(1, ["5551234"], NAME="WHITE", ID="7")
    campaign = Campaign(
        id=1, name="c", dial_clid='"C1 ${NAME}" <${NUM}>', dial_account="${LST}-${ID}"
    )
    world.load(campaign)
    originate = world.originates[0]
    assert originate.caller_id == '"C1 WHITE" <5551234>'
    assert originate.account == "list 1-7"


def test_agents_see_the_person_called_and_the_person_sees_the_presentation() -> None:
    world = World()
    world.add_list(1, ["5551234"], NAME="WHITE", SITE="0800")
    campaign = Campaign(
        id=1, name="c", dial_clid="100", agent_clid="C1 ${NAME}", dial_presentation="${SITE}"
    )
    world.load(campaign)
    originate = world.originates[0]
    assert originate.caller_id == "0800"
    assert originate.endpoint_caller_id == '"C1 WHITE" <5551234>'


def test_campaign_variables_and_tracking_reach_the_call_and_a_record_wins() -> None:
    world = World()
    world.add_list(1, ["1"], COLOUR="red")
    campaign = Campaign(
        id=1,
        name="c",
        variables=(("SHOP", "north"), ("COLOUR", "blue")),
        amd_mode="AMD",
        fax_file="/var/fax/offer.tiff",
    )
    world.load(campaign)
    variables = dict(world.originates[0].variables)
    assert variables["SHOP"] == "north"
    assert variables["COLOUR"] == "red"
    assert (variables["AMD_MODE"], variables["FAX_FILE"]) == ("AMD", "/var/fax/offer.tiff")
    assert "AMD_EXTRA" not in variables
    assert len(world.originates[0].variables) == len(variables)


@pytest.mark.parametrize("hours", [1, 30, 400])
def test_open_day_and_night_needs_no_timer(hours: int) -> None:
    world = start(datetime(2026, 3, 2, tzinfo=UTC), 1, idles_on_termination=True)
    world.complete(world.ringing[0])
    world.wait(hours=hours)
    assert state(world) is RunState.IDLE
    assert world.dialer.next_look_at() is None
