"""The service as an operator meets it: started by twistd, examined by the doctor, reported to by
the dialplan, refused when it must not run."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store.lists import fetch_list_by_name, fetch_records
from tests.support.asterisk.server import AsteriskServer
from tests.support.installation import HOME, Installation, describe_server

TWISTD = "from twisted.scripts.twistd import run; run()"
CAMPAIGN = """
[lists.numbers]

[campaigns.calls]
trunks = ["trunk"]
end_points = ["end"]
lists = ["numbers"]
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    yield found
    found.stop()


def site(asterisk: AsteriskServer, *, dial_string: str, extension: str) -> str:
    return f"""{describe_server(asterisk.server())}
[trunks.trunk]
server = "pbx"
dial_string = "{dial_string}"

[end_points.end]
server = "pbx"
extension = "{extension}"
context = "message"
{CAMPAIGN}"""


def test_twistd_runs_the_same_server_from_anywhere(installation: Installation) -> None:
    tac = str(HOME / "twistd.tac")
    process = subprocess.Popen(
        [sys.executable, "-c", TWISTD, "--pidfile=", "-ny", tac],
        cwd=installation.directory,
        env=installation.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    installation.adopt(process)
    assert installation.get("/health")["database"] == "ok"


def test_two_signals_stop_it_as_cleanly_as_one(installation: Installation) -> None:
    installation.start()
    os.kill(installation.pid, signal.SIGINT)
    installation.stop(signal.SIGTERM)
    assert "Traceback" not in installation.log.read_text()
    assert "the dialer has stopped" in installation.log.read_text()


def test_an_old_schema_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    bare = Installation(tmp_path, is_migrated=False)
    assert "run `whipbird migrate`" in bare.run("run", fails=True)


def test_twistd_says_in_words_that_the_database_is_away(tmp_path: Path) -> None:
    away = Installation(
        tmp_path, database_url="mysql+pymysql://u:p@127.0.0.1:1/x", is_migrated=False
    )
    done = subprocess.run(
        [sys.executable, "-c", TWISTD, "--pidfile=", "-ny", HOME / "twistd.tac"],
        cwd=tmp_path,
        env=away.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert "the database does not answer as it should: (2003" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_second_dialer_on_the_same_database_is_refused(
    installation: Installation, tmp_path: Path
) -> None:
    installation.start()
    second = Installation(tmp_path, database_url=installation.database_url)
    assert "another dialer works on this database" in second.run("run", fails=True)


@pytest.mark.asterisk
def test_the_doctor_finds_a_sound_site_well(
    installation: Installation, asterisk: AsteriskServer
) -> None:
    installation.apply(site(asterisk, dial_string="PJSIP/${num}@carrier", extension="s"))
    report = installation.run("doctor")
    assert "22.10" in report
    assert "message" in report


@pytest.mark.asterisk
def test_the_doctor_says_in_words_what_is_wrong(
    installation: Installation, asterisk: AsteriskServer
) -> None:
    installation.apply(site(asterisk, dial_string="PJSIP/${num}@nobody", extension="missing"))
    findings = json.loads(installation.run("doctor", "--json", fails=True))["findings"]
    wrong = {finding["subject"]: finding for finding in findings if not finding["is_ok"]}
    assert set(wrong) == {"trunk trunk", "end-point end"}
    assert all(finding["remedy"] for finding in wrong.values())


@pytest.mark.asterisk
def test_what_agi_lines_report_reaches_log_and_record(
    installation: Installation, asterisk: AsteriskServer
) -> None:
    with AsteriskServer(fastagi_port=installation.agi_port, root=asterisk.root) as pbx:
        installation.apply(site(pbx, dial_string="Local/${num}@carrier", extension="agi"))
        installation.import_numbers(["1000003,Anna"], "numbers", "number,NAME")
        installation.start()
        installation.run("campaign", "start", "calls")
        installation.wait_for_run(30)
    (log,) = installation.logs()
    assert (log.state, log.ext_status) == ("TERMINATED", "XYZ")
    with installation.database.connect() as conn:
        numbers = fetch_list_by_name(conn, "numbers")
        (record,) = fetch_records(conn, numbers.id, after_id=0, limit=2)
    assert record.inputs == {"NAME": "Anna"}
    assert record.outputs == {"Colour": "light blueand grey"}


def test_the_first_administrator_s_link_stands_in_the_log(installation: Installation) -> None:
    installation.environ["WHIPBIRD_WEB_HOST"] = "0.0.0.0"
    assert "whipbird user add NAME --admin" in installation.run("run", fails=True)
    installation.environ["WHIPBIRD_WEB_HOST"] = "127.0.0.1"
    installation.start()
    link = re.search(r"http://127.0.0.1:\d+(/first\?key=\S+)", installation.log.read_text())
    assert link is not None
    assert "The first administrator" in installation.get(link[1])
    assert "Log on" in installation.get("/")


def test_a_taken_port_is_said_before_anything_is_dialled(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.agi_port)):
        said = installation.run("run", fails=True)
    assert f"127.0.0.1:{installation.agi_port} is not free" in said
    assert "WHIPBIRD_FASTAGI_PORT" in said
    assert "Traceback" not in said
