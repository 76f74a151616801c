"""Bookmarks of call logs."""

from datetime import UTC, datetime

from core.operations.run_logs import Place
from web.compat.bookmarks import CAPACITY, Bookmark, Bookmarks, Page

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def page(start: int, reader: str = "anna") -> Page:
    return Page(reader=reader, of=("runs", 1, 2), start=start)


def mark(after_id: int) -> Bookmark:
    return Bookmark(place=Place(run_id=1, after_id=after_id), total=9, counted_at=NOW)


def test_a_bookmark_is_of_one_reader_and_one_page() -> None:
    marks = Bookmarks()
    marks.keep(page(100), mark(7))
    assert marks.find(page(100)) == mark(7)
    assert marks.find(page(101)) is None
    assert marks.find(page(100, "bea")) is None


def test_the_bookmark_longest_ago_is_given_up() -> None:
    marks = Bookmarks()
    for start in range(CAPACITY):
        marks.keep(page(start), mark(start))
    marks.keep(page(0), mark(5))
    marks.keep(page(CAPACITY), mark(6))
    assert marks.find(page(0)) == mark(5)
    assert marks.find(page(1)) is None
    assert marks.find(page(CAPACITY)) == mark(6)
