"""The engine: one mailbox, one brain, and hands that carry out what it decides.

All that happens enters by `post`, in order of arrival, and waits for the next tick. A tick is
synchronous: it lets the dialer receive everything, asks it once what to do, and hands the
commands to journal, threads and PBXs, whose answers come back by `post`. Nothing else touches
the dialer.
"""

import logging
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, TimeoutError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from core.dialer.dialer import Dialer
from core.engine.chronicle import Chronicle
from core.engine.filters import Filters
from core.engine.journal import DatabaseJournal
from core.engine.loader import Start, load_start
from core.engine.newsring import NewsRing
from core.engine.outage import Outage
from core.engine.publisher import Publisher
from core.engine.screening import screen_batch
from core.engine.scribe import Scribe
from core.engine.teller import Teller
from core.engine.threads import Threads
from core.engine.timings import Timings
from core.engine.traffic import Traffic
from core.engine.wishes import Wishes
from core.model import Server
from core.ports import Clock, Journal, Pbx, PbxFactory
from core.ports.commands import AttemptPlaced, Command, FetchBatch, HangUp, Originate
from core.ports.events import (
    BatchFetched,
    Event,
    OriginateRefused,
    OriginateSent,
    ServersLoaded,
    Stopping,
)
from core.ports.timings import Step
from core.rules.news import CallChanged, CallEnded, RunChanged, RunFigures
from core.store.database import reading
from core.store.hopper import fetch_batch
from core.store.lock import DialerLock

log = logging.getLogger(__name__)

#: Ticks come at most so often, in seconds: what arrives meanwhile shares one.
TICK_S = 0.01
#: How often the engine looks what people ask, and publishes a snapshot.
BEAT_S = 0.5
#: How long a stop waits for a database that is away, in seconds.
CLOSE_S = 60.0
#: How long after a failed read of the hopper it is tried again.
FETCH_PAUSE_S = 1.0


class Engine(Service):
    """The running dialer. `make_pbx` builds the port of a server; `lock` is held already."""

    name = "engine"

    def __init__(
        self,
        *,
        database: Database,
        threads: Threads,
        reactor: IReactorTime,
        clock: Clock,
        make_pbx: PbxFactory,
        lock: DialerLock,
        beat_s: float = BEAT_S,
    ) -> None:
        self._database = database
        self._threads = threads
        self._reactor = reactor
        self._clock = clock
        self._beat_s = beat_s
        self._make_pbx = make_pbx
        self.timings = Timings()
        self._outage = Outage(self.post)
        self._journal: Journal = DatabaseJournal(
            database, threads, reactor, self.post, self._outage, self.timings
        )
        self._filters = Filters(database, threads, reactor)
        self._pbxs: dict[int, tuple[Server, Pbx]] = {}
        self._inbox: list[tuple[Event, datetime]] = []
        self._tick_call: IDelayedCall | None = None
        self._last_tick = float("-inf")
        self._beat = LoopingCall(self._on_beat)
        self._beat.clock = reactor
        self._tick_waiters: list[Deferred[None]] = []
        self.traffic = Traffic()
        start = load_start(database, clock.now())
        self.dialer = Dialer(site_key=start.site_key, next_attempt_id=start.next_attempt_id)
        self.publisher = Publisher(self.dialer, clock)
        #: In milliseconds, so that no two processes have the same.
        self.news = NewsRing(f"{round(clock.now().timestamp() * 1000):x}")
        self._teller = Teller(self.dialer.live)
        self._scribe = Scribe(database, threads, clock)
        self.wishes = Wishes(
            database=database,
            threads=threads,
            clock=clock,
            lock=lock,
            publisher=self.publisher,
            scribe=self._scribe,
            outage=self._outage,
            timings=self.timings,
            grant=self._grant,
            received=self.ticked,
        )
        self._chronicle = Chronicle(self.dialer.live, self._scribe.note)
        self._start = start

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]  # Twisted is untyped
        start: Start = self._start
        self._set_servers(start.servers)
        for recent in start.recent_calls:
            self.post(recent)
        for run in start.runs:
            log.info("run %d of %s taken up", run.plan.run.id, run.plan.campaign.name)
            self.post(run)
        self._beat.start(self._beat_s)
        self._scribe.note("dialer.started")
        log.info("the dialer has started")

    async def _stop(self) -> None:
        """Calls that are up stay up; the next start finds them. A wish that is being granted
        is waited for, and so is what PBXs answer to the last commands."""
        self._filters.stop()
        self.post(Stopping())
        await self.wishes.end()
        await DeferredList([_leave(pbx) for _server, pbx in self._pbxs.values()])
        if self._tick_call is not None:
            self._tick_call.cancel()
        while self._inbox:
            self._tick()
        if self._journal.backlog:
            log.warning("%d entries wait for the database", self._journal.backlog)
        self._scribe.note("dialer.stopped")
        try:
            await _as_deferred(self._journal.close()).addTimeout(CLOSE_S, self._reactor)
            await self._scribe.flush()
        except (SQLAlchemyError, OSError) as error:
            log.error("the system log lacks the end: %s", error)
        except TimeoutError:
            log.critical(
                "stopped without the database: %d entries are lost, their calls will be RS_LOST",
                self._journal.backlog,
            )
        log.info("the dialer has stopped")

    def stopService(self) -> Deferred[None]:
        super().stopService()  # type: ignore[no-untyped-call]  # Twisted is untyped
        if self._beat.running:
            self._beat.stop()
        return Deferred.fromCoroutine(self._stop())

    def post(self, event: Event) -> None:
        """Put an event into the mailbox. For the reactor's thread only."""
        self._inbox.append((event, self._clock.now()))
        if self._tick_call is None or len(self._inbox) == 1:
            self._tick_within(0.0)

    def ticked(self) -> Deferred[None]:
        """Fires once the dialer has received all that was posted before."""
        waiter: Deferred[None] = Deferred()
        self._tick_waiters.append(waiter)
        if not self._inbox:
            self._wake_waiters()
        return waiter

    def _wake_waiters(self) -> None:
        waiters, self._tick_waiters = self._tick_waiters, []
        for waiter in waiters:
            waiter.callback(None)

    def journal_written(self) -> Deferred[None]:
        """Fires once all that was decided before is in the database."""
        return _as_deferred(self._journal.written())

    @property
    def journal_backlog(self) -> int:
        """How many entries are not yet safe."""
        return self._journal.backlog

    def is_ours(self, call_id: str) -> bool:
        """Is there a live call of this channel id?"""
        return call_id in self.dialer.live.calls

    # The tick

    def _tick_within(self, delay_s: float) -> None:
        if not self.running:
            return
        earliest_s = self._last_tick + TICK_S - self._reactor.seconds()
        delay_s = max(delay_s, earliest_s, 0.0)
        if self._tick_call is None:
            self._tick_call = self._reactor.callLater(delay_s, self._tick)
        elif self._tick_call.getTime() > self._reactor.seconds() + delay_s:
            self._tick_call.reset(delay_s)

    def _tick(self) -> None:
        self._tick_call = None
        self._last_tick = self._reactor.seconds()
        with self.timings.measure(Step.RECEIVE):
            self._receive_all()
        now = self._clock.now()
        with self.timings.measure(Step.DECIDE):
            commands = self._decide(now)
        with self.timings.measure(Step.EXECUTE):
            self._execute_all(commands)
        placed = sum(isinstance(command, AttemptPlaced) for command in commands)
        if placed:
            self.publisher.count_placed(placed, now)
        next_at = self.dialer.next_look_at()
        if next_at is not None:
            self._tick_within((next_at - now).total_seconds())
        self._wake_waiters()

    def _receive_all(self) -> None:
        inbox, self._inbox = self._inbox, []
        for event, at in inbox:
            self._chronicle.note_event(event)
            self.traffic.note_event(event)
            try:
                self.dialer.receive(event, at)
            except Exception:
                log.exception("event passed over: %r", event)

    def _decide(self, now: datetime) -> list[Command]:
        try:
            return self.dialer.decide(now)
        except Exception:
            log.exception("no decision")
            return []

    def _execute_all(self, commands: list[Command]) -> None:
        for command in commands:
            try:
                self._chronicle.note_command(command)
                self.traffic.note_command(command)
                self._execute(command)
            except Exception:
                log.exception("%s", _in_words(command))
                if isinstance(command, Originate):
                    self._assume_sent(command)
        self._journal.flush()

    def _assume_sent(self, command: Originate) -> None:
        """Nobody knows how far it came: the dialer is to wait for news of it, and no longer."""
        self.post(OriginateSent(server_id=command.server_id, channel_id=command.channel_id))

    def _execute(self, command: Command) -> None:
        match command:
            case Originate():
                self._originate(command)
            case HangUp():
                if found := self._pbxs.get(command.server_id):
                    found[1].hang_up(command)
            case FetchBatch():
                self._fetch(command)
            case CallChanged() | CallEnded() | RunChanged() | RunFigures():
                self.news.add(command)
            case _:
                self._journal.append(command)

    def _originate(self, command: Originate) -> None:
        if found := self._pbxs.get(command.server_id):
            found[1].originate(command)
            return
        self.post(
            OriginateRefused(
                server_id=command.server_id,
                channel_id=command.channel_id,
                was_sent=False,
                reason="its server is not configured any more",
            )
        )

    def _fetch(self, command: FetchBatch) -> None:
        """Read on, behind all that was decided before: a retry that was just made is seen, one
        that was just used up is not."""
        fetched = Deferred.fromCoroutine(self._read(command))
        fetched.addCallbacks(self._fetched, lambda failure: self._fetch_later(command, failure))

    async def _read(self, command: FetchBatch) -> BatchFetched:
        await self._journal.written()
        return await self._threads.read(self._fetch_batch, command, self._clock.now())

    def _fetch_batch(self, command: FetchBatch, now: datetime) -> BatchFetched:
        step = Step.READ_FRESH if command.positions else Step.READ_RETRIES
        with reading(self._database) as conn:
            with self.timings.measure(step):
                batch = fetch_batch(conn, command, now)
            with self.timings.measure(Step.SCREEN):
                return screen_batch(conn, batch, command.screen, now, self._filters)

    def _fetched(self, batch: BatchFetched) -> None:
        self._outage.note_success("hopper")
        self.post(batch)

    def _fetch_later(self, command: FetchBatch, failure: Failure) -> None:
        if isinstance(failure.value, SQLAlchemyError | OSError):
            self._outage.note_failure("hopper", failure.value)
        else:
            log.error("run %d: no batch read: %s", command.run_id, failure.getTraceback())
        if self.running:
            self._reactor.callLater(FETCH_PAUSE_S, self._fetch, command)

    # The beat

    def _on_beat(self) -> None:
        """A border, like the tick: whatever goes wrong in one beat, the next one comes. People
        see the dialer even while the database keeps their wishes waiting."""
        try:
            self._filters.keep(self.dialer.live.black_list_ids)
            with self.timings.measure(Step.PUBLISH):
                self.publisher.publish()
                self._tell_figures(self._clock.now())
        except Exception:
            log.exception("a snapshot did not reach everybody")
        self.wishes.look()

    def _tell_figures(self, now: datetime) -> None:
        for figures in self._teller.news(now):
            self.news.add(figures)
        self.news.forget(now)

    def _grant(self, event: Event) -> None:
        if isinstance(event, ServersLoaded):
            self._set_servers(event.servers)
        else:
            self.post(event)

    def _set_servers(self, servers: tuple[Server, ...]) -> None:
        """Connect to servers that are new or were changed."""
        self.post(ServersLoaded(servers=servers))
        for server in servers:
            known = self._pbxs.get(server.id)
            if known is not None and reach_alike(known[0], server):
                continue
            if known is not None:
                _leave(known[1])
            pbx = self._make_pbx(server, self.post)
            self._pbxs[server.id] = (server, pbx)
            pbx.start()


def reach_alike(one: Server, other: Server) -> bool:
    """Whether a connection to the one serves the other: who may see it is no matter."""
    return replace(one, security_key=other.security_key) == other


def _in_words(command: Command) -> str:
    """That it failed, without what is known of the called person."""
    name = type(command).__name__
    if isinstance(command, Originate | HangUp):
        return f"call {command.channel_id}: {name} not carried out"
    return f"{name} not carried out"


def _as_deferred(done: Awaitable[None]) -> Deferred[None]:
    async def wait() -> None:
        await done

    return Deferred.fromCoroutine(wait())


def _leave(pbx: Pbx) -> Deferred[None]:
    left = _as_deferred(pbx.stop())
    left.addErrback(lambda failure: log.error("PBX did not leave cleanly: %s", failure))
    return left
