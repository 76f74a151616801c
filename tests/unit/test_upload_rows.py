"""Rows of an upload, however its bytes are cut into pieces."""

import json
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidConfiguration
from core.operations.list_file import Rejected
from core.operations.upload_rows import LONGEST, Format, LineCutter, make_reader
from core.store.bulk import Row
from tests.support.world import NOON

UTC = ZoneInfo("UTC")


def read(form: Format, *pieces: bytes) -> tuple[list[Row], list[tuple[int, str]]]:
    """The rows, and line and reason of those that were rejected."""
    reader = make_reader(form, now=NOON, zone=UTC)
    rows, rejected = list[Row](), list[Rejected]()
    for block in (*map(reader.read, pieces), reader.read_rest()):
        rows += block.accepted
        rejected += block.rejected
    return rows, [(one.line, one.reason) for one in rejected]


def numbers(rows: list[Row]) -> list[str]:
    return [row[0] for row in rows]


CSV = (
    'number,NAME\r\n5551,Zoë\r\n5552,"a, b"\r\n\r\nx,y\r\n5553,\r\n5554,"two\nlines"\n5555,ß'
).encode()


@given(st.lists(st.integers(1, len(CSV) - 1), unique=True))
def test_csv_means_the_same_however_it_is_cut(cuts: list[int]) -> None:
    """The first piece is long: header and encoding are looked for there."""
    places = [0, *sorted(cut for cut in cuts if cut > 25), len(CSV)]
    pieces = [CSV[a:b] for a, b in pairwise(places)]
    assert read(Format.CSV, *pieces) == read(Format.CSV, CSV)


def test_csv_is_read_as_a_file_of_a_list_is() -> None:
    rows, rejected = read(Format.CSV, CSV)
    assert rows == [
        ("5551", '{"NAME":"Zoë"}', None),
        ("5552", '{"NAME":"a, b"}', None),
        ("5553", None, None),
        ("5555", '{"NAME":"ß"}', None),
    ]
    assert [line for line, _reason in rejected] == [5, 7]
    assert "control characters" in rejected[1][1]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("has_last", [True, False])
def test_every_kind_of_line_end_ends_a_line(end: bytes, has_last: bool) -> None:
    text = end.join([b"number", b"5551", b"5552"]) + (end if has_last else b"")
    for cut in range(8, len(text)):
        rows, rejected = read(Format.CSV, text[:cut], text[cut:])
        assert (numbers(rows), rejected) == (["5551", "5552"], []), cut


@pytest.mark.parametrize("beginning", [b"", b"\n", b"PK\x03\x04", b"\xff\xfen", b"5551\n5552\n"])
def test_what_has_no_header_is_refused(beginning: bytes) -> None:
    with pytest.raises(InvalidConfiguration):
        read(Format.CSV, *([beginning] if beginning else []))


def test_a_header_alone_has_no_rows() -> None:
    assert read(Format.CSV, b"number") == ([], [])
    assert read(Format.CSV, b"\xef\xbb\xbfnumber\r\n") == ([], [])


def test_windows_1252_is_known_by_its_beginning() -> None:
    rows, rejected = read(Format.CSV, "number,NAME\n5551,Zoë\n".encode("cp1252"))
    assert rows == [("5551", '{"NAME":"Zoë"}', None)]
    rows, rejected = read(Format.CSV, "number,NAME\n5551,ZoëÖÄ\n".encode() + b"5552,\xff\n")
    assert (numbers(rows), [line for line, _reason in rejected]) == (["5551"], [3])
    assert "does not fit the file's encoding" in rejected[0][1]


def test_a_formula_that_was_disarmed_is_read_back() -> None:
    rows, _rejected = read(Format.CSV, b"number,NOTE\n'+5551,'=1+1\n5552,=cmd\n")
    assert rows == [("+5551", '{"NOTE":"=1+1"}', None), ("5552", '{"NOTE":"=cmd"}', None)]


@pytest.mark.parametrize(
    ("form", "kind", "first"),
    [(Format.CSV, "csv", b"number,A\n"), (Format.NDJSON, "json", b"")],
)
def test_a_line_that_is_too_long_costs_itself_alone(form: Format, kind: str, first: bytes) -> None:
    row = b'{"number": "5551"}\n' if form is Format.NDJSON else b"5551,b\n"
    pieces = [first + row, b"x" * LONGEST[kind], b"y" * LONGEST[kind], b"z\n" + row]
    rows, rejected = read(form, *pieces)
    assert numbers(rows) == ["5551", "5551"]
    assert [line for line, _reason in rejected] == [2 if not first else 3]
    assert len(rejected[0][1]) < 2 * LONGEST[kind]


def test_what_is_kept_of_a_line_without_end_is_bounded() -> None:
    cutter = LineCutter(1000)
    for _ in range(100):
        assert cutter.cut(b"x" * 500) == b""
    assert len(cutter.rest()) == 1000


def test_json_lines_are_records() -> None:
    lines = [
        {"number": "5551", "attributes": {"NAME": "Zoë"}},
        {"number": "+41 91 960", "priority": -5, "schedule": "60", "expires": "120"},
    ]
    text = b"\xef\xbb\xbf" + "\n\n".join(map(json.dumps, lines)).encode()
    rows, rejected = read(Format.NDJSON, text[:30], text[30:])
    assert rejected == []
    assert rows[0] == ("5551", '{"NAME":"Zoë"}', None)
    number, attributes, turn = rows[1]
    assert (number, attributes) == ("+4191960", None)
    assert turn is not None
    assert (turn.priority, turn.not_before) == (-5, NOON + timedelta(seconds=60))
    assert turn.expires_at == NOON + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"5551", "it is no such JSON object"),
        (b"{", "it is no such JSON object"),
        (b'{"number": 5551}', "Expected `str`, got `int` - at `$.number`"),
        (b'{"numbr": "5551"}', "unknown field `numbr`"),
        (b'{"number": "5551", "attributes": {"A": 1}}', "Expected `str`, got `int`"),
        (b'{"number": "5551", "attributes": {"1": "x"}}', "attribute name"),
        (b'{"number": "x"}', 'number "x"'),
        (b'{"number": "5551", "priority": 999}', 'priority "999"'),
        (b'{"number": "5551", "schedule": "soon"}', "soon"),
        (b'{"number": "5551", "attributes": {"A": "\\ud800"}}', "it is no such JSON object"),
        (b'{"number": "\xff"}', "it is no such JSON object"),
        (b"[" * 100_000, "it is no such JSON object"),
        (b'{"number": "5551", "attributes": {"A": "\\u0000"}}', "control characters"),
    ],
)
def test_a_json_line_that_cannot_be_is_rejected_with_its_number(line: bytes, words: str) -> None:
    rows, [(place, reason)] = read(Format.NDJSON, b'{"number":"1234"}\r\n' + line + b"\n")
    assert (numbers(rows), place) == (["1234"], 2)
    assert words in reason
