"""Manual 25.02, "Call lists"."""

import time

import pytest

from core.model import Record
from core.store.lists import fetch_list_by_name, fetch_lists, fetch_records
from tests.support.fixtures_dialect import Dialect

AT = "http://127.0.0.1:8080/wombat/api/lists/"


def records(dialect: Dialect, name: str) -> list[Record]:
    with dialect.rig.database.connect() as conn:
        found = fetch_list_by_name(conn, name)
        return fetch_records(conn, found.id, after_id=0, limit=10_000)


def test_numbers_and_attributes_are_added_to_a_list_that_is_made(dialect: Dialect) -> None:
    text = dialect.text(f"{AT}?op=addToList\n&list=ZEB_2&numbers=1234,AA:bb,CC:dd|5678,XX:yy")
    assert text == "OK: Numbers added: 2"
    found = [(record.number, dict(record.inputs)) for record in records(dialect, "ZEB_2")]
    assert found == [("1234", {"AA": "bb", "CC": "dd"}), ("5678", {"XX": "yy"})]


def test_an_attribute_s_name_may_have_two_words(desk: Dialect) -> None:
    """As the one in "Live call details"."""
    text = desk.text(f"{AT}?op=addToList&list=ZEB&numbers=9377893386,FIRST NAME:KATRINA")
    assert text == "OK: Numbers added: 1"
    assert records(desk, "ZEB")[0].inputs == {"FIRST NAME": "KATRINA"}


def test_a_bar_may_be_encoded(dialect: Dialect) -> None:
    assert dialect.text(f"{AT}?op=addToList&list=ZEB&numbers=1%7C2%7C") == "OK: Numbers added: 2"


def test_numbers_go_behind_those_that_are_there(dialect: Dialect) -> None:
    dialect.text(f"{AT}?op=addToList&list=ZEB&numbers=1|2|")
    dialect.text(f"{AT}?op=addToList&list=ZEB&numbers=3|1|")
    assert [record.number for record in records(dialect, "ZEB")] == ["1", "2", "3", "1"]


def test_with_dedupe_a_number_is_added_once_whatever_its_attributes(dialect: Dialect) -> None:
    dialect.text(f"{AT}?op=addToList&list=ZEB&numbers=1,A:x|2")
    text = dialect.text(f"{AT}?op=addToList&list=ZEB&dedupe=1&numbers=1|3,A:x|(3)|4")
    assert text == "OK: Numbers added: 2 (there already: 2)"
    found = [(record.number, dict(record.inputs)) for record in records(dialect, "ZEB")]
    assert found == [("1", {"A": "x"}), ("2", {}), ("3", {"A": "x"}), ("4", {})]


def test_what_is_no_number_does_not_hinder_the_others(dialect: Dialect) -> None:
    text = dialect.text(f"{AT}?op=addToList&list=ZEB&numbers=1|2a|3,A-B:1|4,junk|5")
    assert text.startswith("OK: Numbers added: 2; refused: 3, one of them: ")
    assert [record.number for record in records(dialect, "ZEB")] == ["1", "5"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("list=NEW&numbers=1x|2x", "no number was added: number"),
        ("list=NEW&numbers=1,junk", 'no number was added: attribute "junk"'),
        ("list=NEW", "the request needs numbers="),
        ("numbers=1", "the request needs list="),
        ("list=A%0AB&numbers=1", "all printable"),
    ],
)
def test_a_request_that_adds_nothing_makes_no_list(dialect: Dialect, query: str, why: str) -> None:
    text = dialect.text(f"{AT}?op=addToList&{query}")
    assert text.startswith("ERROR: ")
    assert why in text
    with dialect.rig.database.connect() as conn:
        assert fetch_lists(conn) == []


def test_a_long_upload_is_taken_in_chunks(dialect: Dialect) -> None:
    """Ten thousand a second are wanted; a busy machine must not fail the test, so a tenth."""
    chunks = ["|".join(f"555{i:07},A:b" for i in range(k, k + 800)) for k in range(0, 4000, 800)]
    began = time.perf_counter()
    for chunk in chunks:
        text = dialect.text(f"{AT}?op=addToList&list=BIG&numbers={chunk}")
        assert text == "OK: Numbers added: 800"
    assert time.perf_counter() - began < 4.0
    numbers = [record.number for record in records(dialect, "BIG")]
    assert numbers == [f"555{i:07}" for i in range(4000)]


def test_a_list_is_put_away_and_its_name_is_free(dialect: Dialect) -> None:
    dialect.text(f"{AT}?op=addToList&list=LEADS&numbers=1")
    text = dialect.text(f"{AT}?op=stowAway&list=LEADS&as=LEADS_170112")
    assert text == "OK: list LEADS is hidden, its name is LEADS_170112 now"
    dialect.text(f"{AT}?op=addToList&list=LEADS&numbers=2")
    with dialect.rig.database.connect() as conn:
        found = [(one.name, one.is_hidden) for one in fetch_lists(conn)]
    assert found == [("LEADS_170112", True), ("LEADS", False)]
    assert [record.number for record in records(dialect, "LEADS")] == ["2"]
    assert "OK" not in dialect.text(f"{AT}?op=stowAway&list=LEADS&as=LEADS_170112")
    assert "OK" not in dialect.text(f"{AT}?op=stowAway&list=NONE&as=OTHER")


def test_who_still_uses_a_list_that_is_put_away_is_said(dialect: Dialect) -> None:
    dialect.rig.configure(["1"])
    text = dialect.text(f"{AT}?op=stowAway&list=list&as=old")
    assert text == "OK: list list is hidden, its name is old now; still used by campaign"
