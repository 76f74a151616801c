"""Lists, hours and rules of a campaign, one by one, against a real database."""

import pytest
from sqlalchemy import Engine

from core.errors import Forbidden, InvalidConfiguration, NotFound
from core.model import Campaign, Part
from core.operations.campaign_parts import (
    Direction,
    Link,
    add_part,
    delete_part,
    fetch_parts,
    link,
    move_part,
    replace_part,
    unlink,
)
from core.operations.campaigns import add_black_list, add_list
from core.operations.elements import create, fetch_element, update
from core.operations.site import apply, plan_text
from core.operations.site_file import Kind
from core.people import SYSTEM, Actor
from core.rules.keys import Key
from core.store.audit import LogFilter, fetch_log
from core.store.database import reading
from tests.shell.test_permission import HERE
from tests.support.fixtures_web import NOW, store_site
from tests.support.people import actor_of

BUSY = {"state": "RS_BUSY", "max_attempts": 2, "retry_after_s": 60}
LOST = {"state": "RS_LOST", "max_attempts": 1, "retry_after_s": 5}


@pytest.fixture
def campaign(web_engine: Engine) -> Campaign:
    return store_site(web_engine, name="calls")


def rules(engine: Engine, campaign: Campaign) -> list[tuple[int, str, int]]:
    found = fetch_parts(engine, SYSTEM, campaign.id, Part.RESCHEDULE)
    return [(one.id, str(one.value.state), one.value.max_attempts) for one in found]


def test_rules_are_added_replaced_moved_and_deleted(web_engine: Engine, campaign: Campaign) -> None:
    key, part = campaign.id, Part.RESCHEDULE
    busy = add_part(web_engine, SYSTEM, key, part, BUSY, NOW)
    lost = add_part(web_engine, SYSTEM, key, part, LOST, NOW)
    assert rules(web_engine, campaign) == [(busy, "RS_BUSY", 2), (lost, "RS_LOST", 1)]
    replace_part(web_engine, SYSTEM, key, part, busy, BUSY | {"max_attempts": 7}, NOW)
    move_part(web_engine, SYSTEM, key, part, lost, Direction.UP, NOW)
    assert rules(web_engine, campaign) == [(lost, "RS_LOST", 1), (busy, "RS_BUSY", 7)]
    move_part(web_engine, SYSTEM, key, part, lost, Direction.UP, NOW)
    move_part(web_engine, SYSTEM, key, part, busy, Direction.DOWN, NOW)
    assert rules(web_engine, campaign) == [(lost, "RS_LOST", 1), (busy, "RS_BUSY", 7)]
    delete_part(web_engine, SYSTEM, key, part, lost, NOW)
    assert rules(web_engine, campaign) == [(busy, "RS_BUSY", 7)]
    with pytest.raises(NotFound, match=f'there is no reschedule-rule "{lost}"'):
        delete_part(web_engine, SYSTEM, key, part, lost, NOW)


def test_of_two_rules_that_are_alike_the_one_that_is_meant_goes(
    web_engine: Engine, campaign: Campaign
) -> None:
    key, part = campaign.id, Part.RESCHEDULE
    first, second = (add_part(web_engine, SYSTEM, key, part, BUSY, NOW) for _ in range(2))
    move_part(web_engine, SYSTEM, key, part, first, Direction.DOWN, NOW)
    assert [one[0] for one in rules(web_engine, campaign)] == [second, first]
    delete_part(web_engine, SYSTEM, key, part, second, NOW)
    assert [one[0] for one in rules(web_engine, campaign)] == [first]


def test_a_site_file_leaves_the_ids_of_what_it_does_not_change(
    web_engine: Engine, campaign: Campaign
) -> None:
    ids = [
        add_part(web_engine, SYSTEM, campaign.id, Part.RESCHEDULE, raw, NOW) for raw in (BUSY, LOST)
    ]
    text = """
    [campaigns.calls]
    priority = 3
    reschedule = [
        { state = "RS_LOST", max_attempts = 1, retry_after_s = 5 },
        { state = "RS_BUSY", max_attempts = 2, retry_after_s = 60 },
    ]
    """
    apply(web_engine, SYSTEM, plan_text(web_engine, SYSTEM, text, HERE), NOW)
    assert [one[0] for one in rules(web_engine, campaign)] == ids[::-1]


def test_lists_are_added_by_id_or_name_and_once(web_engine: Engine, campaign: Campaign) -> None:
    more = create(web_engine, SYSTEM, Kind.LIST, "more", {}, NOW).id
    create(web_engine, SYSTEM, Kind.LIST, "third", {}, NOW)
    add_part(web_engine, SYSTEM, campaign.id, Part.LIST, more, NOW)
    add_part(web_engine, SYSTEM, campaign.id, Part.LIST, "third", NOW)
    found = fetch_parts(web_engine, SYSTEM, campaign.id, Part.LIST)
    assert [one.entry_value for one in found] == ["spring", "more", "third"]
    assert [one.value for one in found][:2] == [*campaign.list_ids, more]
    with pytest.raises(InvalidConfiguration, match='"more": the campaign has it already'):
        add_part(web_engine, SYSTEM, campaign.id, Part.LIST, more, NOW)


@pytest.mark.parametrize(
    ("part", "raw", "problem"),
    [
        (Part.RESCHEDULE, BUSY | {"state": "RS_BUS"}, '^state "RS_BUS": .*"RS_BUSY" meant'),
        (Part.RESCHEDULE, {"max_attempts": 1}, "^state: it must be given"),
        (Part.RESCHEDULE, BUSY | {"max_attempts": 0, "retry_after_s": 0}, "^retry_after_s: "),
        (Part.RESCHEDULE, "x", '"x": write a table'),
        (Part.LIST, 77, '^lists "77": there is no list "77"'),
        (Part.LIST, "nope", r'^lists "nope": not in \[lists\]; '),
        (
            Part.DISPOSITION,
            {"state": "RS_BUSY", "action": "add_list", "list": "spring"},
            '^list "spring": the campaign dials this list',
        ),
        (
            Part.DISPOSITION,
            {"state": "RS_BUSY", "action": "recall", "campaign": "calls"},
            '^campaign "calls": a number would go round for ever',
        ),
    ],
)
def test_a_wrong_part_is_named(
    web_engine: Engine, campaign: Campaign, part: Part, raw: object, problem: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=problem):
        add_part(web_engine, SYSTEM, campaign.id, part, raw, NOW)


def test_trunks_and_black_lists_are_there_or_not(web_engine: Engine, campaign: Campaign) -> None:
    black = create(web_engine, SYSTEM, Kind.LIST, "DNC", {}, NOW).id
    for _ in range(2):
        link(web_engine, SYSTEM, campaign.id, Link.BLACK_LIST, black, NOW)
    unlink(web_engine, SYSTEM, campaign.id, Link.TRUNK, campaign.trunk_ids[0], NOW)
    found = fetch_element(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id).value
    assert (found.black_list_ids, found.trunk_ids) == ((black,), ())
    with pytest.raises(NotFound, match=f'there is no trunks of campaign calls "{black}"'):
        unlink(web_engine, SYSTEM, campaign.id, Link.TRUNK, black, NOW)
    with pytest.raises(InvalidConfiguration, match='"spring": it is one of its lists too'):
        link(web_engine, SYSTEM, campaign.id, Link.BLACK_LIST, campaign.list_ids[0], NOW)


def test_lists_that_are_named_by_other_programs_must_fit_too(
    web_engine: Engine, campaign: Campaign
) -> None:
    create(web_engine, SYSTEM, Kind.LIST, "DNC", {}, NOW)
    add_black_list(web_engine, SYSTEM, "calls", "DNC", NOW)
    for add, name in ((add_list, "DNC"), (add_black_list, "spring")):
        with pytest.raises(InvalidConfiguration, match="either dials a list or keeps off it"):
            add(web_engine, SYSTEM, "calls", name, NOW)
    found = fetch_element(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id)
    assert (found.entry.values["lists"], found.entry.values["black_lists"]) == (
        ("spring",),
        ("DNC",),
    )


def test_a_change_of_a_part_is_one_of_its_campaign(web_engine: Engine, campaign: Campaign) -> None:
    anna = actor_of("anna", Key.CAMP)
    add_part(web_engine, anna, campaign.id, Part.RESCHEDULE, BUSY, NOW)
    found = fetch_element(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id).value
    assert found.stamp.changed_by == "anna"
    with reading(web_engine) as conn:
        [line] = fetch_log(conn, LogFilter(), 9)
    assert (line.who, line.action, line.subject) == ("anna", "config.update", "campaigns.calls")
    assert line.detail == "reschedule: none → RS_BUSY 2 times after 60 s"


@pytest.mark.parametrize(
    ("actor", "error"),
    [
        (actor_of("anna", *(key for key in Key if key != Key.CAMP)), Forbidden),
        (actor_of("anna", *Key), NotFound),
    ],
)
def test_parts_need_the_campaign_and_its_key(
    web_engine: Engine, campaign: Campaign, actor: Actor, error: type[Exception]
) -> None:
    key = campaign.id
    update(web_engine, SYSTEM, Kind.CAMPAIGN, key, {"security_key": "ZURICH"}, NOW)
    for work in (
        lambda: fetch_parts(web_engine, actor, key, Part.LIST),
        lambda: add_part(web_engine, actor, key, Part.RESCHEDULE, BUSY, NOW),
        lambda: replace_part(web_engine, actor, key, Part.RESCHEDULE, 1, BUSY, NOW),
        lambda: delete_part(web_engine, actor, key, Part.LIST, 1, NOW),
        lambda: move_part(web_engine, actor, key, Part.LIST, 1, Direction.UP, NOW),
        lambda: link(web_engine, actor, key, Link.TRUNK, 1, NOW),
        lambda: unlink(web_engine, actor, key, Link.TRUNK, 1, NOW),
    ):
        with pytest.raises(error):
            work()
