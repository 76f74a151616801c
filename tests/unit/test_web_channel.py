"""HTTP as clients speak it and as hostile ones do: bytes in, bytes out, time by a Clock."""

import json
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.web.http import Request
from twisted.web.resource import Resource

from tests.support.fixtures_web import Wire, parse_answer
from web.channel import DEADLINE_S, LEAVE_S, LINGER_S, SLOWEST_BYTES_S, WebSite
from web.request import MAX_BODY, MAX_FIELDS, repair_header_line, repair_request_line

FORM = "Content-Type: application/x-www-form-urlencoded"


class Echo(Resource):
    """Answers with the fields that it was given and the size of the body."""

    isLeaf = True  # noqa: N815  # the name is Twisted's

    def render(self, request: Request) -> bytes:
        fields = {
            name.decode(): [value.decode() for value in values]
            for name, values in (request.args or {}).items()
        }
        return json.dumps([fields, len(request.content.read())]).encode()


class Server:
    """A web server that echoes, and its clock."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        settings = {"max_connections": 10, **settings}
        self.site = WebSite(Echo(), reactor=self.clock, **settings)

    def connect(self) -> Wire:
        protocol = self.site.buildProtocol(None)
        assert protocol is not None
        wire = Wire()
        protocol.makeConnection(wire)
        wire.protocol = protocol
        return wire

    def wire(self, sent: str | bytes) -> Wire:
        wire = self.connect()
        wire.protocol.dataReceived(sent if isinstance(sent, bytes) else sent.encode())
        return wire

    def ask(self, line: str, *headers: str, body: str = "") -> tuple[int, Any]:
        length = [f"Content-Length: {len(body.encode())}"] if body else []
        head = "\r\n".join([line, *headers, *length])
        answer = parse_answer(self.wire(f"{head}\r\n\r\n{body}").value())
        return answer.status, json.loads(answer.body) if answer.status == 200 else answer.body


def fields(line: str, *headers: str, body: str = "") -> Any:
    status, (found, _size) = Server().ask(line, *headers, body=body)
    assert status == 200
    return found


def test_raw_marks_spaces_and_letters_in_a_query_are_taken_as_they_stand() -> None:
    line = "GET /api/?list=My list&numbers=12,A:b c|34,X:ü&q=a;b%20c+d HTTP/1.1"
    assert fields(line) == {
        "list": ["My list"],
        "numbers": ["12,A:b c|34,X:ü"],
        "q": ["a;b c d"],
    }


@pytest.mark.parametrize(
    "line",
    [
        b"GET /a b/?x=1 HTTP/1.1",
        b"GET /?a\tb HTTP/1.1",
        b"GET /?a\x00b HTTP/1.1",
        b"GET /?a b",
        b"GET /?a b HTTP/9",
        b"GET",
        b" / HTTP/1.1",
        b"G\xc3T /?a HTTP/1.1",
        b"GET /?a\nHost: b HTTP/1.1",
    ],
)
def test_a_request_line_that_is_wrong_otherwise_is_refused(line: bytes) -> None:
    sent = Server().wire(line + b"\r\nHost: a\r\n\r\n")
    assert sent.value().startswith(b"HTTP/1.1 400 ")
    assert sent.disconnecting


def test_a_target_may_name_its_server() -> None:
    for target in ("http://dialer:8080/?op=STATE", "http://dialer?op=STATE", "/?op=STATE"):
        assert fields(f"GET {target} HTTP/1.1", "Host: dialer:8080") == {"op": ["STATE"]}
    assert repair_request_line(b"GET http://a/b?c HTTP/1.1") == b"GET /b?c HTTP/1.1"


def test_a_right_request_line_is_left_alone() -> None:
    line = b"POST /wombat//api/?a=1|2:3,4%20 HTTP/1.1"
    assert repair_request_line(line) == line


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (b"User-Agent: curl", b"User-Agent: curl"),
        ("X-Name: José".encode(), "X-Name: José".encode()),
        ("X-Name: José".encode("latin-1"), "X-Name: José".encode()),
        (b"X-Name: \xff", "X-Name: ÿ".encode()),
    ],
)
def test_a_header_that_is_no_utf_8_is_read_as_latin_1(line: bytes, read: bytes) -> None:
    assert repair_header_line(line) == read


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_fields_come_from_query_and_form_the_query_first(method: str) -> None:
    line = f"{method} /?op=start&x=1 HTTP/1.1"
    assert fields(line, FORM + ";charset=UTF-8", body="campaign=A|B C&x=2&e=") == {
        "op": ["start"],
        "x": ["1", "2"],
        "campaign": ["A|B C"],
        "e": [""],
    }


@pytest.mark.parametrize(
    "kind",
    [
        (),
        ("Content-Type: application/json",),
        ("Content-Type: multipart/form-data",),
        ("Content-Type: multipart/form-data; boundary=x",),
        ("Content-Type: \xff;;;",),
    ],
)
def test_a_body_that_is_no_form_is_ignored(kind: tuple[str, ...]) -> None:
    body = '{"a=1&b=2": [1'
    status, (found, size) = Server().ask("POST /?op=start HTTP/1.1", *kind, body=body)
    assert (status, found, size) == (200, {"op": ["start"]}, len(body))


def test_an_empty_body_without_a_type_is_normal() -> None:
    assert fields("POST /?op=start HTTP/1.1", "Content-Length: 0") == {"op": ["start"]}


def test_a_form_without_a_type_is_one() -> None:
    assert fields("POST /?op=start HTTP/1.1", body="campaign=A|B&x=1") == {
        "op": ["start"],
        "campaign": ["A|B"],
        "x": ["1"],
    }


def test_bytes_that_are_no_utf8_reach_the_fields_unchanged() -> None:
    server = Server()
    wire = server.wire(b"GET /?a=\xe4%E4 HTTP/1.1\r\n\r\n")
    assert wire.value().startswith(b"HTTP/1.1 500 "), "Echo alone insists on UTF-8"
    assert b"Traceback" not in wire.value()


def test_too_many_fields_are_refused() -> None:
    status, text = Server().ask("POST / HTTP/1.1", FORM, body="a=1&" * MAX_FIELDS + "b=2")
    assert (status, text) == (400, f"at most {MAX_FIELDS} fields\n")


def test_a_body_that_says_it_is_too_long_is_refused_before_it_comes() -> None:
    server = Server()
    wire = server.wire(f"POST / HTTP/1.1\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n")
    assert parse_answer(wire.value()).status == 413
    wire.protocol.dataReceived(b"x" * 100_000)
    assert not wire.disconnected, "it hears the client out, so that the answer is read"
    server.clock.advance(LINGER_S)
    assert wire.disconnected
    assert wire.value().count(b"HTTP/1.1") == 1


def test_a_body_in_chunks_is_refused_where_it_gets_too_long() -> None:
    server = Server(body_limit=lambda _path: 10)
    wire = server.wire("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n")
    assert wire.value() == b""
    wire.protocol.dataReceived(b"5\r\n12345\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    assert wire.value().count(b"HTTP/1.1") == 1
    assert parse_answer(wire.value()).status == 413
    wire.hang_up()


def test_a_path_may_take_longer_bodies_which_wait_in_a_file() -> None:
    server = Server(body_limit=lambda path: 2 * MAX_BODY if path == b"/bulk" else MAX_BODY)
    body = "x=" + "1" * MAX_BODY
    status, answered = server.ask("POST /bulk?a=1 HTTP/1.1", FORM, body=body)
    assert (status, answered) == (200, [{"a": ["1"]}, len(body)]), "no form is parsed of it"
    assert server.ask("POST /?a=1 HTTP/1.1", FORM, body=body)[0] == 413


def test_a_query_or_a_header_without_end_is_refused() -> None:
    assert parse_answer(Server().wire("GET /?" + "a" * 20_000).value()).status == 414
    long_header = "GET / HTTP/1.1\r\nX: " + "a" * 20_000
    assert parse_answer(Server().wire(long_header).value()).status == 431
    many = "GET / HTTP/1.1\r\n" + "X: 1\r\n" * 101 + "\r\n"
    assert Server().wire(many).value().startswith(b"HTTP/1.1 400 ")


def test_a_client_that_trickles_is_cut_off() -> None:
    server = Server()
    wire = server.wire("GET / HTTP/1.1\r\n")
    for _ in range(int(DEADLINE_S) - 1):
        server.clock.advance(1)
        wire.protocol.dataReceived(b"X: 1\r\n")
    assert not wire.disconnecting
    server.clock.advance(1)
    assert wire.disconnecting
    server.clock.advance(LEAVE_S)
    assert wire.disconnected


def test_a_long_body_has_time_in_proportion() -> None:
    server = Server()
    size = 2 * 1024 * 1024
    wire = server.wire(f"POST / HTTP/1.1\r\nContent-Length: {size}\r\n\r\n")
    server.clock.advance(DEADLINE_S + size / SLOWEST_BYTES_S - 1)
    assert not wire.disconnecting
    server.clock.advance(1)
    assert wire.disconnecting
    wire.hang_up()


def test_each_request_of_a_connection_has_a_deadline_of_its_own() -> None:
    server = Server()
    request = "GET /?a=1 HTTP/1.1\r\n\r\n"
    wire = server.wire(request)
    for _ in range(3):
        server.clock.advance(DEADLINE_S - 1)
        wire.protocol.dataReceived(request.encode())
    assert wire.value().count(b"HTTP/1.1 200 OK") == 4
    server.clock.advance(DEADLINE_S)
    assert wire.disconnecting, "idle for too long"


def test_requests_sent_ahead_are_answered_in_turn() -> None:
    wire = Server().wire("GET /?a=1 HTTP/1.1\r\n\r\nGET /?b=x y HTTP/1.1\r\n\r\n")
    assert b'"a"' in wire.value()
    assert b'"b": ["x y"]' in wire.value()


def test_connections_are_bounded_and_come_back(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(max_connections=2)
    first, _second = server.connect(), server.connect()
    assert server.site.buildProtocol(None) is None
    assert server.site.buildProtocol(None) is None
    first.hang_up()
    server.connect()
    assert [record.getMessage() for record in caplog.records] == [
        "2 web connections are open: refusing more",
        "web connections are taken again; 2 were refused",
    ]


def test_the_log_shows_no_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    Server().ask("GET /api/?auth_token_id=secret HTTP/1.1")
    assert [record.getMessage() for record in caplog.records] == ["GET /api/: 200"]


def test_a_connection_that_ends_leaves_nothing_behind() -> None:
    server = Server()
    server.wire("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc").hang_up()
    server.wire("GET / HTTP/1.1\r\n\r\n").hang_up()
    assert server.site.connections == set()
    assert server.clock.getDelayedCalls() == []
