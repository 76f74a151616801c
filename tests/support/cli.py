"""Runs the command line in this process, on a database of the test's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from core.cli.program import program
from core.ports.probe import Finding, ProbeTarget
from core.store.database import open_database


@dataclass
class FakeProbe:
    """Answers for every PBX what the test put into `findings`; remembers whom it asked."""

    findings: list[Finding] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __call__(self, targets: Sequence[ProbeTarget]) -> Sequence[Finding]:
        self.asked += [target.server.name for target in targets]
        return self.findings


@dataclass
class CommandLine:
    """`whipbird` with a SQLite file in `folder` and ports that nobody else has."""

    folder: Path
    probe: FakeProbe = field(default_factory=FakeProbe)
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str | Path) -> Result:
        url = f"sqlite:///{self.folder / 'whipbird.db'}"
        environ = {"WHIPBIRD_DATABASE_URL": url, "WHIPBIRD_WEB_PORT": "0"}
        environ |= {"WHIPBIRD_FASTAGI_PORT": "0", **self.environ}
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(program, words, obj=self.probe, env=environ)

    def done(self, *arguments: str | Path) -> Result:
        """Run what is expected to go well."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result

    def json(self, *arguments: str | Path) -> Any:
        """The JSON object that a command writes, and nothing but it, on stdout."""
        return msgspec.json.decode(self.run(*arguments, "--json").stdout)

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return path

    def open_database(self) -> Engine:
        return open_database(f"sqlite:///{self.folder / 'whipbird.db'}")
