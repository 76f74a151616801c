"""A real SMTP server on loopback, in the test's own event loop: aiosmtpd."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from twisted.internet import endpoints
from twisted.internet.defer import Deferred
from twisted.protocols.portforward import ProxyFactory

from core.rules.mail import Sender
from core.settings import SmtpSettings, TlsMode
from tests.support.post_office import Tls

USER, PASSWORD = "dialer", "geheim1"


@dataclass
class MailServer:
    """What came in. `replies` are the answers to a sender or a recipient, by address, and to a
    text, under the empty one; 250 without any."""

    port: int = 0
    replies: dict[str, str] = field(default_factory=dict)
    senders: list[str | None] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        reply = self.replies.get(address, "250 OK")
        if reply.startswith("2"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        reply = self.replies.get(address, "250 OK")
        self.recipients.append(address)
        self.sessions.append(session)
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        reply = self.replies.get("", "250 OK")
        if reply.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.senders.append(envelope.mail_from)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return reply

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    def settings(self, tls: TlsMode = TlsMode.NONE, **more: Any) -> SmtpSettings:
        sender = Sender(name="Whipbird", address="dialer@example.com")
        return SmtpSettings(host="localhost", port=self.port, tls=tls, sender=sender, **more)


@asynccontextmanager
async def serving_mail(
    tls: Tls | None = None, *, is_implicit: bool = False, needs_login: bool = False
) -> AsyncIterator[MailServer]:
    """With `tls` it offers STARTTLS, or, if `is_implicit`, stands behind a port that speaks TLS
    from the first byte."""
    server = MailServer()
    context = None
    if tls is not None and not is_implicit:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tls.path, tls.key_path)

    def make() -> SMTP:
        return SMTP(
            server,
            hostname="localhost",
            tls_context=context,
            require_starttls=context is not None,
            authenticator=server.authenticate,
            auth_required=needs_login,
            auth_require_tls=not is_implicit,
        )

    loop = asyncio.get_event_loop()
    listening = loop.create_server(make, "127.0.0.1", 0)
    listener = await Deferred.fromFuture(asyncio.ensure_future(listening))
    server.port = listener.sockets[0].getsockname()[1]
    try:
        if tls is not None and is_implicit:
            async with _tunnel(tls, server):
                yield server
        else:
            yield server
    finally:
        listener.close()


@asynccontextmanager
async def _tunnel(tls: Tls, server: MailServer) -> AsyncIterator[None]:
    from twisted.internet import reactor

    bare = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    factory = ProxyFactory("127.0.0.1", server.port)
    listener = await endpoints.wrapServerTLS(tls.options, bare).listen(factory)
    server.port = listener.getHost().port
    try:
        yield
    finally:
        await listener.stopListening()
