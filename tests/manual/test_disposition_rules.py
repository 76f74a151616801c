"""Manual 25.02: "Disposition rules"."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.model import Campaign, Record
from core.ports.events import RunAsked, RunVerb
from core.rules.blacklists import is_blacklisted
from core.rules.disposition import Addition, AttributeMode, DispositionRule, Recall, Verb
from core.rules.notifications import LetterKind, Notification
from core.rules.states import CallState
from tests.support.world import NOON, World, rule

PAGE = "http://server/page.php?num=${NUM}&var=${ATTRV}"
ROME = ZoneInfo("Europe/Rome")


def on(state: str, verb: Verb, **values: Any) -> DispositionRule:
    return DispositionRule(state=CallState(state), verb=verb, **values)


def world_of(*rules: DispositionRule, inputs: dict[str, str] | None = None, **more: Any) -> World:
    world = World()
    person = Record(id=1_000_001, list_id=1, number="5551234", inputs=inputs or {})
    world.lists[1] = [person]
    world.load(Campaign(id=1, name="Reminders", disposition_rules=rules, **more))
    return world


def busy(world: World) -> None:
    [channel] = world.ringing
    world.busy(channel)


def effects(world: World) -> list[list[object]]:
    """What each call that is over led to."""
    return [list(entry.effects) for entry in world.logs]


def test_a_rule_is_matched_only_when_the_call_is_not_rescheduled_further() -> None:
    """The manual's example: retried twice in 10 seconds on busy, and busy three times."""
    tell = on("RS_BUSY", Verb.HTTP_GET, destination="http://server/busy")
    retry = rule("RS_BUSY", max_attempts=2, retry_after_s=10)
    world = world_of(tell, reschedule_rules=(retry,))
    busy(world)
    world.wait(seconds=10)
    busy(world)
    world.wait(seconds=10)
    busy(world)
    told = Notification(kind=LetterKind.GET, url="http://server/busy", body="")
    assert effects(world) == [[], [], [told]]


def test_a_rule_that_asks_for_it_is_matched_on_each_call() -> None:
    every = on("RS_BUSY", Verb.HTTP_GET, destination="http://s/", with_retries_pending=True)
    world = world_of(every, reschedule_rules=(rule("RS_BUSY", retry_after_s=10),))
    busy(world)
    world.wait(seconds=10)
    busy(world)
    assert [len(found) for found in effects(world)] == [1, 1]


def test_the_last_state_counts() -> None:
    on_busy = on("RS_BUSY", Verb.ADD_LIST, list_id=7)
    on_end = on("TERMINATED", Verb.ADD_LIST, list_id=8)
    world = world_of(on_busy, on_end, reschedule_rules=(rule("RS_BUSY", retry_after_s=10),))
    busy(world)
    world.wait(seconds=10)
    world.complete(world.ringing[0])
    assert effects(world) == [[], [Addition(list_id=8, number="5551234", inputs={})]]


@pytest.mark.parametrize(
    ("wanted", "status", "applies"),
    [
        ("", "", True),
        ("", "VM", True),
        ("VM", "VM", True),
        ("VM", "", False),
        ("VM", "vm", False),
        ("$", "", True),
        ("$", "VM", False),
    ],
)
def test_an_extended_state_that_is_named_is_matched_as_well(
    wanted: str, status: str, applies: bool
) -> None:
    world = world_of(on("TERMINATED", Verb.ADD_LIST, list_id=7, ext_status=wanted))
    [channel] = world.ringing
    world.answer(channel)
    if status:
        world.report(channel, "CALLSTATUS", "", status)
    world.hang_up(channel)
    assert [len(found) for found in effects(world)] == [int(applies)]


def test_multiple_rules_may_match_the_same_call() -> None:
    world = world_of(
        on("RS_BUSY", Verb.NONE),
        on("RS_BUSY", Verb.HTTP_GET, destination="http://one/"),
        on("RS_BUSY", Verb.HTTP_POST, destination="http://two/", text="num=${NUM}"),
        on("RS_BUSY", Verb.EMAIL, destination="desk@example.com", text="${NUM} is ${STATE}"),
        on("RS_NOANSWER", Verb.HTTP_GET, destination="http://no/"),
        on("RS_BUSY", Verb.RECALL, target_id=2, defer_s=60),
        on("RS_BUSY", Verb.ADD_LIST, list_id=7),
    )
    busy(world)
    assert effects(world) == [
        [
            Notification(kind=LetterKind.GET, url="http://one/", body=""),
            Notification(kind=LetterKind.POST, url="http://two/", body="num=5551234"),
            Notification(
                kind=LetterKind.MAIL,
                url="mailto:desk@example.com",
                subject="Whipbird: Reminders: 5551234 RS_BUSY",
                body="5551234 is RS_BUSY",
            ),
            Recall(campaign_id=2, number="5551234", inputs={}, after=timedelta(minutes=1)),
            Addition(list_id=7, number="5551234", inputs={}),
        ]
    ]


def test_a_url_is_rewritten_with_the_number_and_the_attribute() -> None:
    world = world_of(on("RS_BUSY", Verb.HTTP_GET, destination=PAGE), inputs={"V": "a b&c=d/é"})
    busy(world)
    [[told]] = effects(world)
    assert isinstance(told, Notification)
    assert told.url == "http://server/page.php?num=5551234&var=a%20b%26c%3Dd%2F%C3%A9"


def test_every_variable_of_the_manual_has_its_value() -> None:
    text = "${NUM}|${N_RETRY}|${LIST}|${STATE}|${EXTSTATE}|${CAMPAIGN}|${RUNNAME}|${ATTRIN}"
    text += "|${ATTROUT}|${ATTRBOTH}|${ATTRNONE}|${ATTR}"
    world = world_of(
        on("TERMINATED", Verb.EMAIL, destination="a@b.ch", text=text),
        inputs={"IN": "${NUM}", "BOTH": "in", "MULTINUM1": "5559999"},
        reschedule_rules=(rule("RS_BUSY", retry_after_s=5),),
        time_zone="Europe/Rome",
    )
    busy(world)
    world.wait(seconds=5)
    [channel] = world.ringing
    world.answer(channel)
    world.report(channel, "CALLSTATUS", "", "VM")
    world.report(channel, "ATTRIBUTE", "OUT", "out")
    world.report(channel, "ATTRIBUTE", "BOTH", "found")
    world.hang_up(channel)
    [_, [mail]] = effects(world)
    assert isinstance(mail, Notification)
    assert mail.body.split("|") == [
        "5559999", "1", "list 1", "TERMINATED", "VM", "Reminders", "Reminders 26.03.02 13:00:00",
        "${NUM}", "out", "found", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "taken"),
    [
        (AttributeMode.ALL, {"SAME": "out", "IN": "1", "OUT": "2"}),
        (AttributeMode.NONE, {}),
        (AttributeMode.INBOUND, {"SAME": "in", "IN": "1"}),
        (AttributeMode.OUTBOUND, {"SAME": "out", "OUT": "2"}),
    ],
)
@pytest.mark.parametrize("explicit", [{}, {"WHY": "busy 5551234", "SAME": "mine"}])
def test_a_new_number_takes_along_the_attributes_that_the_rule_says(
    mode: AttributeMode, taken: dict[str, str], explicit: dict[str, str]
) -> None:
    given = tuple((name, value.replace("5551234", "${NUM}")) for name, value in explicit.items())
    more: dict[str, Any] = {"attribute_mode": mode, "attributes": given}
    world = world_of(
        on("TERMINATED", Verb.ADD_LIST, list_id=7, **more),
        on("TERMINATED", Verb.RECALL, target_id=2, **more),
        inputs={"SAME": "in", "IN": "1"},
    )
    [channel] = world.ringing
    world.answer(channel)
    world.report(channel, "ATTRIBUTE", "SAME", "out")
    world.report(channel, "ATTRIBUTE", "OUT", "2")
    world.hang_up(channel)
    [[added, recalled]] = effects(world)
    assert isinstance(added, Addition)
    assert isinstance(recalled, Recall)
    assert added.inputs == recalled.inputs == {**taken, **explicit}


def test_what_calls_found_out_before_is_outbound_too() -> None:
    world = World()
    person = Record(id=1_000_001, list_id=1, number="1", inputs={"A": "1"}, outputs={"B": "2"})
    world.lists[1] = [person]
    add = on("RS_BUSY", Verb.ADD_LIST, list_id=7, attribute_mode=AttributeMode.OUTBOUND)
    world.load(Campaign(id=1, name="c", disposition_rules=(add,)))
    busy(world)
    assert effects(world) == [[Addition(list_id=7, number="1", inputs={"B": "2"})]]


def test_a_number_is_blacklisted_for_the_time_of_the_rule() -> None:
    world = world_of(
        on("RS_BUSY", Verb.ADD_BLACKLIST, list_id=7, defer_s=3600),
        on("RS_BUSY", Verb.ADD_BLACKLIST, list_id=8),
        inputs={"BLACKLISTED_UNTIL": "2020-01-01", "BLACKLISTED_CANCELLED": "x"},
        time_zone="Europe/Rome",
    )
    busy(world)
    [[hour, ever]] = effects(world)
    assert isinstance(hour, Addition)
    assert isinstance(ever, Addition)
    assert hour.inputs == {"BLACKLISTED_UNTIL": "2026-03-02.14:00:00"}
    assert ever.inputs == {}
    last = NOON + timedelta(minutes=59, seconds=59)
    assert is_blacklisted([hour.inputs], last, ROME)
    assert not is_blacklisted([hour.inputs], last + timedelta(seconds=1), ROME)


def test_the_main_number_goes_to_a_list_whichever_was_dialled() -> None:
    world = world_of(
        on("RS_BUSY", Verb.ADD_BLACKLIST, list_id=7, attribute_mode=AttributeMode.NONE),
        inputs={"MULTINUM1": "5559999"},
        reschedule_rules=(rule("RS_BUSY", retry_after_s=5),),
    )
    busy(world)
    world.wait(seconds=5)
    busy(world)
    assert world.logs[-1].log.attempt.number == "5559999"
    assert effects(world)[-1] == [Addition(list_id=7, number="5551234", inputs={})]


def test_a_number_that_a_black_list_forbade_is_matched_as_others_are() -> None:
    tell = on("RS_BLACKLIST", Verb.HTTP_GET, destination="http://server/${STATE}")
    world = World(blacklist={"5551234"})
    world.lists[1] = [Record(id=1_000_001, list_id=1, number="5551234")]
    world.load(Campaign(id=1, name="c", disposition_rules=(tell,), black_list_ids=(9,)))
    told = Notification(kind=LetterKind.GET, url="http://server/RS_BLACKLIST", body="")
    assert effects(world) == [[told]]


def test_a_call_of_a_run_that_was_removed_is_not_rescheduled_further() -> None:
    tell = on("RS_BUSY", Verb.HTTP_GET, destination="http://server/")
    world = world_of(tell, reschedule_rules=(rule("RS_BUSY", retry_after_s=5),))
    world.post(RunAsked(run_id=1, verb=RunVerb.REMOVE))
    busy(world)
    assert [len(found) for found in effects(world)] == [1]
