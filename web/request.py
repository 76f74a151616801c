"""Requests as clients write them.

Clients of a WombatDialer write spaces and letters beyond ASCII into queries as they are, put
fields into query and form alike, and send bodies that are no forms: all of it is understood.
"""

import re
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qsl

from twisted.python.failure import Failure
from twisted.web import server

from core.people import Actor
from web.body import Body

if TYPE_CHECKING:
    from web.channel import Channel

#: Longest body, in bytes, unless a face says otherwise; servlet containers allow 1 to 2 MB.
MAX_BODY = 4 * 1024 * 1024
#: Most fields of a query and a form together.
MAX_FIELDS = 1000

_FORM = b"application/x-www-form-urlencoded"
#: How a form begins, whose sender may have forgotten to say that it is one.
_FIELD = re.compile(rb"\w+=")
#: A target that names its server, as programs behind a proxy write it; Host says the same.
_WHOLE = re.compile(rb"^(\w+ )https?://[^/? ]*/?")
_RAW = re.compile(rb"[ \x80-\xff]")


def repair_request_line(line: bytes) -> bytes:
    """The line with raw spaces and bytes beyond ASCII in its query percent-encoded, and without a
    server before the path. A line that is wrong otherwise comes back as it is, and Twisted refuses
    it."""
    line = _WHOLE.sub(rb"\1/", line)
    method, _, rest = line.partition(b" ")
    target, _, version = rest.rpartition(b" ")
    path, mark, query = target.partition(b"?")
    if not mark or b" " in path:
        return line
    encoded = _RAW.sub(lambda found: b"%%%02X" % found[0][0], query)
    return b"%b %b?%b %b" % (method, path, encoded, version)


def repair_header_line(line: bytes) -> bytes:
    """The line in UTF-8. One that is none is read as Latin-1, which HTTP once meant; Twisted would
    fail on it."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1").encode()
    return line


def read_target(line: bytes) -> bytes:
    """What a request line, or its beginning, asks for."""
    return line.partition(b" ")[2].partition(b" ")[0]


class WebRequest(server.Request):
    """A request whose `args` hold the fields of its query and then those of its form, whatever
    its method. A body that is no form, or longer than MAX_BODY, is left in `content`; one that is
    worked on as it comes is `body`, and the request is answered from its headers on."""

    channel: "Channel"
    content: IO[bytes]
    #: Who sends it, once a face has found out.
    actor: Actor | None = None
    body: Body | None = None

    def gotLength(self, length: int | None) -> None:
        """A body that flows is kept nowhere."""
        if self.channel.flows():
            self.body, length = Body(self.channel), 0
        super().gotLength(length)  # type: ignore[no-untyped-call]  # Twisted is untyped

    def begin(self, method: bytes, target: bytes, version: bytes) -> None:
        """Answer before the body has come."""
        self.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        super().requestReceived(method, target, version)  # type: ignore[no-untyped-call]  # Twisted

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if self.body is not None:
            self.body.end()
            return
        super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]  # Twisted

    def finish(self) -> None:
        if self.body is not None and not self.body.is_over:
            self.channel.turn_away()
        super().finish()  # type: ignore[no-untyped-call]  # Twisted is untyped

    def connectionLost(self, reason: Failure) -> None:
        super().connectionLost(reason)  # type: ignore[no-untyped-call]  # Twisted is untyped
        if self.body is not None:
            self.body.lose()

    def handleContentChunk(self, data: bytes) -> None:
        if self.body is not None:
            if self.channel.takes_body(self.body.size + len(data)):
                self.body.feed(data)
        elif self.channel.takes_body(self.content.tell() + len(data)):
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
        declared: bytes | None = self.getHeader(b"Content-Type")
        if declared is not None and declared.partition(b";")[0].strip().lower() != _FORM:
            return b""
        form: bytes = self.content.read(MAX_BODY + 1)
        self.content.seek(0)
        if len(form) > MAX_BODY or (declared is None and not _FIELD.match(form)):
            return b""
        return form.strip()


def _split(fields: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values, their bytes as they were sent. ValueError of too many."""
    pairs = parse_qsl(
        fields.decode("latin-1"),
        keep_blank_values=True,
        encoding="latin-1",
        max_num_fields=MAX_FIELDS,
    )
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
