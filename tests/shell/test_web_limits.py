"""What a hostile client may take at each address: it trickles, or it sends too much."""

from collections.abc import Iterator

import pytest

from core.operations.tokens import add_token
from core.people import SYSTEM
from tests.support.fixtures_web import NOW, Web, Wire, parse_answer
from web.api.resources.uploads import LONGEST
from web.channel import LINGER_S
from web.request import MAX_BODY

#: Where bodies go: pages, the dialect, the API, an upload. What each takes at most, in bytes.
PLACES = {
    "/login": MAX_BODY,
    "/wombat/api/calls/": MAX_BODY,
    "/api/v1/calls": 1024 * 1024,
    "/api/v1/lists/spring/records": 8 * 1024 * 1024,
    "/api/v1/lists/spring/records:bulk": LONGEST,
}
#: How a body is announced, and what a byte of it looks like.
FRAMINGS = {
    "length": ("Content-Length: 1000", b"x"),
    "chunks": ("Transfer-Encoding: chunked", b"1\r\nx\r\n"),
}
#: So long no connection lives whose client has sent no whole request, in seconds.
LONGEST_S = 420


@pytest.fixture
def head(web: Web) -> str:
    """Headers of somebody who may do everything."""
    _view, token = add_token(web.engine, SYSTEM, "anna", "tests", "LIST RT USER", NOW)
    return f"Host: 127.0.0.1:8080\r\nAuthorization: Bearer {token}\r\nContent-Type: text/csv\r\n"


def trickle(web: Web, wire: Wire, byte: bytes, every_s: float) -> Iterator[float]:
    """Send a byte again and again, until the server has enough; the moments."""
    begun = web.clock.seconds()
    while not wire.disconnected:
        wire.protocol.dataReceived(byte)
        web.clock.advance(every_s)
        yield web.clock.seconds() - begun


@pytest.mark.parametrize("every_s", [1, 60])
@pytest.mark.parametrize("beginning", ["G", "GET /api/v1/me", "GET / HTTP/1.1\r\nX: "])
def test_a_head_that_trickles_is_cut_off(web: Web, beginning: str, every_s: float) -> None:
    wire = web.connect()
    wire.protocol.dataReceived(beginning.encode())
    for passed in trickle(web, wire, b"x", every_s):
        assert passed < LONGEST_S
    assert wire.value() == b""


@pytest.mark.parametrize("every_s", [1, 60])
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("place", PLACES)
def test_a_body_that_trickles_is_cut_off(
    web: Web, head: str, place: str, framing: str, every_s: float
) -> None:
    wire = web.connect()
    announced, byte = FRAMINGS[framing]
    wire.protocol.dataReceived(f"POST {place} HTTP/1.1\r\n{head}{announced}\r\n\r\n".encode())
    for passed in trickle(web, wire, byte, every_s):
        assert passed < LONGEST_S
    assert wire.value() == b""
    wire.hang_up()
    assert web.site.connections == set()


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("?" + "a" * 20_000, 414),
        (" HTTP/1.1\r\nX: " + "a" * 20_000, 431),
        (" HTTP/1.1\r\n" + "X: 1\r\n" * 102, 400),
    ],
    ids=["line", "header", "headers"],
)
@pytest.mark.parametrize("place", PLACES)
def test_a_head_that_is_too_long_is_refused(web: Web, place: str, rest: str, status: int) -> None:
    wire = web.connect()
    wire.protocol.dataReceived(f"POST {place}{rest}".encode())
    assert parse_answer(wire.value()).status == status
    web.clock.advance(LINGER_S)
    assert wire.disconnecting or wire.disconnected


@pytest.mark.parametrize("place", PLACES)
def test_a_body_that_is_too_long_is_refused_before_it_comes(
    web: Web, head: str, place: str
) -> None:
    wire = web.connect()
    length = f"Content-Length: {PLACES[place] + 1}"
    wire.protocol.dataReceived(f"POST {place} HTTP/1.1\r\n{head}{length}\r\n\r\n".encode())
    answer = parse_answer(wire.value())
    assert (answer.status, str(PLACES[place]) in answer.body) == (413, True)
    wire.protocol.dataReceived(b"x" * 1000)
    web.clock.advance(LINGER_S)
    assert wire.disconnected


@pytest.mark.parametrize("place", [one for one in PLACES if PLACES[one] != LONGEST])
def test_a_body_in_chunks_is_refused_where_it_gets_too_long(
    web: Web, head: str, place: str
) -> None:
    wire = web.connect()
    chunks = f"POST {place} HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n"
    wire.protocol.dataReceived(chunks.encode())
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    for _ in range(PLACES[place] // 65536):
        wire.protocol.dataReceived(chunk)
    assert wire.value() == b""
    wire.protocol.dataReceived(chunk)
    assert parse_answer(wire.value()).status == 413
    wire.hang_up()


@pytest.mark.parametrize(
    "size", [b"x\r\n", b"-1\r\n", b"1" * 2000, b"1\r\nab\r\n", b"1;" + b"a" * 2000]
)
@pytest.mark.parametrize("place", ["/api/v1/calls", "/api/v1/lists/spring/records:bulk"])
def test_chunks_that_are_none_end_the_connection(
    web: Web, head: str, place: str, size: bytes
) -> None:
    wire = web.connect()
    chunks = f"POST {place} HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n"
    wire.protocol.dataReceived(chunks.encode() + size)
    assert parse_answer(wire.value()).status == 400
    assert wire.disconnecting
    wire.hang_up()
    assert web.site.connections == set()
