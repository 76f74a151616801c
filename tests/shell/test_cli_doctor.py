"""`whipbird doctor`: what it looks at, and what it says to do."""

import socket
from collections.abc import Iterator
from pathlib import Path

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
    line.done("migrate")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    line.environ = {"WHIPBIRD_WEB_PORT": str(taken), "WHIPBIRD_FASTAGI_PORT": str(nobody)}
    lock = DialerLock(line.open_database())
    lock.acquire()
    try:
        found = findings_of(line)
    finally:
        lock.release()
    assert found["web"].is_ok
    assert found["web"].text == "the dialer listens there"
    assert not found["FastAGI"].is_ok
    assert "does not answer there" in found["FastAGI"].text
