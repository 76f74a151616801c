"""A session without a socket: a string transport and a clock that the test turns."""

import logging

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from core.ports.events import Event, Report, Reported
from fastagi.server import FastAgiFactory, Session, always_known
from tests.support.agi import LINKEDID, TAKEN, request

ASK = b'GET FULL VARIABLE "${CHANNEL(linkedid)}"\n'
OK = b'SET VARIABLE WHIPBIRD_RESULT "OK"\n'
UNKNOWN = b'SET VARIABLE WHIPBIRD_RESULT "UNKNOWN"\n'
ADDRESS = IPv4Address("TCP", "127.0.0.1", 50000)


class _Server:
    """A factory, what it posted, and the transport of its latest session."""

    def __init__(self, known: set[str] | None = None, max_sessions: int = 1000) -> None:
        self.posted: list[Event] = []
        self.clock = Clock()
        self.factory = FastAgiFactory(
            self.posted.append,
            clock=self.clock,
            is_known=always_known if known is None else known.__contains__,
            idle_s=10,
            max_sessions=max_sessions,
        )

    def connect(self) -> tuple[Session, StringTransport]:
        session = self.factory.buildProtocol(ADDRESS)
        assert session is not None
        transport = StringTransport()
        session.makeConnection(transport)
        return session, transport


def _lose(session: Session) -> None:
    session.connectionLost(Failure(ConnectionDone()))


def _status(*call_ids: str, value: str = "XYZ") -> Reported:
    return Reported(call_ids=call_ids, report=Report.STATUS, value=value)


def test_a_report_is_posted_answered_and_the_session_ended() -> None:
    server = _Server()
    session, transport = server.connect()

    session.dataReceived(request("extstatus", "XYZ"))
    assert (transport.value(), server.posted) == (ASK, [])
    session.dataReceived(LINKEDID)
    assert (transport.value(), server.posted) == (ASK + OK, [_status("wb-7-1")])
    assert not transport.disconnecting
    session.dataReceived(TAKEN)

    assert transport.disconnecting
    assert server.posted == [_status("wb-7-1")]


def test_another_leg_reports_under_its_own_and_the_linked_id() -> None:
    server = _Server()
    session, _ = server.connect()

    session.dataReceived(request("extstatus", "XYZ", headers={"agi_uniqueid": "99.1"}) + LINKEDID)

    assert server.posted == [_status("99.1", "wb-7-1")]


@pytest.mark.parametrize(
    "reply", [b"200 result=0\n", b"200 result=1 ()\n", b"511 Command Not Permitted\n"]
)
def test_without_a_linkedid_the_channels_own_id_does(reply: bytes) -> None:
    server = _Server()
    session, transport = server.connect()

    session.dataReceived(request("extstatus", "XYZ") + reply)

    assert server.posted == [_status("wb-7-1")]
    assert transport.value() == ASK + OK


def test_a_hangup_before_each_reply_changes_nothing() -> None:
    server = _Server()
    session, transport = server.connect()

    session.dataReceived(request("extstatus", "XYZ"))
    session.dataReceived(b"HANGUP\n")
    session.dataReceived(LINKEDID + b"HANGUP\n")
    assert (transport.value(), transport.disconnecting) == (ASK + OK, False)
    session.dataReceived(TAKEN)

    assert transport.disconnecting
    assert server.posted == [_status("wb-7-1")]


def test_a_call_that_nobody_knows_is_answered_unknown_and_not_posted() -> None:
    server = _Server(known={"other"})
    session, transport = server.connect()

    session.dataReceived(request("extstatus", "XYZ") + LINKEDID)

    assert (transport.value(), server.posted) == (ASK + UNKNOWN, [])


def test_a_call_known_by_its_linkedid_is_posted() -> None:
    server = _Server(known={"wb-7-1"})
    session, transport = server.connect()

    session.dataReceived(request("extstatus", "XYZ", headers={"agi_uniqueid": "99.1"}) + LINKEDID)

    assert (transport.value(), server.posted) == (ASK + OK, [_status("99.1", "wb-7-1")])


def test_a_refused_report_is_answered_by_a_sentence_without_double_quotes() -> None:
    server = _Server()
    session, transport = server.connect()

    session.dataReceived(request("attribute", '1"\\${X}', "v"))

    assert transport.value() == (
        b"SET VARIABLE WHIPBIRD_RESULT \"ERROR: attribute name '1'/{X}': a name has letters,"
        b' digits, _ and single blanks between words, starts with no digit, at most 64 long"\n'
    )
    assert (server.posted, transport.disconnecting) == ([], False)
    session.dataReceived(TAKEN)
    assert (server.posted, transport.disconnecting) == ([], True)


def test_an_answer_fits_the_line_that_asterisk_reads() -> None:
    server = _Server()
    session, transport = server.connect()

    session.dataReceived(request("x" * 8000))

    assert len(transport.value()) < 2047
    assert transport.value().startswith(b"SET VARIABLE WHIPBIRD_RESULT \"ERROR: AGI route 'xxx")


def test_garbage_closes_the_connection_and_posts_nothing() -> None:
    server = _Server()
    session, transport = server.connect()

    session.dataReceived(b"GET / HTTP/1.1\r\n\r\n")

    assert (transport.disconnected, transport.value(), server.posted) == (True, b"", [])


def test_garbage_instead_of_a_reply_takes_the_report_back() -> None:
    server = _Server()
    session, transport = server.connect()

    session.dataReceived(request("attribute", "N", "cut by\n\nits line feeds"))
    _lose(session)

    assert (transport.disconnected, server.posted) == (True, [])


def test_bytes_after_the_end_are_ignored() -> None:
    server = _Server()
    session, transport = server.connect()

    session.dataReceived(request("extstatus", "XYZ") + LINKEDID + TAKEN + b"garbage\n")
    session.dataReceived(request("extstatus", "XYZ") + b"garbage\n")

    assert (transport.value(), server.posted) == (ASK + OK, [_status("wb-7-1")])
    assert not transport.disconnected


def test_a_client_may_leave_after_any_byte_and_a_whole_request_counts_once() -> None:
    asked = request("extstatus", "XYZ")
    data = asked + LINKEDID + TAKEN

    for length in range(len(data) + 1):
        server = _Server()
        session, _ = server.connect()
        session.dataReceived(data[:length])
        _lose(session)

        assert server.posted == ([] if length < len(asked) else [_status("wb-7-1")]), length
        assert server.factory.sessions == set()
        assert server.clock.getDelayedCalls() == []


def test_a_client_that_sends_a_byte_now_and_then_is_cut() -> None:
    server = _Server()
    session, transport = server.connect()

    for byte in b"agi_networ":
        session.dataReceived(bytes([byte]))
        server.clock.advance(0.9)
    assert not transport.disconnected
    server.clock.advance(1.1)

    assert transport.disconnected


def test_each_step_has_the_whole_time_limit() -> None:
    server = _Server()
    session, transport = server.connect()

    for data in (request("extstatus", "XYZ"), LINKEDID):
        server.clock.advance(9)
        session.dataReceived(data)
    server.clock.advance(9)
    assert not transport.disconnected
    server.clock.advance(1)

    assert transport.disconnected


def test_hangup_lines_do_not_keep_a_session_alive() -> None:
    server = _Server()
    session, transport = server.connect()

    session.dataReceived(request("extstatus", "XYZ"))
    for _ in range(4):
        server.clock.advance(2.5)
        session.dataReceived(b"HANGUP\n")

    assert transport.disconnected


def test_beyond_the_most_sessions_connections_are_refused_with_two_log_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "fastagi")
    server = _Server(max_sessions=2)
    first, _ = server.connect()
    server.connect()

    assert server.factory.buildProtocol(ADDRESS) is None
    assert server.factory.buildProtocol(ADDRESS) is None
    _lose(first)
    server.connect()

    assert caplog.messages == [
        "FastAGI has 2 sessions open: refusing more",
        "FastAGI takes sessions again; it refused 2",
    ]


def test_when_the_port_closes_open_sessions_end() -> None:
    server = _Server()
    _, first = server.connect()
    _, second = server.connect()

    server.factory.stopFactory()

    assert (first.disconnecting, second.disconnecting) == (True, True)


def test_the_log_names_the_call_and_the_fault_but_no_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "fastagi")
    server = _Server()
    for data in (
        request("attribute", "N", "secret\x01"),
        request("attribute", "secret!", "secret") + LINKEDID,
        request("attribute", "N", "secret\nsecret"),
        request("attribute", "N", "secret") + b"secret\n",
        request("attribute", "N", "secret") + LINKEDID + TAKEN,
    ):
        server.connect()[0].dataReceived(data)

    assert len(caplog.messages) == 4
    assert caplog.messages[0].startswith("FastAGI report of call wb-7-1 refused: attribute N: a")
    assert "secret" not in caplog.text
