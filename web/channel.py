"""HTTP as its clients speak it, within bounds.

Clients of a WombatDialer write spaces and letters beyond ASCII into queries as they are, put
fields into query and form alike, and send bodies that are no forms: all of it is understood.
What a hostile client may take is bounded: headers, bodies, the time for a request, open
connections. The bounds stand on Twisted's own extension points.
"""

import logging
import re
from collections.abc import Callable, Sequence
from typing import IO, Any, cast
from urllib.parse import parse_qsl

from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime, ITCPTransport
from twisted.python.failure import Failure
from twisted.web import server
from twisted.web.http import HTTPChannel, Request
from twisted.web.resource import IResource

from core.people import Actor

#: Longest body, in bytes, unless a face says otherwise; servlet containers allow 1 to 2 MB.
MAX_BODY = 4 * 1024 * 1024
#: Most fields of a query and a form together.
MAX_FIELDS = 1000
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
#: From a path, a status and its reason to what is answered: a media type and a body.
Refusal = Callable[[bytes, int, str], tuple[bytes, bytes]]


def refuse_in_a_line(_path: bytes, _status: int, text: str) -> tuple[bytes, bytes]:
    return b"text/plain", text.encode() + b"\n"


_FORM = b"application/x-www-form-urlencoded"
_RAW = re.compile(rb"[ \x80-\xff]")

_log = logging.getLogger(__name__)


def repair_request_line(line: bytes) -> bytes:
    """The line with raw spaces and bytes beyond ASCII in its query percent-encoded. A line
    that is wrong otherwise comes back as it is, and Twisted refuses it."""
    method, _, rest = line.partition(b" ")
    target, _, version = rest.rpartition(b" ")
    path, mark, query = target.partition(b"?")
    if not mark or b" " in path:
        return line
    encoded = _RAW.sub(lambda found: b"%%%02X" % found[0][0], query)
    return b"%b %b?%b %b" % (method, path, encoded, version)


def read_target(line: bytes) -> bytes:
    """What a request line, or its beginning, asks for."""
    return line.partition(b" ")[2].partition(b" ")[0]


class WebRequest(server.Request):
    """A request whose `args` hold the fields of its query and then those of its form, whatever
    its method. A body that is no form, or longer than MAX_BODY, is left in `content`."""

    channel: "Channel"
    content: IO[bytes]
    #: Who sends it, once a face has found out.
    actor: Actor | None = None

    def handleContentChunk(self, data: bytes) -> None:
        if self.channel.takes_body(self.content.tell() + len(data)):
            super().handleContentChunk(data)  # type: ignore[no-untyped-call]  # Twisted is untyped

    def process(self) -> None:
        try:
            self.args = self._read_fields()
        except ValueError:
            self.channel.refuse(400, f"at most {MAX_FIELDS} fields")
            return
        super().process()  # type: ignore[no-untyped-call]  # Twisted is untyped

    def _read_fields(self) -> dict[bytes, list[bytes]]:
        fields: dict[bytes, list[bytes]] = {}
        parts = (self.uri.partition(b"?")[2], self._read_form())
        for name, value in _split(b"&".join(part for part in parts if part)):
            fields.setdefault(name, []).append(value)
        return fields

    def _read_form(self) -> bytes:
        declared: bytes = self.getHeader(b"Content-Type") or b""
        if declared.partition(b";")[0].strip().lower() != _FORM:
            return b""
        form: bytes = self.content.read(MAX_BODY + 1)
        self.content.seek(0)
        return form.strip() if len(form) <= MAX_BODY else b""


def _split(fields: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values, their bytes as they were sent. ValueError of too many."""
    pairs = parse_qsl(
        fields.decode("latin-1"),
        keep_blank_values=True,
        encoding="latin-1",
        max_num_fields=MAX_FIELDS,
    )
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


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
        if self._is_first_line and line:
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
    what bodies a path takes, `refusal` in which words it refuses what is too much; `at_end` is
    called when it stops to listen."""

    protocol = Channel  # type: ignore[assignment]  # Twisted wraps it for HTTP/2

    def __init__(
        self,
        resource: IResource,
        *,
        reactor: IReactorTime,
        max_connections: int,
        body_limit: BodyLimit = lambda _path: MAX_BODY,
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
