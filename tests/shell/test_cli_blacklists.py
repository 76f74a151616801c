"""`whipbird blacklist …`: an entry is shown, cancelled with a reason, and calls follow."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.model import CallList, Campaign
from core.operations.blacklists import Cancelled, EntryView, cancel, find
from core.people import SYSTEM
from core.rules.blacklists import is_blacklisted
from core.store.blacklists import fetch_blacklist_entries
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.lists import fetch_list_by_name, insert_records, save_list
from tests.support.cli import CommandLine

NOON = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
STAMP = r"\d{4}-\d\d-\d\d\.\d\d:\d\d:\d\d"
ENDED = '{"BLACKLISTED_UNTIL":"2026-03-17"}'
LASTING = '{"BLACKLISTED_UNTIL":"2026-03-19.10:00:00","REASON":"recalled"}'
FORMER = '{"BLACKLISTED_CANCELLED":"OLD @2026-01-01.00:00:00"}'


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """DNC, off which the campaign "website" keeps, holds 1234 four times and 5678 once."""
    line = CommandLine(tmp_path)
    line.done("migrate")
    rows = [("1234", ENDED), ("1234", LASTING), ("1234", None), ("1234", FORMER), ("5678", None)]
    with line.open_database().begin() as conn:
        dnc = save_list(conn, CallList(name="DNC")).id
        insert_records(conn, [(dnc, number, inputs) for number, inputs in rows])
        save_list(conn, CallList(name="unused"))
        website = Campaign(name="website", time_zone="Europe/Rome", black_list_ids=(dnc,))
        save_campaign(conn, website)
    return line


def is_forbidden(line: CommandLine, number: str) -> bool:
    with reading(line.open_database()) as conn:
        dnc = fetch_list_by_name(conn, "DNC")
        entries = fetch_blacklist_entries(conn, [dnc.id], [number]).get(number, [])
    return is_blacklisted(entries, NOON, ZoneInfo("Europe/Rome"))


def entries(line: CommandLine, number: str = "1234") -> list[EntryView]:
    return find(line.open_database(), SYSTEM, number, NOON)


def test_entries_in_force_are_cancelled_with_the_reason_and_local_time(line: CommandLine) -> None:
    done = cancel(line.open_database(), SYSTEM, "DNC", ["1234"], "NEWCASE", NOON)
    assert done == Cancelled(found=4, updated=2)
    note = "NEWCASE @2026-03-18.13:00:00"
    assert [one.cancelled for one in entries(line)] == ["", note, note, "OLD @2026-01-01.00:00:00"]
    assert entries(line)[1].inputs["REASON"] == "recalled"
    assert (is_forbidden(line, "1234"), is_forbidden(line, "5678")) == (False, True)


def test_a_second_cancellation_changes_nothing(line: CommandLine) -> None:
    cancel(line.open_database(), SYSTEM, "DNC", ["1234"], "NEWCASE", NOON)
    before = entries(line)
    again = cancel(line.open_database(), SYSTEM, "DNC", ["1234"], "OTHER", NOON)
    assert (again, entries(line)) == (Cancelled(found=4, updated=0), before)


def test_a_number_added_again_is_blacklisted_again(line: CommandLine) -> None:
    cancel(line.open_database(), SYSTEM, "DNC", ["5678"], "", NOON)
    assert not is_forbidden(line, "5678")
    with line.open_database().begin() as conn:
        insert_records(conn, [(fetch_list_by_name(conn, "DNC").id, "5678", None)])
    assert is_forbidden(line, "5678")


def test_campaigns_in_several_zones_have_utc_and_the_latest_end(line: CommandLine) -> None:
    with line.open_database().begin() as conn:
        dnc = fetch_list_by_name(conn, "DNC").id
        west = Campaign(name="west", time_zone="America/New_York", black_list_ids=(dnc,))
        save_campaign(conn, west)
    assert entries(line)[1].campaigns == ("website", "west")
    assert entries(line)[1].until == datetime(2026, 3, 19, 14, 0, tzinfo=UTC)
    cancel(line.open_database(), SYSTEM, "DNC", ["1234"], "x", NOON)
    assert entries(line)[1].cancelled == "x @2026-03-18.12:00:00"


def test_the_command_line_shows_and_cancels(line: CommandLine) -> None:
    shown = line.done("blacklist", "show", "5678").stdout
    assert shown.startswith("5678: blacklisted, 1 of 1 entries in force\n")
    assert re.search(r"DNC +5 +website +yes +for ever", shown)
    said = line.done("blacklist", "cancel", "12 34", "5678", "--list", "DNC", "--reason", "asked")
    assert re.fullmatch(r"DNC: \d of 5 entries cancelled\n", said.stdout)
    shown = line.done("blacklist", "show", "5678").stdout
    assert shown.startswith("5678: not blacklisted, 0 of 1 entries in force\n")
    assert re.search(rf"website +no +asked @{STAMP}", shown)


def test_json_has_every_entry_with_its_attributes(line: CommandLine) -> None:
    assert line.json("blacklist", "cancel", "5678", "--list", "DNC") == {"found": 1, "updated": 1}
    found = line.json("blacklist", "show", "5678")
    assert (found["number"], found["is_blacklisted"]) == ("5678", False)
    [entry] = found["entries"]
    assert (entry["list"], entry["campaigns"], entry["until"]) == ("DNC", ["website"], None)
    assert re.fullmatch(STAMP, entry["inputs"]["BLACKLISTED_CANCELLED"])


def test_a_list_that_no_campaign_keeps_off_is_looked_at_only_by_name(line: CommandLine) -> None:
    with line.open_database().begin() as conn:
        insert_records(conn, [(fetch_list_by_name(conn, "unused").id, "77", None)])
    assert line.json("blacklist", "show", "77")["entries"] == []
    [entry] = line.json("blacklist", "show", "77", "--list", "unused")["entries"]
    assert (entry["campaigns"], entry["is_in_force"]) == ([], True)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("cancel", "1234", "--list", "DNX"), 'there is no list "DNX"'),
        (("cancel", "12x", "--list", "DNC"), 'number "12x"'),
        (("cancel", "1234", "--list", "DNC", "--reason", "a\nb"), "no control characters"),
        (("show", "1234", "--list", "DNX"), 'there is no list "DNX"'),
        (("show", "me"), 'number "me"'),
    ],
)
def test_what_is_wrong_is_refused_and_changes_nothing(
    line: CommandLine, arguments: tuple[str, ...], problem: str
) -> None:
    before = entries(line)
    result = line.run("blacklist", *arguments)
    assert result.exit_code == 1
    assert problem in result.stderr
    assert entries(line) == before
