"""Bodies that are worked on as they come: back-pressure, deadlines, and clients that leave."""

from dataclasses import dataclass, field

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from tests.support.fixtures_web import Wire, parse_answer
from web.body import BodyLost
from web.channel import DEADLINE_S, LEAVE_S, LINGER_S, SLOWEST_BYTES_S, WebSite
from web.request import WebRequest

HEAD = "POST /bulk HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"
CHUNKED = "POST /bulk HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class Desk(Resource):
    """Leaves requests to the test, which reads their bodies."""

    requests: list[WebRequest] = field(default_factory=list)
    isLeaf = True  # noqa: N815  # the name is Twisted's

    def __post_init__(self) -> None:
        super().__init__()

    def render(self, request: WebRequest) -> int:
        self.requests.append(request)
        return NOT_DONE_YET


class Server:
    """A web server whose bodies at /bulk flow, and its clock."""

    def __init__(self, limit: int = 1000) -> None:
        self.clock, self.desk = Clock(), Desk()
        self.site = WebSite(
            self.desk,
            reactor=self.clock,
            max_connections=10,
            body_limit=lambda _path: limit,
            flows=lambda method, path: (method, path) == (b"POST", b"/bulk"),
        )

    def send(self, text: str) -> Wire:
        protocol = self.site.buildProtocol(None)
        assert protocol is not None
        wire = Wire()
        protocol.makeConnection(wire)
        wire.protocol = protocol
        protocol.dataReceived(text.encode())
        return wire

    def begin(self, text: str) -> tuple[Wire, WebRequest]:
        """Send the head of a request; it is worked on already."""
        wire = self.send(text)
        [request] = self.desk.requests
        return wire, request


def read(request: WebRequest, size: int) -> "Deferred[bytes]":
    assert request.body is not None
    return request.body.read(size)


def answer(request: WebRequest, text: bytes = b"done") -> None:
    request.setHeader(b"Content-Length", b"%d" % len(text))
    request.write(text)
    request.finish()


def test_a_body_is_read_piece_by_piece_to_its_end() -> None:
    wire, request = Server().begin(HEAD.format(size=10))
    first = read(request, 4)
    for text in (b"abc", b"defg", b"hij"):
        wire.protocol.dataReceived(text)
    assert first.result == b"abcdefg"
    assert [read(request, 4).result, read(request, 4).result] == [b"hij", b""]
    answer(request)
    assert parse_answer(wire.value()).body == "done"
    assert wire.disconnecting, "each such connection serves one request"


def test_a_body_in_chunks_ends_with_its_last_chunk() -> None:
    wire, request = Server().begin(CHUNKED)
    got: list[bytes] = []
    read(request, 100).addCallback(got.append)
    wire.protocol.dataReceived(b"3\r\nabc\r\n4\r\nde")
    assert got == []
    wire.protocol.dataReceived(b"fg\r\n0\r\n\r\n")
    assert got == [b"abcdefg"]


def test_nothing_is_read_while_nobody_waits() -> None:
    wire, request = Server().begin(HEAD.format(size=10) + "ab")
    assert wire.producerState == "paused"
    reading = read(request, 4)
    assert wire.producerState == "producing"
    wire.protocol.dataReceived(b"cdef")
    assert (wire.producerState, reading.result) == ("paused", b"abcdef")
    assert read(request, 2).called is False
    assert wire.producerState == "producing"


def test_an_empty_body_is_over_at_once() -> None:
    wire, request = Server().begin("POST /bulk HTTP/1.1\r\nHost: a\r\n\r\n")
    assert read(request, 4).result == b""
    answer(request)
    assert parse_answer(wire.value()).status == 200


def test_a_client_that_is_slow_is_cut_off_and_one_that_is_held_back_is_not() -> None:
    server = Server()
    wire, request = server.begin(HEAD.format(size=900))
    server.clock.advance(DEADLINE_S * 100)
    assert not wire.disconnecting, "nobody waits for it"
    reading = read(request, 100)
    for _ in range(int(DEADLINE_S)):
        wire.protocol.dataReceived(b"x")
        server.clock.advance(1)
    server.clock.advance(100 / SLOWEST_BYTES_S)
    assert wire.disconnecting
    server.clock.advance(LEAVE_S)
    assert wire.disconnected
    wire.hang_up()
    assert reading.result.type is BodyLost
    reading.addErrback(lambda _: None)


def test_each_piece_has_a_deadline_of_its_own() -> None:
    server = Server()
    wire, request = server.begin(HEAD.format(size=900))
    for _ in range(5):
        reading = read(request, 10)
        server.clock.advance(DEADLINE_S - 1)
        wire.protocol.dataReceived(b"0123456789")
        assert reading.result == b"0123456789"
    assert not wire.disconnecting


def test_who_reads_learns_that_the_client_left() -> None:
    wire, request = Server().begin(HEAD.format(size=10) + "abc")
    reading = read(request, 5)
    wire.hang_up()
    assert reading.result.type is BodyLost
    assert read(request, 5).result.type is BodyLost
    for lost in (reading, read(request, 5)):
        lost.addErrback(lambda _: None)


def test_a_client_that_left_after_its_body_is_not_lost() -> None:
    wire, request = Server().begin(HEAD.format(size=3))
    reading = read(request, 2)
    wire.protocol.dataReceived(b"abc")
    wire.hang_up()
    assert reading.result == b"abc"
    assert read(request, 5).result == b""


def test_an_answer_before_the_end_of_the_body_is_read_by_its_client() -> None:
    server = Server()
    wire, request = server.begin(HEAD.format(size=900) + "abc")
    request.setResponseCode(401)
    answer(request, b"who?")
    found = parse_answer(wire.value())
    assert (found.status, found.body, found.headers["connection"]) == (401, "who?", "close")
    assert (wire.disconnecting, wire.disconnected) == (False, False), "what it sends is heard"
    wire.protocol.dataReceived(b"x" * 897 + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert len(server.desk.requests) == 1, "and passed over"
    server.clock.advance(LINGER_S)
    assert wire.disconnected


@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_that_gets_too_long_is_refused(is_chunked: bool) -> None:
    server = Server(limit=10)
    if is_chunked:
        wire, request = server.begin(CHUNKED)
        reading = read(request, 100)
        wire.protocol.dataReceived(b"b\r\n01234567890\r\n")
    else:
        wire = server.send(HEAD.format(size=11))
        assert server.desk.requests == []
    assert parse_answer(wire.value()).status == 413
    server.clock.advance(LINGER_S)
    assert wire.disconnected
    wire.hang_up()
    if is_chunked:
        assert reading.result.type is BodyLost
        reading.addErrback(lambda _: None)


def test_other_paths_and_methods_wait_for_the_whole_body() -> None:
    server = Server()
    wire = server.send(HEAD.format(size=3).replace("/bulk", "/other"))
    assert server.desk.requests == []
    wire.protocol.dataReceived(b"abc")
    [request] = server.desk.requests
    assert (request.body, request.content.read()) == (None, b"abc")


def test_nothing_is_left_behind() -> None:
    server = Server()
    wire, request = server.begin(HEAD.format(size=3) + "abc")
    answer(request)
    wire.hang_up()
    server.send(HEAD.format(size=3)).hang_up()
    assert server.site.connections == set()
    assert server.clock.getDelayedCalls() == []
