"""Keeps one PBX connected: greeting, pings, and trying again.

It knows nothing of calls. Upwards it says when the PBX is ready, with what it found there, and
when it no longer is, with a sentence for people.
"""

import logging
import random
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall, deferLater
from twisted.python.failure import Failure

from ami.backoff import Backoff
from ami.connection import Session, connect
from ami.greeting import LIST_CHANNELS, Greeting, Inventory, Limits, channels_of
from ami.protocol import ServerLost, event_name, field
from ami.throttle import Throttle
from core.model import Server
from core.ports import Clock

_log = logging.getLogger(__name__)


class Link:
    """The connection to `server`, for ever anew. `receive` gets the packets of calls."""

    def __init__(
        self,
        server: Server,
        *,
        clock: Clock,
        timer: IReactorTime,
        rng: random.Random,
        limits: Limits,
        throttle: Throttle,
        receive: Callable[[bytes], None],
        say_up: Callable[[Inventory], None],
        say_down: Callable[[str], None],
        say_tick: Callable[[], None],
        say_channels: Callable[[datetime, frozenset[str]], None],
    ) -> None:
        self._server = server
        self._clock = clock
        self._timer = timer
        self._limits = limits
        self._throttle = throttle
        self._backoff = Backoff(rng)
        self._receive = receive
        self._say_up = say_up
        self._say_down = say_down
        self._say_tick = say_tick
        self._say_channels = say_channels
        self._session: Session | None = None
        self._booted: Deferred[float | None] = Deferred()
        self._running: Deferred[None] | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._running = Deferred.fromCoroutine(self._keep())
        self._running.addErrback(self._ended)

    def stop(self) -> Deferred[None]:
        """Leave; fires once the connection is closed."""
        if self._running is None:
            return succeed(None)
        self._running.cancel()
        return self._running

    def write(self, data: bytes) -> None:
        """Send what needs no answer; only while the link is up."""
        if self._session is not None:
            self._session.write(data)

    def drop(self, reason: str) -> None:
        """Give this connection up, and begin anew."""
        if self._session is not None:
            self._session.close(reason)

    async def _keep(self) -> None:
        while True:
            try:
                await self._live_once()
            except ServerLost as error:
                await self._pause(error)
            except CancelledError:
                raise
            except Exception as error:
                # A border: whatever goes wrong with one connection, the next one is made.
                _log.exception("server %s", self._server.name)
                await self._pause(ServerLost(f"an internal error ended the connection: {error}"))

    async def _pause(self, error: ServerLost) -> None:
        """Say why there is no connection, and wait until it is time for the next."""
        wait_s = self._backoff.next_s(after=error)
        self._throttle.clear()
        self._say_down(str(error))
        _log.warning("server %s: %s; next try in %.1f s", self._server.name, error, wait_s)
        await deferLater(self._timer, wait_s)

    async def _live_once(self) -> None:
        """From connecting to the loss, which it raises as ServerLost."""
        self._booted = Deferred()
        session = await connect(self._server, self._received, self._timer, self._limits.connect_s)
        self._session = session
        habits: list[LoopingCall] = []
        try:
            inventory = await self._greet(session)
            self._backoff.reset()
            self._say_up(inventory)
            habits.append(self._begin(session, self._ping, self._limits.ping_every_s))
            habits.append(self._begin(session, self._list, self._limits.listing_every_s))
            raise ServerLost(await session.lost)
        finally:
            for habit in habits:
                if habit.running:
                    habit.stop()
            self._session = None
            session.close("closed")

    async def _greet(self, session: Session) -> Inventory:
        greeting = Greeting(
            session,
            self._server,
            clock=self._clock,
            timer=self._timer,
            limits=self._limits,
            throttle=self._throttle,
            booted=self._booted,
        )
        return await greeting.prepare()

    def _begin(
        self,
        session: Session,
        habit: Callable[[Session], Coroutine[Any, Any, None]],
        every_s: float,
    ) -> LoopingCall:
        """Do it every so often, for the first time after that long; an error ends the session."""
        looping = LoopingCall(habit, session)
        looping.clock = self._timer
        looping.start(every_s, now=False).addErrback(
            lambda failure: session.close(failure.getErrorMessage())
        )
        return looping

    async def _ping(self, session: Session) -> None:
        """Give the peer up when nothing at all came since the ping."""
        self._say_tick()
        before = session.received_bytes
        try:
            await self._throttle.turn()
            await session.ask({"Action": "Ping"}, self._limits.ping_limit_s)
        except ServerLost as error:
            if session.received_bytes == before:
                session.close(str(error))

    async def _list(self, session: Session) -> None:
        """Say which channels there are. Whether a peer that does not answer is still there, the
        pings find out."""
        await self._throttle.turn()
        asked_at = self._clock.now()
        try:
            listing = await session.ask(LIST_CHANNELS, self._limits.answer_s)
        except ServerLost as error:
            _log.warning("server %s: channels not listed: %s", self._server.name, error)
            return
        self._say_channels(asked_at, frozenset(c.get("Uniqueid") for c in channels_of(listing)))

    def _ended(self, failure: Failure) -> None:
        if not isinstance(failure.value, CancelledError):
            _log.error("server %s: %s", self._server.name, failure.getTraceback())
            self._say_down(f"an internal error ended the connection: {failure.getErrorMessage()}")

    def _received(self, packet: bytes) -> None:
        name = event_name(packet)
        if name == b"FullyBooted":
            if not self._booted.called:
                uptime = field(packet, b"Uptime")
                self._booted.callback(float(uptime) if uptime.isdigit() else None)
        elif name == b"Shutdown" and self._session is not None:
            self._session.close(f"{self._server.host}:{self._server.port} is shutting down")
        else:
            self._receive(packet)
