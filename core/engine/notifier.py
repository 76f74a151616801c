"""The notifier: takes letters from the outbox to their servers, beside the dialer.

It reads what is due, hands it to a courier, and writes back what became of it. The dialer never
waits for it, and no server waits for another: each has few letters under way, one that fails
only one. A letter whose delivery was not written down is sent again: at least once, not once.
The log names servers and letters, never what a letter says or whom it is for.
"""

import logging
import random
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from core.engine.delivery import Deliver, Verdict, server_of
from core.engine.outage import in_words
from core.engine.threads import Threads
from core.model import Webhook
from core.people import SYSTEM_NAME, Face, LogEntry
from core.ports import Clock
from core.rules.notifications import decide_pause
from core.store.audit import write_log
from core.store.database import reading
from core.store.outbox import Failed, Letter, Sender, fetch_due, settle
from core.store.webhooks import note_deliveries

log = logging.getLogger(__name__)

#: How often the outbox is looked at, in seconds.
BEAT_S = 1.0
#: Most letters under way: in all, to one host, and to a host whose last one failed.
IN_ALL, PER_HOST, PER_FAILING_HOST = 32, 4, 1
#: Most letters of one sender that are read at once.
BATCH = 50
#: How long letters under way may take when the service stops, in seconds.
STOP_S = 2.0


@dataclass(slots=True, kw_only=True)
class _Outcomes:
    """What became of letters and is not written yet."""

    delivered: list[int] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    #: The webhooks whose servers took something, and those whose servers did not.
    served: set[int] = field(default_factory=set)
    failing: set[int] = field(default_factory=set)

    @property
    def ids(self) -> list[int]:
        return [*self.delivered, *(one.letter_id for one in self.failed)]

    def add(self, later: "_Outcomes") -> None:
        self.delivered += later.delivered
        self.failed += later.failed
        self.served |= later.served
        self.failing |= later.failing


class Notifier(Service):
    """A service beside the engine. `deliver` is how a letter reaches its server."""

    name = "notifier"

    def __init__(
        self,
        *,
        database: Database,
        threads: Threads,
        reactor: IReactorTime,
        clock: Clock,
        chance: random.Random,
        deliver: Deliver,
        beat_s: float = BEAT_S,
    ) -> None:
        self._database = database
        self._threads = threads
        self._reactor = reactor
        self._clock = clock
        self._chance = chance
        self._deliver = deliver
        self._beat_s = beat_s
        self._beat = LoopingCall(self._on_beat)
        self._beat.clock = reactor
        self._queues: dict[str, deque[Letter]] = {}
        #: Whose the letters are that are here, by letter.
        self._held: dict[int, Sender] = {}
        self._sent: dict[Deferred[Verdict], str] = {}
        self._failing: set[str] = set()
        self._is_behind = False
        self._is_sending = False
        self._outcomes = _Outcomes()
        self._reading = DeferredLock()
        self._writing = DeferredLock()

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]  # Twisted is untyped
        self._beat.start(self._beat_s)

    def stopService(self) -> Deferred[None]:
        super().stopService()  # type: ignore[no-untyped-call]  # Twisted is untyped
        if self._beat.running:
            self._beat.stop()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        """Letters under way have a moment. The others, and those cut short, stay in the outbox
        as they were."""
        self._queues.clear()
        late = self._reactor.callLater(STOP_S, self._cut_short)
        await DeferredList(list(self._sent))
        if late.active():
            late.cancel()
        await self._writing.run(Deferred.fromCoroutine, self._write())

    def _cut_short(self) -> None:
        for sent in list(self._sent):
            sent.cancel()

    def _on_beat(self) -> None:
        self._settle_soon()
        self._look()

    # From the outbox

    def _look(self) -> None:
        """Read what is due; if that goes on already, once more after it."""
        self._is_behind = True
        _run_alone(self._reading, self._read)

    async def _read(self) -> None:
        while self._is_behind and self.running:
            self._is_behind = False
            try:
                letters = await self._threads.read(self._fetch, frozenset(self._held), self._full)
            except (SQLAlchemyError, OSError) as error:
                log.error("database away, notifications wait: %s", in_words(error))
                return
            if self.running:
                self._take(letters)

    @property
    def _full(self) -> frozenset[Sender]:
        """The senders of which half a batch is still here."""
        counts = Counter(self._held.values())
        return frozenset(sender for sender, count in counts.items() if count * 2 >= BATCH)

    def _fetch(self, held: frozenset[int], full: frozenset[Sender]) -> list[Letter]:
        with reading(self._database) as conn:
            return fetch_due(conn, self._clock.now(), limit=BATCH, held=held, full=full)

    def _take(self, letters: list[Letter]) -> None:
        for letter in letters:
            self._held[letter.id] = letter.sender
            self._queues.setdefault(server_of(letter), deque()).append(letter)
        self._send()

    # To the servers

    def _send(self) -> None:
        """Send what may be sent now. What ends at once does not begin this anew."""
        if self._is_sending:
            return
        self._is_sending = True
        try:
            while len(self._sent) < IN_ALL and (host := self._free_host()) is not None:
                self._send_to(host)
        finally:
            self._is_sending = False

    def _free_host(self) -> str | None:
        """The host that waited longest of those that may have another letter."""
        busy = Counter(self._sent.values())
        for host in self._queues:
            if busy[host] < (PER_FAILING_HOST if host in self._failing else PER_HOST):
                return host
        return None

    def _send_to(self, host: str) -> None:
        letters = self._queues.pop(host)
        letter = letters.popleft()
        if letters:
            self._queues[host] = letters
        sent = self._deliver(letter)
        self._sent[sent] = host
        sent.addErrback(_in_words)
        sent.addCallback(self._note, letter, host, sent)

    def _note(self, verdict: Verdict, letter: Letter, host: str, sent: Deferred[Verdict]) -> None:
        """A delivery is over. One that the end of the service cut short was none."""
        del self._sent[sent]
        if self.running or verdict.is_delivered:
            self._mark(host, verdict)
            self._conclude(letter, verdict)
        self._settle_soon()
        self._send()

    def _mark(self, host: str, verdict: Verdict) -> None:
        is_well = verdict.is_delivered or verdict.is_of_letter
        if not is_well and host not in self._failing:
            self._failing.add(host)
            log.warning("letters to %s fail: %s", host, verdict.reason)
        elif is_well and host in self._failing:
            self._failing.discard(host)
            log.info("letters to %s arrive again", host)

    def _conclude(self, letter: Letter, verdict: Verdict) -> None:
        if letter.webhook_id is not None:
            fared = self._outcomes.served if verdict.is_delivered else self._outcomes.failing
            fared.add(letter.webhook_id)
        if verdict.is_delivered:
            self._outcomes.delivered.append(letter.id)
            return
        now, attempts = self._clock.now(), letter.attempts + 1
        pause_s = None if verdict.is_final else decide_pause(attempts, self._chance.random())
        if pause_s is None:
            log.error("letter %d is given up; `whipbird outbox list` tells why", letter.id)
        self._outcomes.failed.append(
            Failed(
                letter_id=letter.id,
                attempts=attempts,
                due_at=now + timedelta(seconds=pause_s or 0),
                last_error=verdict.reason,
                dead=pause_s is None,
            )
        )

    # Back to the outbox

    def _settle_soon(self) -> None:
        _run_alone(self._writing, self._write)

    async def _write(self) -> None:
        """Write all outcomes; while some are on their way the next gather."""
        while self._outcomes.ids:
            outcomes, self._outcomes = self._outcomes, _Outcomes()
            try:
                await self._threads.write(self._settle, outcomes)
            except (SQLAlchemyError, OSError) as error:
                log.error("database away, outcomes of notifications wait: %s", in_words(error))
                outcomes.add(self._outcomes)
                self._outcomes = outcomes
                return
            for letter_id in outcomes.ids:
                del self._held[letter_id]
            self._look()

    def _settle(self, outcomes: _Outcomes) -> None:
        now = self._clock.now()
        with self._database.begin() as conn:
            settle(conn, outcomes.delivered, outcomes.failed)
            disabled = note_deliveries(conn, outcomes.served, outcomes.failing, now)
            write_log(conn, *(_disabled(webhook, now) for webhook in disabled))
        for webhook in disabled:
            log.error("webhook %s is disabled: %s", webhook.name, webhook.why_disabled)


def _in_words(failure: Failure) -> Verdict:
    """What broke a courier; its reason is never empty, which would mean that it delivered."""
    return Verdict(reason=failure.getErrorMessage() or type(failure.value).__name__)


def _disabled(webhook: Webhook, now: datetime) -> LogEntry:
    """A line of the system log."""
    return LogEntry(
        at=now,
        who=SYSTEM_NAME,
        face=Face.DIALER,
        address="",
        action="webhook.disabled",
        subject=webhook.name,
        detail=webhook.why_disabled,
    )


def _run_alone(lock: DeferredLock, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Begin the work, unless it goes on already."""
    if not lock.locked:
        done = lock.run(Deferred.fromCoroutine, work())
        done.addErrback(lambda failure: log.error("notifier: %s", failure.getTraceback()))
