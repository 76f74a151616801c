"""What the database tells of one number: where it stands, and how many come before it."""

import pytest
from sqlalchemy import Engine

from core.model import CallList, ListPosition
from core.store import traces
from core.store.database import reading
from core.store.lists import fetch_records, insert_records, save_list
from tests.support.store_site import furnish


def test_a_number_is_found_in_every_list_it_stands_in(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "CHUNK", 2)
    with database.begin() as conn:
        ids = [save_list(conn, CallList(name=f"list {n}")).id for n in range(5)]
        insert_records(conn, [(i, number, None) for i in ids for number in ("100", "200")])
    with reading(database) as conn:
        found = traces.fetch_records_with_number(conn, ids[:4], "200", 10)
        assert [(one.list_id, one.number) for one in found] == [(i, "200") for i in ids[:4]]
        assert len(traces.fetch_records_with_number(conn, ids, "200", 3)) == 3
        assert traces.fetch_records_with_number(conn, ids, "300", 10) == []


def test_records_of_the_lists_before_come_first_too(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.begin() as conn:
        first, second = (save_list(conn, CallList(name=name)).id for name in ("a", "b"))
        insert_records(conn, [(i, str(n), None) for i in (first, second) for n in range(10)])
        ahead = fetch_records(conn, first, after_id=0, limit=10)
        [value] = fetch_records(conn, second, after_id=0, limit=10)[6:7]
    at = ListPosition(list_id=second, list_name="b")
    with reading(database) as conn:
        for highwater, is_complete, before in (
            (0, False, 16),
            (ahead[3].id, False, 12),
            (0, True, 6),
        ):
            position = ListPosition(
                list_id=first, list_name="a", highwater=highwater, is_complete=is_complete
            )
            assert traces.count_before(conn, [position, at], value) == before
            assert traces.count_before(conn, [at, position], value) == 6
        monkeypatch.setattr(traces, "MOST_BEFORE", 4)
        assert traces.count_before(conn, [at], value) == 4


def test_the_campaigns_of_a_list_are_those_of_now_and_of_its_runs(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        other = save_list(conn, CallList(name="other")).id
        assert traces.fetch_campaign_ids_of_list(conn, site.call_list.id) == [site.campaign.id]
        assert traces.fetch_campaign_ids_of_list(conn, other) == []
        conn.exec_driver_sql("DELETE FROM campaign_list")
        assert traces.fetch_campaign_ids_of_list(conn, site.call_list.id) == [site.campaign.id]
