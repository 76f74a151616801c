"""The system log, as those may read it who hold its key (manual 25.02, "The system log")."""

from sqlalchemy import Engine

from core.operations.permission import require
from core.people import Actor, LogEntry
from core.rules.keys import Key
from core.store.audit import LogFilter, fetch_log
from core.store.database import reading

#: Most lines at a time.
MAX_LINES = 10_000


def read_log(engine: Engine, actor: Actor, wanted: LogFilter, limit: int) -> list[LogEntry]:
    """The newest `limit` lines of the system log that pass, the newest first, MAX_LINES at
    most. Needs SYSLOG."""
    require(actor, Key.SYSLOG)
    with reading(engine) as conn:
        return fetch_log(conn, wanted, min(limit, MAX_LINES))
