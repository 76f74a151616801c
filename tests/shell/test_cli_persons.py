"""`whipbird person erase`, and what takes numbers and lists away."""

from pathlib import Path

import pytest

from tests.support.cli import CommandLine


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    line.done("list", "add", "100", "101", "--list", "people", "--attr", "NAME=Anna")
    return line


def test_without_yes_it_is_only_shown(line: CommandLine) -> None:
    shown = line.done("person", "erase", "100").stdout.splitlines()
    assert shown == [
        "100: 1 records of people, 0 calls, 0 notifications, 0 calls to come would be erased",
        "nothing is erased yet: add --yes",
    ]
    assert len(line.json("list", "show", "--list", "people")["records"]) == 2


def test_with_yes_it_is_done(line: CommandLine) -> None:
    told = line.json("person", "erase", "1-0-0", "--yes")
    assert told == {
        "number": "100", "is_erased": True, "records": 1, "calls": 0, "letters": 0, "retries": 0,
        "waiting": 0, "lists": ["people"], "kept_entries": 0, "kept_black_lists": [],
    }  # fmt: skip
    [left] = line.json("list", "show", "--list", "people")["records"]
    assert left["number"] == "101"


def test_what_is_no_number_is_refused(line: CommandLine) -> None:
    result = line.run("person", "erase", "Anna", "--yes")
    assert (result.exit_code, result.stderr[:14]) == (1, 'number "Anna":')


def test_numbers_are_taken_off_and_lists_deleted(line: CommandLine) -> None:
    assert line.done("list", "remove", "100", "--list", "people").stdout == (
        "people: 1 records taken off\n"
    )
    assert line.done("list", "delete", "people").stdout == "people: deleted\n"
    assert line.json("list", "show") == {"lists": []}
