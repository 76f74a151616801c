"""Manual 25.02, "Available JSON APIs": each line of its table."""

from typing import Any

import pytest

from core.operations.people import UserChange, change_user
from core.people import SYSTEM
from tests.support.edit import AT, EXAMPLES, Editor, furnish
from tests.support.fixtures_dialect import Dialect
from tests.support.people import basic

#: Fragment, name of the primary key ("-": none of its own), what it depends on, whether it moves
#: up and down, security key.
TABLE = (
    ("asterisk", "id", "-", "No", "ADMIN"),
    ("ep", "epId", "-", "No", "ADMIN"),
    ("trunk", "trunkId", "-", "No", "ADMIN"),
    ("oh", "openingHourId", "-", "No", "OPHR"),
    ("campaign", "campaignId", "-", "No", "CAMP"),
    ("campaign/ep", "-", "Campaign", "No", "CAMP"),
    ("campaign/trunk", "-", "Campaign", "No", "CAMP"),
    ("campaign/list", "cclId", "Campaign", "Yes", "CAMP"),
    ("campaign/reschedule", "rescheduleRuleId", "Campaign", "Yes", "CAMP"),
    ("campaign/disposition", "dispositionId", "Campaign", "Yes", "CAMP"),
    ("campaign/oh", "cohId", "Campaign", "Yes", "CAMP"),
    ("list", "listId", "-", "No", "LIST"),
    ("list/record", "callId", "List", "No", "LIST"),
    ("list/logs", "id", "List", "No", "LIST"),
)
OVER = "calls that are over stay as they are"
KEPT = 'campaign "Two" cannot be deleted: set its pace to HIDDEN'


@pytest.fixture
def editor(desk: Dialect) -> Editor:
    return furnish(desk, "201")


def parent_of(depends_on: str) -> dict[str, Any]:
    return {} if depends_on == "-" else {"parent": 1}


@pytest.mark.parametrize(("thing", "pk", "depends_on", "moves", "_key"), TABLE[:-1])
def test_each_object_is_listed_saved_moved_and_deleted(
    editor: Editor, thing: str, pk: str, depends_on: str, moves: str, _key: str
) -> None:
    parent = parent_of(depends_on)
    row = editor.save(thing, EXAMPLES[thing], **parent)
    assert pk == "-" or row[pk]
    before = editor.rows(thing, **parent)
    assert row in before
    assert editor.save(thing, row, **parent) == row
    for mode in ("MU", "MD"):
        if moves == "Yes":
            assert len(editor.rows(thing, mode, row, **parent)) == len(before)
        else:
            assert "no order" in editor.refusal(thing, mode, row, **parent)
    assert editor.rows(thing, **parent) == before
    if thing == "campaign":
        assert editor.refusal(thing, "D", row) == KEPT
        return
    left = editor.rows(thing, "D", row, **parent)
    assert len(left) == len(before) - 1
    assert row not in left
    assert editor.rows(thing, **parent) == left


def test_called_numbers_are_listed_and_stay_as_they_are(editor: Editor) -> None:
    editor.dialect.text("/wombat/api/campaigns/?op=start&campaign=campaign")
    editor.dialect.rig.turn(60)
    thing, pk = TABLE[-1][:2]
    [row] = editor.rows(thing, parent=1)
    assert row[pk] == 1
    for mode in ("E", "D", "MU", "MD"):
        assert editor.refusal(thing, mode, row, parent=1) == OVER


def test_what_depends_on_another_needs_its_key(editor: Editor) -> None:
    for thing, _pk, depends_on, _moves, _key in TABLE:
        if depends_on == "-":
            assert editor.rows(thing) == editor.rows(thing, parent=99)
        else:
            assert editor.refusal(thing, "L").startswith('parent "": the request needs parent=')
            noun = depends_on.lower()
            assert editor.refusal(thing, "L", parent=99) == f'there is no {noun} "99"'


def test_each_object_needs_its_security_key(editor: Editor) -> None:
    database, now = editor.dialect.rig.database, editor.dialect.rig.clock.now()
    keys = {line[-1] for line in TABLE}
    editor.dialect.log_on("bea", class_name="USER")
    for thing, pk, depends_on, _moves, key in TABLE:
        parent = parent_of(depends_on)
        data = {**EXAMPLES.get(thing, {}), pk: 1}
        change_user(database, SYSTEM, "bea", UserChange(keys=" ".join(sorted(keys - {key}))), now)
        why = f'bea does not hold the key "{key}" that this needs'
        for mode in ("L", "E", "D") if thing in EXAMPLES else ("L",):
            assert editor.refusal(thing, mode, data, **parent) == why
        change_user(database, SYSTEM, "bea", UserChange(keys=key), now)
        assert editor.rows(thing, **parent) == editor.rows(thing, "D", **parent)


def test_only_users_are_answered(editor: Editor) -> None:
    """Control calls are open here; the configuration never is."""
    editor.dialect.authorization = ""
    for thing, *_rest in TABLE:
        nobody = editor.dialect.ask(f"{AT}{thing}/?parent=1")
        assert (nobody.status, nobody.headers["www-authenticate"][:6]) == (401, "Basic ")
    wrong = {"Authorization": basic("demoadmin", "wrong")}
    assert editor.dialect.ask(f"{AT}trunk/", **wrong).status == 401
