"""The dialect under load: `addcall` while the dialer places 100 calls a second, and `addToList`.

Everything goes through the real service over real sockets; calls are placed on a simulated PBX.
"""

import http.client
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.support.installation import Installation

#: Calls a second that the dialer places, requests a second, and for how many seconds.
PACE, RATE, SPAN_S = 100, 100, 20
#: Connections that share the requests.
CLIENTS = 16
NUMBERS, CHUNK = 100_000, 1000

SITE = f"""
[servers.pbx]
type = "simulated"

[trunks.line]
server = "pbx"
dial_string = "Local/${{num}}@out/n"
capacity = 500
max_calls_per_period = {PACE}

[trunks.line.simulation]
outcomes = {{ answered = 1.0 }}
ring_s = [0.5, 1.0]
talk_s = [1.0, 2.0]

[end_points.message]
server = "pbx"
extension = "s"
context = "message"
max_channels = 500

[lists.big]

[campaigns.load]
trunks = ["line"]
end_points = ["message"]
lists = ["big"]

[campaigns.drip]
trunks = ["line"]
end_points = ["message"]
lists = []
idles_on_termination = true
"""
API = "/wombat/api"


@contextmanager
def service() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory() as directory:
        found = Installation(Path(directory))
        found.apply(SITE)
        found.import_numbers([str(5550000 + i) for i in range(PACE * SPAN_S * 4)], "big")
        found.start()
        try:
            yield found
        finally:
            found.stop()


def measure() -> None:
    with service() as found:
        for campaign in ("load", "drip"):
            found.get(f"{API}/campaigns/?op=start&campaign={campaign}")
        time.sleep(5)
        alone = _measure_ticks(found)
        latencies = sorted(_add_calls(found))
        busy = _measure_ticks(found)
        _report("addcall", latencies)
        print(f"a decision takes {alone} ms without requests, {busy} ms with them (median)")
        rate = _add_numbers(found)
        print(f"addToList in chunks of {CHUNK}: {rate:,.0f} numbers/s (at least 10,000 is wanted)")


def _measure_ticks(found: Installation) -> str:
    return str(found.get(f"{API}/sysup/jmx/")["wombat.all.brain:50th"])


def _add_calls(found: Installation) -> list[float]:
    """Seconds from the moment a request is due to its answer, so that a late client counts."""
    latencies: list[float] = []
    start = time.monotonic() + 0.5

    def work(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", found.web_port, timeout=30)
        for turn in range(client, RATE * SPAN_S, CLIENTS):
            due = start + turn / RATE
            time.sleep(max(0.0, due - time.monotonic()))
            attributes = quote(f"ID:{turn},PERS:John_Doe")
            connection.request(
                "GET",
                f"{API}/calls/?op=addcall&campaign=drip&number={6660000 + turn}&attrs={attributes}",
            )
            answer = connection.getresponse().read()
            assert answer.startswith(b"OK"), answer
            latencies.append(time.monotonic() - due)

    threads = [threading.Thread(target=work, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


def _report(what: str, latencies: list[float]) -> None:
    p50, p99 = (1000 * latencies[int(len(latencies) * part)] for part in (0.5, 0.99))
    print(
        f"{what} at {RATE} requests/s while {PACE} calls/s are placed:"
        f" p50 {p50:.0f} ms, p99 {p99:.0f} ms (at most 100 is wanted)"
    )


def _add_numbers(found: Installation) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", found.web_port, timeout=30)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    began = time.monotonic()
    for first in range(0, NUMBERS, CHUNK):
        numbers = "|".join(f"555{i:07},NAME:Anna,HH:10" for i in range(first, first + CHUNK))
        body = f"list=uploaded&numbers={numbers}"
        connection.request("POST", f"{API}/lists/?op=addToList", body, form)
        answer = connection.getresponse().read()
        assert answer.startswith(b"OK"), answer
    return NUMBERS / (time.monotonic() - began)
