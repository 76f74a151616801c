"""Records taken off their lists, and lists that are deleted."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from core.errors import InvalidValue, NotFound, NotPossible
from core.model import CallList
from core.operations.lists import add_numbers, drop_list, remove_numbers
from core.people import SYSTEM
from core.store.automatic import add_automatic_record
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.journal import write_entries
from core.store.lists import count_records, fetch_list_by_name, fetch_records, save_list
from core.store.reports import fetch_logs
from tests.support.store_site import NOW, closed, furnish, placed


def test_every_record_of_the_number_leaves_its_list_and_calls_are_still_told(
    database: Engine,
) -> None:
    site = furnish(database, records=3)
    add_numbers(database, SYSTEM, "people", [("101", {}), ("999", {})], NOW)
    with database.begin() as conn:
        write_entries(conn, [placed(site.attempt(record=1)), closed(site.attempt(record=1))])
    assert remove_numbers(database, SYSTEM, "people", ["1-0-1", "102", "5"], NOW) == 3
    with reading(database) as conn:
        left = fetch_records(conn, site.call_list.id, after_id=0, limit=9)
        [log] = fetch_logs(conn, site.run.id, after_id=0, limit=9)
        bin_ = fetch_list_by_name(conn, "(removed)")
        assert (bin_.is_hidden, count_records(conn, bin_.id)) == (True, 3)
    assert [record.number for record in left] == ["100", "999"]
    assert (log.attempt.number, log.attempt.list_id) == ("101", site.call_list.id)


def test_a_list_that_nobody_uses_is_deleted_with_its_records(database: Engine) -> None:
    add_numbers(database, SYSTEM, "old", [("1", {}), ("2", {})], NOW)
    drop_list(database, SYSTEM, "old", NOW)
    with reading(database) as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM record").scalar_one() == 0
        with pytest.raises(NotFound):
            fetch_list_by_name(conn, "old")


def test_a_list_in_use_is_not_deleted(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        black = save_list(conn, CallList(name="black"))
        save_campaign(conn, replace(site.campaign, list_ids=(), black_list_ids=(black.id,)))
        add_automatic_record(conn, site.campaign, "1", {}, now=NOW)
    for name, message in (
        ("black", 'list "black" is used by calls: take it out there'),
        ("people", "was called in a run, whose report needs it: stow it away instead"),
        ("calls/AUTO", "holds numbers that wait for a run"),
    ):
        with pytest.raises(NotPossible, match=message):
            drop_list(database, SYSTEM, name, NOW)


@pytest.mark.parametrize("name", ["(removed)", "(erased)"])
def test_no_list_is_named_like_a_bin(sqlite: Engine, name: str) -> None:
    with pytest.raises(InvalidValue, match="keeps what was taken away there"):
        add_numbers(sqlite, SYSTEM, name, [("1", {})], NOW)
