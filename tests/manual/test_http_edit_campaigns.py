"""Manual 25.02, "Working with dependent objects": what a campaign is made of."""

from typing import Any

import pytest

from core.store.campaigns import fetch_campaign
from tests.support.edit import AT, EXAMPLES, Editor, furnish
from tests.support.fixtures_dialect import Dialect

RULE, TO_LIST = EXAMPLES["campaign/reschedule"], EXAMPLES["campaign/disposition"]
PARTS = ("campaign/list", "campaign/reschedule", "campaign/disposition", "campaign/oh")
KEYS = {
    "campaign/list": "cclId",
    "campaign/reschedule": "rescheduleRuleId",
    "campaign/disposition": "dispositionId",
    "campaign/oh": "cohId",
}


@pytest.fixture
def editor(desk: Dialect) -> Editor:
    """A campaign, 1, and beside it two lists and opening hours."""
    return furnish(desk)


def example(thing: str, number: int = 0) -> dict[str, Any]:
    """Something to be added to the campaign."""
    match thing:
        case "campaign/list":
            return {"cl": {"listId": 2 + number}}
        case "campaign/reschedule":
            return RULE | {"maxAttempts": 1 + number}
        case "campaign/disposition":
            return TO_LIST | {"destination": ("more", "third")[number]}
        case _:
            return {"rule": {"openingHourId": 1 + number}}


@pytest.mark.parametrize("thing", PARTS)
def test_parts_are_added_moved_posted_back_and_deleted(editor: Editor, thing: str) -> None:
    known = editor.rows(thing, parent=1)
    made = [editor.save(thing, example(thing, number), parent=1) for number in (0, 1)]
    assert [row["campaignId"] for row in made] == [1, 1]
    assert editor.rows(thing, parent=1) == [*known, *made]
    for row in made:
        assert editor.save(thing, row, parent=1) == row
    pk = KEYS[thing]
    keys = [row[pk] for row in (*known, *made)]
    up = [row[pk] for row in editor.rows(thing, "MU", made[1], parent=1)]
    assert up == [*keys[:-2], keys[-1], keys[-2]]
    down = [row[pk] for row in editor.rows(thing, "MD", {pk: made[1][pk]}, parent=1)]
    assert down == keys
    left = editor.rows(thing, "D", {pk: made[0][pk]}, parent=1)
    assert [row[pk] for row in left] == [key for key in keys if key != made[0][pk]]
    if "idx" in made[0]:
        assert [row["idx"] for row in left] == [str(n) for n in range(1, len(left) + 1)]
    for mode in ("D", "MU", "MD", "E"):
        assert editor.refusal(thing, mode, made[0], parent=1)


@pytest.mark.parametrize("thing", PARTS)
def test_nothing_changes_without_data(editor: Editor, thing: str) -> None:
    before = editor.rows(thing, parent=1)
    for mode in ("D", "MU", "MD"):
        found = editor.dialect.json(f"{AT}{thing}/?mode={mode}&data=&parent=1")
        assert (found["status"], found["results"]) == ("OK", before)


def test_what_was_changed_comes_first(editor: Editor) -> None:
    first, second = (
        editor.save("campaign/reschedule", RULE | {"status": status}, parent=1)
        for status in ("RS_BUSY", "RS_LOST")
    )
    changed = second | {"retryAfterS": 7}
    assert editor.rows("campaign/reschedule", "E", changed, parent=1) == [changed, first]
    assert editor.rows("campaign/reschedule", parent=1) == [first, changed]


def test_a_parent_may_stand_in_the_object_alone(editor: Editor) -> None:
    assert editor.save("campaign/reschedule", RULE)["campaignId"] == 1
    editor.save("campaign/reschedule", RULE | {"campaignId": 77}, parent=1)
    assert len(editor.rows("campaign/reschedule", parent=1)) == 2, "the parent wins"
    assert editor.refusal("campaign/reschedule", "L").startswith('parent "": the request needs')
    assert editor.refusal("campaign/reschedule", "L", parent=77) == 'there is no campaign "77"'


def test_an_empty_text_says_nothing_of_a_number(editor: Editor) -> None:
    empty = {"maxAttempts": "", "retryAfterS": ""}
    made = editor.save("campaign/reschedule", RULE | empty, parent=1)
    assert (made["maxAttempts"], made["retryAfterS"]) == (1, 0)
    known = editor.save("campaign/reschedule", RULE | {"maxAttempts": 4}, parent=1)
    assert editor.save("campaign/reschedule", known | empty, parent=1) == known


def test_a_growing_wait_has_two_spellings(editor: Editor) -> None:
    for mode in ("MULT", "MULTI", "mult"):
        assert editor.save("campaign/reschedule", RULE | {"mode": mode}, parent=1)["mode"] == "MULT"


@pytest.mark.parametrize("thing", ["ep", "trunk"])
def test_end_points_and_trunks_are_there_once(editor: Editor, thing: str) -> None:
    pk = {"ep": "epId", "trunk": "trunkId"}[thing]
    [known] = editor.rows(f"campaign/{thing}", parent=1)
    assert list(known) == ["campaignId", pk]
    [whole] = editor.rows(thing)
    assert known == {"campaignId": 1, pk: whole}
    for data in (known, {pk: {pk: 1}}, {pk: 1}):
        assert editor.rows(f"campaign/{thing}", "E", data, parent=1) == [known]
    assert editor.rows(f"campaign/{thing}", "D", {pk: {pk: 1}}, parent=1) == []
    assert "there is no " in editor.refusal(f"campaign/{thing}", "D", {pk: {pk: 1}}, parent=1)
    assert editor.refusal(f"campaign/{thing}", data={pk: {pk: 77}}, parent=1).startswith(
        f'{pk} "77": there is no '
    )
    assert editor.refusal(f"campaign/{thing}", data={}, parent=1).startswith(f'{pk} "": write')
    assert "no order" in editor.refusal(f"campaign/{thing}", "MU", known, parent=1)


def test_a_list_is_added_by_its_key_and_deleted_by_its_own(editor: Editor) -> None:
    made = editor.save("campaign/list", {"cl": {"listId": 2}}, parent=1)
    assert list(made) == ["campaignId", "idx", "cclId", "cl", "complete", "highwater", "clType"]
    [whole] = [row for row in editor.rows("list") if row["listId"] == 2]
    key = made.pop("cclId")
    assert isinstance(key, str)
    assert made == {
        "campaignId": 1,
        "idx": "2",
        "cl": whole,
        "complete": False,
        "highwater": "",
        "clType": "CALL_LIST",
    }
    again = editor.refusal("campaign/list", data={"cl": {"listId": 2}}, parent=1)
    assert again == 'cl "more": the campaign has it already'
    changed = editor.save("campaign/list", {"cclId": key, "cl": {"listId": 3}}, parent=1)
    assert (changed["cclId"], changed["cl"]["name"]) == (key, "third")
    assert len(editor.rows("campaign/list", "D", {"cclId": key}, parent=1)) == 1


def test_black_lists_stand_behind_the_others(editor: Editor) -> None:
    black = editor.save("campaign/list", {"cl": {"listId": 2}, "clType": "BLACK_LIST"}, parent=1)
    called = editor.save("campaign/list", {"cl": {"listId": 3}}, parent=1)
    rows = editor.rows("campaign/list", parent=1)
    assert [(row["cl"]["listId"], row["clType"], row["idx"]) for row in rows] == [
        (1, "CALL_LIST", "1"),
        (3, "CALL_LIST", "2"),
        (2, "BLACK_LIST", "3"),
    ]
    assert len({row["cclId"] for row in rows}) == 3
    assert editor.save("campaign/list", rows[2], parent=1) == rows[2]
    assert editor.rows("campaign/list", "MU", black, parent=1) == rows
    other = editor.refusal("campaign/list", data=called | {"clType": "BLACK_LIST"}, parent=1)
    assert "this one is a CALL_LIST: delete it and add another" in other
    with editor.dialect.rig.database.connect() as conn:
        stored = fetch_campaign(conn, 1)
    assert (stored.list_ids, stored.black_list_ids) == ((1, 3), (2,))
    both = editor.refusal(
        "campaign/list", data={"cl": {"listId": 1}, "clType": "BLACK_LIST"}, parent=1
    )
    assert "it is one of its lists too" in both
    editor.save("campaign/list", black | {"cl": {"listId": 2}}, parent=1)
    assert len(editor.rows("campaign/list", "D", black, parent=1)) == 2


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("RS_NOAGENT", "RS_NOAGENT"),
        ("RS_NO_AGENT", "RS_NOAGENT"),
        ("RS_AGENTSkip", "RS_AGENTSkip"),
        ("RS_AGENT_SKIP", "RS_AGENTSkip"),
        ("rs_agentskip", "RS_AGENTSkip"),
        ("RS_AGENT", "RS_AGENT"),
    ],
)
def test_rules_name_the_states_about_agents_as_the_manual_does(
    editor: Editor, written: str, kept: str
) -> None:
    retry = editor.save("campaign/reschedule", RULE | {"status": written}, parent=1)
    rule = editor.save("campaign/disposition", TO_LIST | {"onState": written}, parent=1)
    assert (retry["status"], rule["onState"]) == (kept, kept)


DISPOSITIONS: dict[str, dict[str, Any]] = {
    "NONE": {"destination": "", "text": "", "deferSec": 0, "varMode": "ALL", "addlVars": ""},
    "HTTP_GET": {"destination": "http://crm.example/?n=${NUM}"},
    "HTTP_POST": {"destination": "http://crm.example/", "text": "num=${NUM}"},
    "EMAIL": {"destination": "desk@example.com", "text": "two\nlines"},
    "ADD_LIST": {"destination": "more", "varMode": "NONE", "addlVars": "A:B"},
    "ADD_BLACKLIST": {"destination": "more", "deferSec": 60, "varMode": "OUTBOUND"},
    "RESCHEDULE": {"destination": "other", "deferSec": 5},
}


@pytest.mark.parametrize("verb", DISPOSITIONS)
def test_each_verb_of_a_disposition_rule_is_kept(editor: Editor, verb: str) -> None:
    editor.save("campaign", {"name": "other"})
    wanted = {
        "onState": "TERMINATED",
        "onExtState": "SALE",
        "withRetriesPending": 1,
        "verb": verb,
        **DISPOSITIONS[verb],
    }
    made = editor.save("campaign/disposition", wanted, parent=1)
    assert list(made) == list(TO_LIST)
    assert {name: made[name] for name in wanted} == wanted
    assert editor.save("campaign/disposition", made, parent=1) == made
    assert editor.rows("campaign/disposition", parent=1) == [made]


@pytest.mark.parametrize(
    ("label", "verb"),
    [
        ("HTTP Get", "HTTP_GET"),
        ("HTTP Post", "HTTP_POST"),
        ("Send e-mail", "EMAIL"),
        ("Add to list", "ADD_LIST"),
        ("Add to blacklist", "ADD_BLACKLIST"),
        ("Reschedule", "RESCHEDULE"),
    ],
)
def test_a_verb_may_be_written_as_a_page_names_it(editor: Editor, label: str, verb: str) -> None:
    editor.save("campaign", {"name": "other"})
    rule = TO_LIST | DISPOSITIONS[verb] | {"verb": label}
    assert editor.save("campaign/disposition", rule, parent=1)["verb"] == verb


@pytest.mark.parametrize("verb", DISPOSITIONS)
def test_a_rule_is_posted_whole_whatever_its_verb_was(editor: Editor, verb: str) -> None:
    """What a verb does not have says nothing."""
    editor.save("campaign", {"name": "other"})
    full = TO_LIST | {"text": "x", "deferSec": "5", "addlVars": "A:B", "varMode": "OUTBOUND"}
    known = editor.save("campaign/disposition", full | DISPOSITIONS["ADD_BLACKLIST"], parent=1)
    own = DISPOSITIONS[verb]
    changed = known | {"text": "x"} | own | {"verb": verb}
    made = editor.save("campaign/disposition", changed, parent=1)
    assert {name: made[name] for name in own} == own
    assert made["dispositionId"] == known["dispositionId"]


@pytest.mark.parametrize(
    ("thing", "data", "why"),
    [
        ("reschedule", RULE | {"status": "RS_BUSSY"}, 'status "RS_BUSSY": '),
        ("reschedule", RULE | {"maxAttempts": 1001}, 'maxAttempts "1001": write a whole number'),
        ("reschedule", RULE | {"maxAttempts": 0, "retryAfterS": 0}, "retryAfterS: a rule with"),
        ("reschedule", RULE | {"mode": "SLOWER"}, 'mode "SLOWER": '),
        ("disposition", TO_LIST | {"verb": "CALL"}, 'verb "CALL": write one of NONE, HTTP_GET'),
        (
            "disposition",
            TO_LIST | {"destination": "list"},
            'destination "list": the campaign dials',
        ),
        ("disposition", TO_LIST | {"destination": "nope"}, 'destination "nope": not in [lists]'),
        ("disposition", TO_LIST | {"varMode": "SOME"}, 'varMode "SOME": '),
        ("disposition", TO_LIST | {"addlVars": "A"}, 'addlVars "A": '),
        ("disposition", TO_LIST | {"onState": "X"}, 'onState "X": '),
        (
            "disposition",
            {"onState": "RS_BUSY", "verb": "RESCHEDULE", "destination": "campaign"},
            'destination "campaign": a number would go round for ever',
        ),
        (
            "disposition",
            {"onState": "RS_BUSY", "verb": "EMAIL", "destination": "nobody", "text": "x"},
            'destination "nobody": ',
        ),
        ("oh", {"rule": {"openingHourId": 77}}, 'rule "77": there is no set of opening hours "77"'),
        ("oh", {}, 'rule "": write {"openingHourId": 1}'),
        ("list", {}, 'cl "": write {"listId": 1}'),
        ("list", {"cl": {"listId": 1}, "clType": "GREY"}, 'clType "GREY": write CALL_LIST or'),
        ("list", {"cl": {"listId": 77}}, 'cl "77": there is no list "77"'),
    ],
)
def test_what_cannot_be_is_refused_and_the_field_is_named(
    editor: Editor, thing: str, data: dict[str, Any], why: str
) -> None:
    before = editor.rows(f"campaign/{thing}", parent=1)
    found = editor.refusal(f"campaign/{thing}", data=data, parent=1)
    assert found.startswith(why), found
    assert editor.rows(f"campaign/{thing}", parent=1) == before


def test_parts_are_searched_and_paged(editor: Editor) -> None:
    for number in (0, 1):
        editor.save("campaign/list", example("campaign/list", number), parent=1)
    assert [row["cl"]["name"] for row in editor.rows("campaign/list", parent=1, query="TH")] == [
        "third"
    ]
    found = editor.ask("campaign/list", parent=1, **{"from": 1, "items": 1})
    assert [row["cl"]["name"] for row in found["results"]] == ["more"]
    assert (found["allResults"], found["startFrom"]) == (3, 1)


def test_who_may_not_see_a_campaign_sees_none_of_its_parts(editor: Editor) -> None:
    editor.save("campaign", {"campaignId": 1, "securityKey": "ZURICH"})
    editor.dialect.log_on("bea", class_name="USER", keys="CAMP")
    for thing in (*PARTS, "campaign/ep", "campaign/trunk"):
        assert editor.refusal(thing, "L", parent=1) == 'there is no campaign "1"'


def test_a_campaigns_user_is_told_the_names_of_its_lines_and_no_more(editor: Editor) -> None:
    editor.save("asterisk", {"id": 1, "login": "hello", "ipAddress": "10.0.0.9"})
    editor.dialect.log_on("bea", class_name="USER", keys="CAMP")
    [row] = editor.rows("campaign/trunk", parent=1)
    trunk = row["trunkId"]
    assert (trunk["trunkId"], trunk["name"], trunk["dialstring"]) == (1, "trunk", "")
    server = trunk["astId"]
    assert (server["description"], server["login"], server["ipAddress"]) == ("pbx", "", "")
    assert editor.rows("campaign/trunk", "E", row, parent=1) == [row]
