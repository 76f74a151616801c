"""What the dialer itself does, for the system log: kept in memory until the next beat.

Nothing is dialled by these lines, so that they wait for a database that is away without holding
anything up; of very many the oldest are given up.
"""

from collections import deque
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from core.engine.threads import Threads
from core.people import SYSTEM_NAME, Face, LogEntry
from core.ports import Clock
from core.store.audit import write_log

#: Most lines that wait.
CAPACITY = 10_000


class Scribe:
    """Collects lines; `flush` writes them."""

    def __init__(self, database: Engine, threads: Threads, clock: Clock) -> None:
        self._database = database
        self._threads = threads
        self._clock = clock
        self._waiting: deque[LogEntry] = deque(maxlen=CAPACITY)

    def note(self, action: str, subject: str = "", detail: str = "") -> None:
        """Something happened just now."""
        entry = LogEntry(
            at=self._clock.now(),
            who=SYSTEM_NAME,
            face=Face.DIALER,
            address="",
            action=action,
            subject=subject,
            detail=detail,
        )
        self._waiting.append(entry)

    async def flush(self) -> None:
        """Write what waits. What cannot be written waits on, and the database's error is
        raised."""
        if not self._waiting:
            return
        lines = tuple(self._waiting)
        self._waiting.clear()
        try:
            await self._threads.write(self._write, lines)
        except (SQLAlchemyError, OSError):
            self._waiting = deque([*lines, *self._waiting], maxlen=CAPACITY)
            raise

    def _write(self, lines: Sequence[LogEntry]) -> None:
        with self._database.begin() as conn:
            write_log(conn, *lines)
