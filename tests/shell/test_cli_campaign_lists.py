"""`whipbird campaign list …`: the lists of an open run."""

from pathlib import Path

import pytest

from core.model import CallList
from core.store.lists import save_list
from core.store.run_lists import ListVerb, change_list
from core.store.runs import fetch_asked, fetch_run
from tests.support.cli import CommandLine
from tests.support.store_site import NOW, Site, furnish

PEOPLE = {
    "list_id": 1, "list_name": "people", "highwater": 0, "read": 0, "records": 5,
    "is_complete": False, "is_paused": False, "round": 0,
}  # fmt: skip


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    return line


@pytest.fixture
def site(line: CommandLine) -> Site:
    engine = line.open_database()
    site = furnish(engine)
    with engine.begin() as conn:
        save_list(conn, CallList(name="second"))
    return site


@pytest.mark.usefixtures("site")
def test_a_wish_names_the_list_and_waits_for_the_dialer(line: CommandLine) -> None:
    told = line.json("campaign", "list", "add", "calls", "second")
    assert told == {
        "command_id": 1, "campaign": "calls", "verb": "add list second", "list": "second",
        "is_dialer_running": False, "outcome": None,
    }  # fmt: skip
    with line.open_database().begin() as conn:
        [wish] = fetch_asked(conn, 9)
    assert (wish.verb, wish.argument) == (ListVerb.ADD, "second")


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pause", "calls", "second"), 'run 1 has no list "second": add it first'),
        (("pause", "calls", "third"), 'there is no list "third"'),
        (("add", "third", "second"), 'there is no campaign "third"'),
        (("resume", "calls", "people"), 'list "people" is not paused'),
    ],
)
def test_what_cannot_be_done_is_said_at_once(
    line: CommandLine, words: tuple[str, ...], message: str
) -> None:
    result = line.run("campaign", "list", *words)
    assert (result.exit_code, result.stderr) == (1, f"{message}\n")


def test_marks_are_shown_by_status_by_the_report_and_alone(line: CommandLine, site: Site) -> None:
    assert line.json("campaign", "list", "show", "calls")["lists"] == [PEOPLE]
    with line.open_database().begin() as conn:
        change_list(conn, fetch_run(conn, site.run.id), ListVerb.PAUSE, site.call_list, NOW)
    paused = {**PEOPLE, "is_paused": True}
    assert line.json("report", "1")["lists"] == [paused]
    assert line.json("status")["lists"] == [{"run_id": 1, "campaign": "calls", "lists": [paused]}]
    for words in (("status",), ("report", "1"), ("campaign", "list", "show", "calls")):
        shown = [row.split() for row in line.done(*words).stdout.splitlines()]
        assert any(row[-5:] == ["people", "0", "0", "5", "paused"] for row in shown), words
