"""What all commands share: help, version, exit codes, errors in words."""

import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy.exc import OperationalError

from core.cli.program import describe, program
from core.cli.session import Session
from core.errors import NotFound
from dialplan.command import dialplan
from tests.support.cli import CommandLine, FakeProbe

ROOT = Path(__file__).parents[2]


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def test_help_names_every_command(line: CommandLine) -> None:
    text = line.done("--help").stdout
    names = ("run", "migrate", "apply", "list", "campaign", "status", "report", "doctor")
    assert [name for name in names if f"\n  {name} " not in text] == []


def test_help_loads_neither_the_database_s_nor_the_reactor_s_library() -> None:
    code = (
        "import sys, core.cli.program as p\n"
        "p.program.main(['--help'], standalone_mode=False)\n"
        "print([m for m in ('sqlalchemy', 'twisted', 'rich', 'alembic') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.endswith("[]\n")


def test_the_version_is_the_distribution_s(line: CommandLine) -> None:
    assert line.done("--version").stdout.startswith("whipbird, version ")


def test_a_wrong_command_line_exits_with_2(line: CommandLine) -> None:
    for words in (["nothing"], ["apply"], ["report", "zero"], ["list", "import", "x.csv"]):
        assert line.run(*words).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("report",),
        ("outbox", "retry"),
        ("outbox", "drop"),
        ("token", "revoke"),
        ("audit", "--before"),
    ],
    ids=" ".join,
)
def test_a_number_that_no_database_holds_is_refused(
    line: CommandLine, words: tuple[str, ...]
) -> None:
    result = line.run(*words, "9" * 20)
    assert result.exit_code == 2
    assert "99999999999999999999 is not in the range" in result.stderr


def test_wrong_settings_are_all_reported_and_exit_with_1(line: CommandLine) -> None:
    line.environ = {"WHIPBIRD_WEB_PORT": "x", "WHIPBIRD_NOPE": "1"}
    result = line.run("status")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 2
    assert "Traceback" not in result.output


def test_a_named_settings_file_must_be_there(line: CommandLine) -> None:
    result = line.run("--config", "nowhere.toml", "status")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "nowhere.toml: cannot be read: No such file or directory\n"


def test_errors_are_json_too_when_json_is_asked_for(line: CommandLine) -> None:
    line.done("migrate")
    result = line.run("campaign", "start", "nothing", "--json")
    assert result.exit_code == 1
    assert result.stdout == '{"problems":["there is no campaign \\"nothing\\""]}\n'
    assert result.stderr == 'there is no campaign "nothing"\n'


def test_a_database_that_is_no_database_is_said_so(line: CommandLine) -> None:
    line.write("whipbird.db", "this is a letter to my aunt" * 100)
    result = line.run("status")
    assert result.exit_code == 1
    assert result.stderr.endswith("does not answer as it should: file is not a database\n")


def test_an_unreachable_server_speaks_without_its_password(line: CommandLine) -> None:
    url = "mysql+pymysql://whip:geheim@127.0.0.1:1/whipbird"
    line.environ = {"WHIPBIRD_DATABASE_URL": url}
    result = line.run("status")
    assert result.exit_code == 1
    assert "mysql+pymysql://whip:***@127.0.0.1:1/whipbird" in result.stderr
    assert "refused" in result.stderr
    assert "geheim" not in result.output


def test_a_mistake_of_ours_keeps_its_stack_trace() -> None:
    session = Session(environ={}, config_path=None, probe=FakeProbe())
    assert describe(KeyError("x"), session) is None
    assert describe(NotFound("list", "x"), session) == ['there is no list "x"']
    assert describe(PermissionError(13, "Permission denied", "f"), None) == ["f: Permission denied"]
    error = OperationalError("SELECT 1", {}, Exception("gone"))
    assert describe(error, session) == [
        "the database sqlite:///var/whipbird.db does not answer as it should: gone"
    ]


def test_the_drop_in_is_written_for_the_configured_port(line: CommandLine) -> None:
    program.add_command(dialplan)
    line.environ = {"WHIPBIRD_FASTAGI_PORT": "4999"}
    result = line.run("dialplan", "--host", "10.0.0.5")
    assert result.exit_code == 0
    assert "[whipbird-message]" in result.stdout
    assert "agi://10.0.0.5:4999/" in result.stdout
    refused = line.run("dialplan", "--host", "a;b")
    assert (refused.exit_code, 'FastAGI host "a;b"' in refused.stderr) == (1, True)


def run_apart(
    line: CommandLine, *arguments: str, output: int | BinaryIO = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """`whipbird` in a process of its own that has no terminal."""
    url = f"sqlite:///{line.folder / 'whipbird.db'}"
    return subprocess.run(
        [sys.executable, "-c", "import whipbird; whipbird.main()", *arguments],
        env={**os.environ, "WHIPBIRD_DATABASE_URL": url},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        check=False,
    )


def test_where_nothing_can_be_written_there_is_no_stack_trace(line: CommandLine) -> None:
    line.done("migrate")
    with Path("/dev/full").open("wb") as full:
        done = run_apart(line, "status", "--json", output=full)
    assert done.returncode
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_terminal_no_password_is_asked_for(line: CommandLine) -> None:
    line.done("migrate")
    done = run_apart(line, "user", "add", "anna")
    assert done.returncode == 2
    assert "no terminal can be asked: add --password-stdin" in done.stderr
    assert "Password:" not in done.stderr
