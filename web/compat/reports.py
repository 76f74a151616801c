"""Manual 25.02, "Reports: runs in period" and "Report: stats for runs"."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from core.errors import InvalidValue
from core.operations.run_logs import MAX_RUNS
from core.operations.run_periods import ReportedRun, StatLine, run_stats, runs_between
from web.compat.asked import Asked, Ground, Operations, Reply
from web.compat.envelope import Panel, Result
from web.compat.run_rows import RunRow, run_row
from web.compat.words import parse_beginning, parse_end, render_ms


class PeriodResult(Result, frozen=True, kw_only=True, rename="camel"):
    """The runs that began in a period, from and to in milliseconds since 1970."""

    date_from: int
    date_to: int
    campaigns_and_runs: Sequence[RunRow]


class StatRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Calls that became the same; times are sums in seconds."""

    gb_campaign_id: int
    gb_state: str
    gb_trunk: str
    gb_state_ext: str
    n_calls: int
    tot_wait_pre: int
    tot_wait_after: int
    tot_talk: int


class StatsResult(Result, frozen=True, kw_only=True, rename="camel"):
    """What became of the calls of the runs that were asked for."""

    campaigns_to_consider: Sequence[int]
    stats_out: Sequence[StatRow]


async def runs(ground: Ground, asked: Asked) -> Reply:
    """Dates are UTC, as everywhere in the dialect but for what has a campaign's zone."""
    since = parse_beginning(asked.filled("from"), field="from")
    until = parse_end(asked.filled("to"), field="to")
    if until < since:
        raise InvalidValue("to", asked.text("to"), "it lies before the beginning, from")
    await ground.control.written()
    found = await ground.queries.run(runs_between, asked.actor, since, until)
    now = ground.clock.now()
    return Panel(
        result=PeriodResult(
            date_from=render_ms(since),
            date_to=render_ms(until),
            campaigns_and_runs=[_run_row(one, now) for one in found],
        )
    )


def _run_row(found: ReportedRun, now: datetime) -> RunRow:
    run = found.run
    running = (run.ended_at or now) - run.started_at
    return run_row(run, found.position, running.total_seconds())


async def stats(ground: Ground, asked: Asked) -> Reply:
    run_ids = asked.keys("id", MAX_RUNS)
    await ground.control.written()
    found = await ground.queries.run(run_stats, asked.actor, run_ids)
    rows = [_stat_row(line) for line in found]
    return Panel(result=StatsResult(campaigns_to_consider=run_ids, stats_out=rows))


def _stat_row(line: StatLine) -> StatRow:
    return StatRow(
        gb_campaign_id=line.campaign_id,
        gb_state=line.state,
        gb_trunk=line.trunk,
        gb_state_ext=line.ext_status,
        n_calls=line.count,
        tot_wait_pre=round(line.wait_pre_ms / 1000),
        tot_wait_after=round(line.wait_after_ms / 1000),
        tot_talk=round(line.talk_ms / 1000),
    )


RUNS: Operations = {"": runs}
STATS: Operations = {"": stats}
