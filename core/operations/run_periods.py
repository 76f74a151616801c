"""Which runs there were in a period, and what became of the calls of several runs together.

Source: manual 25.02, "Reports: runs in period" and "Report: stats for runs".
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.errors import NotPossible
from core.model import ListPosition, RunOverview
from core.operations.permission import require, visible
from core.people import Actor
from core.rules.keys import Key
from core.rules.states import CallState
from core.store.database import reading
from core.store.reports import StatCount, fetch_stats
from core.store.run_overview import (
    LIMIT,
    fetch_positions,
    fetch_runs_between,
    fetch_runs_of_ids,
)
from core.store.servers import fetch_servers
from core.store.trunks import fetch_trunks


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedRun:
    """A run, and how far the list that it read last is read; None if it read none."""

    run: RunOverview
    position: ListPosition | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StatLine:
    """The calls of one campaign, state and extended status over one trunk, which is named with
    its server's name and empty for calls that had no line. Times are sums in milliseconds."""

    campaign_id: int
    state: CallState
    trunk: str
    ext_status: str
    count: int
    wait_pre_ms: int
    wait_after_ms: int
    talk_ms: int


def runs_between(
    engine: Engine, actor: Actor, since: datetime, until: datetime
) -> list[ReportedRun]:
    """The runs that began in the period, both ends included, and whose campaigns the actor may
    see, the newest first. NotPossible of a period with more than LIMIT. Needs REPORT."""
    require(actor, Key.REPORT)
    with reading(engine) as conn:
        found = fetch_runs_between(conn, since, until, LIMIT + 1)
        if len(found) > LIMIT:
            raise NotPossible(f"more than {LIMIT} runs began then; ask for a shorter period")
        runs = visible(actor, found)
        positions = fetch_positions(conn, [run.id for run in runs])
    return [ReportedRun(run=run, position=positions.get(run.id)) for run in runs]


def run_stats(engine: Engine, actor: Actor, run_ids: Collection[int]) -> list[StatLine]:
    """What became of the calls of these runs, by campaign, state, trunk and extended status, in
    that order; runs that the actor may not see, or that there are not, have none. Needs
    REPORT."""
    require(actor, Key.REPORT)
    with reading(engine) as conn:
        trunks = _name_trunks(conn)
        sums: dict[tuple[int, str, str, str], StatLine] = {}
        for run in visible(actor, fetch_runs_of_ids(conn, run_ids)):
            for found in fetch_stats(conn, run.id):
                line = _line(run.campaign_id, found, trunks)
                key = (line.campaign_id, line.state.value, line.trunk, line.ext_status)
                sums[key] = _add(sums[key], line) if key in sums else line
    return [sums[key] for key in sorted(sums)]


def _line(campaign_id: int, found: StatCount, trunks: dict[int, str]) -> StatLine:
    return StatLine(
        campaign_id=campaign_id,
        state=found.state,
        trunk=trunks.get(found.trunk_id or 0, ""),
        ext_status=found.ext_status,
        count=found.count,
        wait_pre_ms=found.wait_pre_ms,
        wait_after_ms=found.wait_after_ms,
        talk_ms=found.talk_ms,
    )


def _add(one: StatLine, other: StatLine) -> StatLine:
    return replace(
        one,
        count=one.count + other.count,
        wait_pre_ms=one.wait_pre_ms + other.wait_pre_ms,
        wait_after_ms=one.wait_after_ms + other.wait_after_ms,
        talk_ms=one.talk_ms + other.talk_ms,
    )


def _name_trunks(conn: Connection) -> dict[int, str]:
    servers = {server.id: server.name for server in fetch_servers(conn)}
    return {trunk.id: f"{servers[trunk.server_id]} {trunk.name}" for trunk in fetch_trunks(conn)}
