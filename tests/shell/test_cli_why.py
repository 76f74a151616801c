"""`whipbird why NUMBER`."""

from pathlib import Path

import pytest

from tests.shell.test_cli_campaigns import SITE, make_run
from tests.support.cli import CommandLine


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    line.done("apply", line.write("site.toml", SITE))
    make_run(line.open_database())
    return line


def test_reasons_the_next_call_and_all_calls_are_told(line: CommandLine) -> None:
    text = line.done("why", "+1555 0100").stdout
    assert text.splitlines()[:5] == [
        '+15550100: record 1 of list "people"',
        "  reminders: run 1 is RUNNABLE",
        "    - its last call ended RS_BUSY, and no reschedule rule tries it again",
        "    - the campaign's hours are open (OPEN)",
        "    next call: none in sight",
    ]
    rows = [row.split() for row in text.splitlines()]
    assert ["1", "1", "+15550100", "2027-03-01", "12:00:00", "RS_BUSY", "0.0", "0"] in rows


def test_the_same_as_json(line: CommandLine) -> None:
    found = line.json("why", "+15550101", "--campaign", "reminders")
    [record] = found["records"]
    [story] = record["campaigns"]
    assert (record["list_name"], story["run_state"]) == ("people", "RUNNABLE")
    assert story["now"]["next_call_at"] is None
    assert story["now"]["reasons"][0]["kind"] == "DONE"
    assert [call["state"] for call in story["trail"]] == ["TERMINATED"]


def test_a_number_that_is_nowhere_is_said(line: CommandLine) -> None:
    result = line.run("why", "999")
    assert (result.exit_code, result.stderr) == (1, 'there is no record "999"\n')
