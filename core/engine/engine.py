"""The engine: one mailbox, one brain, and hands that carry out what it decides.

All that happens enters by `post`, in order of arrival, and waits for the next tick. A tick is
synchronous: it lets the dialer receive everything, asks it once what to do, and hands the
commands to journal, threads and PBXs, whose answers come back by `post`. Nothing else touches
the dialer.
"""

import logging
from datetime import datetime

from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError
from twisted.application.service import Service
from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from core.dialer.dialer import Dialer
from core.engine.awaiting import as_deferred
from core.engine.chronicle import Chronicle
from core.engine.filters import Filters
from core.engine.journal import DatabaseJournal
from core.engine.loader import Start, load_start
from core.engine.mailbox import Mailbox
from core.engine.newsring import NewsRing
from core.engine.outage import Outage
from core.engine.publisher import Publisher
from core.engine.reader import Reader
from core.engine.scribe import Scribe
from core.engine.switchboard import Switchboard
from core.engine.teller import Teller
from core.engine.threads import Threads
from core.engine.timings import Timings
from core.engine.traffic import Traffic
from core.engine.wishes import Wishes
from core.model import Server
from core.ports import Clock, Journal, PbxFactory
from core.ports.commands import AttemptPlaced, Command, FetchBatch, HangUp, Originate
from core.ports.events import Event, OriginateSent, ServersLoaded, Stopping
from core.ports.timings import Step
from core.rules.news import CallChanged, CallEnded, RunChanged, RunFigures
from core.store.lock import DialerLock

log = logging.getLogger(__name__)

#: How often the engine looks what people ask, and publishes a snapshot.
BEAT_S = 0.5
#: How long a stop waits for a database that is away, in seconds.
CLOSE_S = 60.0


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
        self._reactor = reactor
        self._clock = clock
        self._beat_s = beat_s
        self._mailbox = Mailbox(reactor, clock, self._tick)
        self.timings = Timings()
        self._outage = Outage(self.post)
        self._journal: Journal = DatabaseJournal(
            database, threads, reactor, self.post, self._outage, self.timings
        )
        self._switchboard = Switchboard(make_pbx, self.post)
        self._filters = Filters(database, threads, reactor)
        self._reader = Reader(
            database=database,
            threads=threads,
            reactor=reactor,
            clock=clock,
            journal=self._journal,
            filters=self._filters,
            outage=self._outage,
            timings=self.timings,
            post=self.post,
        )
        self._beat = LoopingCall(self._on_beat)
        self._beat.clock = reactor
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
        self._mailbox.open()
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
        self._reader.stop()
        self._filters.stop()
        self.post(Stopping())
        await self.wishes.end()
        await self._switchboard.leave()
        self._mailbox.drain()
        if self._journal.backlog:
            log.warning("%d entries wait for the database", self._journal.backlog)
        self._scribe.note("dialer.stopped")
        try:
            await as_deferred(self._journal.close()).addTimeout(CLOSE_S, self._reactor)
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
        self._mailbox.close()
        if self._beat.running:
            self._beat.stop()
        return Deferred.fromCoroutine(self._stop())

    def post(self, event: Event) -> None:
        """Put an event into the mailbox. For the reactor's thread only."""
        self._mailbox.post(event)

    def ticked(self) -> Deferred[None]:
        """Fires once the dialer has received all that was posted before."""
        return self._mailbox.ticked()

    def journal_written(self) -> Deferred[None]:
        """Fires once all that was decided before is in the database."""
        return as_deferred(self._journal.written())

    @property
    def journal_backlog(self) -> int:
        """How many entries are not yet safe."""
        return self._journal.backlog

    def is_ours(self, call_id: str) -> bool:
        """Is there a live call of this channel id?"""
        return call_id in self.dialer.live.calls

    # The tick

    def _tick(self) -> None:
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
            self._mailbox.tick_within((next_at - now).total_seconds())
        self._mailbox.wake_waiters()

    def _receive_all(self) -> None:
        for event, at in self._mailbox.take():
            self._chronicle.note_event(event)
            self.traffic.note_event(event)
            try:
                self.dialer.receive(event, at)
            except Exception:
                log.exception("%s passed over", _in_words(event))

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
                log.exception("%s not carried out", _in_words(command))
                if isinstance(command, Originate):
                    self._assume_sent(command)
        self._journal.flush()

    def _assume_sent(self, command: Originate) -> None:
        """Nobody knows how far it came: the dialer is to wait for news of it, and no longer."""
        self.post(OriginateSent(server_id=command.server_id, channel_id=command.channel_id))

    def _execute(self, command: Command) -> None:
        match command:
            case Originate():
                self._switchboard.originate(command)
            case HangUp():
                self._switchboard.hang_up(command)
            case FetchBatch():
                self._reader.fetch(command)
            case CallChanged() | CallEnded() | RunChanged() | RunFigures():
                self.news.add(command)
            case _:
                self._journal.append(command)

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
        self.post(ServersLoaded(servers=servers))
        self._switchboard.connect(servers)


def _in_words(what: Event | Command) -> str:
    """Which one it is, without what is known of the called person."""
    name = type(what).__name__
    channel_id = getattr(what, "channel_id", "")
    return f"call {channel_id}: {name}" if channel_id else name
