"""Carries one letter of the outbox to its HTTP server, and says how that went.

A redirect is not followed: where it leads is not what the campaign says. A name that leads to a
link-local address is refused when the address is known, before anything is said there.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import (
    URI,
    Agent,
    BrowserLikePolicyForHTTPS,
    FileBodyProducer,
    ResponseFailed,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IResponse
from zope.interface import implementer

from core.engine.clock import SystemClock
from core.engine.delivery import DELIVERED, Verdict, one_line
from core.errors import InvalidValue
from core.ports import Clock
from core.rules.notifications import (
    MAX_SENT_URL,
    SIGNATURE_HEADER,
    LetterKind,
    check_url,
    is_link_local,
    sign,
)
from core.rules.webhooks import sign_message
from core.store.outbox import Letter

#: How long the whole of a delivery may take, in seconds.
TIMEOUT_S = 10.0
#: How much of an answer is listened to, in bytes; only its status matters.
MAX_ANSWER = 65_536


class HttpCourier:
    """Each delivery has a connection of its own: a server that closes an idle one just then
    would be taken for one that failed."""

    def __init__(
        self,
        reactor: IReactorTime,
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Clock | None = None,
    ) -> None:
        self._reactor = reactor
        self._clock = clock or SystemClock()
        self._timeout_s = timeout_s
        self._agent = Agent.usingEndpointFactory(reactor, _Endpoints(reactor, timeout_s))

    def deliver(self, letter: Letter) -> Deferred[Verdict]:
        """Post the letter, or ask its URL; what became of it. It never fails, and may be
        cancelled."""
        try:
            check_url(letter.url, MAX_SENT_URL)
        except InvalidValue as error:
            reason = f"the URL is refused: {error.expected}"
            return succeed(Verdict(reason=reason, is_final=True, is_of_letter=True))
        asked = self._ask(letter)
        heard: Deferred[Verdict] = asked.addCallback(_listen)
        heard.addTimeout(self._timeout_s, self._reactor, _in_time)
        return heard.addErrback(_explain)

    def _ask(self, letter: Letter) -> Deferred[Any]:
        is_question = letter.kind is LetterKind.GET
        body = letter.body.encode()
        headers = Headers({"User-Agent": ["Whipbird"]})
        for name, value in _headers(letter, body, self._clock.now()).items():
            headers.addRawHeader(name, value)
        asked: Deferred[Any] = self._agent.request(
            b"GET" if is_question else b"POST",
            letter.url.encode(),
            headers,
            None if is_question else FileBodyProducer(BytesIO(body)),
        )
        return asked


def _headers(letter: Letter, body: bytes, now: datetime) -> Mapping[str, str]:
    """What the body is, and that it is ours."""
    match letter.kind:
        case LetterKind.GET:
            return {}
        case LetterKind.WEBHOOK:
            signed = sign_message(letter.secret, letter.message_id, now, body)
            return {"Content-Type": "application/json", **signed}
        case _:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            return form | ({SIGNATURE_HEADER: sign(letter.secret, body)} if letter.secret else {})


def _listen(response: IResponse) -> Deferred[Verdict]:
    """The verdict is in the status. The rest is heard out all the same: a script that finds
    nobody listening may be stopped half-way."""
    listener = _Listener()
    response.deliverBody(listener)
    return listener.over.addBoth(lambda _: _judge(response.code))


def _judge(code: int) -> Verdict:
    if 200 <= code < 300:
        return DELIVERED
    phrase = f" {HTTPStatus(code).phrase}" if code in list(HTTPStatus) else ""
    also = "; redirects are not followed" if 300 <= code < 400 else ""
    return Verdict(reason=f"it answered {code}{phrase}{also}")


def _in_time(result: Verdict | Failure, timeout_s: float) -> Verdict:
    """A verdict holds, even if the rest of the answer never comes."""
    if isinstance(result, Verdict):
        return result
    return Verdict(reason=f"no answer within {timeout_s:g} s")


def _explain(failure: Failure) -> Verdict:
    """Why a delivery failed, in a line."""
    error = failure.value
    if isinstance(error, ResponseFailed) and error.reasons:
        error = error.reasons[0].value
    return Verdict(reason=one_line(str(error)) or type(error).__name__)


class _Listener(Protocol):
    """Hears an answer out, within bounds; `over` fires when there is no more."""

    def __init__(self) -> None:
        self.over: Deferred[None] = Deferred(lambda _: self._leave())
        self._size = 0

    def dataReceived(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > MAX_ANSWER:
            self._leave()

    def _leave(self) -> None:
        assert self.transport is not None
        self.transport.loseConnection()

    def connectionLost(self, _reason: Failure = connectionDone) -> None:
        if not self.over.called:
            self.over.callback(None)


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """Connects as an Agent does by itself, but to no link-local address."""

    def __init__(self, reactor: Any, timeout_s: float) -> None:
        self._reactor = reactor
        self._timeout_s = timeout_s
        self._policy = BrowserLikePolicyForHTTPS()

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        name = HostnameEndpoint(self._reactor, uri.host, uri.port, timeout=self._timeout_s)
        endpoint = _CheckedEndpoint(name)
        if uri.scheme == b"https":
            return wrapClientTLS(self._policy.creatorForNetloc(uri.host, uri.port), endpoint)
        return endpoint


@implementer(IStreamClientEndpoint)
class _CheckedEndpoint:
    def __init__(self, endpoint: IStreamClientEndpoint) -> None:
        self._endpoint = endpoint

    def connect(
        self,
        protocolFactory: IProtocolFactory,  # noqa: N803 - Twisted's name
    ) -> Deferred[IProtocol]:
        return self._endpoint.connect(_CheckedFactory(protocolFactory))


class _CheckedFactory(Factory):
    noisy = False

    def __init__(self, factory: IProtocolFactory) -> None:
        self._factory = factory

    def buildProtocol(self, addr: Any) -> Any:
        host: str = addr.host
        if is_link_local(host):
            raise InvalidValue("address", host, "link-local addresses are refused")
        return self._factory.buildProtocol(addr)
