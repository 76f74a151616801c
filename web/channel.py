"""HTTP within bounds: what a hostile client may take of headers, bodies, the time for a request
and open connections. The bounds stand on Twisted's own extension points."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, cast

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.python.failure import Failure
from twisted.web import server
from twisted.web.http import HTTPChannel, Request
from twisted.web.resource import IResource

from web.request import (
    MAX_BODY,
    WebRequest,
    read_target,
    repair_header_line,
    repair_request_line,
)

#: How long a client may take for a request, in seconds, and the least bytes a second of a body
#: beyond that.
DEADLINE_S, SLOWEST_BYTES_S = 30.0, 32_768
#: How long a client has to read the end of an answer once it was told to go, in seconds.
LEAVE_S = 60.0
#: How long what a refused client still sends is listened to: it could not read the answer
#: otherwise.
LINGER_S = 5.0

#: From a path to the longest body it takes, in bytes.
BodyLimit = Callable[[bytes], int]
#: From a method and a path to whether the body is worked on as it comes.
Flows = Callable[[bytes, bytes], bool]
#: From a path, a status and its reason to what is answered: a media type and a body.
Refusal = Callable[[bytes, int, str], tuple[bytes, bytes]]


def refuse_in_a_line(_path: bytes, _status: int, text: str) -> tuple[bytes, bytes]:
    return b"text/plain", text.encode() + b"\n"


_log = logging.getLogger(__name__)


class Channel(HTTPChannel):
    """One connection. A request that is not complete in time ends it, however many bytes
    trickle in."""

    maxHeaders = 100  # noqa: N815  # the name is Twisted's
    site: "WebSite"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted is untyped
        self._deadline: IDelayedCall | None = None
        self._target = b""
        self._is_first_line = True
        self._has_begun = False
        self._is_refused = False

    def connectionMade(self) -> None:
        self.site.connections.add(self)
        self._finish_within(DEADLINE_S)
        super().connectionMade()  # type: ignore[no-untyped-call]  # Twisted is untyped

    def dataReceived(self, data: bytes) -> None:
        if self._is_refused:
            return
        if not self._has_begun:
            self._has_begun = True
            self._finish_within(DEADLINE_S)
        super().dataReceived(data)  # type: ignore[no-untyped-call]  # Twisted is untyped

    def lineReceived(self, line: bytes) -> None:
        if self._is_refused:
            return
        if not self._is_first_line:
            line = repair_header_line(line)
        elif line:
            self._is_first_line = False
            line = repair_request_line(line)
            self._target = read_target(line)
        super().lineReceived(line)  # type: ignore[no-untyped-call]  # Twisted is untyped

    def lineLengthExceeded(self, line: bytes) -> None:
        if self._is_first_line:
            self._target = read_target(line)
        self.refuse(414 if self._is_first_line else 431, "a line is too long")

    def allHeadersReceived(self) -> None:
        if not self.takes_body(self.length or 0):
            return
        super().allHeadersReceived()  # type: ignore[no-untyped-call]  # Twisted is untyped
        request = self.requests[-1]
        if request.body is not None:
            self.persistent = False
            request.begin(self._command, self._path, self._version)
            return
        size = self._body_limit if self.length is None else self.length
        self._finish_within(DEADLINE_S + size / SLOWEST_BYTES_S)

    def rawDataReceived(self, data: bytes) -> None:
        if not self._is_refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        if self._is_refused:
            return
        self._is_first_line = True
        self._finish_within(None)
        super().allContentReceived()  # type: ignore[no-untyped-call]  # Twisted is untyped

    def requestDone(self, request: Any) -> None:
        if self._is_refused:
            self.requests.remove(request)
            return
        self._has_begun = False
        self._finish_within(DEADLINE_S)
        super().requestDone(request)  # type: ignore[no-untyped-call]  # Twisted is untyped

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # Twisted's own
        self._finish_within(None)
        self.site.connections.discard(self)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]  # Twisted is untyped

    def takes_body(self, size: int) -> bool:
        """May the request's body have `size` bytes? If not, it is refused."""
        if not self._is_refused and size > self._body_limit:
            self.refuse(413, f"at most {self._body_limit} bytes")
        return not self._is_refused

    @property
    def _asked_path(self) -> bytes:
        return self._target.partition(b"?")[0]

    @property
    def _body_limit(self) -> int:
        return self.site.body_limit(self._asked_path)

    def refuse(self, status: int, text: str) -> None:
        """Say why, hear no more, and leave."""
        self._is_refused = True
        kind, body = self.site.refusal(self._asked_path, status, text)
        self.write(  # type: ignore[no-untyped-call]  # Twisted is untyped
            b"HTTP/1.1 %d Refused\r\nConnection: close\r\nContent-Type: %b\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (status, kind, len(body), body)
        )
        self._call_later(LINGER_S, self._abort)

    def flows(self) -> bool:
        """Is the body of the request whose head has just come worked on as it comes?"""
        return self.site.flows(self._command, self._asked_path)

    def turn_away(self) -> None:
        """The answer is there before the request is: hear no more, and leave once it was read."""
        self._is_refused = True
        self._resume()
        self._call_later(LINGER_S, self._abort)

    def hold_body(self) -> None:
        """Read no more of a body for now; its client is not waited for."""
        self._finish_within(None)
        cast(IPushProducer, self.transport).pauseProducing()

    def take_body(self, size: int) -> None:
        """Read on; the client has time for so many bytes."""
        self._finish_within(DEADLINE_S + size / SLOWEST_BYTES_S)
        self._resume()

    def _resume(self) -> None:
        cast(IPushProducer, self.transport).resumeProducing()

    def _finish_within(self, seconds: float | None) -> None:
        """The client has so long to complete its request; None: it has."""
        if self._is_refused:
            return
        self._call_later(seconds, self._expire)

    def _expire(self) -> None:
        """What was answered may still be read, for a while."""
        self._call_later(LEAVE_S, self._abort)
        self.loseConnection()  # type: ignore[no-untyped-call]  # Twisted is untyped

    def _abort(self) -> None:
        self._deadline = None
        cast(ITCPTransport, self.transport).abortConnection()

    def _call_later(self, seconds: float | None, function: Callable[[], None]) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        reactor = self.site.reactor
        self._deadline = None if seconds is None else reactor.callLater(seconds, function)


class WebSite(server.Site):
    """Makes a channel of each connection, up to `max_connections` at once. `body_limit` says
    what bodies a path takes, `flows` which of them are worked on as they come, `refusal` in which
    words it refuses what is too much; `at_end` is called when it stops to listen."""

    protocol = Channel  # type: ignore[assignment]  # Twisted wraps it for HTTP/2

    def __init__(
        self,
        resource: IResource,
        *,
        reactor: IReactorTime,
        max_connections: int,
        body_limit: BodyLimit = lambda _path: MAX_BODY,
        flows: Flows = lambda _method, _path: False,
        refusal: Refusal = refuse_in_a_line,
        at_end: Sequence[Callable[[], None]] = (),
    ) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # Twisted is untyped
            resource,
            requestFactory=WebRequest,
            parsePOSTFormSubmission=False,
            timeout=None,
            reactor=reactor,
        )
        self.body_limit = body_limit
        self.flows = flows
        self.refusal = refusal
        self._at_end = at_end
        self.connections: set[Channel] = set()
        self._max_connections = max_connections
        self._refused = 0

    def buildProtocol(  # type: ignore[override]  # Twisted's own is wrapped for HTTP/2
        self, addr: IAddress | None
    ) -> Channel | None:
        """A new channel, or None, by which Twisted closes the connection."""
        if len(self.connections) >= self._max_connections:
            if self._refused == 0:
                _log.warning("%d web connections are open: refusing more", self._max_connections)
            self._refused += 1
            return None
        if self._refused:
            _log.warning("web connections are taken again; %d were refused", self._refused)
            self._refused = 0
        return cast(Channel, super().buildProtocol(addr))  # type: ignore[no-untyped-call]  # Twisted

    def stopFactory(self) -> None:
        for end in self._at_end:
            end()
        super().stopFactory()

    def log(self, request: Request) -> None:
        """Queries hold tokens and what is known of people: the log shows paths alone."""
        path = request.path.decode("ascii", "replace")
        _log.debug("%s %s: %d", request.method.decode("ascii", "replace"), path, request.code)
