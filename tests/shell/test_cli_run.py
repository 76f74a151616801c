"""`whipbird run`: what it checks, and what it becomes."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

from core.cli.server import find_tac
from tests.support.cli import CommandLine

ROOT = Path(__file__).parents[2]


class Replaced(Exception):
    """Thrown in place of what os.execve does, with what it was given."""


def replace(path: str, arguments: list[str], environ: dict[str, str]) -> NoReturn:
    raise Replaced(path, arguments, environ)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.setattr(os, "execve", replace)
    return CommandLine(tmp_path)


def test_the_service_lies_beside_the_packages() -> None:
    assert find_tac() == ROOT / "twistd.tac"


def test_an_old_schema_is_refused_before_the_process_is_replaced(line: CommandLine) -> None:
    result = line.run("run")
    assert result.exit_code == 1
    assert "run `whipbird migrate`" in result.stderr


def test_it_becomes_twistd_in_the_foreground_with_the_same_settings(line: CommandLine) -> None:
    line.done("migrate")
    path = line.write("given.toml", '[log]\nlevel = "DEBUG"\n')
    replaced = line.run("--config", path, "run").exception
    assert isinstance(replaced, Replaced)
    _python, arguments, environ = replaced.args
    assert "twistd" in arguments[2]
    assert arguments[3:] == ["--nodaemon", "--pidfile=", "--python", str(ROOT / "twistd.tac")]
    assert environ["WHIPBIRD_CONFIG"] == str(path)
