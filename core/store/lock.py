"""Only one dialer may own a database: two would dial everybody twice.

The lock is the operating system's (SQLite) or the server's (MariaDB), so that a dialer that
was killed leaves none behind.
"""

import fcntl
from pathlib import Path
from threading import Event
from typing import TextIO

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from core.errors import AlreadyRunning

#: How often, and how many seconds apart, a lock file is tried: somebody may just be looking
#: whether a dialer runs.
TRIES, PAUSE_S = 5, 0.05

_REFUSAL = (
    "another dialer works on this database: stop it first, or give this one a database of its own"
)


class DialerLock:
    """Held from `acquire` to `release`, or to the end of the process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._file: TextIO | None = None
        self._connection: Connection | None = None

    def acquire(self) -> None:
        """AlreadyRunning if another process holds it."""
        is_ours = self._lock_file() if _is_file(self._engine) else self._lock_name()
        if not is_ours:
            raise AlreadyRunning(_REFUSAL)

    def keep(self) -> None:
        """See that the lock is still ours. A database server that restarts forgets it: it is
        taken again, or, if another dialer was faster, AlreadyRunning."""
        if self._file is not None or self._is_held():
            return
        self.release()
        self.acquire()

    def _lock_file(self) -> bool:
        file = _lock_path(self._engine).open("a")
        for _ in range(TRIES):
            if _try_lock(file, fcntl.LOCK_EX):
                self._file = file
                return True
            Event().wait(PAUSE_S)
        file.close()
        return False

    def _lock_name(self) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = connection.execute(text("SELECT GET_LOCK(:name, 0)"), {"name": _name(self._engine)})
        if taken.scalar() != 1:
            connection.close()
            return False
        connection.execute(text("SET SESSION wait_timeout = 31536000"))
        self._connection = connection
        return True

    def _is_held(self) -> bool:
        if self._connection is None:
            return False
        query = text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()")
        try:
            return self._connection.execute(query, {"name": _name(self._engine)}).scalar() == 1
        except SQLAlchemyError:
            return False

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def is_dialer_running(engine: Engine) -> bool:
    """Does a dialer hold this database's lock now?"""
    if not _is_file(engine):
        with engine.connect() as conn:
            query = text("SELECT IS_FREE_LOCK(:name)")
            return conn.execute(query, {"name": _name(engine)}).scalar() == 0
    if not _lock_path(engine).exists():
        return False
    with _lock_path(engine).open() as file:
        return not _try_lock(file, fcntl.LOCK_SH)


def _is_file(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def _lock_path(engine: Engine) -> Path:
    return Path(f"{engine.url.database}.lock")


def _name(engine: Engine) -> str:
    return f"whipbird.{engine.url.database}"[:64]


def _try_lock(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
