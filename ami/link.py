"""Keeps one PBX connected: login, filters, first inventory, pings, and trying again.

It knows nothing of calls. Upwards it says when the PBX is ready, with what it found there, and
when it no longer is, with a sentence for people.
"""

import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, TimeoutError, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall, deferLater
from twisted.python.failure import Failure

from ami.connection import Session, connect, log_in
from ami.protocol import LoginRefused, Reply, ServerLost, event_name, field
from ami.throttle import Lane, Throttle
from ami.translate import EVENTS
from core.model import Server
from core.ports import Clock

#: The event classes that hold what `EVENTS` names; FullyBooted and Shutdown are `system`.
EVENT_CLASSES = "call,user,system"
#: Actions that a dialer's login must be allowed, and the write class that allows each.
NEEDED_ACTIONS = {
    "Originate": "originate",
    "Hangup": "call",
    "CoreStatus": "reporting",
    "CoreShowChannels": "reporting",
}

_LIST_CHANNELS = {"Action": "CoreShowChannels"}
_IMPOSSIBLE_CALL = {
    "Action": "Originate",
    "Channel": "Whipbird/sight",
    "Application": "Hangup",
    "Timeout": "1000",
    "Async": "true",
}

#: Asterisk's number for a channel that is answered.
STATE_UP = "6"

_LINK_EVENTS = (b"FullyBooted", b"Shutdown")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Seconds. A peer that answers no ping within `ping_limit_s` is given up."""

    connect_s: float = 5.0
    answer_s: float = 5.0
    #: How long a PBX that is still loading its modules is waited for.
    boot_s: float = 5.0
    ping_every_s: float = 2.0
    ping_limit_s: float = 3.0
    #: How often it is looked which channels there are.
    listing_every_s: float = 60.0
    #: How soon a PBX that is being stopped is looked at again: by then all Originates that it
    #: refuses have been answered.
    stopping_s: float = 5.0
    #: After this an Originate of which nothing was heard is forgotten.
    originate_s: float = 10.0


class Backoff:
    """How long to wait before the next try: doubling, up to a cap, with a quarter of jitter.

    A refused login waits longer, at least ten seconds: it will be refused again, and Asterisk
    logs each one as an attack.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._lost_s = 0.0
        self._refused_s = 0.0

    def reset(self) -> None:
        """It went well."""
        self._lost_s = self._refused_s = 0.0

    def next_s(self, *, after: ServerLost) -> float:
        if isinstance(after, LoginRefused):
            self._refused_s = min(60.0, self._refused_s * 2 or 15.0)
            return self._jittered(self._refused_s)
        self._lost_s = min(30.0, self._lost_s * 2 or 1.0)
        return self._jittered(self._lost_s)

    def _jittered(self, step_s: float) -> float:
        return step_s * (0.75 + 0.25 * self._rng.random())


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """What a PBX said of itself when the connection was ready."""

    started_at: datetime | None
    live_channels: frozenset[str]
    answered_channels: frozenset[str]


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
            inventory = await self._prepare(session)
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

    async def _prepare(self, session: Session) -> Inventory:
        await self._turn()
        await log_in(session, self._server, events=EVENT_CLASSES, limit_s=self._limits.answer_s)
        await self._check_rights(session)
        await self._filter(session)
        uptime_s = await self._wait_until_booted()
        await self._check_sight(session)
        (core, *_) = await self._ask(session, {"Action": "CoreStatus"})
        channels = _channels(await self._ask(session, _LIST_CHANNELS))
        return Inventory(
            started_at=read_start(core, uptime_s=uptime_s, now=self._clock.now()),
            live_channels=frozenset(c.get("Uniqueid") for c in channels),
            answered_channels=frozenset(
                c.get("Uniqueid") for c in channels if c.get("ChannelState") == STATE_UP
            ),
        )

    async def _check_rights(self, session: Session) -> None:
        """A login that may not originate would burn a whole list on refusals, one that may not
        list channels would make every live call look lost: better no server than this one."""
        (allowed, *_) = await self._ask(session, {"Action": "ListCommands"})
        missing = [action for action in NEEDED_ACTIONS if not allowed.get(action)]
        if missing:
            classes = ",".join(sorted({NEEDED_ACTIONS[action] for action in missing}))
            raise LoginRefused(
                f'AMI login "{self._server.login}" at {self._server.host}:{self._server.port} '
                f"may not use {', '.join(missing)}: add {classes} to its write classes"
            )

    async def _check_sight(self, session: Session) -> None:
        """Better no server than one of whose calls nothing is seen. Asterisk does not tell a
        login its read classes, so it is asked for a call that no channel driver takes: nobody
        is dialled, and the verdict is an event of the class in question."""
        try:
            await self._ask(session, _IMPOSSIBLE_CALL)
        except ServerLost as error:
            if not isinstance(error.__cause__, TimeoutError):
                raise
            raise LoginRefused(
                f'AMI login "{self._server.login}" at {self._server.host}:{self._server.port} '
                f"sees nothing of its calls: add {EVENT_CLASSES} to its read classes"
            ) from error

    async def _filter(self, session: Session) -> None:
        """Ask only for the events we read. Asterisk 20.11, 21.6, 22.1 and newer take a name by
        `MatchCriteria`, and no text beside it; older ones refuse that for the missing text, and
        take a regular expression. Without either we read everything."""
        for name in (*EVENTS, *_LINK_EVENTS):
            event = name.decode()
            add = {"Action": "Filter", "Operation": "Add"}
            new = {**add, "MatchCriteria": f"name({event})"}
            old = {**add, "Filter": f"Event: {event}"}
            if not await self._takes(session, new) and not await self._takes(session, old):
                _log.warning(
                    "server %s takes no event filters (add system to the login's write classes): "
                    "all events are read",
                    self._server.name,
                )
                return

    async def _takes(self, session: Session, action: dict[str, str]) -> bool:
        return (await self._ask(session, action))[0].is_success

    async def _wait_until_booted(self) -> float | None:
        """The PBX's uptime in seconds, as FullyBooted gives it; None when it did not."""
        try:
            return await self._booted.addTimeout(self._limits.boot_s, self._timer)
        except TimeoutError:
            _log.warning(
                "server %s sent no FullyBooted (add system to the login's read classes)",
                self._server.name,
            )
            return None

    async def _ping(self, session: Session) -> None:
        """Give the peer up when nothing at all came since the ping."""
        self._say_tick()
        before = session.received_bytes
        try:
            await self._turn()
            await session.ask({"Action": "Ping"}, self._limits.ping_limit_s)
        except ServerLost as error:
            if session.received_bytes == before:
                session.close(str(error))

    async def _list(self, session: Session) -> None:
        """Say which channels there are. Whether a peer that does not answer is still there, the
        pings find out."""
        await self._turn()
        asked_at = self._clock.now()
        try:
            listing = await session.ask(_LIST_CHANNELS, self._limits.answer_s)
        except ServerLost as error:
            _log.warning("server %s: channels not listed: %s", self._server.name, error)
            return
        self._say_channels(asked_at, frozenset(c.get("Uniqueid") for c in _channels(listing)))

    async def _ask(self, session: Session, action: dict[str, str]) -> list[Reply]:
        await self._turn()
        return await session.ask(action, self._limits.answer_s)

    async def _turn(self) -> None:
        """Wait until the throttle lets a message of ours go."""
        turn: Deferred[None] = Deferred()
        self._throttle.push(Lane.CONTROL, lambda: turn.callback(None))
        await turn

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


def _channels(listing: Sequence[Reply]) -> list[Reply]:
    return [reply for reply in listing if reply.get("Uniqueid")]


def read_start(core: Reply, *, uptime_s: float | None, now: datetime) -> datetime | None:
    """When the PBX started (UTC), from a CoreStatus reply; None if that cannot be known.

    Asterisk gives date and time in its own zone and never names it. The uptime tells which one
    it is, as zones lie quarters of an hour apart; the written time then gives the exact second,
    the same at every reconnect.
    """
    if uptime_s is None:
        return None
    text = f"{core.get('CoreStartupDate')}T{core.get('CoreStartupTime')}+00:00"
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        return None
    quarter = timedelta(minutes=15)
    return written - round((written - (now - timedelta(seconds=uptime_s))) / quarter) * quarter
