"""The dialect under load: `addcall` and pages of `edit/…` while the dialer places 100 calls a
second, what they add to its ticks, and `addToList`.

Everything goes through the real service over real sockets; calls are placed on a simulated PBX.
"""

import http.client
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from urllib.parse import quote

from tests.support.installation import Installation
from tests.support.people import basic, make_user

#: Calls a second that the dialer places.
PACE = 100
#: Requests come in turns of so many seconds, each after one without any; all kinds after each
#: other, so many times. A turn is longer than the thousand ticks that medians are over.
TURN_S, ROUNDS = 12, 3
#: Connections that share the requests.
CLIENTS = 16
#: Rows of a page.
ROWS = 100
NUMBERS, CHUNK = 100_000, 1000

API = "/wombat/api"
#: The steps of a tick, as `sysup/jmx` calls them.
STEPS = ("wombat.all.msg-in", "wombat.all.brain", "wombat.brain.calls")
USER = {"Authorization": basic("anna")}

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
#: As many elements as a page has rows.
CROWD = "\n".join(
    f"""
[trunks."trunk {i}"]
server = "pbx"
dial_string = "Local/${{num}}@out/n"

[lists."list {i}"]

[campaigns."campaign {i}"]
trunks = ["line"]
end_points = ["message"]
lists = ["list {i}"]
"""
    for i in range(ROWS)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """So many requests a second; `path` is that of each, by its number."""

    name: str
    rate: int
    path: Callable[[int], str]
    is_answered: Callable[[bytes], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """Requests of one kind: their latencies in seconds, and what a tick took in the turn without
    requests before them, and with them."""

    latencies: list[float]
    quiet_ms: float
    tick_ms: float

    @property
    def slower(self) -> float:
        return self.tick_ms / self.quiet_ms - 1


def _addcall(number: int) -> str:
    attributes = quote(f"ID:{number},PERS:John_Doe")
    return f"{API}/calls/?op=addcall&campaign=drip&number={6660000 + number}&attrs={attributes}"


def _page(thing: str) -> Load:
    return Load(
        name=f"a page of edit/{thing}",
        rate=10,
        path=lambda _number: f"{API}/edit/{thing}/?mode=L&items={ROWS}&parent=1",
        is_answered=lambda body: f'"nRecords":{ROWS}'.encode() in body,
    )


LOADS = (
    Load(name="addcall", rate=100, path=_addcall, is_answered=lambda body: body.startswith(b"OK")),
    *map(_page, ("trunk", "campaign", "list", "list/record", "list/logs")),
)


@contextmanager
def service() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory() as directory:
        found = Installation(Path(directory))
        found.apply(SITE + CROWD)
        numbers = PACE * TURN_S * (ROUNDS + 1) * len(LOADS) * 2
        found.import_numbers([str(5550000 + i) for i in range(numbers)], "big")
        make_user(found.database, datetime.now(UTC))
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
        turns: Mapping[str, list[Turn]] = defaultdict(list)
        for _ in range(ROUNDS):
            for load in LOADS:
                time.sleep(TURN_S)
                quiet_ms = _tick_ms(found)
                latencies = _send(found, load)
                turn = Turn(latencies=latencies, quiet_ms=quiet_ms, tick_ms=_tick_ms(found))
                turns[load.name].append(turn)
        _report(turns)
        rate = _add_numbers(found)
        print(f"addToList in chunks of {CHUNK}: {rate:,.0f} numbers/s (at least 10,000 is wanted)")


def _tick_ms(found: Installation) -> float:
    """What a tick takes, by the medians of its steps over the latest thousand."""
    figures = found.get(f"{API}/sysup/jmx/")
    return sum(float(figures[f"{step}:50th"]) for step in STEPS)


def _send(found: Installation, load: Load) -> list[float]:
    """Send requests for a turn. Seconds from the moment when each is due to its answer, so that
    a late client counts."""
    latencies: list[float] = []
    start = time.monotonic() + 0.5

    def work(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", found.web_port, timeout=30)
        for number in range(client, load.rate * TURN_S, CLIENTS):
            due = start + number / load.rate
            time.sleep(max(0.0, due - time.monotonic()))
            connection.request("GET", load.path(number), headers=USER)
            answer = connection.getresponse().read()
            latencies.append(time.monotonic() - due)
            assert load.is_answered(answer), answer[:500]

    threads = [threading.Thread(target=work, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(latencies) == load.rate * TURN_S, f"requests of {load.name} went wrong"
    return latencies


def _report(turns: Mapping[str, list[Turn]]) -> None:
    """Of each kind the latencies of all its turns, and the middle one of its ticks' slow-downs."""
    print(f"while {PACE} calls/s are placed")
    for load in LOADS:
        found = sorted(chain.from_iterable(turn.latencies for turn in turns[load.name]))
        p50, p99 = (1000 * found[int(len(found) * part)] for part in (0.5, 0.99))
        turn = sorted(turns[load.name], key=lambda turn: turn.slower)[ROUNDS // 2]
        print(
            f"  {load.name}, {load.rate} a second: p50 {p50:.0f} ms, p99 {p99:.0f} ms (at most 100"
            f" is wanted); a tick {turn.quiet_ms:.3f} ms without, {turn.tick_ms:.3f} ms with"
            f" them, {turn.slower:+.0%} (at most +10 %)"
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
