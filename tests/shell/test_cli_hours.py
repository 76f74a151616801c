"""`whipbird hours check`."""

from pathlib import Path

import pytest

from tests.support.cli import CommandLine

SITE = """
[opening_hours.Week]
default = "CLOSED"
rules = [
    { from_time = "9:30", to_time = "11:30", state = "OPEN" },
]
[campaigns.reminders]
time_zone = "Europe/Zurich"
days = "23456"
opening_hours = ["Week"]
"""


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    line.done("apply", line.write("site.toml", SITE))
    return line


def test_a_campaign_is_inspected_by_its_own_clock(line: CommandLine) -> None:
    asked = ("hours", "check", "--campaign", "reminders", "--at", "2026-03-06 10:00")
    text = line.done(*asked).stdout
    assert text.splitlines()[0] == (
        "reminders: OPEN_RULE (rule #1 of Week) at 2026-03-06 10:00:00 Europe/Zurich; "
        "it closes at 2026-03-06 11:30:01 Europe/Zurich"
    )
    rows = [row.split() for row in text.splitlines()]
    assert ["Fri", "2026-03-06", "00:00:00", "DEFAULT_CLOSE", "default", "of", "Week"] in rows
    assert ["09:30:00", "OPEN_RULE", "rule", "#1", "of", "Week"] in rows
    assert ["Sat", "2026-03-07", "00:00:00", "CLOSE_DAY"] in rows
    found = line.json(*asked)
    assert (found["is_open"], found["verdict"]["state"]) == (True, "OPEN_RULE")
    assert (found["at"], found["changes_at"]) == ("2026-03-06T09:00:00Z", "2026-03-06T10:30:01Z")
    assert [day["date"] for day in found["week"]][-1] == "2026-03-12"


def test_opening_hours_go_by_the_zone_that_is_named(line: CommandLine) -> None:
    asked = ("hours", "check", "Week", "--at", "2026-03-07 12:00", "--tz", "Asia/Tokyo")
    assert line.done(*asked).stdout.splitlines()[0] == (
        "Week: DEFAULT_CLOSE (default of Week) at 2026-03-07 12:00:00 Asia/Tokyo; "
        "it opens at 2026-03-08 09:30:00 Asia/Tokyo"
    )


@pytest.mark.parametrize("what", [(), ("Week", "--campaign", "reminders")])
def test_one_thing_is_inspected_at_a_time(line: CommandLine, what: tuple[str, ...]) -> None:
    result = line.run("hours", "check", *what)
    assert result.exit_code == 2
    assert "name opening hours, or a campaign with --campaign" in result.stderr


def test_a_wrong_moment_is_refused_in_words(line: CommandLine) -> None:
    result = line.run("hours", "check", "Week", "--at", "tomorrow")
    assert result.exit_code == 1
    assert result.stderr == 'at "tomorrow": write a date and a time, 2026-12-25 10:00\n'
