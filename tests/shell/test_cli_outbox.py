"""`whipbird outbox …`, and the keys of a site file that say where results are posted to."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.model import Campaign
from core.rules.notifications import Notification
from core.store.campaigns import fetch_campaign_by_name, save_campaign
from core.store.database import reading
from core.store.journal import write_entries
from core.store.outbox import Failed, fetch_due, fetch_letters, settle
from tests.support.cli import CommandLine
from tests.support.store_site import NOW, closed, furnish

URL = "http://crm.example/calls"
NONE = {"waiting": 0, "dead": 0, "letters": []}


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    return line


@pytest.fixture
def told(line: CommandLine) -> CommandLine:
    """Three calls are over: the first one's notification waits, the others' are dead."""
    engine = line.open_database()
    site = furnish(engine)
    with engine.begin() as conn:
        save_campaign(conn, replace(site.campaign, http_notify=URL, http_secret="geheim"))
        for number in (1, 2, 3):
            entry = closed(site.attempt(number, record=number))
            told = Notification(url="http://old.example/", body=f"num={number}")
            write_entries(conn, [replace(entry, notify=told)])
        kept = fetch_letters(conn, dead=False, limit=9)
        settle(
            conn,
            [],
            [
                Failed(letter_id=one.id, attempts=12, due_at=NOW, last_error="down", dead=True)
                for one in kept[1:]
            ],
        )
    return line


def test_an_empty_outbox_says_so(line: CommandLine) -> None:
    assert line.done("outbox", "list").stdout == "0 waiting, 0 dead\nDead: none\n"
    assert line.json("outbox", "list") == NONE


def test_the_dead_are_shown_with_the_reason_and_no_secret(told: CommandLine) -> None:
    shown = told.done("outbox", "list").stdout
    assert shown.startswith("1 waiting, 2 dead\n")
    [row] = [row.split() for row in shown.splitlines() if row.strip().startswith("2 ")]
    assert row == ["2", "calls", "2", "2026-03-02", "09:00:03", "12", "http://old.example/", "down"]
    found = told.json("outbox", "list", "--limit", "1")
    assert (found["waiting"], found["dead"]) == (1, 2)
    assert [(one["call_id"], one["body"]) for one in found["letters"]] == [(2, "num=2")]
    assert "geheim" not in told.done("outbox", "list", "--json").output


def test_what_waits_can_be_shown_instead(told: CommandLine) -> None:
    [letter] = told.json("outbox", "list", "--waiting")["letters"]
    assert (letter["call_id"], letter["attempts"], letter["dead"]) == (1, 0, False)


def test_all_the_dead_are_sent_again_to_the_url_of_today(told: CommandLine) -> None:
    assert told.done("outbox", "retry").stdout == "2 to be sent again\n"
    assert told.json("outbox", "list")["waiting"] == 3
    with reading(told.open_database()) as conn:
        due = fetch_due(conn, NOW + timedelta(days=10_000), limit=9)
    assert sorted((one.call_id, one.url, one.attempts) for one in due) == [
        (1, "http://old.example/", 0),
        (2, URL, 0),
        (3, URL, 0),
    ]


def test_one_may_be_sent_again_or_dropped(told: CommandLine) -> None:
    assert told.json("outbox", "retry", "3") == {"retried": 1}
    assert told.json("outbox", "drop", "2") == {"dropped": 1}
    assert told.json("outbox", "list") == {**NONE, "waiting": 2}


def test_all_the_dead_are_dropped_and_none_that_waits(told: CommandLine) -> None:
    assert told.done("outbox", "drop", "--all").stdout == "2 dropped\n"
    assert told.json("outbox", "list") == {**NONE, "waiting": 1}


@pytest.mark.parametrize("arguments", [(), ("2", "--all")])
def test_drop_wants_ids_or_all(told: CommandLine, arguments: tuple[str, ...]) -> None:
    result = told.run("outbox", "drop", *arguments)
    assert result.exit_code == 2
    assert "name IDs, which `whipbird outbox list` tells, or give --all" in result.stderr
    assert told.json("outbox", "list")["dead"] == 2


def test_an_unknown_id_changes_nothing(told: CommandLine) -> None:
    result = told.run("outbox", "retry", "2", "77")
    assert (result.exit_code, result.stderr) == (1, 'there is no letter "77"\n')
    assert told.json("outbox", "list")["dead"] == 2


def test_a_site_file_says_where_results_go_and_never_shows_the_secret(line: CommandLine) -> None:
    file = line.write(
        "site.toml", f'[campaigns.c]\nhttp_notify = "{URL}"\nhttp_secret = "geheim"\n'
    )
    shown = line.done("apply", file).output
    assert f"http_notify: {URL}" in shown
    assert "http_secret: (not shown)" in shown
    assert "geheim" not in shown
    assert line.done("apply", file).stdout == "nothing to do\n"
    with reading(line.open_database()) as conn:
        campaign = fetch_campaign_by_name(conn, "c")
    assert campaign == Campaign(id=campaign.id, name="c", http_notify=URL, http_secret="geheim")
    off = line.write("off.toml", '[campaigns.c]\nhttp_notify = ""\n')
    assert f"http_notify: {URL} → none" in line.done("apply", off).stdout


def test_a_site_file_says_who_is_told_of_runs(line: CommandLine) -> None:
    entry = '[campaigns.c]\nemail_events = "finish"\nemail_addresses = ["a@b.ch", "c@d.ch"]\n'
    file = line.write("site.toml", entry)
    assert "email_addresses: a@b.ch, c@d.ch" in line.done("apply", file).stdout
    assert line.done("apply", file).stdout == "nothing to do\n"
    off = line.write("off.toml", '[campaigns.c]\nemail_events = "NO"\n')
    assert "email_events: FINISH → NO" in line.done("apply", off).stdout


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            'http_notify = "crm.example"',
            'campaigns.c.http_notify "crm.example": '
            "write an address such as https://example.com/calls",
        ),
        (
            'http_notify = "http://169.254.169.254/"',
            'campaigns.c.http_notify "http://169.254.169.254/": '
            "link-local addresses (169.254.0.0/16) are refused",
        ),
        (
            'email_addresses = ["anna@example.com", "bert"]',
            "campaigns.c.email_addresses \"['anna@example.com', 'bert']\": "
            '"bert": write one plain address in ASCII, such as anna@example.com',
        ),
        (
            'email_events = "FINISH"',
            "campaigns.c.email_addresses: with email_events FINISH it must be given",
        ),
        (
            'email_events = "SOME"',
            'campaigns.c.email_events "SOME": write one of NO, ALL, FINISH',
        ),
        (
            f'http_secret = "{"geheim" * 40}"',
            'campaigns.c.http_secret "***": it may have at most 190 characters',
        ),
    ],
)
def test_what_could_not_be_told_is_refused_when_it_is_saved(
    line: CommandLine, entry: str, problem: str
) -> None:
    result = line.run("apply", line.write("site.toml", f"[campaigns.c]\n{entry}\n"))
    assert (result.exit_code, result.stderr) == (1, problem + "\n")
