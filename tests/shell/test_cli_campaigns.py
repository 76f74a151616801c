"""`whipbird campaign …`, `status` and `report`: asking the dialer, and seeing what it did."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, update

from core.cli.wishes import wait_for_outcome
from core.model import Attempt, CallLog, Record
from core.operations.campaigns import ask
from core.people import SYSTEM
from core.ports.commands import AttemptPlaced, CallClosed
from core.rules.states import CallState
from core.store.campaigns import fetch_campaign_by_name
from core.store.database import reading
from core.store.journal import write_entries
from core.store.lists import fetch_list_by_name, save_record
from core.store.lock import DialerLock
from core.store.run_shown import save_shown
from core.store.runs import answer, create_run, fetch_asked
from core.store.schema import run as run_table
from tests.support.cli import CommandLine
from tests.support.store_site import shown

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
SITE = """
[servers.pbx]
type = "simulated"
[trunks.main]
server = "pbx"
dial_string = "PJSIP/${num}@carrier"
[end_points.ivr]
server = "pbx"
extension = "100"
context = "in"
[lists.people]
[campaigns.reminders]
trunks = ["main"]
end_points = ["ivr"]
lists = ["people"]
[campaigns.hidden]
pace = "HIDDEN"
"""


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    line.done("apply", line.write("site.toml", SITE))
    return line


@contextmanager
def dialer(engine: Engine, outcome: str) -> Iterator[None]:
    """Holds the dialer's lock, and answers all wishes with `outcome`."""
    lock = DialerLock(engine)
    lock.acquire()
    is_over = Event()

    def work() -> None:
        while not is_over.wait(0.01):
            with engine.begin() as conn:
                for wish in fetch_asked(conn, 10):
                    answer(conn, wish.id, outcome, NOW)

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        lock.release()


def test_without_a_dialer_a_wish_is_kept(line: CommandLine) -> None:
    result = line.done("campaign", "start", "reminders")
    assert result.stdout == (
        "reminders: start is noted; no dialer is running, `whipbird run` will take it up\n"
    )
    with reading(line.open_database()) as conn:
        (wish,) = fetch_asked(conn, 10)
        assert wish.campaign_id == fetch_campaign_by_name(conn, "reminders").id
        assert wish.verb == "start"


def test_a_running_dialer_s_answer_is_shown(line: CommandLine) -> None:
    with dialer(line.open_database(), "OK"):
        answered = line.json("campaign", "start", "reminders")
    assert answered == {
        "command_id": 1,
        "campaign": "reminders",
        "verb": "start",
        "is_dialer_running": True,
        "outcome": "OK",
        "warnings": [],
    }


def test_a_start_that_can_place_no_call_is_warned_of_in_the_manual_s_words(
    line: CommandLine,
) -> None:
    line.done("apply", line.write("bare.toml", '[campaigns.bare]\nlists = ["people"]'))
    result = line.done("campaign", "start", "bare")
    assert "start is noted" in result.stdout
    assert result.stderr.splitlines() == [
        'warning: NO TRUNKS FOR RUN: campaign "bare" has no trunk, so it places no call; '
        "give it one and reload it",
        'warning: NO ENDPOINTS FOR RUN: campaign "bare" has no end-point, so it places no call; '
        "give it one and reload it",
    ]


def test_a_running_dialer_s_refusal_exits_with_1(line: CommandLine) -> None:
    with dialer(line.open_database(), "its server is down"):
        result = line.run("campaign", "start", "reminders")
    assert (result.exit_code, result.stdout) == (1, "reminders: start: its server is down\n")


def test_an_answer_that_does_not_come_is_none(line: CommandLine) -> None:
    engine = line.open_database()
    command_id = ask(engine, SYSTEM, "reminders", "start", NOW)
    assert wait_for_outcome(engine, command_id, wait_s=0) is None
    with engine.begin() as conn:
        answer(conn, command_id, "OK", NOW)
    assert wait_for_outcome(engine, command_id, wait_s=0) == "OK"


@pytest.mark.parametrize("verb", ["pause", "unpause", "remove"])
def test_only_a_run_can_be_held_or_ended(line: CommandLine, verb: str) -> None:
    result = line.run("campaign", verb, "reminders")
    assert result.exit_code == 1
    assert 'campaign "reminders" is not running' in result.stderr


def test_status_tells_servers_campaigns_and_runs(line: CommandLine) -> None:
    run_id = make_run(line.open_database())
    found = line.json("status")
    assert found["is_dialer_running"] is False
    assert found["servers"] == [
        {"name": "pbx", "type": "FAKEAMI", "address": "", "trunks": 1, "end_points": 1}
    ]
    assert [view["name"] for view in found["campaigns"]] == ["reminders"]
    assert found["campaigns"][0]["run_id"] == run_id
    assert [run["run_id"] for run in found["runs"]] == [run_id]
    text = line.done("status").stdout
    assert "no dialer is running" in text
    assert "2027-03-01 12:00" in text


def test_status_shows_figures_and_decisions_while_a_dialer_runs(line: CommandLine) -> None:
    engine = line.open_database()
    run_id = make_run(engine)
    with engine.begin() as conn:
        save_shown(conn, [shown(run_id)])
        conn.execute(update(run_table).values(attempted=25, completed=20, state="RUNNING"))
    assert "decisions of the last" not in line.done("status").stdout
    with dialer(engine, "OK"):
        text = line.done("status").stdout
        [found] = line.json("status")["runs"]
    row = next(row for row in text.splitlines() if "CALLS PLACED" in row)
    assert row.split() == [
        str(run_id),
        "3",
        "7",
        "97",
        "80",
        *["-"] * 3,
        *["CALLS", "PLACED", "12", "s"],
    ]
    assert found["figures"]["remaining"] == 97
    assert found["figures"]["reschedule_rate"] == 20
    assert found["decisions"] == [{"verdict": "CALLS PLACED", "held_s": 12.5, "times": 40}]
    assert (found["live_calls"], found["retries"]) == (3, 2)


def test_a_report_tells_the_figures_of_its_run(line: CommandLine) -> None:
    engine = line.open_database()
    run_id = make_run(engine)
    end = NOW + timedelta(hours=2)
    with engine.begin() as conn:
        save_shown(conn, [shown(run_id)])
        values = {"attempted": 43, "completed": 20, "state": "REMOVE", "ended_at": end}
        conn.execute(update(run_table).values(values))
    text = line.done("report", str(run_id)).stdout
    assert (
        "7 in cache, about 97 remaining; termination rate 46 %, reschedule rate 54 %; "
        "per hour 21 attempts, 10 completions; completion in 9:00:00\n"
    ) in text


def test_status_knows_a_running_dialer(line: CommandLine) -> None:
    with dialer(line.open_database(), "OK"):
        assert line.json("status")["is_dialer_running"] is True


def test_a_report_counts_outcomes_trunks_and_attempts(line: CommandLine) -> None:
    run_id = make_run(line.open_database())
    found = line.json("report", str(run_id))
    assert found["calls"] == 3
    assert {row["state"]: row["count"] for row in found["outcomes"]} == {
        "TERMINATED": 1,
        "RS_BUSY": 2,
    }
    assert sum(trunk["count"] for trunk in found["trunks"]) == 3
    text = line.done("report", str(run_id)).stdout
    assert f"Run {run_id} of reminders: RUNNABLE, started 2027-03-01 12:00 UTC; 3 calls" in text
    busy = next(row for row in text.splitlines() if "RS_BUSY" in row)
    assert busy.split() == ["RS_BUSY", "2", "66.7", "0.0", "1.5", "0.0"]
    recalls = text[text.index("Outcomes by attempt") :]
    assert next(row for row in recalls.splitlines() if "RS_BUSY" in row).split()[1:] == [
        "1",
        "1",
        "2",
    ]


def test_a_report_tells_how_far_each_list_was_read(line: CommandLine) -> None:
    engine = line.open_database()
    run_id = make_run(engine)
    with engine.begin() as conn:
        list_id = fetch_list_by_name(conn, "people").id
        save_record(conn, Record(list_id=list_id, number="+15550199"))
    [found] = line.json("report", str(run_id))["lists"]
    assert found == {
        "list_id": list_id,
        "list_name": "people",
        "highwater": 2,
        "is_complete": False,
        "is_paused": False,
        "round": 0,
        "read": 2,
        "records": 3,
    }
    text = line.done("report", str(run_id)).stdout
    assert ["people", "2", "2", "3", "running"] in [row.split() for row in text.splitlines()]


def test_an_unknown_run_is_said_plainly(line: CommandLine) -> None:
    result = line.run("report", "99")
    assert (result.exit_code, result.stderr) == (1, 'there is no run "99"\n')


def make_run(engine: Engine) -> int:
    """A run with three ended calls: busy, busy again at the first retry, and an answer."""
    outcomes = [(1, 0, CallState.RS_BUSY), (1, 1, CallState.RS_BUSY), (2, 0, CallState.TERMINATED)]
    with engine.begin() as conn:
        campaign = fetch_campaign_by_name(conn, "reminders")
        run = create_run(conn, campaign, NOW)
        records = [
            save_record(conn, Record(list_id=campaign.list_ids[0], number=f"+1555010{n}"))
            for n in range(2)
        ]
        for number, (record, retry_no, state) in enumerate(outcomes, 1):
            attempt = Attempt(
                id=number,
                run_id=run.id,
                campaign_id=campaign.id,
                record_id=records[record - 1],
                list_id=campaign.list_ids[0],
                server_id=1,
                trunk_id=campaign.trunk_ids[0],
                endpoint_id=campaign.endpoint_ids[0],
                attempt_no=retry_no,
                retry_no=retry_no,
                number="+15550100",
                channel_id=f"wb-00000000-{number}",
                requested_at=NOW,
            )
            log = CallLog(
                attempt=attempt,
                state=state,
                wait_after_ms=1500,
                ended_at=NOW + timedelta(seconds=2),
            )
            write_entries(
                conn,
                [
                    AttemptPlaced(attempt=attempt),
                    CallClosed(log=log, retry=None, outputs=None),
                ],
            )
    return run.id
