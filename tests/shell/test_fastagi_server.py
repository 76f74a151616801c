"""The FastAGI server on real sockets, its clients on the same reactor."""

import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest_twisted
from twisted.internet import endpoints
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from core.ports.events import Event, Report, Reported
from fastagi.server import FastAgiFactory
from tests.support.agi import LINKEDID, TAKEN, request

OK = b'SET VARIABLE WHIPBIRD_RESULT "OK"\n'


class _Client(Protocol):
    """Collects what the server says, one Deferred at a time for the next line; `gone` fires
    when the connection is closed."""

    def __init__(self) -> None:
        self.heard = b""
        self.gone: Deferred[None] = Deferred()
        self._line: Deferred[bytes] | None = None

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        if self._line is not None and b"\n" in self.heard:
            waiting, self._line = self._line, None
            line, _, self.heard = self.heard.partition(b"\n")
            waiting.callback(line + b"\n")

    def line(self) -> Deferred[bytes]:
        """The next line that the server sends."""
        self._line = Deferred()
        waiting = self._line
        self.dataReceived(b"")
        return waiting

    def send(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def leave(self) -> None:
        assert self.transport is not None
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone.callback(None)


class _Server:
    def __init__(self, port: int, factory: FastAgiFactory, posted: list[Event]) -> None:
        self.port = port
        self.factory = factory
        self.posted = posted

    async def connect(self) -> _Client:
        from twisted.internet import reactor

        endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", self.port)
        client: _Client = await endpoints.connectProtocol(endpoint, _Client())
        return client

    async def report(self, status: str) -> bytes:
        """One whole session, as Asterisk leads it; the server's answer."""
        client = await self.connect()
        client.send(request("extstatus", status))
        await client.line()
        client.send(LINKEDID)
        answer = await client.line()
        client.send(TAKEN)
        await client.gone
        return answer


@asynccontextmanager
async def _serving(*, idle_s: float = 30, max_sessions: int = 1000) -> AsyncIterator[_Server]:
    from twisted.internet import reactor

    posted: list[Event] = []
    factory = FastAgiFactory(posted.append, clock=reactor, idle_s=idle_s, max_sessions=max_sessions)
    port = await endpoints.TCP4ServerEndpoint(
        reactor, 0, backlog=1000, interface="127.0.0.1"
    ).listen(factory)
    try:
        yield _Server(port.getHost().port, factory, posted)
    finally:
        await port.stopListening()


@contextmanager
def _open_files(at_least: int) -> Iterator[None]:
    """Raises the process's limit of open files for as long as the test needs them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, at_least), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _statuses(events: list[Event]) -> list[str]:
    return [event.value for event in events if isinstance(event, Reported)]


@pytest_twisted.ensureDeferred
async def test_a_session_reports_and_is_closed_by_the_server() -> None:
    async with _serving() as server:
        assert await server.report("XYZ") == OK

        assert server.posted == [Reported(call_ids=("wb-7-1",), report=Report.STATUS, value="XYZ")]


@pytest_twisted.ensureDeferred
async def test_500_sessions_are_open_at_once_and_all_are_answered() -> None:
    with _open_files(at_least=1200):
        async with _serving() as server:
            clients = [await server.connect() for _ in range(500)]
            for number, client in enumerate(clients):
                client.send(request("extstatus", f"S{number}"))
            await gatherResults([client.line() for client in clients])
            open_at_once = len(server.factory.sessions)

            answers = [client.line() for client in clients]
            for client in clients:
                client.send(LINKEDID)
            heard = await gatherResults(answers)
            for client in clients:
                client.send(TAKEN)
            await gatherResults([client.gone for client in clients])

            assert open_at_once == 500
            assert heard == [OK] * 500
            assert sorted(_statuses(server.posted)) == sorted(f"S{n}" for n in range(500))
            assert server.factory.sessions == set()


@pytest_twisted.ensureDeferred
async def test_clients_that_leave_at_any_byte_take_nobody_with_them() -> None:
    data = request("extstatus", "XYZ") + LINKEDID + TAKEN
    async with _serving() as server:
        for length in range(0, len(data), 7):
            client = await server.connect()
            client.send(data[:length])
            client.leave()
            await client.gone

        assert await server.report("AFTER") == OK
        assert _statuses(server.posted)[-1] == "AFTER"


@pytest_twisted.ensureDeferred
async def test_a_flood_and_garbage_are_cut_while_others_are_served() -> None:
    async with _serving() as server:
        flood, garbage = await server.connect(), await server.connect()
        flood.send(b"x" * 10_000_000)
        garbage.send(b"\x00\xff\r\n\r\nGET / HTTP/1.1\n")
        await gatherResults([flood.gone, garbage.gone])

        assert (flood.heard, garbage.heard) == (b"", b"")
        assert await server.report("AFTER") == OK
        assert _statuses(server.posted) == ["AFTER"]


@pytest_twisted.ensureDeferred
async def test_a_client_that_says_nothing_is_cut() -> None:
    async with _serving(idle_s=0.05) as server:
        client = await server.connect()
        await client.gone

        assert (client.heard, server.factory.sessions) == (b"", set())


@pytest_twisted.ensureDeferred
async def test_beyond_the_most_sessions_a_client_is_closed_and_later_served_again() -> None:
    async with _serving(max_sessions=1) as server:
        first = await server.connect()
        first.send(request("extstatus", "FIRST"))
        await first.line()
        second = await server.connect()
        await second.gone
        first.send(LINKEDID)
        assert await first.line() == OK
        first.send(TAKEN)
        await first.gone

        assert await server.report("THIRD") == OK
        assert _statuses(server.posted) == ["FIRST", "THIRD"]
