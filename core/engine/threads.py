"""Where blocking work runs: one thread that writes in order, and a few that read."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")

#: Threads for reading; a query at a time each.
READERS = 3


class Threads(Protocol):
    """Runs a function away from the reactor; the Deferred fires in its thread."""

    def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]: ...

    def read(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]: ...


class DatabaseThreads:
    """Real threads: `write` keeps the order of its calls, `read` does not."""

    def __init__(self, reactor: IReactorFromThreads) -> None:
        self._reactor = reactor
        self._writer = ThreadPool(1, 1, name="journal")
        self.readers = ThreadPool(1, READERS, name="queries")

    def start(self) -> None:
        self._writer.start()
        self.readers.start()

    def stop(self) -> None:
        """Wait for what runs, then end the threads."""
        self._writer.stop()
        self.readers.stop()

    def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._writer, work, *args, **kwargs)

    def read(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self.readers, work, *args, **kwargs)
