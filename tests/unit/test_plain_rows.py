"""Blocks of rows that are read at one look: the same records as one by one."""

import csv
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.operations.list_row import LOOK, RowParser
from core.rules.attributes import MAX_VALUE
from core.store.bulk import Row

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def parser(*names: str) -> RowParser:
    return RowParser(names, now=NOON, zone=ZoneInfo("UTC"))


def read_singly(reader: RowParser, lines: list[str]) -> list[Row | None]:
    return [reader.parse(cells) for cells in csv.reader(lines, strict=True)]


def test_a_plain_block_is_read_at_one_look() -> None:
    lines = ["5551,Zoë,Århus\n", "*21#,50 %,%s\r\n", "+4191,x,y"]
    assert parser("", "A", "B").parse_plain(lines, ",") == [
        ("5551", '{"A":"Zoë","B":"Århus"}', None),
        ("*21#", '{"A":"50 %","B":"%s"}', None),
        ("+4191", '{"A":"x","B":"y"}', None),
    ]
    assert parser("").parse_plain(["1\n", "2\n"], ";") == [("1", None, None), ("2", None, None)]


@pytest.mark.parametrize(
    "line",
    ["1,\n", ",a\n", "1\n", "1,a,b\n", "\n", '1,"a"\n', "1,'=a\n", "1,a\\\n", "1,a\tb\n",
     "41 91,a\n", "x,a\n", "1,a\u2028b\n", "1,a\udcff\n", f"1,{'a' * MAX_VALUE}\n"],
)  # fmt: skip
def test_one_row_that_needs_care_is_told(line: str) -> None:
    reader = parser("", "A")
    assert reader.parse_plain(["1,a\n"], ",") is not None
    assert reader.parse_plain(["1,a\n", line, "2,b\n"], ",") is None


def test_rows_that_say_when_they_are_called_need_care() -> None:
    assert parser("", ":priority").parse_plain(["1,5\n"], ",") is None


LETTERS = st.characters(exclude_characters="\r\n")
ANY = st.tuples(st.text("0123456789*#+ ", max_size=9), st.text(LETTERS, max_size=5))
PLAIN = st.tuples(
    st.from_regex(r"\+?[0-9*#]{1,9}", fullmatch=True),
    st.text("abZoëÅ %s=:;.-0189", min_size=1, max_size=5),
)


def lines_of(rows: list[tuple[str, str]]) -> list[str]:
    return [f"{number},{value}\n" for number, value in rows]


@given(st.lists(ANY, max_size=5))
def test_what_is_read_at_one_look_is_what_is_read_row_by_row(rows: list[tuple[str, str]]) -> None:
    reader, lines = parser("", "A"), lines_of(rows)
    plain = reader.parse_plain(lines, ",")
    assert plain is None or plain == read_singly(reader, lines)


@given(st.lists(PLAIN, max_size=5))
def test_rows_that_are_plain_are_read_at_one_look(rows: list[tuple[str, str]]) -> None:
    reader, lines = parser("", "A"), lines_of(rows)
    assert reader.parse_plain(lines, ",") == read_singly(reader, lines)


def test_what_is_longer_than_one_look_is_read_in_order() -> None:
    reader = parser("")
    rows = reader.parse_plain([f"{number}\n" for number in range(2 * LOOK + 1)], ",")
    assert rows == [(str(number), None, None) for number in range(2 * LOOK + 1)]
    assert reader.parse_plain(["1\n"] * LOOK + ["x\n"], ",") is None
