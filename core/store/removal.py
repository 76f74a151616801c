"""Taking records off their lists, and deleting lists.

Source: manual 25.02, "Database Clean-up Script": a list goes when no campaign and no run uses it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, delete, select, update

from core.errors import NotPossible
from core.model import CallList
from core.store.bins import Bin, open_bin
from core.store.campaigns import fetch_list_users
from core.store.lists import lock_list
from core.store.schema import (
    ahead_record,
    call_list,
    call_log,
    record,
    retry,
    run_list,
    waiting_record,
)

#: Most records of one statement.
CHUNK = 500


def remove_records(conn: Connection, value: CallList, numbers: Sequence[str], now: datetime) -> int:
    """Take every record of these numbers off the list, into a bin, so that calls of theirs can
    still be told; how many there were. A retry that waits comes to its end."""
    lock_list(conn, value.id)
    found = select(record.c.id).where(record.c.list_id == value.id, record.c.number.in_(numbers))
    record_ids = list(conn.execute(found).scalars())
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
        raise NotPossible(f'list "{value.name}" is used by {", ".join(users)}: take it out there')
    if any(_refers(conn, table, value.id) for table in (run_list, call_log)):
        raise NotPossible(
            f'list "{value.name}" was called in a run, whose report needs it: stow it away instead'
        )
    if _waits(conn, value.id):
        raise NotPossible(f'list "{value.name}" holds numbers that wait for a run')
    conn.execute(delete(ahead_record).where(ahead_record.c.list_id == value.id))
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
