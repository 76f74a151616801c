"""The journal: everything that must survive, in order, many entries in one transaction.

While one transaction is on its way the next gathers, so the batch grows with the load. A
database that is away is tried again with growing pauses, and nothing is lost meanwhile. An
entry that the database refuses for what it says is set apart, so that it cannot hold up the
others.
"""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
    StatementError,
)
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from core.engine.outage import Outage, in_words
from core.engine.screening import Screening, count_attempts, erase_written, screen_attempts
from core.engine.threads import Threads
from core.engine.timings import Timings
from core.ports import Post
from core.ports.commands import AttemptPlaced, JournalEntry
from core.ports.events import (
    AttemptRefused,
    AttemptsBlacklisted,
    AttemptsCapped,
    AttemptsCommitted,
    AttemptsRemoved,
)
from core.ports.timings import Step
from core.store.journal import is_written, write_entries

log = logging.getLogger(__name__)

#: Most entries in one transaction.
BATCH = 2000
#: First and longest pause before a database that is away is tried again, in seconds.
PAUSE_S, LONGEST_PAUSE_S = 0.25, 10.0


class Refused(Exception):
    """The database will never take an entry, for what stands in it."""


@contextmanager
def _refusals() -> Iterator[None]:
    """Tells what no waiting cures from a database that is away. An entry may be refused by the
    database itself, or by its driver on the way there."""
    try:
        yield
    except (IntegrityError, DataError) as error:
        raise Refused(str(error)) from error
    except DBAPIError:
        raise
    except (StatementError, ValueError, TypeError, OverflowError) as error:
        raise Refused(str(error)) from error


class DatabaseJournal:
    """Implements `core.ports.Journal` over the store."""

    def __init__(
        self,
        engine: Engine,
        threads: Threads,
        clock: IReactorTime,
        post: Post,
        outage: Outage,
        timings: Timings,
    ) -> None:
        self._engine = engine
        self._threads = threads
        self._clock = clock
        self._post = post
        self._outage = outage
        self._timings = timings
        self._waiting: list[JournalEntry] = []
        self._written = 0
        self._readers: deque[tuple[int, Deferred[None]]] = deque()
        self._is_writing = False
        self._idle_waiters: list[Deferred[None]] = []

    @property
    def backlog(self) -> int:
        """How many entries are not yet safe."""
        return len(self._waiting)

    def append(self, entry: JournalEntry) -> None:
        self._waiting.append(entry)

    def flush(self) -> None:
        """Begin to write what was appended, unless that goes on already."""
        if self._waiting and not self._is_writing:
            self._is_writing = True
            writing = Deferred.fromCoroutine(self._write_all())
            writing.addErrback(lambda failure: log.critical("journal: %s", failure))

    def written(self) -> Deferred[None]:
        """Fires once all that was appended before is in the database: what is read then is
        not behind what was decided."""
        reader: Deferred[None] = Deferred()
        self._readers.append((self._written + len(self._waiting), reader))
        self._let_read()
        return reader

    def _let_read(self) -> None:
        while self._readers and self._readers[0][0] <= self._written:
            self._readers.popleft()[1].callback(None)

    async def close(self) -> None:
        """Write all that was appended, then stop."""
        self.flush()
        if self._is_writing:
            idle: Deferred[None] = Deferred()
            self._idle_waiters.append(idle)
            await idle

    async def _write_all(self) -> None:
        pause_s = PAUSE_S
        try:
            while self._waiting:
                batch = self._waiting[:BATCH]
                try:
                    await self._write_batch(batch)
                except (SQLAlchemyError, OSError) as error:
                    self._outage.note_failure("journal", error)
                    waiting, reason = len(self._waiting), in_words(error)
                    log.error("database away, %d entries wait: %s", waiting, reason)
                    await deferLater(self._clock, pause_s)
                    pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                else:
                    pause_s = PAUSE_S
                    self._outage.note_success("journal")
                    del self._waiting[: len(batch)]
                    self._written += len(batch)
                    self._let_read()
        finally:
            self._is_writing = False
            waiters, self._idle_waiters = self._idle_waiters, []
            for waiter in waiters:
                waiter.callback(None)

    async def _write_batch(self, batch: Sequence[JournalEntry]) -> None:
        try:
            screening = await self._threads.write(self._write, batch)
        except Refused:
            await self._write_apart(batch)
        else:
            self._announce(batch, screening)

    def _write(self, entries: Sequence[JournalEntry]) -> Screening:
        """Write the entries; what forbids attempts of them after all."""
        with self._timings.measure(Step.COMMIT), _refusals(), self._engine.begin() as conn:
            return _write_new(conn, entries)

    async def _write_apart(self, batch: Sequence[JournalEntry]) -> None:
        """One by one: the entry that was refused must not take the others with it."""
        for entry in batch:
            try:
                screening = await self._threads.write(self._write_once, entry)
            except Refused as error:
                log.critical("the database refuses %r: %s", entry, error)
                if isinstance(entry, AttemptPlaced):
                    reason = f"refused by the database: {error}"
                    self._post(AttemptRefused(attempt_id=entry.attempt.id, reason=reason))
            else:
                self._announce((entry,), screening)

    def _write_once(self, entry: JournalEntry) -> Screening:
        """Write the entry unless it is there already: a commit may have succeeded although
        its answer was lost."""
        with _refusals(), self._engine.begin() as conn:
            if is_written(conn, entry):
                return screen_attempts(conn, (entry,))
            return _write_new(conn, (entry,))

    def _announce(self, entries: Sequence[JournalEntry], screening: Screening) -> None:
        ids = [e.attempt.id for e in entries if isinstance(e, AttemptPlaced)]
        if screening.blacklisted:
            self._post(AttemptsBlacklisted(attempt_ids=tuple(sorted(screening.blacklisted))))
        if screening.binned:
            reasons = {key: found.reason for key, found in screening.binned.items()}
            self._post(AttemptsRemoved(reasons=reasons))
        if screening.refusals:
            self._post(AttemptsCapped(refusals=screening.refusals))
        if allowed := tuple(i for i in ids if i not in screening.forbidden):
            self._post(AttemptsCommitted(attempt_ids=allowed))


def _write_new(conn: Connection, entries: Sequence[JournalEntry]) -> Screening:
    write_entries(conn, entries)
    screening = screen_attempts(conn, entries)
    count_attempts(conn, entries, screening)
    erase_written(conn, entries)
    return screening
