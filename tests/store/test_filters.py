"""Black lists in memory: what is looked up in the database, and that nothing is overlooked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred, fail

from core.engine.filters import FAILURE_PAUSE_S, FRESH_S, LEAST_REST_S, PORTION, Filters
from core.engine.screening import screen_batch
from core.model import CallList, HopperEntry, Record, Screen
from core.ports.events import BatchFetched
from core.rules.number_filter import LEAST
from core.store.bulk import appending
from core.store.database import open_database, reading
from core.store.lists import fetch_list, insert_records, save_list, save_record
from core.store.removal import remove_records
from tests.support.rig import NoThreads
from tests.support.store_site import NOW
from tests.support.timer import Timer

LISTED = [str(1000 + i) for i in range(20)]
FREE = [str(5000 + i) for i in range(80)]


class Desk:
    """Filters of a database, on a clock of its own."""

    def __init__(self, database: Engine, threads: Any = None) -> None:
        self.database = database
        self.timer = Timer()
        self.filters = Filters(database, threads or NoThreads(), self.timer)

    def add_list(self, name: str, numbers: list[str]) -> int:
        with self.database.begin() as conn:
            key = save_list(conn, CallList(name=name)).id
            insert_records(conn, [(key, number, None) for number in numbers])
        return key

    def keep(self, *list_ids: int) -> None:
        """Have these lists read into memory, to their ends."""
        self.filters.keep(set(list_ids))
        self.settle()
        assert self.filters.is_whole

    def wait(self) -> None:
        """Until what was read of the lists does not hold any more."""
        self.timer.advance(FRESH_S + 0.001)

    def settle(self) -> None:
        """Let time pass until nothing more is to be read."""
        while (at := self.timer.next_at) is not None:
            self.timer.advance(at - self.timer.seconds())

    def narrow(self, list_ids: tuple[int, ...], numbers: list[str]) -> list[str]:
        with reading(self.database) as conn:
            return sorted(self.filters.narrow(conn, list_ids, numbers))

    def screen(self, list_ids: tuple[int, ...], numbers: list[str]) -> list[str]:
        """Those of the numbers that the first check finds."""
        records = [Record(id=i, list_id=99, number=one) for i, one in enumerate(numbers)]
        entries = tuple(HopperEntry(record=one, list_name="people") for one in records)
        batch = BatchFetched(run_id=1, entries=entries, positions=(), next_due_at=None)
        wanted = Screen(black_list_ids=list_ids, time_zone="UTC")
        with reading(self.database) as conn:
            screened = screen_batch(conn, batch, wanted, NOW, self.filters)
        return [entry.record.number for entry in screened.entries if entry.is_blacklisted]


@pytest.fixture
def desk(database: Engine) -> Desk:
    return Desk(database)


@contextmanager
def another_connection(database: Engine) -> Iterator[Engine]:
    """As another process has it."""
    other = open_database(database.url.render_as_string(hide_password=False))
    yield other
    other.dispose()


@contextmanager
def statements(database: Engine) -> Iterator[list[str]]:
    """All that is executed meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        seen.append(text)

    event.listen(database, "before_cursor_execute", note)
    yield seen
    event.remove(database, "before_cursor_execute", note)


def test_only_numbers_that_the_filter_knows_are_looked_up(desk: Desk) -> None:
    black = desk.add_list("black", LISTED)
    assert desk.narrow((black,), FREE) == FREE
    desk.keep(black)
    suspects = desk.narrow((black,), [*FREE, *LISTED])
    assert set(LISTED) <= set(suspects)
    assert len(suspects) < len(LISTED) + 5
    assert desk.screen((black,), [*FREE, *LISTED]) == LISTED


def test_a_number_that_another_connection_adds_is_found_a_second_later(desk: Desk) -> None:
    black = desk.add_list("black", LISTED)
    desk.keep(black)
    with another_connection(desk.database) as other:
        with other.begin() as conn:
            save_record(conn, Record(list_id=black, number="5000"))
            conn.rollback()
        desk.wait()
        assert desk.screen((black,), FREE) == []
        with other.begin() as conn:
            save_record(conn, Record(list_id=black, number="5001"))
    desk.wait()
    assert desk.screen((black,), FREE) == ["5001"]


def test_a_number_that_was_added_is_read_in_the_background_at_each_beat(desk: Desk) -> None:
    black = desk.add_list("black", LISTED)
    desk.keep(black)
    with desk.database.begin() as conn:
        save_record(conn, Record(list_id=black, number="5001"))
    desk.timer.advance(0.001)
    desk.keep(black)
    with statements(desk.database) as asked:
        assert desk.screen((black,), FREE) == ["5001"]
        assert desk.screen((black,), LISTED[:1]) == LISTED[:1]
    assert [one for one in asked if "id >" in one] == []


@pytest.mark.mariadb
def test_a_row_that_is_committed_late_is_found_though_others_came_first(mariadb: Engine) -> None:
    """Whoever appends to a list has locked it, so that only ids of other lists come first."""
    desk = Desk(mariadb)
    black, other_list = desk.add_list("black", []), desk.add_list("other", [])
    desk.keep(black, other_list)
    with another_connection(mariadb) as other:
        with other.begin() as late:
            save_record(late, Record(list_id=black, number="5000"))
            with mariadb.begin() as conn:
                save_record(conn, Record(list_id=other_list, number="5001"))
            desk.wait()
            assert desk.screen((black, other_list), FREE) == ["5001"]
        desk.wait()
        assert desk.screen((black, other_list), FREE) == ["5000", "5001"]


def test_a_number_that_was_taken_off_is_free(desk: Desk) -> None:
    black = desk.add_list("black", LISTED)
    desk.keep(black)
    with desk.database.begin() as conn:
        remove_records(conn, fetch_list(conn, black), ["1000"], NOW)
    assert desk.narrow((black,), ["1000"]) == ["1000"]
    assert desk.screen((black,), ["1000", "1001"]) == ["1001"]


def test_a_list_that_is_emptied_and_filled_again_is_as_it_is_now(desk: Desk) -> None:
    black = desk.add_list("black", LISTED)
    desk.keep(black)
    with desk.database.begin() as conn:
        remove_records(conn, fetch_list(conn, black), LISTED, NOW)
        insert_records(conn, [(black, number, None) for number in FREE])
    desk.wait()
    assert desk.screen((black,), [*LISTED, *FREE]) == FREE


def test_several_lists_are_told_apart_from_none(desk: Desk) -> None:
    one, two = desk.add_list("one", LISTED[:5]), desk.add_list("two", LISTED[5:9])
    desk.keep(one, two)
    assert desk.screen((one, two), [*LISTED, *FREE]) == LISTED[:9]
    assert desk.screen((two,), [*LISTED, *FREE]) == LISTED[5:9]


def test_while_one_of_its_lists_is_unknown_all_numbers_are_looked_up(desk: Desk) -> None:
    one, two = desk.add_list("one", LISTED[:5]), desk.add_list("two", LISTED[5:9])
    desk.keep(one)
    assert desk.narrow((one, two), FREE) == FREE
    assert desk.screen((one, two), [*LISTED, *FREE]) == LISTED[:9]


def test_a_list_of_many_portions_is_read_in_the_background(desk: Desk) -> None:
    black = desk.add_list("black", [str(10_000 + i) for i in range(3 * PORTION)])
    desk.filters.keep({black})
    assert not desk.filters.is_whole
    assert desk.narrow((black,), FREE) == FREE
    desk.settle()
    assert desk.filters.is_whole
    assert len(desk.narrow((black,), FREE)) < 5


def test_after_a_long_import_the_database_is_asked_until_it_was_read(desk: Desk) -> None:
    black = desk.add_list("black", LISTED)
    desk.keep(black)
    with appending(desk.database, black) as appender:
        appender.append([(str(20_000 + i), None, None) for i in range(2 * PORTION)])
        appender.append([(FREE[3], None, None)])
    desk.wait()
    assert desk.narrow((black,), FREE) == FREE
    assert desk.screen((black,), FREE) == [FREE[3]]
    desk.keep(black)
    assert len(desk.narrow((black,), FREE)) < 5
    assert desk.screen((black,), FREE) == [FREE[3]]


def test_a_list_that_is_replaced_again_and_again_takes_no_more_room(desk: Desk) -> None:
    numbers = [str(10_000 + i) for i in range(2 * LEAST)]
    black = desk.add_list("black", numbers)
    for _ in range(8):
        with desk.database.begin() as conn:
            remove_records(conn, fetch_list(conn, black), numbers, NOW)
            insert_records(conn, [(black, number, None) for number in numbers])
        desk.keep(black)
        assert desk.filters.size_bytes <= 4 * 3 * len(numbers)
    assert desk.screen((black,), [*FREE, *numbers[:50]]) == numbers[:50]


def test_a_list_that_is_in_use_no_more_is_forgotten(desk: Desk) -> None:
    black = desk.add_list("black", LISTED)
    desk.keep(black)
    desk.keep()
    assert desk.narrow((black,), FREE) == FREE


def test_without_black_lists_nothing_is_asked(desk: Desk) -> None:
    with statements(desk.database) as asked:
        desk.keep()
        assert desk.screen((), FREE) == []
    assert [one for one in asked if not one.startswith("BEGIN")] == []


def test_a_long_list_does_not_hold_up_a_short_one(desk: Desk) -> None:
    long = desk.add_list("long", [str(10_000 + i) for i in range(3 * PORTION)])
    short = desk.add_list("short", LISTED)
    desk.filters.keep({long, short})
    desk.timer.advance(LEAST_REST_S)
    assert not desk.filters.is_whole
    assert desk.narrow((long,), FREE) == FREE
    assert len(desk.narrow((short,), FREE)) < 5


def test_a_database_that_goes_away_is_tried_again(database: Engine) -> None:
    class Fails(NoThreads):
        failures = 2

        def read(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
            if self.failures:
                self.failures -= 1
                return fail(OperationalError("SELECT", {}, Exception("gone away")))
            return super().write(work, *args, **kwargs)

    desk = Desk(database, Fails())
    black = desk.add_list("black", LISTED)
    desk.filters.keep({black})
    for _ in range(2):
        desk.timer.advance(FAILURE_PAUSE_S - 1)
        assert desk.narrow((black,), FREE) == FREE
        desk.timer.advance(1)
    assert len(desk.narrow((black,), FREE)) < 5


def test_who_stops_reads_no_more(desk: Desk) -> None:
    black = desk.add_list("black", [str(10_000 + i) for i in range(3 * PORTION)])
    desk.filters.keep({black})
    desk.filters.stop()
    assert desk.timer.getDelayedCalls() == []
    assert desk.narrow((black,), FREE) == FREE
