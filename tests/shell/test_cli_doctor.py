"""`whipbird doctor`: what it looks at, and what it says to do."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from core.ports.probe import Finding
from core.store.lock import DialerLock
from tests.support.cli import CommandLine

SITE = """
[servers.fake]
type = "simulated"
[servers.real]
login = "whip"
"""


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def findings_of(line: CommandLine) -> dict[str, Finding]:
    return {
        finding["subject"].split()[0]: Finding(**finding)
        for finding in line.json("doctor")["findings"]
    }


def test_a_database_without_schema_is_sent_to_migrate(line: CommandLine) -> None:
    result = line.run("doctor")
    assert result.exit_code == 1
    assert "run `whipbird migrate`" in result.stdout
    assert line.probe.asked == []


def test_an_empty_site_is_sent_to_apply(line: CommandLine) -> None:
    line.done("migrate")
    found = findings_of(line)
    assert not found["servers"].is_ok
    assert "whipbird apply" in found["servers"].remedy
    assert found["database"].is_ok


def test_simulated_servers_pass_unasked_and_real_ones_are_asked(line: CommandLine) -> None:
    line.done("migrate")
    line.done("apply", line.write("site.toml", SITE))
    line.probe.findings = [Finding(subject="server real", is_ok=True, text="Asterisk 22")]
    result = line.done("doctor")
    assert line.probe.asked == ["real"]
    assert "server fake: simulated" in result.stdout
    assert "server real: Asterisk 22" in result.stdout
    assert result.stdout.endswith("all is well\n")


def test_what_a_pbx_lacks_is_said_with_its_remedy_and_exits_with_1(line: CommandLine) -> None:
    line.done("migrate")
    line.done("apply", line.write("site.toml", SITE))
    line.probe.findings = [
        Finding(subject="trunk x", is_ok=False, text="no such technology", remedy="load it")
    ]
    result = line.run("doctor")
    assert result.exit_code == 1
    assert "BAD trunk x: no such technology\n     load it\n" in result.stdout
    assert result.stdout.endswith("1 of 5 need attention\n")
    assert line.json("doctor")["is_ok"] is False


def test_what_could_not_be_looked_at_is_said_with_what_would_allow_it(line: CommandLine) -> None:
    line.done("migrate")
    line.done("apply", line.write("site.toml", SITE))
    unchecked = Finding(subject="trunk x", is_ok=True, text="not checked", remedy="allow it")
    line.probe.findings = [unchecked]
    assert "ok  trunk x: not checked\n     allow it\n" in line.done("doctor").stdout


def test_a_port_that_another_program_has_is_named(line: CommandLine, taken: int) -> None:
    line.done("migrate")
    line.environ = {"WHIPBIRD_WEB_PORT": str(taken), "WHIPBIRD_FASTAGI_PORT": "0"}
    found = findings_of(line)
    assert not found["web"].is_ok
    assert found["web"].subject == f"web server 127.0.0.1:{taken}"
    assert "Address already in use" in found["web"].text
    assert "web.port" in found["web"].remedy
    assert found["FastAGI"].is_ok


def test_while_a_dialer_runs_its_ports_must_answer(line: CommandLine, taken: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    line.environ = {"WHIPBIRD_WEB_PORT": str(nobody), "WHIPBIRD_FASTAGI_PORT": str(taken)}
    with a_dialer(line):
        found = findings_of(line)
    assert not found["web"].is_ok
    assert found["web"].text.endswith("does not answer there: Connection refused")
    assert "web.port" in found["web"].remedy
    assert found["FastAGI"].is_ok
    assert found["FastAGI"].text == "the dialer listens there"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"database": "ok", "servers_down": []},
            "the dialer answers, and reaches its database and its PBXs",
        ),
        ({"database": "failing", "servers_down": []}, "the dialer's database is failing"),
        ({"database": "ok", "servers_down": ["a", "b"]}, "the dialer does not reach a, b"),
        ({"up": True}, "a dialer is running, but another program answers there"),
        ("hello", "a dialer is running, but another program answers there"),
    ],
)
def test_a_running_dialer_is_asked_how_it_is(line: CommandLine, body: object, text: str) -> None:
    with serving_health(body) as port, a_dialer(line):
        line.environ = {"WHIPBIRD_WEB_PORT": str(port)}
        found = findings_of(line)["web"]
    assert found.text == text
    assert found.is_ok is ("reaches" in text)
    assert bool(found.remedy) is not found.is_ok


def test_the_mail_server_is_asked_if_there_is_one(line: CommandLine) -> None:
    line.done("migrate")
    assert "mail" not in findings_of(line)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    line.environ = {
        "WHIPBIRD_SMTP_HOST": "127.0.0.1",
        "WHIPBIRD_SMTP_PORT": str(nobody),
        "WHIPBIRD_SMTP_FROM": "dialer@example.com",
    }
    mail = findings_of(line)["mail"]
    assert (mail.subject, mail.is_ok) == (f"mail server 127.0.0.1:{nobody}", False)
    assert mail.text == "it cannot be reached: Connection refused"
    assert "smtp.port" in mail.remedy


@contextmanager
def a_dialer(line: CommandLine) -> Iterator[None]:
    """A dialer holds the database, as far as others can see."""
    line.done("migrate")
    lock = DialerLock(line.open_database())
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def serving_health(body: object) -> Iterator[int]:
    """A port at which a program answers `/health` to whom asks for localhost."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert (self.path, self.headers["Host"]) == ("/health", "localhost")
            self.send_response(503)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_args: object) -> None:
            """Nothing to standard error."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
