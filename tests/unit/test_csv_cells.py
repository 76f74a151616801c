"""Whatever somebody has written, no cell of a CSV file that leaves is a formula, or another row."""

import csv
import io
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import InvalidValue
from core.operations import list_row
from core.operations.list_row import RowParser
from core.store.types import parse_attributes
from tests.support.world import NOON
from web import download

#: What spreadsheets take for the beginning of a formula (CWE-1236), the wide ones in Japan.
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
TEXTS = st.one_of(st.text(max_size=20), st.from_regex(r"'{0,2}[=+\-@＝＋－＠\t].{0,5}"))
UTC = ZoneInfo("UTC")


def read(lines: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(lines.decode(), newline="")))


@given(st.lists(TEXTS, min_size=1, max_size=4))
@example(["=1+1", "+41919605566", "-", '@SUM(A1)","=1', "x\r\n=1"])
@example(["＝1+1", "＋1", "－1", "＠x"])
def test_no_cell_of_a_download_is_a_formula(cells: list[str]) -> None:
    [row] = read(download.render_lines([cells]))
    for cell, written in zip(cells, row, strict=True):
        assert written in (cell, f"'{cell}")
        assert not FORMULA.match(written) or re.fullmatch(r"\+[0-9*#]+", written)


@given(TEXTS)
@example("'=1")
@example("＝1")
def test_a_value_of_a_list_is_disarmed_and_read_back(value: str) -> None:
    written = list_row.disarm(value)
    assert not FORMULA.match(written)
    parser = RowParser(("", "A"), now=NOON, zone=UTC)
    try:
        row = parser.parse(["1", written])
    except InvalidValue:
        return
    assert row is not None
    assert parse_attributes(row[1]).get("A", "") == value


@pytest.mark.parametrize("cell", ["", "Zoë", "1", "a=1", " =1", "'", "'x"])
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert (download.disarm(cell), list_row.disarm(cell)) == (cell, cell)
