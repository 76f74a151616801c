"""Taking records off their lists, and deleting what is configured.

Source: manual 25.02, "Database Clean-up Script": a list goes when no campaign and no run uses it.
What the logs of calls name stays, and what a run may still use as it was before its campaign was
changed.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    select,
    update,
)

from core.errors import InUse, NotPossible
from core.model import CallList, Campaign, EndPoint, Server, Trunk
from core.rules.caps import Cap
from core.rules.opening_hours import OpeningHours
from core.store.bins import Bin, open_bin
from core.store.campaigns import fetch_list_users
from core.store.lists import lock_list
from core.store.runs import GRANTED
from core.store.schema import (
    ahead_record,
    attempt,
    call_list,
    call_log,
    campaign,
    campaign_cap,
    campaign_end_point,
    campaign_opening_hours,
    campaign_trunk,
    cap,
    end_point,
    opening_hours,
    opening_hours_rule,
    record,
    retry,
    run,
    run_command,
    run_list,
    server,
    trunk,
    upload,
    waiting_record,
)

#: Most records of one statement.
CHUNK = 500


def remove_records(conn: Connection, value: CallList, numbers: Sequence[str], now: datetime) -> int:
    """Take every record of these numbers off the list, into a bin, so that calls of theirs can
    still be told; how many there were. A retry that waits comes to its end."""
    lock_list(conn, value.id)
    found = select(record.c.id).where(record.c.list_id == value.id, record.c.number.in_(numbers))
    return _take_away(conn, list(conn.execute(found).scalars()), now)


def remove_record(conn: Connection, value: CallList, record_id: int, now: datetime) -> None:
    """Take one record off the list, as `remove_records` does."""
    lock_list(conn, value.id)
    _take_away(conn, [record_id], now)


def _take_away(conn: Connection, record_ids: Sequence[int], now: datetime) -> int:
    bin_id = open_bin(conn, Bin.REMOVED).id if record_ids else 0
    for start in range(0, len(record_ids), CHUNK):
        some = record_ids[start : start + CHUNK]
        conn.execute(update(record).where(record.c.id.in_(some)).values(list_id=bin_id))
        conn.execute(update(retry).where(retry.c.record_id.in_(some)).values(due_at=now))
        conn.execute(delete(waiting_record).where(waiting_record.c.record_id.in_(some)))
    return len(record_ids)


def delete_list(conn: Connection, value: CallList) -> None:
    """Delete the list with its records. NotPossible, in words, while something uses it."""
    lock_list(conn, value.id)
    if users := fetch_list_users(conn, value.id):
        raise InUse(f'list "{value.name}" is used by', users, ": take it out there")
    if any(_refers(conn, table, value.id) for table in (run_list, call_log)):
        raise NotPossible(
            f'list "{value.name}" was called in a run, whose report needs it: stow it away instead'
        )
    if _waits(conn, value.id):
        raise NotPossible(f'list "{value.name}" holds numbers that wait for a run')
    conn.execute(delete(ahead_record).where(ahead_record.c.list_id == value.id))
    conn.execute(delete(upload).where(upload.c.list_id == value.id))
    conn.execute(delete(record).where(record.c.list_id == value.id))
    conn.execute(delete(call_list).where(call_list.c.id == value.id))


def _refers(conn: Connection, table: Table, list_id: int) -> bool:
    query = select(table.c.list_id).where(table.c.list_id == list_id).limit(1)
    return conn.execute(query).first() is not None


def _waits(conn: Connection, list_id: int) -> bool:
    """In a run's retry queue, or for the next run."""
    return any(
        conn.execute(
            select(table.c.record_id)
            .join(record, record.c.id == table.c.record_id)
            .where(record.c.list_id == list_id)
            .limit(1)
        ).first()
        is not None
        for table in (retry, waiting_record)
    )


def delete_server(conn: Connection, value: Server) -> None:
    """NotPossible, in words, while a trunk or an end-point is on it, or if it placed a call."""
    users = [name for table in (trunk, end_point) for name in _names_on(conn, table, value.id)]
    _refuse_users("server", value.name, users)
    for table in (trunk, end_point):
        _refuse_changed_runs(conn, "server", value.name, _last_change(table))
    _refuse_called(conn, "server", value.name, "server_id", value.id)
    conn.execute(delete(server).where(server.c.id == value.id))


def delete_trunk(conn: Connection, value: Trunk) -> None:
    """NotPossible, in words, while a campaign has it, or if a call went over it."""
    _refuse_users("trunk", value.name, _campaigns_with(conn, campaign_trunk.c.trunk_id, value.id))
    _refuse_changed_runs(conn, "trunk", value.name, campaign.c.changed_at)
    _refuse_called(conn, "trunk", value.name, "trunk_id", value.id)
    conn.execute(delete(trunk).where(trunk.c.id == value.id))


def delete_endpoint(conn: Connection, value: EndPoint) -> None:
    """NotPossible, in words, while a campaign has it, or if a call was to go there."""
    column = campaign_end_point.c.end_point_id
    _refuse_users("end-point", value.name, _campaigns_with(conn, column, value.id))
    _refuse_changed_runs(conn, "end-point", value.name, campaign.c.changed_at)
    _refuse_called(conn, "end-point", value.name, "endpoint_id", value.id)
    conn.execute(delete(end_point).where(end_point.c.id == value.id))


def delete_opening_hours(conn: Connection, value: OpeningHours) -> None:
    """NotPossible, in words, while a campaign has them."""
    column = campaign_opening_hours.c.opening_hours_id
    _refuse_users("opening hours", value.name, _campaigns_with(conn, column, value.id))
    rules = opening_hours_rule
    conn.execute(delete(rules).where(rules.c.opening_hours_id == value.id))
    conn.execute(delete(opening_hours).where(opening_hours.c.id == value.id))


def delete_cap(conn: Connection, value: Cap) -> None:
    """NotPossible, in words, while a campaign has it."""
    _refuse_users("cap", value.name, _campaigns_with(conn, campaign_cap.c.cap_id, value.id))
    conn.execute(delete(cap).where(cap.c.id == value.id))


def refuse_campaign(_conn: Connection, value: Campaign) -> None:
    """NotPossible: its runs and calls are told by reports."""
    raise NotPossible(f'campaign "{value.name}" cannot be deleted: set its pace to HIDDEN')


def _names_on(conn: Connection, table: Table, server_id: int) -> list[str]:
    query = select(table.c.name).where(table.c.server_id == server_id).order_by(table.c.name)
    return list(conn.execute(query).scalars())


def _campaigns_with(conn: Connection, column: Column[int], key: int) -> list[str]:
    users = select(column.table.c.campaign_id).where(column == key)
    query = select(campaign.c.name).where(campaign.c.id.in_(users)).order_by(campaign.c.name)
    return list(conn.execute(query).scalars())


def _refuse_users(noun: str, name: str, users: Sequence[str]) -> None:
    if users:
        raise InUse(f'{noun} "{name}" is used by', users, ": take it out there")


def _refuse_called(conn: Connection, noun: str, name: str, column: str, key: int) -> None:
    """On SQLite this reads all logs of an element that none of them names."""
    for table in (attempt, call_log):
        query = select(table.c.id).where(table.c[column] == key).limit(1)
        if conn.execute(query).first() is not None:
            raise NotPossible(f'{noun} "{name}" had calls, whose logs need it: it stays')


def _refuse_changed_runs(
    conn: Connection, noun: str, name: str, changed_at: ColumnElement[datetime | None]
) -> None:
    """A run goes by all as it was when it was begun, or last reloaded: nothing that was in use
    then may go if `changed_at`, the last change of what refers to it, came later."""
    reload = and_(run_command.c.verb == "reload", run_command.c.outcome == GRANTED)
    reloaded_at = (
        select(func.max(run_command.c.handled_at))
        .where(run_command.c.campaign_id == campaign.c.id, reload)
        .scalar_subquery()
    )
    loaded_at = func.coalesce(reloaded_at, run.c.started_at)
    query = (
        select(campaign.c.name)
        .join(run, run.c.campaign_id == campaign.c.id)
        .where(run.c.ended_at.is_(None), changed_at >= loaded_at)
        .order_by(campaign.c.name)
    )
    if names := list(conn.execute(query).scalars()):
        after = ", which go by what was changed since: reload them first"
        raise InUse(f'{noun} "{name}" may be used by the runs of', names, after)


def _last_change(table: Table) -> ColumnElement[datetime | None]:
    return select(func.max(table.c.changed_at)).scalar_subquery()
