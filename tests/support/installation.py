"""A whole Whipbird as a user has it: the command line and the server process, in a directory
of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from core.model import Server
from core.store.database import open_database
from core.store.runs import fetch_recent_runs
from core.store.schema import attempt, call_log
from tests.support.asterisk.server import free_port

HOME = Path(__file__).resolve().parents[2]


class Installation:
    """`environ` points every command at its own database and ports."""

    def __init__(
        self, directory: Path, *, database_url: str | None = None, is_migrated: bool = True
    ) -> None:
        self.directory = directory
        self.web_port, self.agi_port = free_port(), free_port()
        self.database_url = database_url or f"sqlite:///{directory}/whipbird.db"
        self.environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith("WHIPBIRD_")},
            "WHIPBIRD_DATABASE_URL": self.database_url,
            "WHIPBIRD_WEB_PORT": str(self.web_port),
            "WHIPBIRD_FASTAGI_PORT": str(self.agi_port),
        }
        self.log = directory / "whipbird.log"
        self._process: subprocess.Popen[bytes] | None = None
        if is_migrated:
            self.run("migrate")

    @cached_property
    def database(self) -> Engine:
        return open_database(self.database_url)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def run(self, *arguments: str | Path, fails: bool = False) -> str:
        """Run `whipbird …`; what it printed. It must succeed, or fail if `fails`."""
        done = subprocess.run(
            [sys.executable, "-c", "import whipbird; whipbird.main()", *map(str, arguments)],
            cwd=HOME,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        text = done.stdout + done.stderr
        assert (done.returncode != 0) is fails, f"{arguments} gave {done.returncode}:\n{text}"
        return text

    def apply(self, site: str) -> None:
        path = self.directory / "site.toml"
        path.write_text(site)
        self.run("apply", path)

    def import_numbers(self, rows: list[str], name: str, header: str = "number") -> None:
        path = self.directory / f"{name}.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        self.run("list", "import", path, "--list", name)

    def start(self) -> None:
        """Start the server, and return once its web server answers."""
        self.launch()
        self.wait(self._answers, 30, "no answer from the web server")

    def launch(self) -> None:
        """Start the server."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "import whipbird; whipbird.main()", "run"],
                cwd=HOME,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def revive(self) -> None:
        """Do as a supervisor does: start the server again until it stays."""

        def is_up() -> bool:
            assert self._process is not None
            if self._process.poll() is not None:
                self.launch()
            return self._answers()

        self.wait(is_up, 60, "the server does not stay")

    def adopt(self, process: subprocess.Popen[bytes]) -> None:
        """Take a server that was just started for its own, and wait until it answers."""
        self._process = process
        self.wait(self._answers, 30, "no answer from the web server")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        try:
            self.get("/health")
        except OSError:
            return False
        return True

    def get(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self.web_port}{path}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if body[:1] in b"{[" else body.decode()

    def stop(self, sign: int = signal.SIGTERM) -> None:
        self.database.dispose()
        if self._process is not None:
            self._process.send_signal(sign)
            self._process.wait(timeout=30)
            self._process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def wait(self, is_so: Callable[[], bool], limit_s: float, complaint: str) -> None:
        deadline = time.monotonic() + limit_s
        while not is_so():
            assert time.monotonic() < deadline, f"{complaint}; log:\n{self.log.read_text()[-4000:]}"
            time.sleep(0.1)

    def wait_for_run(self, limit_s: float) -> None:
        """Wait until the newest run is over."""
        database = self.database

        def is_over() -> bool:
            with database.connect() as conn:
                runs = fetch_recent_runs(conn, 1)
            return bool(runs) and runs[0].state.is_over

        self.wait(is_over, limit_s, "the run does not end")

    def count_logs(self) -> int:
        with self.database.connect() as conn:
            return int(conn.execute(select(func.count()).select_from(call_log)).scalar_one())

    def count_open(self) -> int:
        with self.database.connect() as conn:
            return int(conn.execute(select(func.count()).select_from(attempt)).scalar_one())

    def logs(self) -> list[Any]:
        with self.database.connect() as conn:
            return list(conn.execute(select(call_log).order_by(call_log.c.id)))


def describe_server(server: Server) -> str:
    """A site file's table for the server, called `pbx`."""
    return f"""
[servers.pbx]
host = "{server.host}"
port = {server.port}
login = "{server.login}"
password = "{server.password}"
unit_ms = {server.unit_ms}
messages_per_unit = {server.messages_per_unit}
"""


def describe_campaign(
    server: Server, lines: int, *, dialled: str = "carrier", extension: str = "wait"
) -> str:
    """A site file of one campaign `calls` over one list `numbers`, both still empty: numbers
    go through the context `dialled`, whoever answers to an extension of context `message`. It
    ends with the campaign's table."""
    return f"""{describe_server(server)}
[trunks.trunk]
server = "pbx"
dial_string = "Local/${{num}}@{dialled}"
capacity = {lines}

[end_points.message]
server = "pbx"
extension = "{extension}"
context = "message"
max_channels = {lines}

[lists.numbers]

[campaigns.calls]
trunks = ["trunk"]
end_points = ["message"]
lists = ["numbers"]
"""
