"""Runs in the database, and what people ask of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from core.errors import NotFound, NotPossible
from core.model import Campaign, ListPosition, Pace, Run
from core.ports.events import RunPlan
from core.rules.states import RunState
from core.store.ahead import has_more
from core.store.automatic import inherit
from core.store.campaigns import fetch_campaign
from core.store.caps import fetch_caps_of
from core.store.endpoints import fetch_endpoint
from core.store.lists import count_records
from core.store.opening_hours import fetch_opening_hours
from core.store.schema import attempt, call_list, retry, run, run_command, run_list
from core.store.schema import campaign as campaign_table
from core.store.servers import fetch_server
from core.store.trunks import fetch_trunk

#: Most open runs, and most runs found unfinished at a start.
LIMIT = 10_000
#: How a wish that was granted is answered; all else says why it was not.
GRANTED = "OK"


def create_run(conn: Connection, campaign: Campaign, now: datetime) -> Run:
    """A new run of the campaign, its lists at their beginnings, with the records that its last
    one was given and never called. NotPossible if the campaign
    may not be run, or runs already."""
    if campaign.pace is not Pace.RUNNABLE:
        raise NotPossible(f'campaign "{campaign.name}" is {campaign.pace}: make it RUNNABLE first')
    lock = select(campaign_table.c.id).where(campaign_table.c.id == campaign.id)
    conn.execute(lock.with_for_update())
    if fetch_open_runs(conn, campaign.id):
        raise NotPossible(f'campaign "{campaign.name}" is running already: remove that run first')
    values = {
        "campaign_id": campaign.id,
        "state": RunState.RUNNABLE,
        "started_at": now,
        "boost_percent": campaign.boost_percent,
    }
    key = conn.execute(insert(run).values(values)).inserted_primary_key
    assert key is not None
    if campaign.list_ids:
        lists = enumerate(campaign.list_ids, 1)
        rows = [{"run_id": key[0], "list_id": list_id, "idx": idx} for idx, list_id in lists]
        conn.execute(insert(run_list), rows)
    inherit(conn, campaign, key[0])
    return fetch_run(conn, key[0])


def fetch_run(conn: Connection, run_id: int) -> Run:
    """NotFound if there is none of this id."""
    row = conn.execute(select(run).where(run.c.id == run_id)).mappings().first()
    if row is None:
        raise NotFound("run", run_id)
    return _run(conn, row)


def _run(conn: Connection, row: RowMapping) -> Run:
    positions = conn.execute(
        select(run_list, call_list.c.name)
        .join(call_list, call_list.c.id == run_list.c.list_id)
        .where(run_list.c.run_id == row["id"])
        .order_by(run_list.c.idx)
    )
    lists = tuple(
        ListPosition(
            list_id=p.list_id,
            list_name=p.name,
            highwater=p.highwater,
            is_complete=p.is_complete,
            is_paused=p.is_paused,
            round=p.round,
        )
        for p in positions
    )
    return Run(**{**row, "state": RunState(row["state"])}, lists=lists)


def fetch_open_runs(conn: Connection, campaign_id: int | None = None) -> list[Run]:
    """Runs that are not over, the oldest first, of one campaign or of all."""
    query = select(run).where(run.c.ended_at.is_(None)).order_by(run.c.id).limit(LIMIT)
    if campaign_id is not None:
        query = query.where(run.c.campaign_id == campaign_id)
    return [_run(conn, row) for row in conn.execute(query).mappings().all()]


def fetch_open_run(conn: Connection, campaign_id: int) -> Run:
    """The campaign's open run; NotPossible if it has none."""
    found = fetch_open_runs(conn, campaign_id)
    if not found:
        name = fetch_campaign(conn, campaign_id).name
        raise NotPossible(f'campaign "{name}" has no run: start it first')
    return found[0]


def fetch_unfinished_runs(conn: Connection) -> list[Run]:
    """Runs that are open, or over but with attempts of unknown fate."""
    with_attempts = select(attempt.c.run_id).distinct()
    query = (
        select(run)
        .where(or_(run.c.ended_at.is_(None), run.c.id.in_(with_attempts)))
        .order_by(run.c.id)
        .limit(LIMIT)
    )
    return [_run(conn, row) for row in conn.execute(query).mappings().all()]


def fetch_recent_runs(
    conn: Connection, limit: int, *, before_id: int | None = None, campaign_id: int | None = None
) -> list[Run]:
    """The newest runs, of one campaign or of all, the newest first; with `before_id` those of
    lower ids."""
    query = select(run).order_by(run.c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(run.c.id < before_id)
    if campaign_id is not None:
        query = query.where(run.c.campaign_id == campaign_id)
    return [_run(conn, row) for row in conn.execute(query).mappings().all()]


def fetch_plan(conn: Connection, run_id: int) -> RunPlan:
    """All that the dialer needs to execute the run."""
    found = fetch_run(conn, run_id)
    campaign = fetch_campaign(conn, found.campaign_id)
    trunks = tuple(fetch_trunk(conn, i) for i in campaign.trunk_ids)
    endpoints = tuple(fetch_endpoint(conn, i) for i in campaign.endpoint_ids)
    server_ids = {trunk.server_id for trunk in trunks} | {e.server_id for e in endpoints}
    retries = select(func.count()).select_from(retry).where(retry.c.run_id == run_id)
    return RunPlan(
        run=found,
        campaign=campaign,
        servers=tuple(fetch_server(conn, i) for i in sorted(server_ids)),
        trunks=trunks,
        endpoints=endpoints,
        opening_hours=tuple(fetch_opening_hours(conn, i) for i in campaign.opening_hours_ids),
        caps=fetch_caps_of(conn, campaign.cap_ids),
        record_count=count_run_records(conn, found),
        retry_count=conn.execute(retries).scalar_one(),
        is_gathering=has_more(conn, run_id),
    )


def count_run_records(conn: Connection, found: Run) -> int:
    """All that the run has to call: a list that was begun again counts again."""
    of_lists = sum(count_records(conn, p.list_id) * (p.round + 1) for p in found.lists)
    return found.added + of_lists


def count_retries(conn: Connection, run_id: int, until: datetime) -> tuple[int, int]:
    """How many of the run's retries are due by `until`, and how many later."""
    due = select(func.count()).select_from(retry).where(retry.c.run_id == run_id)
    soon = conn.execute(due.where(retry.c.due_at <= until)).scalar_one()
    later = conn.execute(due.where(retry.c.due_at > until)).scalar_one()
    return soon, later


def boost(conn: Connection, run_id: int, percent: int) -> None:
    """Set the run's boost factor."""
    conn.execute(update(run).where(run.c.id == run_id).values(boost_percent=percent))


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Something a person asked of a campaign: `start`, `pause`, `unpause` … `argument` is the
    name of the list, if the wish is one of a list."""

    id: int
    campaign_id: int
    verb: str
    argument: str = ""


def ask(conn: Connection, campaign_id: int, verb: str, now: datetime, *, argument: str = "") -> int:
    """Leave a wish for the dialer; its id."""
    values = {"campaign_id": campaign_id, "verb": verb, "argument": argument, "asked_at": now}
    key = conn.execute(insert(run_command).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def fetch_asked(conn: Connection, limit: int) -> list[Wish]:
    """Wishes that nobody answered yet, the oldest first."""
    table = run_command
    query = (
        select(table.c.id, table.c.campaign_id, table.c.verb, table.c.argument)
        .where(table.c.handled_at.is_(None))
        .order_by(table.c.id)
        .limit(limit)
    )
    return [Wish(**row) for row in conn.execute(query).mappings()]


def answer(conn: Connection, command_id: int, outcome: str, now: datetime) -> None:
    """`outcome` is GRANTED or a sentence that says why not."""
    conn.execute(
        update(run_command)
        .where(run_command.c.id == command_id)
        .values(handled_at=now, outcome=outcome)
    )


def fetch_outcome(conn: Connection, command_id: int) -> str | None:
    """The answer to a wish; None while there is none. NotFound if nobody wished it."""
    query = select(run_command.c.handled_at, run_command.c.outcome)
    row = conn.execute(query.where(run_command.c.id == command_id)).first()
    if row is None:
        raise NotFound("command", command_id)
    return None if row.handled_at is None else row.outcome
