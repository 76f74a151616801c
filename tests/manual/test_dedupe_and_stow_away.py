"""Manual 25.02, "Add numbers to a list" (dedupe) and "Stow away"."""

from sqlalchemy import Engine

from core.operations.lists import Duplicates, add_numbers, stow_away
from core.people import SYSTEM
from core.store.database import reading
from core.store.lists import fetch_list_by_name, fetch_lists, fetch_records
from tests.support.store_site import NOW


def numbers(database: Engine, name: str) -> list[str]:
    with reading(database) as conn:
        key = fetch_list_by_name(conn, name).id
        return [r.number for r in fetch_records(conn, key, after_id=0, limit=99)]


def test_a_number_is_existent_no_matter_what_its_attributes_might_be(sqlite: Engine) -> None:
    add_numbers(
        sqlite, SYSTEM, "ZEB_2", [("1234", {"AA": "bb", "CC": "dd"}), ("5678", {"XX": "yy"})], NOW
    )
    again = [("1234", {"AA": "other"}), ("9999", {})]
    added = add_numbers(sqlite, SYSTEM, "ZEB_2", again, NOW, Duplicates.SKIP)
    assert (added.is_new, added.added, added.skipped) == (False, 1, 1)
    assert numbers(sqlite, "ZEB_2") == ["1234", "5678", "9999"]


def test_without_dedupe_there_is_no_control_over_duplicates(sqlite: Engine) -> None:
    for _ in range(2):
        add_numbers(sqlite, SYSTEM, "L1", [("1234", {})], NOW)
    assert numbers(sqlite, "L1") == ["1234", "1234"]


def test_a_list_stowed_away_is_renamed_and_hidden_and_a_new_one_may_have_its_name(
    sqlite: Engine,
) -> None:
    add_numbers(sqlite, SYSTEM, "LEADS", [("1", {})], NOW)
    stow_away(sqlite, SYSTEM, "LEADS", "LEADS_170112", NOW)
    assert add_numbers(sqlite, SYSTEM, "LEADS", [("2", {})], NOW).is_new
    with reading(sqlite) as conn:
        assert {found.name: found.is_hidden for found in fetch_lists(conn)} == {
            "LEADS_170112": True, "LEADS": False,
        }  # fmt: skip
    assert (numbers(sqlite, "LEADS_170112"), numbers(sqlite, "LEADS")) == (["1"], ["2"])
