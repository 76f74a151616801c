"""Manual 25.02: "HTTP/S life-cycle notifications of calls", with the log of its PHP script, and
the campaign "AppReminders" that it comes from."""

import re
from urllib.parse import parse_qsl

from core.model import Campaign, Record
from core.rules.reschedule import RescheduleRule
from tests.support.world import World, rule

#: What the manual's script logs of the calls of one campaign.
LOG = """
RQ: num:5551234 reschedule:0 I_MM:30 extstate:1 state:TERMINATED I_HH:10 O_APPT:APPE retry:0
RQ: num:5556785 reschedule:300 I_MM:00 extstate: state:RS_NOANSWER I_HH:11 retry:0
RQ: num:5552012 reschedule:0 I_MM:30 extstate:2 state:TERMINATED I_HH:11 O_APPT:PSYC retry:0
RQ: num:5556785 reschedule:300 I_MM:00 extstate:0 state:TERMINATED I_HH:11 retry:1
RQ: num:5556785 reschedule:300 I_MM:00 extstate:0 state:TERMINATED I_HH:11 retry:2
RQ: num:5556785 reschedule:300 I_MM:00 extstate:0 state:TERMINATED I_HH:11 retry:3
RQ: num:5556785 reschedule:0 I_MM:00 extstate:0 state:TERMINATED I_HH:11 retry:4
"""
#: And of calls that were rejected, which no rule of the campaign tries again.
REJECTED = """
RQ: num:5551234 reschedule:0 I_MM:30 extstate: state:RS_REJECTED I_HH:10 retry:0
RQ: num:5556785 reschedule:0 I_MM:00 extstate: state:RS_REJECTED I_HH:11 retry:0
RQ: num:5552012 reschedule:0 I_MM:30 extstate: state:RS_REJECTED I_HH:11 retry:0
"""
PEOPLE = (("5551234", "10", "30"), ("5556785", "11", "00"), ("5552012", "11", "30"))
#: Its text lets a call without a choice be repeated three times, its log shows the recall
#: counter at 4: the unanswered call before them counts too.
RULES = (
    rule("RS_NOANSWER", max_attempts=5, retry_after_s=300),
    rule("RS_BUSY", max_attempts=5, retry_after_s=300),
    rule("RS_TIMEOUT", max_attempts=5, retry_after_s=120),
    rule("TERMINATED", ext_status="0", max_attempts=4, retry_after_s=300),
)


def reminders(rules: tuple[RescheduleRule, ...] = RULES) -> World:
    world = World()
    world.lists[1] = [
        Record(id=1_000_000 + number, list_id=1, number=phone, inputs={"HH": hour, "MM": minute})
        for number, (phone, hour, minute) in enumerate(PEOPLE, 1)
    ]
    world.load(Campaign(id=1, name="AppReminders", http_notify="http://x/", reschedule_rules=rules))
    return world


def posted(world: World) -> list[dict[str, str]]:
    forms = [entry.notify.body for entry in world.logs if entry.notify]
    return [dict(parse_qsl(form, keep_blank_values=True)) for form in forms]


def lines(log: str) -> list[dict[str, str]]:
    """The fields of each line of a log."""
    return [
        dict(re.findall(r"(\w+):(\S*)", line.removeprefix("RQ: ")))
        for line in log.strip().splitlines()
    ]


def channel_of(world: World, number: str) -> str:
    [found] = [
        o.channel_id
        for o in world.originates
        if number in o.channel and o.channel_id in world.ringing
    ]
    return found


def choose(world: World, number: str, choice: str, appointment: str = "") -> None:
    """The person answers and presses a key."""
    channel = channel_of(world, number)
    world.answer(channel)
    if appointment:
        world.report(channel, "ATTRIBUTE", "APPT", appointment)
    world.report(channel, "CALLSTATUS", "", choice)
    world.hang_up(channel)


def test_the_script_logs_the_calls_of_the_manual() -> None:
    world = reminders()
    choose(world, "5551234", "1", "APPE")
    world.fail(channel_of(world, "5556785"), 3, 19)
    choose(world, "5552012", "2", "PSYC")
    for _ in range(4):
        world.wait(seconds=300)
        choose(world, "5556785", "0")
    world.wait(hours=24)
    expected = lines(LOG)
    assert len(expected) == 7
    named = [{key: form[key] for key in form if key in EXAMPLE} for form in posted(world)]
    assert named == expected


EXAMPLE = {"num", "reschedule", "I_MM", "extstate", "state", "I_HH", "O_APPT", "retry"}


def test_rejected_calls_are_logged_as_in_the_manual() -> None:
    world = reminders()
    for number, _hour, _minute in PEOPLE:
        world.fail(channel_of(world, number), 8, 21)
    named = [{key: form[key] for key in form if key in EXAMPLE} for form in posted(world)]
    assert named == lines(REJECTED)


def test_the_number_dialled_the_list_and_both_ids_are_told_too() -> None:
    world = reminders()
    channel = channel_of(world, "5551234")
    choose(world, "5551234", "1")
    [form] = posted(world)
    assert set(form) - EXAMPLE == {"currentnum", "listname", "asteriskid", "wombatid"}
    assert (form["currentnum"], form["listname"]) == ("5551234", "list 1")
    assert (form["asteriskid"], form["wombatid"]) == (channel, "WBT.1")


def test_extstate_is_there_even_when_it_is_empty() -> None:
    world = reminders()
    world.busy(channel_of(world, "5551234"))
    assert posted(world)[0]["extstate"] == ""
