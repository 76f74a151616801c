"""`whipbird list …`: numbers in, numbers out."""

import os
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.store_site import furnish

PEOPLE = "number,NAME\n+15550100,Anna\nnobody,Ben\n+15550101,Chloe\n"


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    return line


def test_rows_are_imported_and_bad_ones_kept_with_their_reason(line: CommandLine) -> None:
    path = line.write("people.csv", PEOPLE)
    result = line.done("list", "import", path, "--list", "people")
    rejected = line.folder / "people.csv.rejected.csv"
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "people: 2 rows imported into a new list",
        f"people: 1 rows rejected; see {rejected}",
    ]
    assert "nobody,Ben" in rejected.read_text(encoding="utf-8")


def test_without_bad_rows_no_file_is_left(line: CommandLine) -> None:
    path = line.write("people.csv", "number\n+15550100\n")
    answer = line.json("list", "import", path, "--list", "people")
    assert answer == {
        "list": "people",
        "accepted": 1,
        "skipped": 0,
        "rejected": 0,
        "rejected_file": None,
        "is_interrupted": False,
    }
    assert {found.name for found in line.folder.glob("people*")} == {"people.csv"}


def test_rejected_rows_go_where_they_are_wanted(line: CommandLine) -> None:
    path, wanted = line.write("people.csv", PEOPLE), line.folder / "bad.csv"
    answer = line.json("list", "import", path, "--list", "people", "--rejected", str(wanted))
    assert answer["rejected_file"] == str(wanted)
    assert "nobody" in wanted.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_used_leaves_nothing_behind(line: CommandLine) -> None:
    path = line.write("people.csv", "number,BAD-NAME\n+15550100,x\n")
    result = line.run("list", "import", path, "--list", "people")
    assert result.exit_code == 1
    assert 'attribute name "BAD-NAME"' in result.stderr
    assert {found.name for found in line.folder.glob("people*")} == {"people.csv"}


def test_a_missing_file_is_said_plainly(line: CommandLine) -> None:
    result = line.run("list", "import", line.folder / "no.csv", "--list", "people")
    assert result.exit_code == 1
    assert result.stderr == f"{line.folder}/no.csv: No such file or directory\n"
    assert list(line.folder.glob("no.csv*")) == []


def test_the_file_itself_takes_no_rejected_rows(line: CommandLine) -> None:
    path = line.write("people.csv", PEOPLE)
    result = line.run("list", "import", path, "--list", "people", "--rejected", path)
    assert result.exit_code == 1
    assert "that is the file to be imported; name another" in result.stderr
    assert path.read_text(encoding="utf-8") == PEOPLE


def test_a_pipe_is_not_waited_for(line: CommandLine) -> None:
    os.mkfifo(line.folder / "people.csv")
    result = line.run("list", "import", line.folder / "people.csv", "--list", "people")
    assert result.exit_code == 1
    assert "it is no file; write what is to be imported to one" in result.stderr


def test_where_rejected_rows_cannot_be_kept_nothing_is_imported(line: CommandLine) -> None:
    path = line.write("people.csv", PEOPLE)
    result = line.run("list", "import", path, "--list", "people", "--rejected", "/proc/nowhere.csv")
    assert result.exit_code == 1
    assert "/proc/nowhere.csv" in result.stderr
    assert "--rejected says where rejected rows go" in result.stderr
    assert line.json("list", "show") == {"lists": []}


def test_an_import_that_breaks_off_says_so(line: CommandLine) -> None:
    with line.open_database().begin() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON record WHEN new.number = '19999' "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    path = line.write("people.csv", "number\n" + "".join(f"{n}\n" for n in range(10_000, 20_000)))
    result = line.run("list", "import", path, "--list", "people")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0].endswith(
        "people.csv: not read to its end; `whipbird list show` counts what is in"
    )
    assert "database or disk is full" in result.stderr


def test_lists_and_their_records_are_shown(line: CommandLine) -> None:
    line.run("list", "import", line.write("people.csv", PEOPLE), "--list", "people")
    assert line.json("list", "show") == {"lists": [{"list": "people", "records": 2}]}
    text = line.done("list", "show", "--list", "people", "--limit", "1").stdout
    assert "NAME=Anna" in text
    assert "Chloe" not in text
    records = line.json("list", "show", "--list", "people")["records"]
    assert [record["number"] for record in records] == ["+15550100", "+15550101"]


def test_an_exported_list_imports_back_the_same(line: CommandLine) -> None:
    line.run("list", "import", line.write("people.csv", PEOPLE), "--list", "people")
    copy = line.folder / "copy.csv"
    assert line.json("list", "export", "--list", "people", str(copy))["file"] == str(copy)
    piped = line.done("list", "export", "--list", "people")
    assert piped.stdout_bytes == copy.read_bytes()
    line.done("list", "import", copy, "--list", "again")
    first, second = (
        [
            (record["number"], record["inputs"])
            for record in line.json("list", "show", "--list", name)["records"]
        ]
        for name in ("people", "again")
    )
    assert first == second
    assert len(first) == 2


def test_an_unknown_list_is_said_plainly_and_leaves_no_file(line: CommandLine) -> None:
    copy = line.folder / "copy.csv"
    result = line.run("list", "export", "--list", "nobody", str(copy))
    assert (result.exit_code, result.stderr) == (1, 'there is no list "nobody"\n')
    assert not copy.exists()


def test_json_of_an_export_needs_a_file(line: CommandLine) -> None:
    result = line.run("list", "export", "--list", "people", "--json")
    assert result.exit_code == 2
    assert "name the FILE" in result.stderr


def test_a_file_in_an_old_encoding_is_read_and_said_to_be_so(line: CommandLine) -> None:
    path = line.folder / "people.csv"
    path.write_bytes("number,NAME\n+15550100,José\n+15550101,Inés\n".encode("cp1252"))
    result = line.done("list", "import", path, "--list", "people")
    assert f"{path}: it is not UTF-8, so it was read as Windows-1252" in result.stderr
    assert "NAME=José" in line.done("list", "show", "--list", "people").stdout


def test_the_null_device_may_take_the_rejected_rows(line: CommandLine) -> None:
    path = line.write("people.csv", "number\n+15550100\n")
    line.done("list", "import", path, "--list", "people", "--rejected", "/dev/null")
    assert Path("/dev/null").is_char_device()


def test_numbers_that_a_list_has_are_skipped_when_asked(line: CommandLine) -> None:
    path = line.write("people.csv", PEOPLE)
    words = ("list", "import", path, "--list", "people", "--rejected", "/dev/null")
    line.done(*words)
    again = line.done(*words, "--dedupe")
    assert "people: 0 rows imported" in again.stderr
    assert "people: 2 rows skipped: the list has their numbers already" in again.stderr
    assert line.json("list", "show") == {"lists": [{"list": "people", "records": 2}]}


def test_single_numbers_are_added_to_a_list(line: CommandLine) -> None:
    words = ("--list", "people", "--attr", "NAME=Ben", "--dedupe")
    assert line.json("list", "add", "100", "1-0-0", "101", *words) == {
        "list": "people", "added": 2, "skipped": 1,
    }  # fmt: skip
    assert line.done("list", "add", "100", "--list", "people").stdout == "people: 1 added\n"
    records = line.json("list", "show", "--list", "people")["records"]
    assert [(r["number"], r["inputs"]) for r in records] == [
        ("100", {"NAME": "Ben"}), ("101", {"NAME": "Ben"}), ("100", {}),
    ]  # fmt: skip


def test_of_numbers_with_a_wrong_one_none_is_added(line: CommandLine) -> None:
    wrong = line.run("list", "add", "102", "12x", "--list", "people")
    assert (wrong.exit_code, wrong.stderr[:14]) == (1, 'number "12x": ')
    assert line.json("list", "show", "--hidden") == {"lists": []}


def test_a_list_is_stowed_away_and_its_name_is_free(line: CommandLine) -> None:
    line.done("list", "add", "100", "--list", "LEADS")
    line.done("list", "stow", "LEADS", "--as", "LEADS_170112")
    assert line.json("list", "show") == {"lists": []}
    line.done("list", "add", "200", "--list", "LEADS")
    assert line.json("list", "show", "--hidden")["lists"] == [
        {"list": "LEADS_170112", "records": 1}, {"list": "LEADS", "records": 1},
    ]  # fmt: skip
    taken = line.run("list", "stow", "LEADS", "--as", "LEADS_170112")
    assert taken.stderr == 'there is a list "LEADS_170112" already: choose another name\n'


def test_who_still_uses_a_stowed_list_is_said(line: CommandLine) -> None:
    furnish(line.open_database())
    result = line.done("list", "stow", "people", "--as", "old people")
    assert result.stderr == "old people: still used by calls\n"


def test_a_list_is_hidden_and_shown_again(line: CommandLine) -> None:
    line.done("list", "add", "100", "--list", "people")
    line.done("list", "hide", "people")
    assert line.json("list", "show")["lists"] == []
    line.done("list", "unhide", "people")
    assert line.json("list", "show")["lists"] == [{"list": "people", "records": 1}]
