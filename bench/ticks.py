"""What a tick costs: all that was received since the last one, and one decision.

`python -m bench.ticks` keeps all lines of 5 PBXs busy in memory, and measures ticks against the
number of events that share one, and against campaigns and calls at an equal number of events.
Every campaign may use every trunk and has records without end, so every freed line is wanted by
all of them.
"""

import statistics
import time
from collections import deque
from datetime import UTC, datetime, timedelta

from core.dialer.dialer import Dialer
from core.model import Campaign, EndPoint, HopperEntry, ListPosition, Record, Run, Server, Trunk
from core.ports import events
from core.ports.commands import AttemptPlaced, Command, FetchBatch, Originate

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PBXS = 5
CAMPAIGNS, CALLS = 200, 2000
#: Calls that end in a tick where only campaigns and calls vary.
ENDS = 10
#: How many ticks are measured, and how many go before.
TICKS, WARM_UP = 200, 20
#: The most that is wanted of a tick, in milliseconds.
LIMIT_MS = 5.0


class Floor:
    """A dialer whose lines are all busy. In each tick the oldest calls end; what the dialer wants
    then is answered in the next one, the way database and PBXs would."""

    def __init__(self, campaigns: int, calls: int) -> None:
        self._dialer = Dialer(site_key="cafe0001", next_attempt_id=1)
        self._now = NOON
        self._inbox: list[events.Event] = []
        self._up: deque[Originate] = deque()
        servers = tuple(Server(id=i, name=f"pbx {i}") for i in range(1, PBXS + 1))
        lines = calls // PBXS
        for number in range(1, campaigns + 1):
            self._inbox.append(events.RunLoaded(plan=_plan(number, servers, lines)))
        for server in servers:
            self._inbox.append(
                events.ServerUp(server_id=server.id, started_at=None, live_channels=frozenset())
            )
        while len(self._up) < calls:
            self.tick(0)

    def tick(self, ends: int) -> tuple[int, float]:
        """A tick in which so many calls end: its events, its seconds."""
        self._now += timedelta(milliseconds=20)
        inbox, self._inbox = self._inbox, []
        inbox += [_hang_up(self._up.popleft()) for _ in range(ends)]
        began = time.perf_counter()
        for event in inbox:
            self._dialer.receive(event, self._now)
        commands = self._dialer.decide(self._now)
        spent = time.perf_counter() - began
        for command in commands:
            self._answer(command)
        return len(inbox), spent

    def _answer(self, command: Command) -> None:
        match command:
            case AttemptPlaced(attempt=attempt):
                self._inbox.append(events.AttemptsCommitted(attempt_ids=(attempt.id,)))
            case FetchBatch():
                self._inbox.append(_batch(command))
            case Originate():
                self._up.append(command)
                self._inbox += _news(command)


def _plan(number: int, servers: tuple[Server, ...], lines: int) -> events.RunPlan:
    where = {"max_channels": lines, "extension": "s", "context": "message"}
    return events.RunPlan(
        run=Run(
            id=number,
            campaign_id=number,
            started_at=NOON,
            lists=(ListPosition(list_id=number, list_name="list"),),
        ),
        campaign=Campaign(id=number, name=f"campaign {number}"),
        servers=servers,
        trunks=tuple(
            Trunk(
                id=s.id, server_id=s.id, name=s.name, dial_string="PJSIP/${num}@carrier",
                capacity=lines, max_calls_per_period=10**6,
            )
            for s in servers
        ),
        endpoints=tuple(EndPoint(id=s.id, server_id=s.id, name=s.name, **where) for s in servers),
    )  # fmt: skip


def _batch(command: FetchBatch) -> events.BatchFetched:
    """As many records as are asked for, with five attributes each."""
    positions, entries = [], []
    for position in command.positions:
        start, list_id = position.highwater, position.list_id
        ids = range(start + 1, start + 1 + command.limit)
        inputs = {"NAME": "Anna", "HH": "10", "MM": "30", "DOCTOR": "Nowak", "LANGUAGE": "cs"}
        for i in ids:
            record = Record(id=i, list_id=list_id, number=f"555{list_id:04}{i}", inputs=inputs)
            entries.append(HopperEntry(record=record, list_name="list"))
        positions.append(ListPosition(list_id=list_id, list_name="list", highwater=ids[-1]))
    return events.BatchFetched(
        run_id=command.run_id, entries=tuple(entries), positions=tuple(positions), next_due_at=None
    )


def _news(call: Originate) -> list[events.Event]:
    where = {"server_id": call.server_id, "channel_id": call.channel_id}
    return [
        events.Dialling(channel=call.channel, **where),
        events.Signalled(signal=events.DialSignal.RINGING, **where),
        events.DialEnded(status="ANSWER", **where),
        events.Originated(is_answered=True, reason=4, **where),
    ]


def _hang_up(call: Originate) -> events.HungUp:
    return events.HungUp(server_id=call.server_id, channel_id=call.channel_id, cause=16)


def measure(campaigns: int, calls: int, ends: int) -> tuple[float, float, float]:
    """Of a tick: its events on average, its median and its 99th percentile in milliseconds."""
    floor = Floor(campaigns, calls)
    for _ in range(WARM_UP):
        floor.tick(ends)
    ticks = [floor.tick(ends) for _ in range(TICKS)]
    spent = sorted(seconds * 1000 for _events, seconds in ticks)
    return (
        statistics.mean(count for count, _seconds in ticks),
        statistics.median(spent),
        spent[len(spent) * 99 // 100],
    )


def main() -> None:
    print(f"{CAMPAIGNS} campaigns, {CALLS} calls, {PBXS} PBXs, by events in a tick")
    for ends in (0, 1, 3, 10, 30, 100, 300):
        _print(f"{ends} calls end", *measure(CAMPAIGNS, CALLS, ends))
    print(f"{ENDS} calls end in a tick, by campaigns x calls")
    for campaigns, calls in ((20, 200), (50, 500), (100, 1000), (200, 2000), (400, 4000)):
        _print(f"{campaigns} x {calls}", *measure(campaigns, calls, ENDS))


def _print(what: str, count: float, median_ms: float, worst_ms: float) -> None:
    each_us = median_ms * 1000 / count if count else 0.0
    print(
        f"  {what:16} {count:7.1f} events  median {median_ms:6.3f} ms  p99 {worst_ms:6.3f} ms"
        f"  {each_us:6.1f} us an event  (at most {LIMIT_MS:g} ms is wanted)",
        flush=True,
    )


if __name__ == "__main__":
    main()
