"""The system log in the database: lines are only ever added."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select

from core.people import Face, LogEntry
from core.store.rows import values_of
from core.store.schema import ACTION, DETAIL, NAME, SUBJECT, audit_log


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFilter:
    """Which lines are wanted; None and "" do not limit. `before_id` is where a page ends."""

    who: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


def write_log(conn: Connection, *entries: LogEntry) -> None:
    """Add lines; what is too long for its column is cut."""
    if entries:
        conn.execute(insert(audit_log), [values_of(_cut(entry)) for entry in entries])


def fetch_log(conn: Connection, wanted: LogFilter, limit: int) -> list[LogEntry]:
    """The newest lines that pass, the newest first."""
    table = audit_log.c
    query = select(audit_log).order_by(table.id.desc()).limit(limit)
    if wanted.who:
        query = query.where(table.who == wanted.who)
    if wanted.action:
        query = query.where(table.action == wanted.action)
    if wanted.since is not None:
        query = query.where(table.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.at < wanted.until)
    if wanted.before_id is not None:
        query = query.where(table.id < wanted.before_id)
    rows = conn.execute(query).mappings()
    return [LogEntry(**{**row, "face": Face(row["face"])}) for row in rows]


def _cut(entry: LogEntry) -> LogEntry:
    return replace(
        entry,
        who=entry.who[:NAME],
        address=entry.address[:NAME],
        action=entry.action[:ACTION],
        subject=entry.subject[:SUBJECT],
        detail=entry.detail[:DETAIL],
    )
