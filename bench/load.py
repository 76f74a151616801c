"""Placing calls on the real Asterisk in three ways, each with the same number of calls open at
once: call files, a bare AMI client, and Whipbird.

Asterisk has one core, the client the other. A call goes over a Local channel, is answered at
once, carries five attributes, and its far end hangs up after a second.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.asterisk.server import AsteriskServer
from tests.support.installation import Installation, describe_server

ASTERISK_CPU, CLIENT_CPU = 0, 1
NUMBER = "1000001"
NO_VARSET = "[declined_message_types]\ndecline = ast_channel_varset_type\n"
ATTRIBUTES = {"NAME": "Anna", "HH": "10", "MM": "30", "DOCTOR": "Nowak", "LANGUAGE": "cs"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """`rate` is calls per second from the 10th to the 90th percent; `cpu_ms` the client's
    processor time for each call, all in (0 where there is no client)."""

    way: str
    open_calls: int
    calls: int
    rate: float
    cpu_ms: float


@contextmanager
def pbx(*, tells_variables: bool) -> Iterator[AsteriskServer]:
    """`tells_variables` is how Asterisk comes; without it is what docs/dialplan.md advises for
    PBXs that dial much."""
    files = {} if tells_variables else {"stasis": NO_VARSET}
    with AsteriskServer(cpu=ASTERISK_CPU, files=files) as server:
        yield server


def finished(server: AsteriskServer) -> int:
    """How many of our calls are over, by Asterisk's own count: both legs of one run a dialplan,
    and each counts."""
    active, *_, processed = server.command("core show calls").strip().splitlines()
    return (int(processed.split()[0]) - int(active.split()[0])) // 2


def steady_rate(samples: list[tuple[float, int]], calls: int) -> float:
    """Calls per second over the middle 80 percent of (moment, calls done)."""
    first = next(s for s in samples if s[1] >= calls * 0.1)
    last = next(s for s in samples if s[1] >= calls * 0.9)
    return (last[1] - first[1]) / (last[0] - first[0])


def watch(count: Callable[[], int], calls: int, limit_s: float = 120) -> list[tuple[float, int]]:
    """Sample `count` until it reaches `calls`."""
    samples = [(time.monotonic(), count())]
    while samples[-1][1] < calls:
        if time.monotonic() - samples[0][0] > limit_s:
            raise TimeoutError(f"{samples[-1][1]} of {calls} calls after {limit_s} s")
        time.sleep(0.1)
        samples.append((time.monotonic(), count()))
    return samples


def cpu_s(pid: int) -> float:
    """Processor time of all threads of a process, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(x for x in status.splitlines() if x.startswith("VmHWM")).split()[1]) / 1024


def run_call_files(server: AsteriskServer, calls: int, open_calls: int) -> Result:
    """Call files, moved into the spool as calls end."""
    os.sched_setaffinity(0, {CLIENT_CPU})
    outgoing = server.spool / "outgoing"
    variables = "".join(f"Setvar: {name}={value}\n" for name, value in ATTRIBUTES.items())
    text = (
        f"Channel: Local/{NUMBER}@carrier/n\nContext: message\nExtension: wait\n"
        f"Priority: 1\nWaitTime: 30\n{variables}"
    )
    staging = Path(tempfile.mkdtemp(dir=server.spool))
    samples = [(time.monotonic(), 0)]
    dropped = 0
    while samples[-1][1] < calls:
        for _ in range(min(open_calls - (dropped - samples[-1][1]), calls - dropped)):
            path = staging / f"{dropped}.call"
            path.write_text(text)
            path.rename(outgoing / path.name)
            dropped += 1
        time.sleep(0.05)
        samples.append((time.monotonic(), finished(server)))
    return Result(
        way="call files",
        open_calls=open_calls,
        calls=calls,
        rate=steady_rate(samples, calls),
        cpu_ms=0.0,
    )


def run_bare(server: AsteriskServer, calls: int, open_calls: int) -> Result:
    """A client that only writes Originates and reads events, in a process of its own."""
    command = [
        *("taskset", "-c", str(CLIENT_CPU), sys.executable, "-m", "bench.bare"),
        *(str(server.ami_port), str(calls), str(open_calls)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rate, cpu_ms = (float(x) for x in done.stdout.split())
    return Result(
        way="bare AMI client", open_calls=open_calls, calls=calls, rate=rate, cpu_ms=cpu_ms
    )


def run_whipbird(server: AsteriskServer, calls: int, open_calls: int) -> Result:
    """From list row to log row, by the whole server with SQLite."""
    with tempfile.TemporaryDirectory() as directory:
        installation = Installation(Path(directory))
        installation.apply(_site(server, open_calls))
        row = ",".join([NUMBER, *ATTRIBUTES.values()])
        header = ",".join(["number", *ATTRIBUTES])
        installation.import_numbers([row] * calls, "numbers", header)
        installation.start()
        os.sched_setaffinity(installation.pid, {CLIENT_CPU})
        for task in Path(f"/proc/{installation.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {CLIENT_CPU})
        try:
            before_s = cpu_s(installation.pid)
            installation.run("campaign", "start", "bench")
            samples = watch(installation.count_logs, calls)
            used_s = cpu_s(installation.pid) - before_s
            states = {log.state for log in installation.logs()}
        finally:
            installation.stop()
    if states != {"TERMINATED"}:
        raise AssertionError(f"calls ended as {states}")
    return Result(
        way="Whipbird",
        open_calls=open_calls,
        calls=calls,
        rate=steady_rate(samples, calls),
        cpu_ms=used_s / calls * 1000,
    )


def _site(server: AsteriskServer, open_calls: int) -> str:
    return f"""{describe_server(server.server())}
[trunks.trunk]
server = "pbx"
dial_string = "Local/${{num}}@carrier/n"
capacity = {open_calls}
max_calls_per_period = 100000

[end_points.message]
server = "pbx"
extension = "wait"
context = "message"
max_channels = {open_calls}

[lists.numbers]

[campaigns.bench]
trunks = ["trunk"]
end_points = ["message"]
lists = ["numbers"]
batch_size = 400
"""
