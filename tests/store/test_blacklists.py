"""Looking up numbers in black lists."""

from sqlalchemy import Connection, Engine, event

from core.model import CallList, Campaign
from core.store.blacklists import (
    CHUNK,
    fetch_black_list_ids,
    fetch_black_list_users,
    fetch_blacklist_entries,
    fetch_records_of,
    save_inputs,
)
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.lists import insert_records, save_list


def save_numbers(conn: Connection, name: str, *rows: tuple[str, str | None]) -> int:
    key = save_list(conn, CallList(name=name)).id
    insert_records(conn, [(key, number, inputs) for number, inputs in rows])
    return key


def test_every_record_of_a_number_in_the_lists_is_an_entry(database: Engine) -> None:
    with database.begin() as conn:
        one = save_numbers(conn, "one", ("100", '{"A":"x"}'), ("101", None), ("100", None))
        two = save_numbers(conn, "two", ("100", '{"A":"y"}'), ("102", '{"A":"z"}'))
        save_numbers(conn, "another", ("100", '{"A":"no"}'), ("103", None))
    with reading(database) as conn:
        found = fetch_blacklist_entries(conn, [one, two], ["100", "101", "103", "+100"])
        assert found == {"100": [{"A": "x"}, {}, {"A": "y"}], "101": [{}]}
        assert fetch_blacklist_entries(conn, [two], ["100"]) == {"100": [{"A": "y"}]}


def test_more_numbers_than_a_query_takes_are_all_found(database: Engine) -> None:
    numbers = [str(1000 + i) for i in range(2 * CHUNK + 1)]
    with database.begin() as conn:
        key = save_numbers(conn, "all", *((number, None) for number in numbers))
    with reading(database) as conn:
        found = fetch_blacklist_entries(conn, [key], numbers)
    assert found == {number: [{}] for number in numbers}


def test_without_lists_or_numbers_nothing_is_asked(database: Engine) -> None:
    asked: list[str] = []
    with reading(database) as conn:
        event.listen(conn, "before_cursor_execute", lambda *args: asked.append(args[2]))
        assert fetch_blacklist_entries(conn, [], ["100"]) == {}
        assert fetch_blacklist_entries(conn, [1], []) == {}
        assert asked == []
        fetch_blacklist_entries(conn, [1], ["100"])
        assert len(asked) == 1


def test_a_number_is_found_in_one_list_and_its_attributes_are_replaced(database: Engine) -> None:
    with database.begin() as conn:
        key = save_numbers(conn, "one", ("100", '{"A":"x"}'), ("101", None), ("100", None))
        save_numbers(conn, "two", ("100", None))
        first, second = fetch_records_of(conn, key, "100")
        assert (first.inputs, second.inputs) == ({"A": "x"}, {})
        save_inputs(conn, {first.id: {"B": "y"}})
        save_inputs(conn, {})
        assert [one.inputs for one in fetch_records_of(conn, key, "100")] == [{"B": "y"}, {}]


def test_black_lists_are_known_by_the_campaigns_that_keep_off_them(database: Engine) -> None:
    with database.begin() as conn:
        one, two = save_numbers(conn, "one"), save_numbers(conn, "two")
        save_campaign(conn, Campaign(name="b", time_zone="Europe/Rome", black_list_ids=(two,)))
        save_campaign(conn, Campaign(name="a", list_ids=(one,), black_list_ids=(two,)))
        assert fetch_black_list_ids(conn) == [two]
        assert fetch_black_list_users(conn, two) == [("a", "UTC"), ("b", "Europe/Rome")]
        assert fetch_black_list_users(conn, one) == []
