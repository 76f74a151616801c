"""What is forgotten when it is old. Few rows at a time: nobody waits long for the lock."""

from datetime import datetime

from sqlalchemy import Connection, Select, Table, delete, select, true

from core.store.schema import audit_log, outbox


def forget_lines(conn: Connection, before: datetime, limit: int) -> int:
    """Delete lines of the system log that are older, `limit` at most, the oldest first; how
    many."""
    old = select(audit_log.c.id).where(audit_log.c.at < before).order_by(audit_log.c.at)
    return _forget(conn, audit_log, old.limit(limit))


def forget_dead_letters(conn: Connection, before: datetime, limit: int) -> int:
    """Delete letters that were given up before, `limit` at most; how many."""
    old = select(outbox.c.id).where(outbox.c.dead == true(), outbox.c.due_at < before)
    return _forget(conn, outbox, old.limit(limit))


def _forget(conn: Connection, table: Table, old: Select[tuple[int]]) -> int:
    ids = list(conn.execute(old).scalars())
    conn.execute(delete(table).where(table.c.id.in_(ids)))
    return len(ids)
