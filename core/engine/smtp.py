"""Carries one letter of the outbox, an e-mail, to the SMTP server of the settings.

The transcript of a session is never kept or shown: it holds the password. A recipient or a text
that the server refuses for good (RFC 5321, 4.2.1: 5yz) is not offered again; what may be amended
by whoever runs the dialer or the server (login, sender, TLS) is.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.ssl import optionsForClientTLS
from twisted.mail.smtp import (
    DNSNAME,
    CramMD5ClientAuthenticator,
    ESMTPClient,
    LOGINAuthenticator,
    PLAINAuthenticator,
    SMTPClientError,
)
from twisted.python.failure import Failure

from core.engine.delivery import DELIVERED, Verdict, one_line
from core.errors import InvalidValue
from core.rules.mail import MAILTO, check_address, render_mail
from core.settings import SmtpSettings, TlsMode
from core.store.outbox import Letter

#: How long the whole of a delivery may take, in seconds: servers may think a text over.
TIMEOUT_S = 60.0
#: How long a server may take to let go of a session that is over, in seconds.
LEAVE_S = 5.0
#: Mechanisms that a password is sent by, the most careful first.
_AUTHENTICATORS = (CramMD5ClientAuthenticator, PLAINAuthenticator, LOGINAuthenticator)


class SmtpCourier:
    """Each e-mail has a connection of its own."""

    def __init__(
        self, reactor: IReactorTime, settings: SmtpSettings, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._timeout_s = timeout_s

    def deliver(self, letter: Letter) -> Deferred[Verdict]:
        """Hand the letter in; what became of it. It never fails, and may be cancelled."""
        sender = self._settings.sender
        if sender is None:
            return succeed(Verdict(reason="no mail server: set host and from in [smtp]"))
        try:
            recipient = check_address(letter.url.removeprefix(MAILTO))
        except InvalidValue as error:
            return succeed(Verdict(reason=one_line(str(error)), is_final=True, is_of_letter=True))
        message = render_mail(
            sender=sender,
            recipient=recipient,
            subject=letter.subject,
            text=letter.body,
            number=letter.id,
            at=letter.created_at,
        )

        def make() -> _Session:
            return _Session(self._settings, sender.address, recipient, message)

        heard = self._endpoint().connect(_Sessions(make)).addCallback(_hear)
        heard.addTimeout(self._timeout_s, self._reactor, _in_time)
        return heard.addErrback(_explain)

    def _endpoint(self) -> IStreamClientEndpoint:
        host, port = self._settings.host, self._settings.port
        endpoint = HostnameEndpoint(self._reactor, host, port, timeout=self._timeout_s)
        if self._settings.tls is TlsMode.TLS:
            return wrapClientTLS(optionsForClientTLS(host), endpoint)
        return endpoint


def _hear(session: Any) -> Deferred[Verdict]:
    verdict: Deferred[Verdict] = session.verdict
    return verdict


def _in_time(_result: object, timeout_s: float) -> Verdict:
    return Verdict(reason=f"not handed in within {timeout_s:g} s")


def _explain(failure: Failure) -> Verdict:
    """Why there was no session, or why it broke."""
    return Verdict(reason=one_line(str(failure.value)) or type(failure.value).__name__)


class _Sessions(Factory):
    noisy = False

    def __init__(self, make: "Callable[[], _Session]") -> None:
        self._make = make

    def buildProtocol(self, _addr: object) -> "_Session":
        return self._make()


class _Session(ESMTPClient):
    """One connection, one e-mail. `verdict` fires once."""

    transport: Any
    debug = False  # the transcript would hold the password

    def __init__(self, settings: SmtpSettings, sender: str, recipient: str, message: bytes) -> None:
        context = None
        if settings.tls is TlsMode.STARTTLS:
            context = optionsForClientTLS(settings.host)
        super().__init__(settings.password.encode(), context, DNSNAME)  # type: ignore[no-untyped-call]  # Twisted is untyped
        self.requireTransportSecurity = settings.tls is not TlsMode.NONE
        self.requireAuthentication = bool(settings.user)
        if settings.user:
            user = settings.user.encode()
            self.authenticators = [make(user) for make in _AUTHENTICATORS]
        self._sender: str | None = sender
        self._recipient = recipient
        self._message = message
        self.verdict: Deferred[Verdict] = Deferred(lambda _: self.transport.abortConnection())

    def getMailFrom(self) -> str | None:
        sender, self._sender = self._sender, None
        return sender

    def getMailTo(self) -> list[bytes]:
        return [self._recipient.encode()]

    def getMailData(self) -> BytesIO:
        return BytesIO(self._message)

    def sentMail(
        self,
        code: int,
        resp: bytes | str,
        numOk: int,  # noqa: N803 - Twisted's name
        addresses: list[Any],
        _log: object,
    ) -> None:
        """The server's last word, to the text if it took the recipient. Without a word to the
        recipient it was the sender that it refused."""
        if addresses and not numOk:
            _address, code, resp = addresses[0]
        if 200 <= code < 300:
            self._judge(DELIVERED)
            return
        was_offered = bool(addresses)
        is_final = was_offered and code >= 500
        self._judge(Verdict(reason=_said(code, resp), is_final=is_final, is_of_letter=was_offered))

    def sendError(self, exc: Exception) -> None:
        if isinstance(exc, SMTPClientError):
            self._judge(Verdict(reason=_said(exc.code, exc.resp)))
        else:
            self._judge(Verdict(reason=one_line(str(exc)) or type(exc).__name__))

    def _judge(self, verdict: Verdict) -> None:
        """Tell it, and leave; a server that does not let go is left all the same."""
        if self.verdict.called:
            return
        self.sendLine(b"QUIT")  # type: ignore[no-untyped-call]  # Twisted is untyped
        self.transport.loseConnection()
        self.setTimeout(LEAVE_S)  # type: ignore[no-untyped-call]  # Twisted is untyped
        self.verdict.callback(verdict)

    def timeoutConnection(self) -> None:
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)  # type: ignore[no-untyped-call]  # Twisted is untyped
        if not self.verdict.called:
            self.verdict.errback(reason)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return one_line(f"the mail server answered {code} {text}" if code > 0 else text)
