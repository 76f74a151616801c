"""Automatic lists: records that came to a campaign one by one, and how they get into its runs.

Source: manual 25.02, "Automatic lists" and "Add a call to a campaign". Such a record is kept in
the hidden list CAMPAIGN/AUTO and reaches a run by its retry queue, never by the list: no later
run reads the list again, and each record is called in one run only. Until the campaign has an
open run the record waits here; a run that ends leaves those it never called to the next one.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from core.errors import NotFound
from core.model import CallList, Campaign, Record
from core.store.lists import fetch_list_by_name, save_list, save_record
from core.store.schema import campaign as campaign_table
from core.store.schema import record, retry, run, run_list, waiting_record

#: What the name of an automatic list ends in.
SUFFIX = "/AUTO"
#: Most records that one run is handed at a time, and most runs.
LIMIT, RUNS = 1000, 10_000

_MOVE = update(retry).where(
    retry.c.run_id == bindparam("of_run"), retry.c.record_id == bindparam("of_record")
)


def automatic_name(campaign_name: str) -> str:
    """The name of the campaign's automatic list."""
    return campaign_name + SUFFIX


def fetch_owner_ids(conn: Connection, list_name: str) -> list[int]:
    """The campaign whose automatic list it is; none if it is an ordinary list."""
    if not list_name.endswith(SUFFIX):
        return []
    is_owner = campaign_table.c.name == list_name.removesuffix(SUFFIX)
    return list(conn.execute(select(campaign_table.c.id).where(is_owner)).scalars())


def add_automatic_record(
    conn: Connection,
    campaign: Campaign,
    number: str,
    inputs: Mapping[str, str],
    *,
    due_at: datetime | None = None,
    priority: int = 0,
    expires_at: datetime | None = None,
    now: datetime,
) -> Record:
    """Have the campaign call `number` at `due_at` or soon after, at once without one; the stored
    record.

    `number` and `inputs` are in the form in which lists keep them. A running dialer takes it up
    within a second of the transaction's end.
    """
    value = Record(
        list_id=_find_or_make(conn, campaign).id,
        number=number,
        inputs=inputs,
        priority=priority,
        expires_at=expires_at,
    )
    stored = replace(value, id=save_record(conn, value))
    waiting = {"record_id": stored.id, "campaign_id": campaign.id, "due_at": due_at or now}
    conn.execute(insert(waiting_record).values(waiting))
    return stored


def _find_or_make(conn: Connection, campaign: Campaign) -> CallList:
    name = automatic_name(campaign.name)
    try:
        return fetch_list_by_name(conn, name)
    except NotFound:
        # Whoever comes first makes it, behind the campaign's lock.
        lock = select(campaign_table.c.id).where(campaign_table.c.id == campaign.id)
        conn.execute(lock.with_for_update())
    try:
        return fetch_list_by_name(conn, name)
    except NotFound:
        return save_list(conn, CallList(name=name, is_hidden=True))


def hand_over(conn: Connection) -> list[tuple[int, int]]:
    """Put what waits for campaigns with an open run into the retry queues of these runs; the
    ids of the runs, each with how many records it was given."""
    waits = exists().where(waiting_record.c.campaign_id == run.c.campaign_id)
    runs = select(run.c.id, run.c.campaign_id).where(run.c.ended_at.is_(None), waits).limit(RUNS)
    found = conn.execute(runs).all()
    return [(row.id, _hand_to(conn, row.id, row.campaign_id)) for row in found]


def _hand_to(conn: Connection, run_id: int, campaign_id: int) -> int:
    waiting = (
        select(waiting_record)
        .where(waiting_record.c.campaign_id == campaign_id)
        .order_by(waiting_record.c.record_id)
        .limit(LIMIT)
        .with_for_update()
    )
    due = {row.record_id: row.due_at for row in conn.execute(waiting)}
    priorities = conn.execute(select(record.c.id, record.c.priority).where(record.c.id.in_(due)))
    rows = [
        {
            "run_id": run_id,
            "record_id": key,
            "attempt_no": 0,
            "retry_no": 0,
            "after_s": 0,
            "due_at": due[key],
            "priority": priority,
        }
        for key, priority in priorities
    ]
    if rows:
        conn.execute(insert(retry), rows)
        conn.execute(delete(waiting_record).where(waiting_record.c.record_id.in_(due)))
        conn.execute(update(run).where(run.c.id == run_id).values(added=run.c.added + len(rows)))
    return len(rows)


def inherit(conn: Connection, campaign: Campaign, run_id: int) -> None:
    """Let the new run have the records that the campaign's last run was given and never called.
    Those off its lists are not among them: the new run reads its own lists."""
    last = (
        select(func.max(run.c.id))
        .where(run.c.campaign_id == campaign.id, run.c.id < run_id)
        .scalar_subquery()
    )
    lists = select(run_list.c.list_id).where(run_list.c.run_id == last)
    uncalled = (
        select(retry.c.run_id, retry.c.record_id)
        .join(record, record.c.id == retry.c.record_id)
        .where(retry.c.run_id == last, retry.c.attempt_no == 0, record.c.list_id.not_in(lists))
    )
    rows = [{"of_run": r.run_id, "of_record": r.record_id} for r in conn.execute(uncalled)]
    if rows:
        conn.execute(_MOVE.values(run_id=run_id), rows)
        conn.execute(update(run).where(run.c.id == run_id).values(added=len(rows)))
