"""Pages of records and of their calls, on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from core.store.database import reading
from core.store.journal import write_entries
from core.store.list_logs import count_list_logs, fetch_newest_logs, find_list_log_id
from core.store.lists import insert_records
from core.store.record_pages import count_found, fetch_newest_records, find_record_id
from core.store.records import fetch_record, update_record
from tests.support.store_site import closed, furnish


def test_records_are_found_from_the_newest_on(database: Engine) -> None:
    site = furnish(database, records=5)
    key, newest = site.call_list.id, site.record_ids[::-1]
    with reading(database) as conn:
        found = fetch_newest_records(conn, key, limit=3)
        assert [one.id for one in found] == list(newest[:3])
        rest = fetch_newest_records(conn, key, before_id=found[-1].id, limit=9)
        assert [one.id for one in rest] == list(newest[3:])
        assert [find_record_id(conn, key, position) for position in (0, 4, 5)] == [
            newest[0],
            newest[4],
            0,
        ]
        assert (count_found(conn, key, most=9), count_found(conn, key, most=2)) == (5, 2)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("77", ["0770", "77"]),
        ("ZOE", ["5"]),
        ("B_C", ["6"]),
        ("%", []),
        ('"', ["6", "5"]),
    ],
)
def test_a_text_is_found_in_numbers_and_attributes(
    database: Engine, text: str, numbers: list[str]
) -> None:
    site = furnish(database, records=0)
    rows = [("77", None), ("5", '{"NAME":"Zoe"}'), ("0770", None), ("6", '{"A":"b_c"}')]
    with database.begin() as conn:
        insert_records(conn, [(site.call_list.id, *row) for row in rows])
        found = fetch_newest_records(conn, site.call_list.id, text=text, limit=9)
        assert sorted(one.number for one in found) == sorted(numbers)
        assert count_found(conn, site.call_list.id, text=text, most=9) == len(numbers)


def test_a_record_keeps_its_turn_when_it_is_changed(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        old = fetch_record(conn, site.record_ids[0])
        new = replace(old, number="+39", inputs={"A": "b"}, outputs={})
        update_record(conn, new)
        assert fetch_record(conn, old.id) == new


def test_calls_are_found_by_their_list(database: Engine) -> None:
    site = furnish(database, records=4)
    with database.begin() as conn:
        write_entries(conn, [closed(site.attempt(i + 1, record=i)) for i in range(4)])
        key = site.call_list.id
        logs = fetch_newest_logs(conn, key, limit=3)
        assert [log.attempt.id for log in logs] == [4, 3, 2]
        rest = fetch_newest_logs(conn, key, before_id=2, limit=3)
        assert [log.attempt.id for log in rest] == [1]
        assert find_list_log_id(conn, key, 1) == 3
        assert count_list_logs(conn, key, most=9) == 4
        number = logs[0].attempt.number
        assert count_list_logs(conn, key, text=number, most=9) == 1
        none = fetch_newest_logs(conn, key, campaign_ids=frozenset({999}), limit=9)
        assert none == []
