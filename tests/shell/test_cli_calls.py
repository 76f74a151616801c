"""`whipbird call add`: a number for a campaign."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.model import Pace
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.lists import fetch_list_by_name, fetch_records
from tests.support.cli import CommandLine
from tests.support.store_site import Site, furnish


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    return line


@pytest.fixture
def site(line: CommandLine) -> Site:
    site = furnish(line.open_database())
    with line.open_database().begin() as conn:
        save_campaign(conn, replace(site.campaign, time_zone="Europe/Berlin"))
    return site


@pytest.mark.usefixtures("site")
def test_a_number_is_added_with_all_that_is_known_of_it(line: CommandLine) -> None:
    words = ("--attr", "HH=12", "--attr", "NAME=a=b", "--priority", "-3")
    moments = ("--at", "2039-01-02.10:00:00", "--expires", "2039-01-02.11:00:00")
    added = line.json("call", "add", "+49 (30) 123", "--campaign", "calls", *words, *moments)
    assert (added["number"], added["list_name"], added["run_id"]) == ("+4930123", "calls/AUTO", 1)
    assert added["due_at"] == "2039-01-02T09:00:00Z"
    assert added["expires_at"] == "2039-01-02T10:00:00Z"
    with reading(line.open_database()) as conn:
        found = fetch_list_by_name(conn, "calls/AUTO")
        [record] = fetch_records(conn, found.id, after_id=0, limit=9)
    assert record.inputs == {"HH": "12", "NAME": "a=b"}
    assert (record.id, record.priority) == (added["record_id"], -3)


@pytest.mark.usefixtures("site")
def test_a_delay_counts_from_now(line: CommandLine) -> None:
    before = datetime.now().astimezone()
    added = line.json("call", "add", "100", "--campaign", "calls", "--in", "90")
    due_at = datetime.fromisoformat(added["due_at"])
    after = datetime.now().astimezone()
    assert before <= due_at - timedelta(seconds=90) <= after


@pytest.mark.usefixtures("site")
def test_a_person_reads_which_run_will_call(line: CommandLine) -> None:
    shown = line.done("call", "add", "100", "--campaign", "calls", "--at", "2039-01-02").stdout
    assert shown == "100: for run 1 of calls; due 2039-01-01 23:00:00 UTC\n"


@pytest.mark.usefixtures("site")
def test_automatic_lists_are_shown_only_when_hidden_ones_are_asked_for(line: CommandLine) -> None:
    line.done("call", "add", "100", "--campaign", "calls")
    assert line.json("list", "show") == {"lists": [{"list": "people", "records": 5}]}
    shown = line.json("list", "show", "--hidden")["lists"]
    assert shown == [{"list": "people", "records": 5}, {"list": "calls/AUTO", "records": 1}]


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("123", "--campaign", "no"), 1, 'there is no campaign "no"'),
        (("12x", "--campaign", "calls"), 1, 'number "12x": a number has digits'),
        (("1", "--campaign", "calls", "--attr", "1A=x"), 1, 'attribute name "1A"'),
        (("1", "--campaign", "calls", "--attr", "A"), 2, '--attr "A": write NAME=VALUE'),
        (("1", "--campaign", "calls", "--at", "noon"), 1, 'schedule "noon": write seconds'),
        (("1", "--campaign", "calls", "--at", "1", "--in", "1"), 2, "not both"),
        (("1", "--campaign", "calls", "--expires", "2020-01-01"), 1, "it has passed"),
        (
            ("1", "--campaign", "calls", "--in", "60", "--expires", "60"),
            1,
            'expires "60": it must be later than the moment that the call is scheduled for',
        ),
        (("1", "--campaign", "calls", "--priority", "101"), 2, "101 is not in the range"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    line: CommandLine, words: tuple[str, ...], code: int, message: str
) -> None:
    result = line.run("call", "add", *words)
    assert result.exit_code == code
    assert message in result.stderr
    assert line.json("list", "show", "--hidden")["lists"] == [{"list": "people", "records": 5}]


def test_a_campaign_that_may_not_run_takes_no_calls(line: CommandLine, site: Site) -> None:
    with line.open_database().begin() as conn:
        save_campaign(conn, replace(site.campaign, pace=Pace.CLOSED))
    result = line.run("call", "add", "1", "--campaign", "calls")
    assert result.stderr == 'campaign "calls" is CLOSED; only RUNNABLE ones take calls\n'
