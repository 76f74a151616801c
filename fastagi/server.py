"""The FastAGI server: takes a dialplan's reports, and answers in a channel variable.

It decides nothing about calls: a report goes to the mailbox under the channel's Uniqueid and
Linkedid, either of which may be a call of ours, and the dialplan goes on. A session is one
report; a peer that dawdles, floods or sends garbage loses its connection, nobody else's.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from typing import cast

from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from core.errors import InvalidValue
from core.ports import Post
from core.ports.events import Reported
from dialplan import names
from fastagi.codec import (
    Codec,
    Event,
    Hangup,
    InvalidAgi,
    Reply,
    Request,
    render_get_full_variable,
    render_set_variable,
)
from fastagi.routes import parse_report

#: Seconds a peer has for a whole request, or for the reply to one command.
IDLE_S = 10.0
#: Most sessions at once; each holds a file descriptor.
MAX_SESSIONS = 1000
#: Longest answer, in characters. Asterisk cuts a command at 2,047 bytes.
MAX_ANSWER = 300

_ASK_LINKEDID = render_get_full_variable("${CHANNEL(linkedid)}")
#: The answer is compared inside `$["${…}" = "OK"]`, where a double quote ends the string.
_PLAIN = str.maketrans({'"': "'", "\\": "/", "$": None})

_log = logging.getLogger(__name__)


def always_known(_call_id: str) -> bool:
    """Every call is known: whoever reads the mailbox sorts out what is not ours."""
    return True


class FastAgiFactory(Factory):
    """Makes a session of each connection, up to `max_sessions` at once.

    `post` receives `Reported`; a call of which `is_known` says no, by each of its ids, is
    answered `UNKNOWN` and not posted. `clock` is the reactor, or a test's. When the port stops
    listening, the sessions that are left end too.
    """

    noisy = False

    def __init__(
        self,
        post: Post,
        *,
        clock: IReactorTime,
        is_known: Callable[[str], bool] = always_known,
        idle_s: float = IDLE_S,
        max_sessions: int = MAX_SESSIONS,
    ) -> None:
        self.post = post
        self.clock = clock
        self.is_known = is_known
        self.idle_s = idle_s
        self.max_sessions = max_sessions
        self.sessions: set[Session] = set()
        self._refused = 0

    def buildProtocol(self, addr: IAddress | None) -> "Session | None":  # noqa: ARG002 - Twisted's
        """A new session, or None, by which Twisted closes the connection."""
        if len(self.sessions) >= self.max_sessions:
            if self._refused == 0:
                _log.warning("FastAGI has %d sessions open: refusing more", self.max_sessions)
            self._refused += 1
            return None
        if self._refused:
            _log.warning("FastAGI takes sessions again; it refused %d", self._refused)
            self._refused = 0
        return Session(self)

    def stopFactory(self) -> None:
        """Ends the sessions that are left."""
        for session in tuple(self.sessions):
            session.end()


class _Step(Enum):
    """What a session waits for."""

    REQUEST = auto()
    LINKEDID = auto()
    ANSWER_TAKEN = auto()
    NOTHING = auto()


class Session(Protocol, TimeoutMixin):
    """One connection of Asterisk: one request, one report, one answer."""

    def __init__(self, owner: FastAgiFactory) -> None:
        self._owner = owner
        self._codec = Codec()
        self._step = _Step.REQUEST
        self._report: Reported | None = None

    def callLater(self, period: float, func: Callable[[], object]) -> IDelayedCall:
        return self._owner.clock.callLater(period, func)

    def connectionMade(self) -> None:
        self._owner.sessions.add(self)
        self._limit(self._owner.idle_s)

    def dataReceived(self, data: bytes) -> None:
        self._codec.receive(data)
        try:
            while self._step is not _Step.NOTHING and (event := self._codec.next_event()):
                self._handle(event)
        except InvalidAgi as error:
            _log.info("FastAGI session closed: %s: %s", error.field, error.expected)
            self._report = None
            self._abort()

    def timeoutConnection(self) -> None:
        _log.info("FastAGI session closed: nothing complete came in %g s", self._owner.idle_s)
        self._abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002 - Twisted's
        """A report that was complete counts, though Asterisk left before the answer: with
        AGIEXITONHANGUP it does so as soon as the called party hangs up."""
        self._limit(None)
        self._owner.sessions.discard(self)
        self._step = _Step.NOTHING
        self._deliver(linkedid="")

    def end(self) -> None:
        """Closes the connection once all is written; the dialplan goes on."""
        self._step = _Step.NOTHING
        self._tcp.loseConnection()

    def _handle(self, event: Event) -> None:
        match event:
            case Request():
                self._limit(self._owner.idle_s)
                self._take_request(event)
            case Reply():
                self._limit(self._owner.idle_s)
                self._take_reply(event)
            case Hangup():
                _log.debug("FastAGI: the channel hung up during its session")

    def _take_request(self, request: Request) -> None:
        try:
            self._report = parse_report(request)
        except InvalidValue as error:
            _log.info(
                "FastAGI report of call %.150s refused: %s: %s",
                request.uniqueid,
                error.field,
                error.expected,
            )
            self._answer(names.ERROR + str(error))
        else:
            self._step = _Step.LINKEDID
            self._tcp.write(_ASK_LINKEDID)

    def _take_reply(self, reply: Reply) -> None:
        if self._step is _Step.LINKEDID:
            self._answer(self._deliver(linkedid=reply.data))
        else:
            self.end()

    def _deliver(self, *, linkedid: str) -> str:
        """Posts the report, if one waits, and says how the dialplan is to be answered."""
        report, self._report = self._report, None
        if report is None:
            return names.UNKNOWN
        call_ids = report.call_ids
        if linkedid and linkedid not in call_ids:
            call_ids = (*call_ids, linkedid)
        if not any(self._owner.is_known(call_id) for call_id in call_ids):
            return names.UNKNOWN
        self._owner.post(replace(report, call_ids=call_ids))
        return names.OK

    def _answer(self, answer: str) -> None:
        self._step = _Step.ANSWER_TAKEN
        plain = answer.translate(_PLAIN)[:MAX_ANSWER]
        self._tcp.write(render_set_variable(names.RESULT, plain))

    def _limit(self, seconds: float | None) -> None:
        self.setTimeout(seconds)  # type: ignore[no-untyped-call]  # Twisted's is untyped

    def _abort(self) -> None:
        self._step = _Step.NOTHING
        self._tcp.abortConnection()

    @property
    def _tcp(self) -> ITCPTransport:
        return cast(ITCPTransport, self.transport)
