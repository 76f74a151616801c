"""Manual 25.02, "The JSON configuration API": `list/record` and `list/logs`."""

from typing import Any

import pytest

from core.model import CallList
from core.store.audit import LogFilter, fetch_log
from core.store.lists import fetch_records, insert_records, save_list
from tests.manual.test_http_report_logs import KEYS
from tests.support.edit import EXAMPLES, Editor
from tests.support.fixtures_dialect import ANSWERED, Dialect

ATTRIBUTES = EXAMPLES["list/record"]["attributes"]


@pytest.fixture
def editor(desk: Dialect) -> Editor:
    """The list 1, `list`, has three numbers."""
    desk.rig.configure(["201", "202", "203"], simulation=ANSWERED)
    desk.log_on()
    return Editor(desk)


def numbers(editor: Editor, **fields: object) -> list[str]:
    return [row["number"] for row in editor.rows("list/record", parent=1, **fields)]


def test_a_record_is_made_read_posted_back_and_unchanged(dialect: Dialect) -> None:
    dialect.rig.configure(["201"])
    dialect.log_on()
    editor = Editor(dialect)
    new = {"callId": None, "number": "5551000", "attributes": ATTRIBUTES}
    made = editor.save("list/record", new, parent=1)
    assert list(made) == ["callId", "number", "listId", "attributes", "attributesAsString"]
    [whole] = editor.rows("list")
    assert made == {
        "callId": 2,
        "number": "5551000",
        "listId": whole,
        "attributes": ATTRIBUTES,
        "attributesAsString": "IN:puts ^OUT:put",
    }
    assert editor.rows("list/record", parent=1)[0] == made, "the newest comes first"
    assert editor.save("list/record", made, parent=1) == made
    assert editor.rows("list/record", parent=1)[0] == made


def test_a_record_is_changed_in_what_is_posted(editor: Editor) -> None:
    made = editor.save("list/record", {"number": 5551000, "attributes": ATTRIBUTES}, parent=1)
    moved = editor.save("list/record", {"callId": made["callId"], "number": "7"}, parent=1)
    assert moved == made | {"number": "7"}
    bare = editor.save("list/record", {"callId": made["callId"], "attributes": []}, parent=1)
    assert (bare["number"], bare["attributes"], bare["attributesAsString"]) == ("7", [], "")
    assert editor.rows("list/record", "E", {"callId": 1, "number": "9"}, parent=1)[0]["callId"] == 1
    with editor.dialect.rig.database.connect() as conn:
        stored = fetch_records(conn, 1, after_id=0, limit=9)
    assert [one.number for one in stored] == ["9", "202", "203", "7"]


def test_a_parent_may_stand_in_the_record_alone(editor: Editor) -> None:
    editor.save("list/record", {"number": "204", "listId": {"listId": 1}})
    assert numbers(editor) == ["204", "203", "202", "201"]


def test_a_record_is_taken_off_its_list(editor: Editor) -> None:
    [row] = [row for row in editor.rows("list/record", parent=1) if row["number"] == "202"]
    rows = editor.rows("list/record", "D", row, parent=1)
    assert [row["number"] for row in rows] == ["203", "201"]
    for mode in ("D", "E"):
        why = editor.refusal("list/record", mode, row, parent=1)
        assert why == f'there is no record "{row["callId"]}"'
    assert "no order" in editor.refusal("list/record", "MU", rows[0], parent=1)
    bin_id = editor.rows("list", query="(removed)")[0]["listId"]
    for mode in ("D", "E"):
        assert "leave it alone" in editor.refusal("list/record", mode, row, parent=bin_id)


def test_a_search_looks_at_numbers_and_attributes(editor: Editor) -> None:
    attributes = [{"attrName": "NAME", "attrValue": "Zoë Müller"}]
    editor.save("list/record", {"number": "555", "attributes": attributes}, parent=1)
    assert numbers(editor, query="20") == ["203", "202", "201"]
    assert numbers(editor, query="Müller") == ["555"]
    assert numbers(editor, query="NAME") == ["555"]
    assert numbers(editor, query="%") == []
    assert editor.ask("list/record", parent=1, query="20", items=1)["allResults"] == 3
    assert editor.ask("list/record", parent=1, query="20", **{"from": 9})["allResults"] == 3


def test_pages_follow_each_other_whatever_is_added_meanwhile(editor: Editor) -> None:
    with editor.dialect.rig.database.begin() as conn:
        insert_records(conn, [(1, str(1000 + i), None) for i in range(40)])
    assert numbers(editor, **{"from": 17, "items": 2}) == ["1022", "1021"]
    seen = numbers(editor, items=10)
    for start in (10, 20, 30, 40):
        found = editor.ask("list/record", parent=1, **{"from": start, "items": 10})
        assert (found["allResults"], found["startFrom"]) == (43, start)
        seen += [row["number"] for row in found["results"]]
        with editor.dialect.rig.database.begin() as conn:
            insert_records(conn, [(1, "9", None)])
    assert seen == [str(1039 - i) for i in range(40)] + ["203", "202", "201"]
    assert numbers(editor, **{"from": 47}) == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"number": "12a"}, 'number "12a": a number has digits'),
        ({}, 'number "": a number needs at least one digit'),
        ({"number": "1", "attributes": [{"attrName": "A-B", "attrValue": "1"}]}, "attribute name "),
        ({"number": "1", "attributes": [{"attrName": "A"}] * 2}, 'attrName "A": it is there twice'),
        ({"number": "1", "attributes": "A:B"}, 'attributes "A:B": write a list of objects'),
        ({"callId": 99, "number": "1"}, 'there is no record "99"'),
        ({"callId": "x"}, 'callId "x": write a whole number'),
    ],
)
def test_what_is_no_record_is_refused(editor: Editor, data: dict[str, Any], why: str) -> None:
    assert editor.refusal("list/record", data=data, parent=1).startswith(why)
    assert numbers(editor) == ["203", "202", "201"]


def test_a_record_of_another_list_is_not_there(editor: Editor) -> None:
    with editor.dialect.rig.database.begin() as conn:
        other = save_list(conn, CallList(name="other")).id
    for mode in ("D", "E"):
        assert 'no record "1"' in editor.refusal("list/record", mode, {"callId": 1}, parent=other)
    assert editor.refusal("list/record", "L", parent=77) == 'there is no list "77"'
    assert editor.refusal("list/record", "L").startswith('parent "": ')


def test_the_calls_of_a_list_are_told_the_newest_first(editor: Editor) -> None:
    dialect = editor.dialect
    dialect.text("http://127.0.0.1:8080/wombat/api/campaigns/?op=start&campaign=campaign")
    dialect.rig.turn(120)
    found = editor.ask("list/logs", parent=1)
    assert [list(row) for row in found["results"]] == [KEYS] * 3
    assert [row["id"] for row in found["results"]] == [3, 2, 1]
    assert {row["listName"] for row in found["results"]} == {"list"}
    url = "http://127.0.0.1:8080/wombat/api/reports/logs/?id=1"
    assert dialect.json(url)["results"] == found["results"][::-1]
    second = editor.ask("list/logs", parent=1, **{"from": 1, "items": 1})
    assert (second["results"], second["allResults"]) == (found["results"][1:2], 3)
    [only] = editor.rows("list/logs", parent=1, query="202")
    assert only["callNumber"] == "202"
    assert editor.rows("list/logs", parent=1, query="terminated") == found["results"]
    assert editor.rows("list/logs", parent=1, query="RS_BUSY") == []
    for mode in ("E", "D", "MU"):
        why = editor.refusal("list/logs", mode, found["results"][0], parent=1)
        assert why == "calls that are over stay as they are"


def test_calls_of_campaigns_that_one_may_not_see_are_left_out(editor: Editor) -> None:
    dialect = editor.dialect
    dialect.text("http://127.0.0.1:8080/wombat/api/campaigns/?op=start&campaign=campaign")
    dialect.rig.turn(120)
    editor.save("campaign", {"campaignId": 1, "securityKey": "ZURICH"})
    dialect.log_on("bea", class_name="USER", keys="LIST")
    found = editor.ask("list/logs", parent=1)
    assert (found["results"], found["allResults"]) == ([], 0)
    assert numbers(editor) == ["203", "202", "201"]


@pytest.mark.parametrize("thing", ["list/record", "list/logs"])
def test_a_list_of_another_key_is_not_there(editor: Editor, thing: str) -> None:
    editor.save("list", {"listId": 1, "securityKey": "ZURICH"})
    editor.dialect.log_on("carl", class_name="USER", keys="LIST")
    assert editor.refusal(thing, "L", parent=1) == 'there is no list "1"'
    if thing == "list/record":
        for mode in ("E", "D"):
            why = editor.refusal(thing, mode, {"callId": 1, "number": "1"}, parent=1)
            assert why == 'there is no list "1"'


def test_a_change_of_a_record_is_in_the_system_log(editor: Editor) -> None:
    made = editor.save("list/record", {"number": "204"}, parent=1)
    editor.save("list/record", made | {"number": "205"}, parent=1)
    editor.rows("list/record", "D", made, parent=1)
    with editor.dialect.rig.database.connect() as conn:
        lines = fetch_log(conn, LogFilter(who="demoadmin"), 9)
    assert [(line.action, line.subject, line.detail) for line in lines][:3] == [
        ("list.remove", "list", "1 records"),
        ("list.change", "list", "record 4"),
        ("list.add", "list", "1 rows accepted"),
    ]
