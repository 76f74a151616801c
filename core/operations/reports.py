"""What became of a run: the figures of its report and its calls, page by page.

Source: manual 25.02, "Running campaign reports". Reports are per run; all figures count
ended calls only. Reading never locks the dialer out: each function is one short transaction.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.model import CallLog, Campaign, Run
from core.operations.permission import is_visible, require, require_visible
from core.operations.run_lists import ListView, view_lists
from core.people import Actor
from core.rules.decisions import Decision
from core.rules.figures import Figures, work_out
from core.rules.keys import Key
from core.rules.multinumbers import render_numbers
from core.rules.states import RunState
from core.store import reports as stored
from core.store.campaigns import fetch_campaign, fetch_campaign_by_name
from core.store.database import reading
from core.store.lists import fetch_lists, fetch_numbers
from core.store.run_shown import RunShown, fetch_shown
from core.store.runs import fetch_recent_runs, fetch_run
from core.store.servers import fetch_servers
from core.store.trunks import fetch_trunks

#: Calls on a page of a report unless asked otherwise.
PAGE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSummary:
    """A run in a list of runs; `ended_at` is None while it is open. `figures` and what was decided
    are as the dialer last showed them, at `shown_at`: None, and empty, if it never did."""

    run_id: int
    campaign: str
    state: RunState
    started_at: datetime
    ended_at: datetime | None
    attempted: int
    completed: int
    error: str = ""
    shown_at: datetime | None = None
    live_calls: int = 0
    retries: int = 0
    figures: Figures | None = None
    verdict: str = ""
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeLine:
    """The calls with one outcome; waits and talk are averages in milliseconds."""

    state: str
    ext_status: str
    count: int
    wait_pre_ms: float
    wait_after_ms: float
    talk_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TrunkLine:
    """How many calls a trunk carried; `name` is prefixed with its server's."""

    name: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RecallLine:
    """Calls of one outcome by recall level: `counts` goes with the table's levels."""

    state: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecallTable:
    """Outcomes by recall level; level 0 is the first attempt (manual, "Tracking outcomes at
    the recall level"). `totals` is the bottom line."""

    levels: tuple[int, ...]
    lines: tuple[RecallLine, ...]

    @property
    def totals(self) -> RecallLine:
        columns = zip(*(line.counts for line in self.lines), strict=True)
        return RecallLine(state="Σ", counts=tuple(map(sum, columns)))


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """A call's log with the names that go with its ids. `main_number` is the record's; `number`
    too, with the one dialled behind it when that was another (manual, "Using multiple numbers per
    call")."""

    log: CallLog
    main_number: str
    number: str
    list_name: str
    trunk: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPage:
    """Some calls of a run by attempt id, those after `after_id`; `next_after` is where the
    next page begins, None on the last."""

    after_id: int
    lines: tuple[LogLine, ...]
    next_after: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReport:
    """All of a run's report. Times are whole sums in milliseconds."""

    run: RunSummary
    calls: int
    wait_pre_ms: float
    wait_after_ms: float
    talk_ms: float
    outcomes: tuple[OutcomeLine, ...]
    trunks: tuple[TrunkLine, ...]
    recalls: RecallTable
    lists: tuple[ListView, ...]
    page: LogPage

    @property
    def by_state(self) -> dict[str, int]:
        """Calls by state alone, whatever their extended status."""
        counts: Counter[str] = Counter()
        for line in self.outcomes:
            counts[line.state] += line.count
        return dict(counts)


def recent_runs(engine: Engine, actor: Actor, limit: int) -> list[RunSummary]:
    """Of the newest `limit` runs, open or over, those of campaigns that the actor may see,
    the newest first. Needs REPORT."""
    return list(page_runs(engine, actor, None, limit).runs)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPage:
    """Some runs, the newest first; `next_before` is the id before which the next page begins,
    None on the last."""

    runs: tuple[RunSummary, ...]
    next_before: int | None


def page_runs(
    engine: Engine, actor: Actor, before_id: int | None, limit: int, campaign: str = ""
) -> RunPage:
    """Of the newest `limit` runs with an id below `before_id`, those of campaigns that the actor
    may see, or of one of them. NotFound of a campaign that is none. Needs REPORT."""
    require(actor, Key.REPORT)
    with reading(engine) as conn:
        only = None
        if campaign:
            found = fetch_campaign_by_name(conn, campaign)
            require_visible(actor, found, "campaign", campaign)
            only = found.id
        runs = fetch_recent_runs(conn, limit + 1, before_id=before_id, campaign_id=only)
        has_more, runs = len(runs) > limit, runs[:limit]
        owners = {i: fetch_campaign(conn, i) for i in {run.campaign_id for run in runs}}
        shown = fetch_shown(conn, [run.id for run in runs])
    return RunPage(
        runs=tuple(
            _summary(run, owners[run.campaign_id], shown.get(run.id))
            for run in runs
            if is_visible(actor, owners[run.campaign_id])
        ),
        next_before=runs[-1].id if has_more else None,
    )


def run_report(
    engine: Engine, actor: Actor, run_id: int, after_id: int = 0, limit: int = PAGE
) -> RunReport:
    """The run's figures, and its first `limit` calls after attempt `after_id`; NotFound.
    Needs REPORT."""
    require(actor, Key.REPORT)
    with reading(engine) as conn:
        run, campaign = _find(conn, actor, run_id)
        outcomes = tuple(_outcome(found) for found in stored.fetch_outcomes(conn, run_id))
        return RunReport(
            run=_summary(run, campaign, fetch_shown(conn, [run_id]).get(run_id)),
            calls=sum(line.count for line in outcomes),
            wait_pre_ms=sum(line.wait_pre_ms * line.count for line in outcomes),
            wait_after_ms=sum(line.wait_after_ms * line.count for line in outcomes),
            talk_ms=sum(line.talk_ms * line.count for line in outcomes),
            outcomes=outcomes,
            trunks=_trunk_lines(conn, run_id),
            recalls=tabulate_recalls(
                (found.state, found.retry_no, found.count)
                for found in stored.fetch_recall_counts(conn, run_id)
            ),
            lists=view_lists(conn, run),
            page=_page(conn, run_id, after_id, limit),
        )


def log_page(engine: Engine, actor: Actor, run_id: int, after_id: int, limit: int) -> LogPage:
    """The first `limit` calls of the run after attempt `after_id`; NotFound. Needs REPORT."""
    require(actor, Key.REPORT)
    with reading(engine) as conn:
        _find(conn, actor, run_id)
        return _page(conn, run_id, after_id, limit)


def tabulate_recalls(counts: Iterable[tuple[str, int, int]]) -> RecallTable:
    """The table of (state, recall level, calls); states by name, levels without gaps."""
    cells = {(state, level): count for state, level, count in counts}
    levels = tuple(range(max((level for _, level in cells), default=-1) + 1))
    states = sorted({state for state, _ in cells})
    return RecallTable(
        levels=levels,
        lines=tuple(
            RecallLine(state=state, counts=tuple(cells.get((state, n), 0) for n in levels))
            for state in states
        ),
    )


def _find(conn: Connection, actor: Actor, run_id: int) -> tuple[Run, Campaign]:
    run = fetch_run(conn, run_id)
    campaign = fetch_campaign(conn, run.campaign_id)
    require_visible(actor, campaign, "run", run_id)
    return run, campaign


def _summary(run: Run, campaign: Campaign, shown: RunShown | None) -> RunSummary:
    summary = RunSummary(
        run_id=run.id,
        campaign=campaign.name,
        state=run.state,
        started_at=run.started_at,
        ended_at=run.ended_at,
        attempted=run.attempted,
        completed=run.completed,
        error=run.error,
    )
    if shown is None:
        return summary
    until = run.ended_at or shown.shown_at
    return replace(
        summary,
        shown_at=shown.shown_at,
        live_calls=shown.live,
        retries=shown.retries,
        figures=work_out(
            attempted=run.attempted,
            completed=run.completed,
            cached=shown.cached,
            backlog=shown.backlog,
            running_s=(until - run.started_at).total_seconds(),
        ),
        verdict=shown.verdict,
        decisions=shown.decisions,
    )


def _outcome(found: stored.OutcomeCount) -> OutcomeLine:
    return OutcomeLine(
        state=found.state,
        ext_status=found.ext_status,
        count=found.count,
        wait_pre_ms=found.wait_pre_ms,
        wait_after_ms=found.wait_after_ms,
        talk_ms=found.talk_ms,
    )


def _trunk_lines(conn: Connection, run_id: int) -> tuple[TrunkLine, ...]:
    names = _trunk_names(conn)
    return tuple(
        TrunkLine(name=names[found.trunk_id], count=found.count)
        for found in stored.fetch_trunk_counts(conn, run_id)
    )


def _page(conn: Connection, run_id: int, after_id: int, limit: int) -> LogPage:
    logs = stored.fetch_logs(conn, run_id, after_id=after_id, limit=limit + 1)
    trunks = _trunk_names(conn)
    lists = {found.id: found.name for found in fetch_lists(conn)}
    numbers = fetch_numbers(conn, [log.attempt.record_id for log in logs])
    lines = tuple(
        LogLine(
            log=log,
            main_number=numbers[log.attempt.record_id],
            number=render_numbers(numbers[log.attempt.record_id], log.attempt.number),
            list_name=lists[log.attempt.list_id],
            trunk=trunks.get(log.attempt.trunk_id or 0, ""),
        )
        for log in logs[:limit]
    )
    has_more = len(logs) > limit
    return LogPage(
        after_id=after_id,
        lines=lines,
        next_after=lines[-1].log.attempt.id if has_more else None,
    )


def _trunk_names(conn: Connection) -> dict[int, str]:
    servers = {server.id: server.name for server in fetch_servers(conn)}
    return {trunk.id: f"{servers[trunk.server_id]}/{trunk.name}" for trunk in fetch_trunks(conn)}
