"""Runs with what lists of runs show of them and their campaigns: few queries, however many."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from core.model import ListPosition, RunOverview
from core.rules.active_period import parse_active_period
from core.rules.stamps import Stamp
from core.rules.states import RunState
from core.store.schema import call_list, campaign, run, run_list, run_shown

#: Most runs at once, and most whose lists one query reads.
LIMIT, CHUNK = 10_000, 500


def fetch_runs_of_ids(conn: Connection, run_ids: Collection[int]) -> list[RunOverview]:
    """Those runs that there are, the oldest first."""
    query = _SELECT.where(run.c.id.in_(run_ids)).order_by(run.c.id).limit(LIMIT)
    return [_overview(row) for row in conn.execute(query)]


def fetch_runs_between(
    conn: Connection, since: datetime, until: datetime, limit: int = LIMIT
) -> list[RunOverview]:
    """The newest runs that began in the period, both ends included, the newest first."""
    query = _SELECT.where(run.c.started_at.between(since, until))
    query = query.order_by(run.c.started_at.desc(), run.c.id.desc()).limit(limit)
    return [_overview(row) for row in conn.execute(query)]


def fetch_positions(conn: Connection, run_ids: Sequence[int]) -> dict[int, ListPosition]:
    """How far the last list that each of the runs has begun is read; one that has begun none is
    not a key."""
    found: dict[int, ListPosition] = {}
    for start in range(0, len(run_ids), CHUNK):
        rows = conn.execute(
            select(run_list, call_list.c.name)
            .join(call_list, call_list.c.id == run_list.c.list_id)
            .where(run_list.c.run_id.in_(run_ids[start : start + CHUNK]), run_list.c.highwater > 0)
            .order_by(run_list.c.run_id, run_list.c.idx)
        )
        for row in rows:
            found[row.run_id] = ListPosition(
                list_id=row.list_id,
                list_name=row.name,
                highwater=row.highwater,
                is_complete=row.is_complete,
                is_paused=row.is_paused,
                round=row.round,
            )
    return found


_SELECT: Select[Any] = (
    select(
        *(run.c[name] for name in ("id", "campaign_id", "state", "started_at", "ended_at")),
        *(run.c[name] for name in ("attempted", "completed", "boost_percent")),
        *(run_shown.c[name] for name in ("cached", "backlog", "retries")),
        campaign.c.name,
        *(campaign.c[name] for name in ("priority", "active_start", "active_end", "active_days")),
        *(campaign.c[name] for name in ("security_key", "created_by")),
    )
    .join(campaign, campaign.c.id == run.c.campaign_id)
    .outerjoin(run_shown, run_shown.c.run_id == run.c.id)
)


def _overview(row: Row[Any]) -> RunOverview:
    return RunOverview(
        id=row.id,
        campaign_id=row.campaign_id,
        campaign=row.name,
        priority=row.priority,
        active_period=parse_active_period(row.active_start, row.active_end, row.active_days),
        state=RunState(row.state),
        started_at=row.started_at,
        ended_at=row.ended_at,
        attempted=row.attempted,
        completed=row.completed,
        boost_percent=row.boost_percent,
        cached=row.cached or 0,
        backlog=row.backlog or 0,
        retries=row.retries or 0,
        security_key=row.security_key,
        stamp=Stamp(created_by=row.created_by),
    )
