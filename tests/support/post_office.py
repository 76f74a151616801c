"""A notifier on an outbox of its own, and an HTTP server on loopback for it to post to."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine
from twisted.internet import endpoints
from twisted.internet.defer import Deferred, execute
from twisted.internet.interfaces import IPullProducer
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.internet.task import Clock as Timer
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site
from zope.interface import implementer

from core.engine.delivery import Deliver
from core.engine.notifier import Notifier
from core.model import Campaign
from core.rules.notifications import Notification
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.journal import write_entries
from core.store.outbox import KeptLetter, fetch_letters
from tests.support.rig import TimerClock
from tests.support.store_site import NOW, closed, furnish


class WatchedThreads:
    """Blocking work runs on the spot; `until` waits for what a write makes true."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []

    def read(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        return execute(work, *args, **kwargs)

    def write(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        return self.read(work, *args, **kwargs).addBoth(self._look)

    def until(self, fits: Callable[[], bool]) -> Deferred[None]:
        happened: Deferred[None] = Deferred()
        self._waiting.append((fits, happened))
        self._look(None)
        return happened

    def _look(self, result: Any) -> Any:
        from twisted.internet import reactor

        for waiting in [one for one in self._waiting if one[0]()]:
            self._waiting.remove(waiting)
            reactor.callLater(0, waiting[1].callback, None)  # type: ignore[attr-defined]
        return result


class PostOffice:
    """A database with calls to be told of, and a notifier whose time the test turns."""

    def __init__(self, database: Engine, deliver: Deliver, *, calls: int = 50) -> None:
        self.database = database
        self.timer = Timer()
        self.threads = WatchedThreads()
        self._site = furnish(database, records=calls)
        self._campaigns = 0
        self._calls = 0
        self.open(deliver)

    def open(self, deliver: Deliver) -> Notifier:
        """Begin to send; after `close` or a crash, again."""
        self.notifier = Notifier(
            database=self.database,
            threads=self.threads,
            reactor=self.timer,
            clock=TimerClock(self.timer),
            chance=random.Random(1),
            deliver=deliver,
        )
        self.notifier.startService()
        return self.notifier

    def tell(self, url: str, count: int = 1, *, secret: str = "", body: str = "num=1") -> None:
        """So many calls of a new campaign end, to be told to the URL."""
        self._campaigns += 1
        campaign = Campaign(name=f"c{self._campaigns}", http_notify=url, http_secret=secret)
        entries = []
        with self.database.begin() as conn:
            campaign = save_campaign(conn, campaign)
            for _ in range(count):
                self._calls += 1
                attempt = self._site.attempt(self._calls, record=self._calls - 1)
                entry = closed(replace(attempt, campaign_id=campaign.id))
                log = replace(entry.log, ended_at=NOW)
                entries.append(replace(entry, log=log, notify=Notification(url=url, body=body)))
            write_entries(conn, entries)

    def turn(self, seconds: float = 1.0) -> None:
        self.timer.advance(seconds)

    def letters(self, *, dead: bool = False) -> list[KeptLetter]:
        with reading(self.database) as conn:
            return fetch_letters(conn, dead=dead, limit=1000)

    def until(self, count: int, *, failed: int = 0) -> Deferred[None]:
        """So many letters are left, and so many of them have failed at least once."""

        def fits() -> bool:
            left = self.letters()
            return len(left) == count and sum(one.attempts > 0 for one in left) == failed

        return self.threads.until(fits)

    def due_in(self) -> list[float]:
        """In how many seconds each letter is due."""
        now = TimerClock(self.timer).now()
        return [(one.due_at - now) / timedelta(seconds=1) for one in self.letters()]

    async def close(self) -> None:
        stopped = self.notifier.stopService()
        self.turn(10)
        await stopped


class Tls:
    """A certificate for localhost that nobody knows, but for who reads `path`."""

    def __init__(self, directory: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(key, hashes.SHA256())
        )
        self.path = directory / "certificate.pem"
        self.path.write_bytes(certificate.public_bytes(Encoding.PEM))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.key_path = directory / "key.pem"
        self.key_path.write_bytes(secret)
        self.options = DefaultOpenSSLContextFactory(str(self.key_path), str(self.path))


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """A request as the server got it."""

    path: str
    body: bytes
    method: str
    headers: dict[str, str]

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class HttpServer(Resource):
    """Answers each path with the next of its `answers`, 200 without any; None is to wait for
    `release`."""

    port: int = 0
    scheme: str = "http"
    answers: dict[str, list[int | None]] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.isLeaf = True
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted is untyped
        self._held: list[Request] = []
        self._waiting: list[tuple[int, Deferred[None]]] = []

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def render_POST(self, request: Request) -> bytes | int:
        assert request.content is not None
        path = request.path.decode()
        raw = request.requestHeaders.getAllRawHeaders()
        headers = {name.decode(): values[0].decode() for name, values in raw}
        body, method = request.content.read(), request.method.decode()
        self.posted.append(Posted(path=path, body=body, method=method, headers=headers))
        answers = self.answers.get(path)
        answer = answers.pop(0) if answers else 200
        self._tell()
        if answer is None:
            request.notifyFinish().addErrback(lambda _: self._held.remove(request))
            self._held.append(request)
            return NOT_DONE_YET
        request.setResponseCode(answer)
        if 300 <= answer < 400:
            request.setHeader("Location", self.url("/elsewhere"))
        return b"thanks"

    def heard(self, count: int) -> Deferred[None]:
        """So many requests have come."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append((count, waiting))
        self._tell()
        return waiting

    def render_GET(self, request: Request) -> bytes | int:
        return self.render_POST(request)

    def _tell(self) -> None:
        for waiting in [one for one in self._waiting if one[0] <= len(self.posted)]:
            self._waiting.remove(waiting)
            waiting[1].callback(None)

    def release(self) -> None:
        """Answer all that wait."""
        held, self._held = self._held, []
        for request in held:
            request.finish()


@asynccontextmanager
async def serving(tls: Tls | None = None) -> AsyncIterator[HttpServer]:
    from twisted.internet import reactor

    server = HttpServer(scheme="https" if tls else "http")
    endpoint = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    if tls:
        endpoint = endpoints.wrapServerTLS(tls.options, endpoint)
    port = await endpoint.listen(Site(server))
    server.port = port.getHost().port
    try:
        yield server
    finally:
        server.release()
        await port.stopListening()


@implementer(IPullProducer)
class Chatterbox(Protocol):
    """Answers 200, and goes on for `blocks` of 64 KiB without ever closing."""

    def __init__(self, blocks: float) -> None:
        self._blocks = blocks
        self.sent = 0

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        if b"\r\n\r\n" in data:
            self.transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.transport.registerProducer(self, streaming=False)

    def resumeProducing(self) -> None:
        assert self.transport is not None
        if self.sent < self._blocks:
            self.sent += 1
            self.transport.write(bytes(65_536))

    def stopProducing(self) -> None:
        self._blocks = 0


@asynccontextmanager
async def chattering(blocks: float) -> AsyncIterator[tuple[int, Chatterbox]]:
    """The port of such a server, and the one connection that it takes."""
    from twisted.internet import reactor

    box = Chatterbox(blocks)
    factory = Factory.forProtocol(lambda: box)  # type: ignore[arg-type]  # a factory of one
    port = await endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
    try:
        yield port.getHost().port, box
    finally:
        await port.stopListening()
