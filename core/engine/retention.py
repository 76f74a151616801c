"""Forgets what is older than the settings say: lines of the system log, letters given up.

It works beside the dialer, in its order of writing, a few rows a transaction. That lines of the
system log went is itself a line there.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from core.engine.outage import in_words
from core.engine.threads import Threads
from core.people import SYSTEM_NAME, Face, LogEntry
from core.ports import Clock
from core.settings import RetentionSettings
from core.store.audit import write_log
from core.store.retention import forget_dead_letters, forget_lines

log = logging.getLogger(__name__)

#: How often it looks, in seconds, the first time so long after the start.
PERIOD_S = 3600.0
#: Most rows of one transaction.
BATCH = 1000

#: Deletes what is older than a moment, so many rows at most; how many it were.
Forget = Callable[[Connection, datetime, int], int]


class Retention(Service):
    """A service beside the engine."""

    name = "retention"

    def __init__(
        self,
        settings: RetentionSettings,
        *,
        database: Database,
        threads: Threads,
        reactor: IReactorTime,
        clock: Clock,
    ) -> None:
        self._kept = (
            (settings.system_log_days, "system log", forget_lines),
            (settings.letters_days, "outbox", forget_dead_letters),
        )
        self._database = database
        self._threads = threads
        self._clock = clock
        self._beat = LoopingCall(lambda: Deferred.fromCoroutine(self._look()))
        self._beat.clock = reactor

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]  # Twisted is untyped
        self._beat.start(PERIOD_S, now=False)

    def stopService(self) -> None:
        super().stopService()  # type: ignore[no-untyped-call]  # Twisted is untyped
        if self._beat.running:
            self._beat.stop()

    async def _look(self) -> None:
        try:
            for days, what, forget in self._kept:
                if days:
                    await self._forget(days, what, forget)
        except (SQLAlchemyError, OSError) as error:
            log.error("database away, what is old is kept for now: %s", in_words(error))
        except Exception:
            log.exception("what is old is kept")

    async def _forget(self, days: int, what: str, forget: Forget) -> None:
        now = self._clock.now()
        before, total, count = now - timedelta(days=days), 0, BATCH
        while count == BATCH and self.running:
            count = await self._threads.write(self._forget_some, forget, what, before, now)
            total += count
        if total:
            log.info("%s: %d rows from before %s forgotten", what, total, f"{before:%Y-%m-%d}")

    def _forget_some(self, forget: Forget, what: str, before: datetime, now: datetime) -> int:
        with self._database.begin() as conn:
            count = forget(conn, before, BATCH)
            if count:
                detail = f"{count} from before {before:%Y-%m-%d %H:%M}"
                write_log(conn, _line(now, what, detail))
        return count


def _line(now: datetime, subject: str, detail: str) -> LogEntry:
    return LogEntry(
        at=now,
        who=SYSTEM_NAME,
        face=Face.DIALER,
        address="",
        action="old.forgotten",
        subject=subject,
        detail=detail,
    )
