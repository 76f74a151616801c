"""Work on the database, away from the reactor's thread."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")


class Queries:
    """Runs work on `engine` in the threads of `pool`."""

    def __init__(self, reactor: IReactorFromThreads, pool: ThreadPool, engine: Engine) -> None:
        self._reactor = reactor
        self._pool = pool
        self.engine = engine

    def run(
        self, work: Callable[Concatenate[Engine, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._pool, work, self.engine, *args, **kwargs)
