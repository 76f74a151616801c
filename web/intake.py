"""Calls that are added one by one, written many at a time.

A request waits until the dialer has taken its call up (manual 25.02, "Add a call to a
campaign": backpressure). What comes while one transaction is on its way shares the next, so the
wait hardly grows with the load; it happens in the dialer's own order of writing, so that the two
never wait for each other's locks.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Engine
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from core.errors import NotPossible, WhipbirdError
from core.operations.calls import AddedCall, CallWish, add_calls
from core.people import Actor
from core.ports import Clock
from core.ports.control import Control

#: Most calls of one transaction, and most that wait.
BATCH, MOST = 200, 10_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting:
    """A call to be added, and who waits for it."""

    actor: Actor
    wish: CallWish
    added: Deferred[AddedCall]


class Intake:
    """Adds calls by way of `control`."""

    def __init__(self, control: Control, engine: Engine, clock: Clock) -> None:
        self._control = control
        self._engine = engine
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._is_working = False

    def add(self, actor: Actor, wish: CallWish) -> Deferred[AddedCall]:
        """Fires once the dialer has taken the call up. NotPossible while too many wait."""
        if len(self._waiting) >= MOST:
            raise NotPossible(f"{MOST} calls wait to be added already; send fewer at a time")
        added: Deferred[AddedCall] = Deferred()
        self._waiting.append(_Waiting(actor=actor, wish=wish, added=added))
        if not self._is_working:
            self._is_working = True
            Deferred.fromCoroutine(self._work()).addErrback(_complain)
        return added

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                for _actor, same in groupby(batch, key=lambda waiting: waiting.actor):
                    await self._add(list(same))
        finally:
            self._is_working = False

    async def _add(self, batch: Sequence[_Waiting]) -> None:
        """Add calls that one actor wants."""
        wishes = [waiting.wish for waiting in batch]
        actor, now = batch[0].actor, self._clock.now()
        try:
            done = await self._control.write(add_calls, self._engine, actor, wishes, now)
            await self._control.wake()
        except Exception:
            failure = Failure()
            for waiting in batch:
                waiting.added.errback(failure)
            return
        for waiting, result in zip(batch, done, strict=True):
            if isinstance(result, WhipbirdError):
                waiting.added.errback(result)
            else:
                waiting.added.callback(result)


def _complain(failure: Failure) -> None:
    _log.error("intake: %s", failure.getTraceback())
