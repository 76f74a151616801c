"""What open event streams cost: processor time of the whole server with and without them.

`python -m bench.streams` runs the real service over real sockets while calls on a simulated PBX
make ten events a second, and measures spans without and with 500 listeners in turn.
"""

import os
import selectors
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from core.operations.tokens import add_token
from core.people import SYSTEM
from tests.support.installation import Installation
from tests.support.people import make_user

STREAMS, SPAN_S, TURNS = 500, 20, 3
#: Calls in each period of the trunk; each makes four events.
CALLS, PERIOD_MS = 5, 2000
LIMIT = 0.05

SITE = f"""
[servers.pbx]
type = "simulated"

[trunks.line]
server = "pbx"
dial_string = "Local/${{num}}@out/n"
capacity = 100
max_calls_per_period = {CALLS}
period_ms = {PERIOD_MS}

[trunks.line.simulation]
outcomes = {{ answered = 1.0 }}
ring_s = [0.5, 1.5]
talk_s = [1.0, 2.0]

[end_points.message]
server = "pbx"
extension = "s"
context = "message"
max_channels = 100

[lists.people]

[campaigns.load]
trunks = ["line"]
end_points = ["message"]
lists = ["people"]
"""


class Audience:
    """Connections that listen, read as data comes."""

    def __init__(self, port: int, token: str) -> None:
        self._request = (
            "GET /api/v1/events?type=call.changed&type=call.ended HTTP/1.1\r\n"
            f"Host: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        ).encode()
        self._port = port
        self._selector = selectors.DefaultSelector()
        self.events = 0

    def open(self, count: int) -> None:
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", self._port))
            one.sendall(self._request)
            one.setblocking(False)
            self._selector.register(one, selectors.EVENT_READ)
            self.read(0.005)

    def read(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for key, _mask in self._selector.select(left):
                data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                assert data, "the server ended a stream"
                self.events += data.count(b"event: call")

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]


@contextmanager
def service() -> Iterator[tuple[Installation, str]]:
    with tempfile.TemporaryDirectory() as directory:
        found = Installation(Path(directory))
        found.apply(SITE)
        found.import_numbers([str(5550000 + i) for i in range(2000)], "people")
        now = datetime.now(UTC)
        make_user(found.database, now)
        _view, token = add_token(found.database, SYSTEM, "anna", "bench", "RT", now)
        found.start()
        try:
            found.run("campaign", "start", "load")
            yield found, token
        finally:
            found.stop()


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, the kernel's part included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    with service() as (found, token):
        time.sleep(5)
        without, with_streams, heard = [], [], 0
        for _ in range(TURNS):
            without.append(_spend(found.pid, time.sleep))
            audience = Audience(found.web_port, token)
            audience.open(STREAMS)
            audience.read(3)
            audience.events = 0
            with_streams.append(_spend(found.pid, audience.read))
            heard += audience.events
            audience.close()
            time.sleep(1)
    rate = heard / STREAMS / SPAN_S / TURNS
    bare, full = sum(without) / TURNS / SPAN_S, sum(with_streams) / TURNS / SPAN_S
    print(f"{STREAMS} streams, {rate:.1f} events a second heard by each")
    print(f"a core without streams {bare:.1%}, with them {full:.1%}")
    print(f"{full - bare:.1%} of a core for the streams (at most {LIMIT:.0%} is wanted)")


def _spend(pid: int, wait: Callable[[float], object]) -> float:
    before = cpu_s(pid)
    wait(SPAN_S)
    return cpu_s(pid) - before


if __name__ == "__main__":
    main()
