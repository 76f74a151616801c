"""What a filter must never overlook, how often it errs on the other side, and what it takes."""

from hypothesis import given
from hypothesis import strategies as st

from core.rules.number_filter import LEAST, NumberFilter

_NUMBERS = st.lists(st.text(max_size=20), max_size=50)


def some(first: int, count: int) -> list[str]:
    return [f"+4179{i:09}" for i in range(first, first + count)]


@given(added=st.lists(_NUMBERS, max_size=5), others=_NUMBERS)
def test_whatever_was_added_is_found(added: list[list[str]], others: list[str]) -> None:
    numbers = NumberFilter(0)
    for portion in added:
        numbers.add(portion)
    everything = {number for portion in added for number in portion}
    assert everything <= numbers.find([*others, *everything])


def test_nothing_is_found_in_an_empty_filter() -> None:
    assert NumberFilter(0).find(some(0, 1000)) == set()


def test_a_filter_that_outgrows_its_tables_finds_all_that_was_added() -> None:
    numbers = NumberFilter(0)
    for first in range(0, 50 * LEAST, 100):
        numbers.add(some(first, 100))
    everything = some(0, 50 * LEAST)
    assert numbers.find(everything) == set(everything)


def test_of_other_numbers_one_in_four_hundred_is_found_at_most() -> None:
    numbers = NumberFilter(20_000)
    for first in range(0, 25_000, 1000):
        numbers.add(some(first, 1000))
    assert len(numbers.find(some(100_000, 100_000))) < 250
    assert len(numbers.find(some(0, 25_000))) == 25_000


def test_it_takes_three_bytes_a_number() -> None:
    assert abs(NumberFilter(1_000_000).size_bytes - 3_000_000) <= 8
    assert abs(NumberFilter(0).size_bytes - 3 * LEAST) <= 8


def test_it_doubles_once_a_quarter_more_came_than_was_expected() -> None:
    numbers = NumberFilter(10_000)
    before = numbers.size_bytes
    for first in range(0, 12_500, 500):
        numbers.add(some(first, 500))
    assert numbers.size_bytes == before
    numbers.add(["1"])
    assert abs(numbers.size_bytes - 2 * before) <= 8
