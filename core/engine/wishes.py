"""What people ask of the dialer by way of the database: taken up at each beat, or at once when
somebody of this process wakes it. In the same stride the lock is kept, the runs are shown and
the system log is written."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError
from twisted.internet.defer import Deferred, DeferredLock

from core.engine.board import Board
from core.engine.loader import take_wishes
from core.engine.outage import Outage
from core.engine.publisher import Publisher
from core.engine.scribe import Scribe
from core.engine.threads import Threads
from core.engine.timings import Timings
from core.errors import AlreadyRunning
from core.ports import Clock, Post
from core.ports.events import Event, Stopping
from core.ports.timings import Step
from core.store.lock import DialerLock

log = logging.getLogger(__name__)


class Wishes:
    """One look at a time. `grant` is handed each event that follows from a wish; `received`
    gives a Deferred that fires once the dialer has received all that it was handed."""

    def __init__(
        self,
        *,
        database: Database,
        threads: Threads,
        clock: Clock,
        lock: DialerLock,
        publisher: Publisher,
        scribe: Scribe,
        outage: Outage,
        timings: Timings,
        grant: Post,
        received: Callable[[], Deferred[None]],
    ) -> None:
        self._database = database
        self._threads = threads
        self._clock = clock
        self._lock = lock
        self._publisher = publisher
        self._scribe = scribe
        self._outage = outage
        self._timings = timings
        self._grant = grant
        self._received = received
        self._board = Board(database)
        self._looking = DeferredLock()
        self._sleepers: list[Deferred[None]] = []
        #: Another dialer took the database over: to place calls would call people twice.
        self.is_locked_out = False

    def look(self) -> None:
        """Look now, unless that goes on already."""
        if not self._looking.locked:
            self._look_next()

    def wake(self) -> Deferred[None]:
        """Fires once all that was asked before has been taken up, as far as the database allows.
        Those who ask while somebody looks share the next look."""
        sleeper: Deferred[None] = Deferred()
        self._sleepers.append(sleeper)
        if len(self._sleepers) == 1:
            self._look_next()
        return sleeper

    def end(self) -> Deferred[DeferredLock]:
        """Fires when the look under way is over; there is none after it."""
        return self._looking.acquire()

    def _look_next(self) -> None:
        looked = self._looking.run(lambda: Deferred.fromCoroutine(self._look()))
        looked.addErrback(lambda failure: log.error("wishes: %s", failure.getTraceback()))

    async def _look(self) -> None:
        sleepers, self._sleepers = self._sleepers, []
        try:
            await self._take()
        finally:
            for sleeper in sleepers:
                self._received().chainDeferred(sleeper)

    async def _take(self) -> None:
        try:
            await self._threads.write(self._lock.keep)
            await self._show_runs()
            await self._scribe.flush()
            events = await self._threads.write(self._read, self._clock.now())
        except (SQLAlchemyError, OSError) as error:
            self._outage.note_failure("wishes", error)
            return
        except AlreadyRunning as error:
            log.critical("no more calls are placed: %s", error)
            self.is_locked_out = True
            self._grant(Stopping())
            return
        self._outage.note_success("wishes")
        self.is_locked_out = False
        for event in events:
            self._grant(event)

    def _read(self, now: datetime) -> list[Event]:
        with self._timings.measure(Step.WISHES):
            return take_wishes(self._database, now)

    async def _show_runs(self) -> None:
        snapshot = self._publisher.latest()
        if news := self._board.news(snapshot):
            await self._threads.write(self._board.write, news)
            self._board.note(news, snapshot)
