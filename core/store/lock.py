"""Only one dialer may own a database: two would dial everybody twice.

The lock is the operating system's (SQLite) or the server's (MariaDB), so that a dialer that
was killed leaves none behind.
"""

import fcntl
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection, Engine, text

from core.errors import AlreadyRunning

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
        if not self.try_acquire():
            raise AlreadyRunning(_REFUSAL)

    def try_acquire(self) -> bool:
        if self._engine.dialect.name == "sqlite":
            return self._lock_file()
        return self._lock_name()

    def _lock_file(self) -> bool:
        path = Path(f"{self._engine.url.database}.lock")
        file = path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def _lock_name(self) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        name = f"whipbird.{self._engine.url.database}"[:64]
        if connection.execute(text("SELECT GET_LOCK(:name, 0)"), {"name": name}).scalar() != 1:
            connection.close()
            return False
        connection.execute(text("SET SESSION wait_timeout = 31536000"))
        self._connection = connection
        return True

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
    lock = DialerLock(engine)
    if not lock.try_acquire():
        return True
    lock.release()
    return False
