"""Campaigns of one priority share the lines, or the calls a second, that they compete for.

Measured over unequal lists and call lengths, with Jain's index of fairness: (Σx)² / (n Σx²), 1
when all have the same and 1/n when one has it all.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.model import Campaign
from core.ports import events
from tests.support.world import END, TRUNK, World

#: Seconds that a call of each run is up.
TALK_S = {1: 5.0, 2: 20.0, 3: 60.0}
LISTS = {1: 100, 2: 1_000, 3: 10_000}


def jain(shares: Sequence[float]) -> float:
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


class Exchange:
    """Every call is answered at once and lasts as long as its run's calls do.

    `line_s` and `placed` count, by run, seconds of lines in use and calls; `idle_s` is how long
    a line was free while some run had calls to place.
    """

    def __init__(self, *, lines: int, rate: int = 10_000) -> None:
        self.world = World()
        self._trunk = replace(TRUNK, capacity=lines, max_calls_per_period=rate)
        self._end = replace(END, max_channels=lines)
        self._lines = lines
        self._ends: list[tuple[datetime, str]] = []
        self._seen = 0
        self.line_s: defaultdict[int, float] = defaultdict(float)
        self.placed: Counter[int] = Counter()
        self.idle_s = 0.0

    def start(self, run_id: int, *, priority: int = 10) -> None:
        self.world.add_list(run_id, [str(run_id * 100_000 + i) for i in range(LISTS[run_id])])
        campaign = Campaign(
            id=run_id, name=f"c{run_id}", priority=priority, batch_size=200, list_ids=(run_id,)
        )
        lines = {"trunks": [self._trunk], "endpoints": [self._end]}
        self.world.load(campaign, run_id=run_id, is_up=not self._seen, **lines)
        self._answer()

    def run(self, seconds: float) -> None:
        """Let time pass, from one call's end or moment of the dialer's to the next."""
        stop = self.world.now + timedelta(seconds=seconds)
        while self.world.now < stop:
            moments = [stop, *([self._ends[0][0]] if self._ends else [])]
            if (look := self.world.dialer.next_look_at()) is not None:
                moments.append(max(look, self.world.now))
            self._pass(min(moments))
            self._end_calls()
            self.world.settle()
            self._answer()

    def _pass(self, until: datetime) -> None:
        span_s = (until - self.world.now).total_seconds()
        runs = self.world.dialer.live.runs.values()
        for run in runs:
            self.line_s[run.run.id] += run.live * span_s
        is_wanted = any(run.hopper_size or run.backlog for run in runs)
        if is_wanted and sum(run.live for run in runs) < self._lines:
            self.idle_s += span_s
        self.world.now = until

    def _end_calls(self) -> None:
        """Those whose time is up, all in one tick, as they reach a busy dialer."""
        while self._ends and self._ends[0][0] <= self.world.now:
            channel_id = heapq.heappop(self._ends)[1]
            event = events.HungUp(server_id=1, channel_id=channel_id, cause=16)
            self.world.dialer.receive(event, self.world.now)

    def _answer(self) -> None:
        """Answer what was placed, until nothing more is."""
        while self._seen < len(self.world.originates):
            call = self.world.originates[self._seen]
            self._seen += 1
            run_id = self.world.dialer.live.by_attempt[call.attempt_id].attempt.run_id
            self.placed[run_id] += 1
            end = self.world.now + timedelta(seconds=TALK_S[run_id])
            heapq.heappush(self._ends, (end, call.channel_id))
            self.world.answer(call.channel_id)

    def forget(self) -> None:
        """Begin to measure anew."""
        self.line_s.clear()
        self.placed.clear()
        self.idle_s = 0.0

    def live(self, *run_ids: int) -> list[int]:
        """Lines in use now."""
        return [self.world.dialer.live.runs[run_id].live for run_id in run_ids]

    def shares(self, *run_ids: int) -> list[float]:
        return [self.line_s[run_id] for run_id in run_ids]


def test_while_all_have_calls_each_has_a_third_of_the_lines() -> None:
    exchange = Exchange(lines=30)
    for run_id in LISTS:
        exchange.start(run_id)
    exchange.run(5)
    exchange.forget()
    exchange.run(30)
    shares = exchange.shares(1, 2, 3)
    assert jain(shares) > 0.99
    assert all(abs(share - 300) < 15 for share in shares), shares
    assert exchange.idle_s == 0


def test_when_one_list_ends_the_others_share_its_lines_and_none_is_idle() -> None:
    exchange = Exchange(lines=30)
    for run_id in LISTS:
        exchange.start(run_id)
    exchange.run(120)
    assert exchange.world.dialer.live.runs[1].state == "COMPLETED"
    exchange.forget()
    exchange.run(300)
    shares = exchange.shares(2, 3)
    assert jain(shares) > 0.99
    assert sum(shares) == pytest.approx(30 * 300)
    assert exchange.idle_s == 0


def test_who_comes_later_gets_every_line_that_comes_free_until_all_have_the_same() -> None:
    exchange = Exchange(lines=30, rate=1)
    exchange.start(3)
    exchange.run(45)
    exchange.start(2)
    assert exchange.live(2, 3) == [0, 30]
    exchange.run(30)
    assert exchange.live(2, 3) == [15, 15]


def test_runs_that_share_a_rate_place_as_many_calls_each_however_long_these_are() -> None:
    exchange = Exchange(lines=1000, rate=5)
    for run_id in LISTS:
        exchange.start(run_id)
    exchange.forget()
    exchange.run(55)
    placed = [exchange.placed[run_id] for run_id in LISTS]
    assert jain(placed) > 0.99
    assert all(abs(calls - 5 * 55 / 3) < 8 for calls in placed), placed


def test_the_first_priority_has_all_lines_and_the_next_what_is_left() -> None:
    exchange = Exchange(lines=30)
    exchange.start(3, priority=10)
    exchange.run(61)
    exchange.start(2, priority=1)
    exchange.run(61)
    exchange.forget()
    exchange.run(400)
    assert exchange.shares(2, 3) == [30 * 400, 0]
    exchange.run(300)
    assert exchange.world.dialer.live.runs[2].state == "COMPLETED"
    exchange.forget()
    exchange.run(60)
    assert exchange.shares(3) == [30 * 60]
