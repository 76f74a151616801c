"""SIPp as a carrier on 127.0.0.1. What each number does stands in `carrier.xml.j2`."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.support.asterisk.server import free_port

#: The SIP replies that refuse a call, with the beginnings of the numbers that get them.
REFUSALS = {
    code: str(code)
    for code in (403, 404, 408, 410, 480, 484, 486, 488, 500, 502, 503, 504, 600, 603, 604)
} | {486: "486|20", 503: "503|22", 404: "404|23"}
#: How long SIPp may take to listen, in seconds.
LIMIT_S = 10.0


class NoSipp(Exception):
    """SIPp is not installed; the text is one sentence that says so."""


class Carrier:
    """A running SIPp, for use in a `with` statement; `port` is its UDP port."""

    def __init__(self) -> None:
        self.port = free_port(socket.SOCK_DGRAM)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Carrier":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and return once it listens; NoSipp if there is no SIPp."""
        if shutil.which("sipp") is None:
            raise NoSipp("sipp is not installed: install the package sip-tester")
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as scenario, _output() as output:
            scenario.write(_render_scenario())
            scenario.flush()
            self._process = subprocess.Popen(
                self._command(scenario.name),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
            )
            deadline = time.monotonic() + LIMIT_S
            while not _listens(self.port):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    output.seek(0)
                    raise RuntimeError(f"sipp does not listen:\n{output.read().decode()}")
                time.sleep(0.05)

    def stop(self) -> None:
        """End it; calls that are up are left alone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _command(self, scenario: str) -> list[str]:
        return [
            *("setpriv", "--pdeathsig", "KILL", "sipp"),
            *("-sf", scenario, "-i", "127.0.0.1", "-p", str(self.port)),
            *("-mi", "127.0.0.1", "-mp", str(free_port(socket.SOCK_DGRAM))),
            *("-nostdin", "-skip_rlimit"),
        ]


def _render_scenario() -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
    )
    return environment.get_template("carrier.xml.j2").render(refusals=REFUSALS)


def _output() -> IO[bytes]:
    return tempfile.TemporaryFile()


def _listens(port: int) -> bool:
    """Whether a UDP socket of this machine is bound to `port`."""
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(int(row.split()[1].rsplit(":", 1)[1], 16) == port for row in rows)
