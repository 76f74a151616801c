"""Looking up numbers in black lists."""

from sqlalchemy import Connection, Engine, event

from core.model import CallList
from core.store.blacklists import CHUNK, fetch_blacklist_entries
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
