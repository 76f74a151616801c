"""Who gets the next line: by priority, then whoever has the least, one call at a time.

Source: manual 25.02, "Campaigns": each priority level, lowest number first, has a go at all
free channels before the next; campaigns of one level get a fair chance. Fair is an equal share of
what is short: of lines, or, where a trunk's rate holds them back, of calls placed, for the run
with the shortest calls always has the fewest lines in use. An answered call goes to an end-point
on the same server as its trunk ("End-points").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import groupby

from core.dialer.lines import LiveEndPoint, LiveTrunk
from core.dialer.run import LiveRun
from core.rules.verdicts import Verdict

#: Takes the lines for one call and places it.
Place = Callable[[LiveRun, LiveTrunk, LiveEndPoint], None]

#: What a run that placed calls is told when it could have placed more.
_LIMITS = {
    Verdict.NO_FREE_ENDPOINT: Verdict.LIMITED_BY_EP_SIZE,
    Verdict.LIMITED_BY_TRUNK_RATE: Verdict.LIMITED_BY_TRUNK_RATE,
}


@dataclass(kw_only=True, slots=True)
class Round:
    """One round over runs that are running. `touched` are looked at in any case. `waiting` have
    something to dial and lacked a line or a channel: they are looked at only as long as one of
    the trunks and end-points that were full has room. `looked_at` gathers who was."""

    touched: Sequence[LiveRun]
    waiting: Sequence[LiveRun]
    opened: list[LiveTrunk | LiveEndPoint]
    now: datetime
    looked_at: dict[int, LiveRun] = field(default_factory=dict)

    @property
    def has_room(self) -> bool:
        """Is anything left of what has been freed?"""
        while self.opened and self.opened[-1].is_full:
            self.opened.pop()
        return bool(self.opened)


def allocate(this: Round, place: Place) -> None:
    """Place what lines, channels and rates allow, and leave each run that was looked at its
    verdict."""
    touched = {run.run.id for run in this.touched}
    runs = sorted((*this.touched, *this.waiting), key=lambda run: run.campaign.priority)
    for _priority, level in groupby(runs, key=lambda run: run.campaign.priority):
        _share_out(list(level), touched, this, place)


def _share_out(level: Sequence[LiveRun], touched: set[int], this: Round, place: Place) -> None:
    """Place the calls of one priority, each for the run that has the least by then."""
    measure = _measure(level)
    placed: set[int] = set()
    asking = [(*measure(run), run.run.id, run) for run in level]
    heapify(asking)
    is_everybody_asked = True
    while asking:
        if is_everybody_asked and not this.has_room:
            is_everybody_asked = False
            asking = [one for one in asking if one[-2] in touched]
            heapify(asking)
            continue
        *_, run = heappop(asking)
        this.looked_at[run.run.id] = run
        if _serve(run, placed, place, this.now):
            heappush(asking, (*measure(run), run.run.id, run))


def _measure(level: Sequence[LiveRun]) -> Callable[[LiveRun], tuple[int, int]]:
    """What a run has already: calls up and, among equals, how lately it placed one; the latter
    alone where a rate is short."""
    if any(run.verdict is Verdict.LIMITED_BY_TRUNK_RATE for run in level):
        return lambda run: (run.last_attempt_id, run.live)
    return lambda run: (run.live, run.last_attempt_id)


def _serve(run: LiveRun, placed: set[int], place: Place, now: datetime) -> bool:
    """Place one call of the run; False if it gets no more this round."""
    found = _find_route(run, now)
    if isinstance(found, Verdict):
        run.verdict = _sum_up(run, found) if run.run.id in placed else found
        return False
    place(run, *found)
    placed.add(run.run.id)
    return True


def _sum_up(run: LiveRun, last: Verdict) -> Verdict:
    if last is Verdict.NO_CALLS_FETCHED and not run.is_read:
        return Verdict.LIMITED_BY_FETCH
    return _LIMITS.get(last, Verdict.CALLS_PLACED)


def _find_route(run: LiveRun, now: datetime) -> tuple[LiveTrunk, LiveEndPoint] | Verdict:
    """The least used trunk with a line and the least used end-point with a channel, both on
    one server that is up; or why there is none."""
    if not run.hopper_size:
        return Verdict.NO_CALLS_FETCHED
    if not run.endpoints:
        return Verdict.NO_ENDPOINTS
    if not run.trunks:
        return Verdict.NO_TRUNKS
    up = _trunks_up(run)
    if not up:
        return Verdict.SERVER_DOWN
    with_line = [trunk for trunk in up if not trunk.is_full]
    if not with_line:
        return Verdict.NO_CHANNELS_ON_TRUNK
    in_rate = [trunk for trunk in with_line if trunk.window.count_free(now)]
    if not in_rate:
        return Verdict.LIMITED_BY_TRUNK_RATE
    for trunk in sorted(in_rate, key=lambda trunk: trunk.in_use):
        if endpoint := _find_endpoint(run, trunk):
            return trunk, endpoint
    return Verdict.NO_FREE_ENDPOINT


def _trunks_up(run: LiveRun) -> list[LiveTrunk]:
    served = {endpoint.server.server.id for endpoint in run.endpoints}
    return [t for t in run.trunks if t.server.is_up and t.server.server.id in served]


def _find_endpoint(run: LiveRun, trunk: LiveTrunk) -> LiveEndPoint | None:
    free = [e for e in run.endpoints if e.server is trunk.server and not e.is_full]
    return min(free, key=lambda endpoint: endpoint.in_use, default=None)


def rate_opens_at(run: LiveRun) -> datetime | None:
    """When the first of the trunks that only their rate holds back may place a call again.

    The window of any other trunk was not looked at, and may open at a moment long past."""
    held_back = [trunk for trunk in _trunks_up(run) if not trunk.is_full]
    moments = [at for trunk in held_back if (at := trunk.window.opens_at()) is not None]
    return min(moments, default=None)
