"""From the login until a PBX is ready: what the login may do is tried, what is not read is
filtered away, and what is there is listed.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime

from ami.connection import Session, log_in
from ami.protocol import LoginRefused, Reply, ServerLost
from ami.throttle import Throttle
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

LIST_CHANNELS = {"Action": "CoreShowChannels"}
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """What a PBX said of itself when the connection was ready."""

    started_at: datetime | None
    live_channels: frozenset[str]
    answered_channels: frozenset[str]


class Greeting:
    """What is said on a `session` that was just opened. `booted` is fired with the uptime of
    FullyBooted, which the reader of events gives."""

    def __init__(
        self,
        session: Session,
        server: Server,
        *,
        clock: Clock,
        timer: IReactorTime,
        limits: Limits,
        throttle: Throttle,
        booted: Deferred[float | None],
    ) -> None:
        self._session = session
        self._server = server
        self._clock = clock
        self._timer = timer
        self._limits = limits
        self._throttle = throttle
        self._booted = booted

    async def prepare(self) -> Inventory:
        """Log in and look around; LoginRefused or ServerLost says what is wrong."""
        await self._throttle.turn()
        await log_in(
            self._session, self._server, events=EVENT_CLASSES, limit_s=self._limits.answer_s
        )
        await self._check_rights()
        await self._filter()
        uptime_s = await self._wait_until_booted()
        await self._check_sight()
        (core, *_) = await self._ask({"Action": "CoreStatus"})
        channels = channels_of(await self._ask(LIST_CHANNELS))
        return Inventory(
            started_at=read_start(core, uptime_s=uptime_s, now=self._clock.now()),
            live_channels=frozenset(c.get("Uniqueid") for c in channels),
            answered_channels=frozenset(
                c.get("Uniqueid") for c in channels if c.get("ChannelState") == STATE_UP
            ),
        )

    async def _check_rights(self) -> None:
        """A login that may not originate would burn a whole list on refusals, one that may not
        list channels would make every live call look lost: better no server than this one."""
        (allowed, *_) = await self._ask({"Action": "ListCommands"})
        missing = [action for action in NEEDED_ACTIONS if not allowed.get(action)]
        if missing:
            classes = ",".join(sorted({NEEDED_ACTIONS[action] for action in missing}))
            raise LoginRefused(
                f'AMI login "{self._server.login}" at {self._server.host}:{self._server.port} '
                f"may not use {', '.join(missing)}: add {classes} to its write classes"
            )

    async def _check_sight(self) -> None:
        """Better no server than one of whose calls nothing is seen. Asterisk does not tell a
        login its read classes, so it is asked for a call that no channel driver takes: nobody
        is dialled, and the verdict is an event of the class in question."""
        try:
            await self._ask(_IMPOSSIBLE_CALL)
        except ServerLost as error:
            if not isinstance(error.__cause__, TimeoutError):
                raise
            raise LoginRefused(
                f'AMI login "{self._server.login}" at {self._server.host}:{self._server.port} '
                f"sees nothing of its calls: add {EVENT_CLASSES} to its read classes"
            ) from error

    async def _filter(self) -> None:
        """Ask only for the events we read. Asterisk 20.11, 21.6, 22.1 and newer take a name by
        `MatchCriteria`, and no text beside it; older ones refuse that for the missing text, and
        take a regular expression. Without either we read everything."""
        for name in (*EVENTS, *_LINK_EVENTS):
            event = name.decode()
            add = {"Action": "Filter", "Operation": "Add"}
            new = {**add, "MatchCriteria": f"name({event})"}
            old = {**add, "Filter": f"Event: {event}"}
            if not await self._takes(new) and not await self._takes(old):
                _log.warning(
                    "server %s takes no event filters (add system to the login's write classes): "
                    "all events are read",
                    self._server.name,
                )
                return

    async def _takes(self, action: dict[str, str]) -> bool:
        return (await self._ask(action))[0].is_success

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

    async def _ask(self, action: dict[str, str]) -> list[Reply]:
        await self._throttle.turn()
        return await self._session.ask(action, self._limits.answer_s)


def channels_of(listing: Sequence[Reply]) -> list[Reply]:
    """The channels of an answer to LIST_CHANNELS, without its first and its last message."""
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
