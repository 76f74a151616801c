"""Reads the hopper's batches from the database, and screens them on the way."""

import logging
from datetime import datetime

from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from core.engine.filters import Filters
from core.engine.outage import Outage
from core.engine.screening import screen_batch
from core.engine.threads import Threads
from core.engine.timings import Timings
from core.ports import Clock, Journal, Post
from core.ports.commands import FetchBatch
from core.ports.events import BatchFetched
from core.ports.timings import Step
from core.store.database import reading
from core.store.hopper import fetch_batch

log = logging.getLogger(__name__)

#: How long after a failed read it is tried again, in seconds.
FETCH_PAUSE_S = 1.0


class Reader:
    """Posts `BatchFetched` for each `FetchBatch`: while the database is away, as soon as it is
    back."""

    def __init__(
        self,
        *,
        database: Database,
        threads: Threads,
        reactor: IReactorTime,
        clock: Clock,
        journal: Journal,
        filters: Filters,
        outage: Outage,
        timings: Timings,
        post: Post,
    ) -> None:
        self._database = database
        self._threads = threads
        self._reactor = reactor
        self._clock = clock
        self._journal = journal
        self._filters = filters
        self._outage = outage
        self._timings = timings
        self._post = post
        self._is_stopped = False

    def fetch(self, command: FetchBatch) -> None:
        """Read on, behind all that was decided before: a retry that was just made is seen, one
        that was just used up is not."""
        fetched = Deferred.fromCoroutine(self._read(command))
        fetched.addCallbacks(self._fetched, lambda failure: self._fetch_later(command, failure))

    def stop(self) -> None:
        """What fails is not tried again."""
        self._is_stopped = True

    async def _read(self, command: FetchBatch) -> BatchFetched:
        await self._journal.written()
        return await self._threads.read(self._fetch_batch, command, self._clock.now())

    def _fetch_batch(self, command: FetchBatch, now: datetime) -> BatchFetched:
        step = Step.READ_FRESH if command.positions else Step.READ_RETRIES
        with reading(self._database) as conn:
            with self._timings.measure(step):
                batch = fetch_batch(conn, command, now)
            with self._timings.measure(Step.SCREEN):
                return screen_batch(conn, batch, command.screen, now, self._filters)

    def _fetched(self, batch: BatchFetched) -> None:
        self._outage.note_success("hopper")
        self._post(batch)

    def _fetch_later(self, command: FetchBatch, failure: Failure) -> None:
        if isinstance(failure.value, SQLAlchemyError | OSError):
            self._outage.note_failure("hopper", failure.value)
        else:
            log.error("run %d: no batch read: %s", command.run_id, failure.getTraceback())
        if not self._is_stopped:
            self._reactor.callLater(FETCH_PAUSE_S, self.fetch, command)
