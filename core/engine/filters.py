"""Black lists in memory, in front of the database: most numbers stand on none, and are told so
without a query for each.

The database decides. A number that a filter knows is looked up there, and so are all numbers while
a list is still being read. What is appended to a list counts a second after its commit at the
latest. The check just before dialling asks no filter, and so finds what came in that second, or
what another program wrote into a row that had been read before, or under an id that was free again.
"""

import logging
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from threading import Lock

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from core.engine.outage import in_words
from core.engine.threads import Threads
from core.rules.number_filter import NumberFilter
from core.store.blacklists import fetch_added_numbers
from core.store.database import reading
from core.store.lists import count_records

log = logging.getLogger(__name__)

#: Numbers read at a time: a millisecond or two of Python, which a tick may have to wait for.
PORTION = 1000
#: Reading rests so many times as long as a portion took, and this long at least, in seconds.
REST, LEAST_REST_S = 1.0, 0.002
#: A filter that grew more often is made anew: it may know very many that were taken off its list.
MOST_GROWN = 1
#: How long what was read of a list holds, in seconds: two beats.
FRESH_S = 1.0
#: How long after a failure it is tried again, in seconds.
FAILURE_PAUSE_S = 10.0


class ListFilter:
    """The numbers of one list, up to the record `highwater`; last read at `read_at_s`. `is_whole`
    once it was read to its end; what came since is little."""

    def __init__(self, list_id: int) -> None:
        self.list_id = list_id
        self.highwater = 0
        self.read_at_s = float("-inf")
        self.is_whole = False
        self._numbers: NumberFilter | None = None
        self._lock = Lock()

    @property
    def size_bytes(self) -> int:
        return self._numbers.size_bytes if self._numbers else 0

    @property
    def is_outgrown(self) -> bool:
        return self._numbers is not None and self._numbers.times_grown > MOST_GROWN

    def read_on(self, database: Engine, now_s: float) -> None:
        """Read the next portion. Before the first one the list is counted."""
        with reading(database) as conn:
            if self._numbers is None:
                self._numbers = NumberFilter(count_records(conn, self.list_id))
            self.catch_up(conn, now_s)

    def catch_up(self, conn: Connection, now_s: float) -> bool:
        """Read what is behind the high-water mark, a portion at most; whether that was all.
        Threads may do so at once."""
        assert self._numbers is not None
        rows = fetch_added_numbers(conn, self.list_id, after_id=self.highwater, limit=PORTION)
        with self._lock:
            if rows:
                self._numbers.add([number for _id, number in rows])
                self.highwater = max(self.highwater, rows[-1][0])
            self.is_whole = is_all = len(rows) < PORTION
            self.read_at_s = max(self.read_at_s, now_s)
        return is_all

    def find(self, numbers: Collection[str]) -> set[str]:
        """Those that may stand on the list, up to the high-water mark."""
        assert self._numbers is not None
        return self._numbers.find(numbers)


class Filters:
    """Filters of the black lists that are in use."""

    def __init__(self, database: Engine, threads: Threads, reactor: IReactorTime) -> None:
        self._database = database
        self._threads = threads
        self._reactor = reactor
        self._filters: dict[int, ListFilter] = {}
        self._rest: IDelayedCall | None = None
        self._is_reading = False
        self._kept_at_s = float("-inf")

    @property
    def is_whole(self) -> bool:
        """Are all lists in use in memory?"""
        return all(one.is_whole for one in self._filters.values())

    @property
    def size_bytes(self) -> int:
        return sum(one.size_bytes for one in self._filters.values())

    def keep(self, list_ids: AbstractSet[int]) -> None:
        """These lists are in use, and no others: what came to them is read, in the background.
        For the reactor's thread only."""
        self._kept_at_s = self._reactor.seconds()
        if self._filters.keys() != list_ids:
            kept = self._filters
            self._filters = {key: kept.get(key) or ListFilter(key) for key in sorted(list_ids)}
        if not self._is_reading:
            self._read_on()

    def stop(self) -> None:
        """Nothing more is read."""
        self._filters = {}
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def narrow(
        self, conn: Connection, list_ids: Sequence[int], numbers: Collection[str]
    ) -> Collection[str]:
        """Those of the numbers that may stand on one of these lists: all of them while a list is
        not read to its end. For any thread."""
        filters = [found for key in list_ids if (found := self._filters.get(key))]
        if len(filters) < len(list_ids) or not all(one.is_whole for one in filters):
            return numbers
        now_s, suspects = self._reactor.seconds(), set[str]()
        for one in filters:
            if now_s - one.read_at_s > FRESH_S and not one.catch_up(conn, now_s):
                return numbers
            suspects |= one.find(numbers)
        return suspects

    def _next(self) -> ListFilter | None:
        """Of those that are to be read on, the one whose turn it is."""
        due = (
            one
            for one in self._filters.values()
            if not one.is_whole or one.read_at_s < self._kept_at_s
        )
        return min(due, key=lambda one: one.read_at_s, default=None)

    def _read_on(self) -> None:
        self._rest = None
        one = self._next()
        self._is_reading = one is not None
        if one is None:
            return
        began_s, was_whole = self._reactor.seconds(), one.is_whole
        read = self._threads.read(one.read_on, self._database, began_s)
        read.addCallbacks(lambda _: self._go_on(one, began_s, was_whole), self._try_later)
        read.addErrback(lambda failure: log.error("black lists: %s", failure.getTraceback()))

    def _go_on(self, one: ListFilter, began_s: float, was_whole: bool) -> None:
        if one.is_outgrown and self._filters.get(one.list_id) is one:
            self._filters[one.list_id] = ListFilter(one.list_id)
        elif one.is_whole and not was_whole:
            log.info("black list %d is in memory: %.1f MB", one.list_id, one.size_bytes / 1e6)
        took_s = self._reactor.seconds() - began_s
        self._wait(max(REST * took_s, LEAST_REST_S))

    def _try_later(self, failure: Failure) -> None:
        error = failure.value
        if not isinstance(error, SQLAlchemyError | OSError):
            failure.raiseException()
        log.warning("black lists are not read into memory: %s", in_words(error))
        self._wait(FAILURE_PAUSE_S)

    def _wait(self, pause_s: float) -> None:
        if self._filters:
            self._rest = self._reactor.callLater(pause_s, self._read_on)
        else:
            self._is_reading = False
