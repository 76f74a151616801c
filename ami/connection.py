"""One connection to one PBX, from the TCP handshake to its loss: the only home of asyncio.

panoramisk connects, numbers the actions and gathers their answers. What it does with the rest
is replaced through its own extension points, because, as it stands, it re-sends unanswered
actions after a reconnect (people would be dialled twice), drops what it cannot decode, lets a
line end in a value start a new header, waits for ever, and retries without end or limit. So
here a Manager serves one connection and is thrown away with it, an Originate never enters its
queue, bytes are cut by `ami.protocol`, and every action has a time limit.
"""

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from ami.protocol import LoginRefused, PacketReader, Reply, ServerLost, parse_headers
from ami.values import render_action
from core.errors import InvalidValue
from core.model import Server

#: What the ActionIDs that panoramisk makes start with: answers to `ask`.
_ASKED = b"\r\nActionID: action/"
#: panoramisk pings without looking at the answers; `ami.link` has its own. In seconds: never.
_NEVER = 10**9

#: A close that sends a reset, and nothing else any more.
_RESET = struct.pack("ii", 1, 0)

_log = logging.getLogger(__name__)


class Session:
    """A connection that is open. `lost` fires once with the reason, whoever ended it."""

    def __init__(self, manager: "_Manager", address: str, timer: IReactorTime) -> None:
        self._manager = manager
        self._address = address
        self._timer = timer
        self.lost: Deferred[str] = Deferred()
        manager.protocol.session = self

    @property
    def received_bytes(self) -> int:
        """Grows with every sign of life of the peer."""
        return int(self._manager.protocol.received_bytes)

    def write(self, data: bytes) -> None:
        """Send a rendered action and expect nothing; silently nothing once lost."""
        self._manager.protocol.transport.write(data)

    async def ask(self, action: Mapping[str, str], limit_s: float) -> list[Reply]:
        """Every packet of the answer, at least one.

        Raises InvalidValue for what cannot be sent, ServerLost when no whole answer came in
        `limit_s` seconds or the connection broke.
        """
        asked = Action(dict(action))
        answer = _bridge(self._manager.send_action(asked))
        try:
            messages = await answer.addTimeout(limit_s, self._timer)
        except TimeoutError as error:
            raise ServerLost(
                f"{self._address} did not answer {asked['Action']} within {limit_s:g} s"
            ) from error
        finally:
            self._manager.protocol.responses.pop(asked.id, None)
        return [m.reply for m in (messages if isinstance(messages, list) else [messages])]

    def close(self, reason: str) -> None:
        """Drop the connection now, unsent bytes included."""
        self._manager.close()
        self.end(reason)

    def end(self, reason: str) -> None:
        """The connection is gone; the protocol says so."""
        if not self.lost.called:
            self.lost.callback(reason)


async def connect(
    server: Server, receive: Callable[[bytes], None], timer: IReactorTime, limit_s: float
) -> Session:
    """A fresh connection, not logged in. `receive` gets every packet that answers no `ask`.

    Raises ServerLost when there is none within `limit_s` seconds.
    """
    address = f"{server.host}:{server.port}"
    manager = _Manager(
        host=server.host,
        port=server.port,
        protocol_factory=partial(_Protocol, receive, address),
        forgetable_actions=("originate", "hangup", "ping", "login"),
        ping_delay=_NEVER,
        log=_log,
    )
    try:
        await _bridge(manager.connect()).addTimeout(limit_s, timer)
    except TimeoutError as error:
        raise ServerLost(f"{address} did not take a connection within {limit_s:g} s") from error
    except OSError as error:
        raise ServerLost(f"cannot connect to {address}: {_in_words(error)}") from error
    return Session(manager, address, timer)


async def log_in(session: Session, server: Server, *, events: str, limit_s: float) -> None:
    """Log in and choose event classes; LoginRefused when the PBX says no."""
    refusal = f'AMI login "{server.login}" refused at {server.host}:{server.port}: '
    login = {"Action": "Login", "Username": server.login, "Secret": server.password}
    try:
        (reply, *_) = await session.ask({**login, "Events": events}, limit_s)
    except InvalidValue as error:
        # The error itself holds the secret.
        raise LoginRefused(f"{refusal}{error.field} cannot be sent as it is") from None
    if not reply.is_success:
        raise LoginRefused(f"{refusal}check user and secret")


def _bridge(future: "asyncio.Future[Any]") -> Deferred[Any]:
    """The future as a Deferred. A cancelled one fails as Twisted expects it: asyncio's own
    CancelledError is not even an Exception, and `addTimeout` would not know it."""
    return Deferred.fromFuture(future).addErrback(_as_cancelled)


def _as_cancelled(failure: Failure) -> Failure:
    if isinstance(failure.value, asyncio.CancelledError):
        raise CancelledError
    return failure


def _in_words(error: OSError) -> str:
    """Without the address, which asyncio repeats; a failed look-up has a negative number."""
    if error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)


class _Manager(Manager):  # type: ignore[misc]  # panoramisk ships no types
    """panoramisk's Manager for a single connection: whether to try again is not its affair."""

    def connection_made(self, f: "asyncio.Task[Any]") -> None:
        if not f.cancelled() and f.exception() is None:
            super().connection_made(f)


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk ships no types
    """panoramisk's protocol with our own reading, our own writing, and no queue."""

    def __init__(self, receive: Callable[[bytes], None], address: str) -> None:
        self._receive = receive
        self._address = address
        self._reader = PacketReader()
        self._reason = ""
        self.received_bytes = 0
        self.responses: dict[str, Action] = {}
        self.session: Session | None = None

    def send(self, data: Any, as_list: bool | None = None) -> "asyncio.Future[Any]":
        """Render and write a panoramisk Action; its future gets the answer."""
        written = render_action([(name, str(value)) for name, value in data.items()])
        if self._reason:
            raise ServerLost(self._reason)
        data.as_list = as_list
        self.responses[data.id] = data
        self.transport.write(written)
        future: asyncio.Future[Any] = data.future
        return future

    def data_received(self, data: bytes) -> None:
        self.received_bytes += len(data)
        try:
            packets = self._reader.feed(data)
        except ServerLost as error:
            self._reason = f"{self._address} {error}"
            self.transport.abort()
            return
        for packet in packets:
            if self.responses and _ASKED in packet:
                self._answer(packet)
            else:
                self._receive(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        self._reason = self._reason or f"{self._address} closed the connection" + (
            f": {exc}" if exc else ""
        )
        waiting, self.responses = self.responses, {}
        for action in waiting.values():
            if not action.future.done():
                action.future.set_exception(ServerLost(self._reason))
        if self.session is not None:
            self.session.end(self._reason)

    def close(self) -> None:
        """What a Manager calls to end it; `connection_lost` follows. What the kernel has not
        delivered is dropped too: behind a network that is cut it would arrive much later, and
        dial a person of whom by then a new attempt may have been made."""
        peer = self.transport.get_extra_info("socket")
        if peer is not None and peer.fileno() >= 0:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def _answer(self, packet: bytes) -> None:
        reply = Reply(headers=parse_headers(packet))
        message = Message(dict(reply.headers))
        message.reply = reply
        self.handle_message(message)
