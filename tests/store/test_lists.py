"""Lists from and to CSV files."""

import csv
import io
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Engine

from core.errors import InvalidConfiguration, InvalidValue, NotFound
from core.model import CallList, Record
from core.operations import list_file
from core.operations.list_csv import ImportResult, import_csv
from core.operations.list_export import export_csv
from core.operations.list_row import RowParser, disarm
from core.operations.lists import Duplicates
from core.people import SYSTEM
from core.store.database import reading
from core.store.lists import (
    count_records,
    fetch_list_by_name,
    fetch_lists,
    fetch_records,
    save_list,
    save_record,
)
from core.store.types import parse_attributes
from tests.support.store_site import NOW


def read(
    database: Engine, path: Path, content: str | bytes, name: str = "people"
) -> tuple[ImportResult, list[list[str]]]:
    """Import a file of this content; the result and the rejected rows."""
    path /= "numbers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    rejected, heard = io.StringIO(newline=""), list[int]()
    result = import_csv(database, SYSTEM, path, name, heard.append, rejected, NOW)
    assert sum(heard) == path.stat().st_size
    return result, list(csv.reader(io.StringIO(rejected.getvalue(), newline="")))


def records(database: Engine, name: str = "people") -> list[tuple[str, dict[str, str]]]:
    with reading(database) as conn:
        key = fetch_list_by_name(conn, name).id
        found = fetch_records(conn, key, after_id=0, limit=100_000)
    return [(record.number, dict(record.inputs)) for record in found]


def test_columns_become_attributes_and_empty_cells_none(database: Engine, tmp_path: Path) -> None:
    content = 'FIRST,number,LAST\r\nZoë,+49 (30) 12-34,Ö"x\r\n,200,\r\n\r\nAnna,300\r\n'
    result, rejected = read(database, tmp_path, content)
    assert (result.accepted, result.rejected, result.encoding) == (3, 0, "UTF-8")
    assert rejected == []
    assert records(database) == [
        ("+49301234", {"FIRST": "Zoë", "LAST": 'Ö"x'}),
        ("200", {}),
        ("300", {"FIRST": "Anna"}),
    ]


def test_a_second_file_is_appended_to_the_list(database: Engine, tmp_path: Path) -> None:
    first, _ = read(database, tmp_path, "number\n1\n2\n")
    second, _ = read(database, tmp_path, "number\n3\n")
    assert first.list_id == second.list_id
    assert [number for number, _ in records(database)] == ["1", "2", "3"]


def test_a_wrong_row_is_set_apart_and_stops_nothing(database: Engine, tmp_path: Path) -> None:
    wrong = 'number,A\n1,a\nabc,b\n2,c,d\n"3\n4",e\n,f\n5,"\x07"\n6,' + "x" * 901 + "\n7,g\n"
    result, rejected = read(database, tmp_path, wrong)
    assert [number for number, _ in records(database)] == ["1", "7"]
    assert (result.accepted, result.rejected) == (2, 6)
    assert [(row[0], row[2:]) for row in rejected[:4]] == [
        ("3", ["abc", "b"]),
        ("4", ["2", "c", "d"]),
        ("5", ["3\n4", "e"]),
        ("7", ["", "f"]),
    ]
    reasons = [row[1] for row in rejected]
    assert reasons[0].startswith('number "abc": a number has digits')
    assert reasons[1] == 'cells "3": the header names only 2 columns'
    assert "needs at least one digit" in reasons[3]
    assert "no control characters ('\\x07')" in reasons[4]
    assert "at most 900 bytes, this has 901" in reasons[5]


@pytest.mark.parametrize("block", [1, 1 << 20])
def test_a_quote_that_is_never_closed_costs_its_line_only(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(list_file, "BLOCK", block)
    rows = [f"{n},x" for n in range(1, 201)]
    rows[9], rows[180] = '10,"x', '"181,x'
    result, rejected = read(database, tmp_path, "number,A\n" + "\n".join(rows))
    assert (result.accepted, result.rejected) == (198, 2)
    assert [(row[0], row[2]) for row in rejected] == [("11", '10,"x'), ("182", '"181,x')]
    assert {row[1] for row in rejected} == {"no CSV: a quote is never closed"}
    expected = [str(n) for n in range(1, 201) if n not in (10, 181)]
    assert [number for number, _ in records(database)] == expected


@pytest.mark.parametrize("block", [1, 1 << 20])
def test_no_line_of_a_cell_is_taken_for_a_number(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(list_file, "BLOCK", block)
    result, _ = read(database, tmp_path, 'number,NOTE\n1,"call\n999\nlater"\n2,x\n')
    assert [number for number, _ in records(database)] == ["2"]
    assert (result.accepted, result.rejected) == (1, 1)


def test_windows_1252_is_recognised(database: Engine, tmp_path: Path) -> None:
    result, _ = read(database, tmp_path, "number;NAME\n1;Renée\n2;5 €\n".encode("cp1252"))
    assert result.encoding == "Windows-1252"
    assert records(database) == [("1", {"NAME": "Renée"}), ("2", {"NAME": "5 €"})]


def test_a_byte_order_mark_is_no_part_of_a_name(database: Engine, tmp_path: Path) -> None:
    read(database, tmp_path, "\ufeffnumber,A\n1,x\n")
    assert records(database) == [("1", {"A": "x"})]


def test_bytes_that_are_no_text_cost_their_row_only(database: Engine, tmp_path: Path) -> None:
    content = "number,A\n1,Zoë\n2,Löwe\n".encode() + b"3,\xff\xfe\n4,\xe9\n\xff5,x\n6,ok\n"
    result, rejected = read(database, tmp_path, content + "7,öäü漢字漢字\n".encode())
    assert [number for number, _ in records(database)] == ["1", "2", "6", "7"]
    assert result.rejected == 3
    assert rejected[0][1:] == ['attribute A "??": it does not fit the file\'s encoding', "3", "??"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_out(
    sqlite: Engine, tmp_path: Path, delimiter: str, end: str
) -> None:
    content = end.join(delimiter.join(row) for row in (["A", "Phone", "B"], ["x", "1", "y"], [""]))
    read(sqlite, tmp_path, content)
    assert records(sqlite) == [("1", {"A": "x", "B": "y"})]


@pytest.mark.parametrize(
    ("header", "at"),
    [
        ("A,phone,NUMBER,telephone2", 2),
        ("A,telephone,Phone", 2),
        ("A,Telephone", 1),
        ("A,B", 0),
        ("msisdn", 0),
    ],
)
def test_the_column_of_numbers_is_found(header: str, at: int) -> None:
    names = list_file.read_layout(header.encode() + b"\n1,2,3\n").names
    assert names.index("") == at


def test_all_that_is_wrong_with_a_header_is_said_at_once(sqlite: Engine, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        read(sqlite, tmp_path, "number,first-name,WOMBAT_X,A,A,2nd,Number\n1\n")
    starts = [problem.split(":", 2)[1].split('"')[1] for problem in caught.value.problems]
    assert starts == ["A", "first-name", "WOMBAT_X", "2nd", "Number"]
    with reading(sqlite) as conn:
        assert fetch_lists(conn) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"\r\n \n", "it is empty"),
        ("number\n1\n".encode("utf-16"), "UTF-16; save it as CSV in UTF-8"),
        (b"+4930123,Anna\n", 'begins with "\\+4930123"; the first line must name the columns'),
        (b'number,"A\n1,x\n', "the header: unexpected end"),
        (b",,\n1,2\n", "the first line must name the columns"),
        (b"sep=;\r\nnumber;A\r\n1;x\r\n", 'begins with "sep="'),
        (b"number|A\n1|x\n", "commas, semicolons or tabs between them"),
        (b"<!DOCTYPE html>\n<html>\n", 'begins with "<!DOCTYPE html>"'),
        ("number\n1\n".encode("utf-16-le"), "UTF-16; save it as CSV in UTF-8"),
        (bytes(100_000), "UTF-16; save it as CSV in UTF-8"),
        (b"number," + b"A" * 100_000 + b"\n1,x\n", "too long, 65536 bytes or more; .* at most 100"),
        (b"number,\x1b[2J\n1,x\n", r'attribute name "\\x1b\[2J"'),
        (b"number," + b",".join(b"A%d" % i for i in range(101)), "101 attributes; .* at most 100"),
    ],
)
def test_a_file_that_is_no_list_is_refused(
    sqlite: Engine, tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=message):
        read(sqlite, tmp_path, content)


@pytest.mark.parametrize("name", ["", " people", "x" * 191])
def test_a_name_that_no_list_may_have_is_refused(sqlite: Engine, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidValue, match="1 to 190 characters"):
        read(sqlite, tmp_path, "number\n1\n", name)


def test_what_is_exported_is_imported_as_the_same(database: Engine, tmp_path: Path) -> None:
    values = ["=1+1", "+49", "-x", "@A", "'=x", "''-x", "'tis", 'a"b,c;d', " blank ", "😀\u00a0漢"]
    stored = [
        Record(list_id=0, number="+4930", inputs={f"A{i}": v for i, v in enumerate(values)}),
        Record(list_id=0, number="*21#", inputs={"A0": "x", "Z_9": "only here"}),
        Record(list_id=0, number="7"),
    ]
    with database.begin() as conn:
        key = save_list(conn, CallList(name="from")).id
        for one in stored:
            save_record(conn, Record(list_id=key, number=one.number, inputs=one.inputs))
    text = io.StringIO(newline="")
    export_csv(database, SYSTEM, "from", text, NOW)
    result, _ = read(database, tmp_path, text.getvalue(), "to")
    assert result.rejected == 0
    assert records(database, "to") == [(one.number, dict(one.inputs)) for one in stored]


def test_no_cell_of_an_export_is_a_formula(sqlite: Engine, tmp_path: Path) -> None:
    read(sqlite, tmp_path, "number,A,B\n+4930,=1+1,+1\n2,@x,-1\n")
    text = io.StringIO(newline="")
    export_csv(sqlite, SYSTEM, "people", text, NOW)
    assert text.getvalue() == "number,A,B\r\n+4930,'=1+1,'+1\r\n2,'@x,'-1\r\n"


def test_rejected_rows_may_be_mended_and_imported(sqlite: Engine, tmp_path: Path) -> None:
    _, rejected = read(sqlite, tmp_path, "number,A\n+49x,=1\n")
    mended = [cell.replace("x", "1") for cell in rejected[0][2:]]
    assert mended == ["'+491", "'=1"]
    read(sqlite, tmp_path, "number,A\n" + ",".join(mended))
    assert records(sqlite) == [("+491", {"A": "=1"})]


def test_a_list_that_is_not_there_is_not_exported(database: Engine) -> None:
    with pytest.raises(NotFound, match='no list "people"'):
        export_csv(database, SYSTEM, "people", io.StringIO(), NOW)


@given(st.lists(st.text(max_size=30), min_size=2, max_size=2))
@example(["%s", "{}"])
@example(['"', "\\"])
def test_a_plain_row_says_the_same_as_one_read_with_care(cells: list[str]) -> None:
    parser = RowParser(("", "A", "B"), now=NOW, zone=ZoneInfo("UTC"))
    try:
        row = parser.parse(["1", *cells])
    except InvalidValue:
        assert not "".join(cells).isprintable()
        return
    assert row is not None
    armed = [cell[1:] if disarm(cell[1:]) == cell else cell for cell in cells]
    expected = {name: cell for name, cell in zip("AB", armed, strict=True) if cell}
    assert parse_attributes(row[1]) == expected


def test_an_interrupted_import_keeps_and_counts_what_was_read(
    database: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "long.csv"
    path.write_text("number\n" + "".join(f"1{n:07}\n" for n in range(200_000)))
    heard: list[int] = []

    def interrupt(read: int) -> None:
        heard.append(read)
        raise KeyboardInterrupt

    result = import_csv(database, SYSTEM, path, "long", interrupt, io.StringIO(), NOW)
    assert result.is_interrupted
    assert 0 < result.accepted < 200_000
    with database.connect() as conn:
        assert count_records(conn, result.list_id) == result.accepted


def test_a_cell_without_end_costs_its_row_only(sqlite: Engine, tmp_path: Path) -> None:
    path, rejected = tmp_path / "long.csv", io.StringIO()
    path.write_text(f"number,A\n1,{'x' * 200_000}\n2,y\n")
    result = import_csv(sqlite, SYSTEM, path, "people", lambda _: None, rejected, NOW)
    assert (result.accepted, result.rejected) == (1, 1)
    assert rejected.getvalue().startswith('2,no CSV: a cell has more than 131072 characters,"1,xxx')


@pytest.mark.parametrize(
    "beginning",
    [b"PK\x03\x04\x14\x00\x06\x00", b"\xd0\xcf\x11\xe0\xa1\xb1", b"\x1f\x8b\x08\x00"],
    ids=["workbook", "old workbook", "gzip"],
)
def test_a_workbook_is_refused(database: Engine, tmp_path: Path, beginning: bytes) -> None:
    path = tmp_path / "people.xlsx"
    path.write_bytes(beginning)
    with pytest.raises(InvalidConfiguration, match="save it as CSV"):
        import_csv(database, SYSTEM, path, "people", lambda _: None, io.StringIO(), NOW)


def test_numbers_there_already_are_skipped_whatever_their_attributes(
    database: Engine, tmp_path: Path
) -> None:
    """Those of the same file too; of other lists they say nothing."""
    read(database, tmp_path, "number,A\n1,x\n2,x\n")
    read(database, tmp_path, "number\n5\n", name="others")
    path = tmp_path / "again.csv"
    path.write_text("number,A\n2,y\n3,y\n+3,y\n3,z\nx,z\n5,y\n")
    result = import_csv(
        database, SYSTEM, path, "people", lambda _: None, io.StringIO(), NOW, Duplicates.SKIP
    )
    assert (result.accepted, result.skipped, result.rejected) == (3, 2, 1)
    assert records(database) == [
        ("1", {"A": "x"}), ("2", {"A": "x"}), ("3", {"A": "y"}), ("+3", {"A": "y"}),
        ("5", {"A": "y"}),
    ]  # fmt: skip


@pytest.mark.parametrize("block", [1, 40])
def test_duplicates_are_found_across_the_blocks_of_a_file(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(list_file, "BLOCK", block)
    path = tmp_path / "twice.csv"
    numbers = [str(n) for n in range(1000)]
    path.write_text("number\n" + "\n".join([*numbers, *reversed(numbers)]))
    result = import_csv(
        sqlite, SYSTEM, path, "l", lambda _: None, io.StringIO(), NOW, Duplicates.SKIP
    )
    assert (result.accepted, result.skipped) == (1000, 1000)
    assert [number for number, _ in records(sqlite, "l")] == numbers


@pytest.mark.parametrize("is_cut", [True, False])
def test_a_file_that_somebody_writes_to_meanwhile_is_told(
    sqlite: Engine, tmp_path: Path, is_cut: bool
) -> None:
    path = tmp_path / "long.csv"
    path.write_text("number\n" + "".join(f"1{n:07}\n" for n in range(50_000)))

    def cut(_read: int) -> None:
        if is_cut:
            os.truncate(path, 0)

    result = import_csv(sqlite, SYSTEM, path, "long", cut, io.StringIO(), NOW)
    assert result.is_changed is is_cut
