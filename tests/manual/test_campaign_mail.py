"""Manual 25.02: "Campaigns", Logging: "Send campaign events by e-mail": NO, ALL, FINISH."""

from datetime import time, timedelta

import pytest

from core.model import Campaign
from core.ports.events import RunAsked, RunVerb
from core.rules.active_period import ActivePeriod
from core.rules.notifications import Notification
from core.rules.run_mail import EmailEvents
from core.rules.states import RunState
from tests.support.world import NOON, World, rule

PEOPLE = ("anna@example.com", "bert@example.com")


def world_of(events: EmailEvents, **more: object) -> tuple[World, list[Notification]]:
    world = World()
    world.add_list(1, ["101", "102"])
    campaign = Campaign(
        id=1,
        name="Reminders",
        email_events=events,
        email_addresses=PEOPLE,
        **more,  # type: ignore[arg-type]
    )
    world.load(campaign)
    return world, world.mails


def told(mails: list[Notification], address: str = PEOPLE[0]) -> list[str]:
    """The states that somebody was told of."""
    return [one.subject.rpartition(" ")[2] for one in mails if one.url == f"mailto:{address}"]


def complete(world: World) -> None:
    for channel in world.ringing:
        world.complete(channel)


@pytest.mark.parametrize(
    ("events", "states"),
    [
        (EmailEvents.NO, []),
        (EmailEvents.ALL, ["RUNNING", "PAUSED", "RUNNING", "COMPLETED"]),
        (EmailEvents.FINISH, ["COMPLETED"]),
    ],
)
def test_no_all_and_finish(events: EmailEvents, states: list[str]) -> None:
    world, mails = world_of(events)
    world.post(RunAsked(run_id=1, verb=RunVerb.PAUSE))
    world.post(RunAsked(run_id=1, verb=RunVerb.UNPAUSE))
    complete(world)
    assert world.progress[1].state is RunState.COMPLETED
    assert [told(mails, address) for address in PEOPLE] == [states, states]


@pytest.mark.parametrize(
    ("events", "states"),
    [(EmailEvents.FINISH, []), (EmailEvents.ALL, ["RUNNING", "REMOVE"])],
)
def test_a_run_that_is_removed_is_not_completed(events: EmailEvents, states: list[str]) -> None:
    world, mails = world_of(events)
    world.post(RunAsked(run_id=1, verb=RunVerb.REMOVE))
    complete(world)
    assert told(mails) == states


def test_a_run_that_waits_for_numbers_is_not_at_its_end() -> None:
    world, mails = world_of(EmailEvents.FINISH, idles_on_termination=True)
    complete(world)
    assert (world.progress[1].state, told(mails)) == (RunState.IDLE, [])


def test_hours_are_told_when_all_is_and_calls_are_not() -> None:
    to_one = ActivePeriod(start=time(8), end=time(12, 59, 59), days=frozenset(range(1, 8)))
    again = rule("RS_BUSY", retry_after_s=2 * 3600)
    world, mails = world_of(EmailEvents.ALL, active_period=to_one, reschedule_rules=(again,))
    world.busy(world.ringing[0])
    world.complete(world.ringing[0])
    assert told(mails) == ["RUNNING"]
    world.wait(hours=1)
    assert told(mails) == ["RUNNING", "WRONG_TIME"]
    world.wait(hours=19)
    assert told(mails) == ["RUNNING", "WRONG_TIME", "RUNNING"]


def test_an_email_says_what_became_of_the_run() -> None:
    world, mails = world_of(EmailEvents.FINISH, time_zone="Europe/Rome")
    world.busy(world.ringing[0])
    [talking] = world.ringing
    world.answer(talking)
    world.now = NOON + timedelta(minutes=5)
    world.hang_up(talking)
    mail = mails[0]
    assert mail.subject == "Whipbird: Reminders is COMPLETED"
    assert mail.body.splitlines() == [
        "Campaign: Reminders",
        "Run: 1, started 2026-03-02 13:00:00 CET",
        "State: COMPLETED, since 2026-03-02 13:05:00 CET",
        "Calls placed: 2",
        "Records done: 2",
        "RS_BUSY: 1",
        "TERMINATED: 1",
    ]


def test_a_run_that_failed_says_why() -> None:
    _world, mails = world_of(EmailEvents.FINISH, time_zone="Mars/Olympus")
    assert told(mails) == ["ERROR"]
    reason = 'Reason: time zone "Mars/Olympus": this machine does not know it'
    assert reason in mails[0].body.splitlines()
