"""Single elements of what is configured, against a real database."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from core.errors import Forbidden, InvalidConfiguration, InvalidValue, NotFound, NotPossible
from core.model import Campaign, Pace
from core.operations import elements
from core.operations.campaigns import add_list
from core.operations.elements import Element, create, delete, fetch_element, fetch_page, update
from core.operations.hours import fetch_choices
from core.operations.lists import add_numbers
from core.operations.site_file import Kind
from core.people import SYSTEM
from core.rules.keys import Key
from core.rules.stamps import made
from core.store.audit import LogFilter, fetch_log
from core.store.automatic import add_automatic_record
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.lists import fetch_list_by_name
from core.store.runs import answer, ask
from tests.support.fixtures_web import NOW, call_log, store_logs, store_run, store_site
from tests.support.people import actor_of

TRUNK = {"server": "pbx-1", "dial_string": "PJSIP/${num}@two"}


@pytest.fixture
def campaign(web_engine: Engine) -> Campaign:
    return store_site(web_engine, name="calls")


def names(engine: Engine, kind: Kind, **wanted: object) -> list[str]:
    found = fetch_page(engine, SYSTEM, kind, **wanted)  # type: ignore[arg-type]
    return [one.value.name for one in found.elements]


def test_a_page_begins_with_the_newest(web_engine: Engine, campaign: Campaign) -> None:
    for number in range(4):
        create(web_engine, SYSTEM, Kind.LIST, f"list-{number}", {}, NOW)
    newest = ["list-3", "list-2", "list-1", "list-0", "spring"]
    assert names(web_engine, Kind.LIST) == newest
    assert names(web_engine, Kind.LIST, offset=1, limit=2) == newest[1:3]
    third = fetch_page(web_engine, SYSTEM, Kind.LIST).elements[2]
    assert names(web_engine, Kind.LIST, before_id=third.id) == newest[3:]
    assert fetch_page(web_engine, SYSTEM, Kind.LIST, limit=2).total == 5


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        (Kind.TRUNK, "OUT/N", ["carrier-a"]),
        (Kind.TRUNK, "carrier", ["carrier-a"]),
        (Kind.TRUNK, "%", []),
        (Kind.SERVER, "127.0.0", ["pbx-1"]),
        (Kind.END_POINT, "100", ["agents"]),
        (Kind.CAMPAIGN, "call", ["calls"]),
    ],
)
def test_a_page_is_searched_by_text(
    web_engine: Engine, campaign: Campaign, kind: Kind, text: str, found: list[str]
) -> None:
    assert names(web_engine, kind, text=text) == found


def test_hidden_elements_are_there_for_who_asks(web_engine: Engine, campaign: Campaign) -> None:
    update(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id, {"pace": "HIDDEN"}, NOW)
    assert names(web_engine, Kind.CAMPAIGN) == []
    assert names(web_engine, Kind.CAMPAIGN, with_hidden=True) == ["calls"]


def test_an_element_is_known_by_ids_and_said_in_names(
    web_engine: Engine, campaign: Campaign
) -> None:
    found = fetch_element(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id)
    assert found.value == campaign
    assert found.entry.values["trunks"] == ("carrier-a",)
    assert found.entry.values["lists"] == ("spring",)
    for missing in (99, 0, -1, 2**40):
        with pytest.raises(NotFound, match=f'there is no campaign "{missing}"'):
            fetch_element(web_engine, SYSTEM, Kind.CAMPAIGN, missing)


def test_a_new_element_gets_the_defaults_and_is_logged(
    web_engine: Engine, campaign: Campaign
) -> None:
    anna = actor_of("anna", Key.ADMIN)
    found = create(web_engine, anna, Kind.TRUNK, "two", TRUNK | {"capacity": 3}, NOW)
    assert (found.value.capacity, found.value.period_ms) == (3, 1000)
    assert found.value.stamp == made("anna", NOW)
    with reading(web_engine) as conn:
        [line] = fetch_log(conn, LogFilter(), 9)
    assert (line.who, line.action, line.subject) == ("anna", "config.create", "trunks.two")
    assert "capacity: 3" in line.detail


def test_what_is_not_mentioned_stays(web_engine: Engine, campaign: Campaign) -> None:
    changed = update(
        web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id, {"priority": 3, "days": "23456"}, NOW
    )
    period = replace(campaign.active_period, days=frozenset(range(2, 7)))
    assert changed.value == replace(campaign, priority=3, active_period=period)


def test_others_are_named_by_id_too(web_engine: Engine, campaign: Campaign) -> None:
    server = fetch_page(web_engine, SYSTEM, Kind.SERVER).elements[0].id
    made = create(web_engine, SYSTEM, Kind.TRUNK, "two", TRUNK | {"server": server}, NOW)
    values = {"trunks": [made.id], "disposition": [
        {"state": "RS_BUSY", "action": "recall", "campaign": campaign.id},
    ]}  # fmt: skip
    second = create(web_engine, SYSTEM, Kind.CAMPAIGN, "second", values, NOW)
    assert second.value.trunk_ids == (made.id,)
    assert second.value.disposition_rules[0].target_id == campaign.id


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"capacity": 0}, r'^capacity "0": write a whole number from 1 to 100000$'),
        ({"server": 77}, r'^server "77": there is no server "77"$'),
        ({"server": "pbx"}, r'^server "pbx": not in \[servers\]; is "pbx-1" meant\?$'),
        ({"colour": "red"}, "^colour: there is no such key"),
        ({"dial_string": "x"}, '^dial_string "x": '),
    ],
)
def test_wrong_values_are_named(
    web_engine: Engine, campaign: Campaign, values: dict[str, object], problem: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=problem):
        create(web_engine, SYSTEM, Kind.TRUNK, "two", TRUNK | values, NOW)
    with pytest.raises(InvalidConfiguration, match=problem):
        update(web_engine, SYSTEM, Kind.TRUNK, campaign.trunk_ids[0], values, NOW)
    assert names(web_engine, Kind.TRUNK) == ["carrier-a"]


def test_what_a_new_element_needs_is_asked_for(web_engine: Engine) -> None:
    with pytest.raises(InvalidConfiguration, match=r"^server: it must be given"):
        create(web_engine, SYSTEM, Kind.END_POINT, "desk", {"extension": "1", "context": "x"}, NOW)


@pytest.mark.parametrize("name", ["", " x", "spring", "x" * 101])
def test_a_name_that_is_none_or_taken_is_refused(
    web_engine: Engine, campaign: Campaign, name: str
) -> None:
    with pytest.raises(InvalidValue, match=r"^name "):
        create(web_engine, SYSTEM, Kind.LIST, name, {}, NOW)


def test_a_rename_reaches_all_that_use_it(web_engine: Engine, campaign: Campaign) -> None:
    key = campaign.list_ids[0]
    renamed = update(web_engine, SYSTEM, Kind.LIST, key, {}, NOW, name="summer")
    assert renamed.value.name == "summer"
    found = fetch_element(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id)
    assert found.entry.values["lists"] == ("summer",)
    with reading(web_engine) as conn:
        [line] = fetch_log(conn, LogFilter(action="config.rename"), 9)
    assert (line.subject, line.detail) == ("lists.spring", "as summer")
    create(web_engine, SYSTEM, Kind.LIST, "spring", {}, NOW)
    with pytest.raises(InvalidValue, match=r'^name "spring": there is one'):
        update(web_engine, SYSTEM, Kind.LIST, key, {}, NOW, name="spring")


def test_a_list_does_not_become_what_its_campaign_may_not_call(
    web_engine: Engine, campaign: Campaign
) -> None:
    with pytest.raises(InvalidConfiguration, match="it is its automatic list"):
        update(web_engine, SYSTEM, Kind.LIST, campaign.list_ids[0], {}, NOW, name="calls/AUTO")
    assert names(web_engine, Kind.LIST) == ["spring"]
    with pytest.raises(InvalidConfiguration, match=r'^name "\(removed\)"'):
        create(web_engine, SYSTEM, Kind.LIST, "(removed)", {}, NOW)


def test_numbers_that_wait_for_a_campaign_are_renamed_with_it(
    web_engine: Engine, campaign: Campaign
) -> None:
    with web_engine.begin() as conn:
        waiting = add_automatic_record(conn, campaign, "555", {}, now=NOW)
    update(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id, {}, NOW, name="renamed")
    with reading(web_engine) as conn:
        assert fetch_list_by_name(conn, "renamed/AUTO").id == waiting.list_id
    create(web_engine, SYSTEM, Kind.LIST, "third/AUTO", {}, NOW)
    with pytest.raises(InvalidValue, match='there is a list "third/AUTO" already'):
        update(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id, {}, NOW, name="third")


def test_a_check_hears_of_the_element_first_and_may_refuse(
    web_engine: Engine, campaign: Campaign
) -> None:
    heard: list[Element] = []

    def refuse(found: Element) -> None:
        heard.append(found)
        raise NotPossible("it was changed meanwhile")

    for change in (
        lambda: update(
            web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id, {"priority": 3}, NOW, check=refuse
        ),
        lambda: delete(web_engine, SYSTEM, Kind.LIST, campaign.list_ids[0], NOW, check=refuse),
    ):
        with pytest.raises(NotPossible, match="meanwhile"):
            change()
    assert [one.value.name for one in heard] == ["calls", "spring"]
    assert fetch_element(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id).value.priority == 10


def keys_of(campaign: Campaign) -> dict[Kind, int]:
    return {
        Kind.SERVER: 1,
        Kind.TRUNK: campaign.trunk_ids[0],
        Kind.END_POINT: campaign.endpoint_ids[0],
        Kind.LIST: campaign.list_ids[0],
        Kind.OPENING_HOURS: campaign.opening_hours_ids[0],
        Kind.CAP: campaign.cap_ids[0],
    }


def furnish(engine: Engine, campaign: Campaign) -> Campaign:
    """The campaign with something of every kind."""
    hours = create(engine, SYSTEM, Kind.OPENING_HOURS, "office", {"default": "open", "rules": [
        {"days": "23456", "state": "OPEN"},
    ]}, NOW)  # fmt: skip
    cap = create(engine, SYSTEM, Kind.CAP, "gentle", {"attempts": 2, "days": 1}, NOW)
    with engine.begin() as conn:
        return save_campaign(
            conn, replace(campaign, opening_hours_ids=(hours.id,), cap_ids=(cap.id,))
        )


def test_what_is_used_is_not_deleted_and_the_user_is_named(
    web_engine: Engine, campaign: Campaign
) -> None:
    campaign = furnish(web_engine, campaign)
    for kind, key in keys_of(campaign).items():
        user = "carrier-a, agents" if kind is Kind.SERVER else "calls"
        with pytest.raises(NotPossible, match=f"is used by {user}: take it out there"):
            delete(web_engine, SYSTEM, kind, key, NOW)
    with pytest.raises(NotPossible, match="set its pace to HIDDEN"):
        delete(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id, NOW)


def test_what_nothing_uses_is_deleted(web_engine: Engine, campaign: Campaign) -> None:
    campaign = furnish(web_engine, campaign)
    keys = keys_of(campaign)
    empty = Campaign(id=campaign.id, name="calls", pace=Pace.CLOSED)
    with web_engine.begin() as conn:
        save_campaign(conn, empty)
    for kind in (*[kind for kind in keys if kind is not Kind.SERVER], Kind.SERVER):
        delete(web_engine, SYSTEM, kind, keys[kind], NOW)
        assert names(web_engine, kind) == []
    with reading(web_engine) as conn:
        lines = fetch_log(conn, LogFilter(action="config.delete"), 9)
    assert {line.subject for line in lines} == {
        *("servers.pbx-1", "trunks.carrier-a", "end_points.agents", "lists.spring"),
        *("opening_hours.office", "caps.gentle"),
    }


def test_what_calls_were_placed_over_stays(web_engine: Engine, campaign: Campaign) -> None:
    run = store_run(web_engine, campaign)
    store_logs(web_engine, call_log(run, campaign, 1))
    with web_engine.begin() as conn:
        conn.exec_driver_sql("UPDATE run SET ended_at = started_at")
        save_campaign(conn, replace(campaign, trunk_ids=(), endpoint_ids=()))
    for kind, key in ((Kind.TRUNK, campaign.trunk_ids[0]), (Kind.END_POINT, 1)):
        with pytest.raises(NotPossible, match="had calls, whose logs need it"):
            delete(web_engine, SYSTEM, kind, key, NOW)


def test_what_an_open_run_may_still_use_stays_until_it_is_reloaded(
    web_engine: Engine, campaign: Campaign
) -> None:
    store_run(web_engine, campaign)
    values = {"trunks": [], "end_points": []}
    update(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id, values, NOW)
    with pytest.raises(NotPossible, match="may be used by the runs of calls"):
        delete(web_engine, SYSTEM, Kind.TRUNK, campaign.trunk_ids[0], NOW)
    with web_engine.begin() as conn:
        answer(conn, ask(conn, campaign.id, "reload", NOW), "OK", NOW.replace(hour=18))
    delete(web_engine, SYSTEM, Kind.TRUNK, campaign.trunk_ids[0], NOW)


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_needs_its_key(web_engine: Engine, campaign: Campaign, kind: Kind) -> None:
    anna = actor_of("anna", *(key for key in Key if key != elements.KEYS[kind]))
    for work in (
        lambda: fetch_page(web_engine, anna, kind),
        lambda: fetch_element(web_engine, anna, kind, 1),
        lambda: create(web_engine, anna, kind, "new", {}, NOW),
        lambda: update(web_engine, anna, kind, 1, {}, NOW),
        lambda: delete(web_engine, anna, kind, 1, NOW),
    ):
        with pytest.raises(Forbidden, match=f'the key "{elements.KEYS[kind]}"'):
            work()


def test_elements_of_another_key_are_not_there(web_engine: Engine, campaign: Campaign) -> None:
    key = campaign.list_ids[0]
    update(web_engine, SYSTEM, Kind.LIST, key, {"security_key": "ZURICH"}, NOW)
    anna, bea = actor_of("anna", *Key), actor_of("bea", *Key, "ZURICH")
    assert fetch_page(web_engine, anna, Kind.LIST) == elements.Page(elements=(), total=0)
    assert fetch_page(web_engine, bea, Kind.LIST).total == 1
    for work in (
        lambda: fetch_element(web_engine, anna, Kind.LIST, key),
        lambda: update(web_engine, anna, Kind.LIST, key, {"hidden": True}, NOW),
        lambda: delete(web_engine, anna, Kind.LIST, key, NOW),
    ):
        with pytest.raises(NotFound, match=f'there is no list "{key}"'):
            work()
    with pytest.raises(InvalidConfiguration, match=f'^lists "{key}": there is no list "{key}"'):
        create(web_engine, anna, Kind.CAMPAIGN, "new", {"lists": [key]}, NOW)
    own = create(web_engine, anna, Kind.LIST, "mine", {"security_key": "BERN"}, NOW)
    assert [one.id for one in fetch_page(web_engine, anna, Kind.LIST).elements] == [own.id]


def test_what_a_campaign_uses_already_it_may_go_on_using(
    web_engine: Engine, campaign: Campaign
) -> None:
    key = campaign.list_ids[0]
    update(web_engine, SYSTEM, Kind.LIST, key, {"security_key": "ZURICH"}, NOW)
    anna = actor_of("anna", Key.CAMP)
    changed = update(
        web_engine, anna, Kind.CAMPAIGN, campaign.id, {"lists": [key], "priority": 2}, NOW
    )
    assert (changed.value.list_ids, changed.value.priority) == ((key,), 2)


def test_a_list_with_numbers_goes_with_them(web_engine: Engine) -> None:
    made = create(web_engine, SYSTEM, Kind.LIST, "numbers", {}, NOW)
    add_numbers(web_engine, SYSTEM, "numbers", [("201", {})], NOW)
    delete(web_engine, SYSTEM, Kind.LIST, made.id, NOW)
    assert names(web_engine, Kind.LIST) == []


def test_what_the_commands_add_is_seen(web_engine: Engine, campaign: Campaign) -> None:
    create(web_engine, SYSTEM, Kind.LIST, "more", {}, NOW)
    add_list(web_engine, SYSTEM, "calls", "more", NOW)
    found = fetch_element(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id)
    assert found.entry.values["lists"] == ("spring", "more")


def test_hidden_hours_are_not_offered(web_engine: Engine) -> None:
    for name, hidden in (("office", False), ("old", True)):
        values = {"default": "open", "hidden": hidden}
        create(web_engine, SYSTEM, Kind.OPENING_HOURS, name, values, NOW)
    assert fetch_choices(web_engine, SYSTEM).opening_hours == ("office",)


def test_a_run_begins_with_the_boost_of_its_campaign(
    web_engine: Engine, campaign: Campaign
) -> None:
    values = {"boost_percent": 150}
    changed = update(web_engine, SYSTEM, Kind.CAMPAIGN, campaign.id, values, NOW)
    assert store_run(web_engine, changed.value).boost_percent == 150
