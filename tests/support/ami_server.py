"""A PBX that says what a test tells it to, over real AMI on a loopback socket.

It logs everybody in, answers what the link asks for, and keeps every action it got. A test
changes single answers through `answers`, and speaks up with `send`. It never places a call.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory

from core.ports.events import Event

#: What a wait may take before the test fails, in seconds.
PATIENCE_S = 10.0

Headers = list[tuple[str, str]]
Answer = Callable[[Headers], list[str]]


def first(headers: Headers, name: str) -> str:
    """The first value under `name`, empty if there is none."""
    return next((value for key, value in headers if key.lower() == name.lower()), "")


def success(headers: Headers) -> list[str]:
    return ["Response: Success"]


def refuse(message: str) -> Answer:
    """An answer that says no, in these words."""
    return lambda headers: ["Response: Error", f"Message: {message}"]


def silence(headers: Headers) -> list[str]:
    return []


class Waiting:
    """Things seen so far, and a way to wait for the next that fits.

    A wait ends in a turn of the reactor of its own, when whoever caused it is done.
    """

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self._waits: list[tuple[Callable[[Any], bool], Deferred[Any], int]] = []

    def add(self, thing: Any) -> None:
        from twisted.internet import reactor

        self.seen.append(thing)
        for wait in list(self._waits):
            fits, found, at_least = wait
            matching = [seen for seen in self.seen if fits(seen)]
            if len(matching) >= at_least:
                self._waits.remove(wait)
                reactor.callLater(0, found.callback, matching[-1])  # type: ignore[attr-defined]  # the module

    def until(self, fits: Callable[[Any], bool], at_least: int = 1) -> Deferred[Any]:
        """The last thing that fits, once there are `at_least` of them."""
        from twisted.internet import reactor

        found: Deferred[Any] = Deferred()
        matching = [seen for seen in self.seen if fits(seen)]
        if len(matching) >= at_least:
            found.callback(matching[-1])
        else:
            self._waits.append((fits, found, at_least))
        return found.addTimeout(PATIENCE_S, reactor)  # type: ignore[arg-type]  # the module

    def until_event(self, kind: type[Event], at_least: int = 1) -> Deferred[Any]:
        return self.until(lambda event: isinstance(event, kind), at_least)


class AmiServer(ServerFactory):
    """Listens on a free port. `actions.seen` are the (headers) of all actions, in order."""

    def __init__(self) -> None:
        self.actions = Waiting()
        self.connections: list[_Connection] = []
        self.closed = Waiting()
        self.channels: list[str] = []
        self.banner = b"Asterisk Call Manager/11.0.0\r\n"
        self.uptime: str | None = "100"
        self.shows_calls = True
        self.answers: dict[str, Answer] = {
            "Login": success,
            "ListCommands": lambda headers: [
                "Response: Success",
                *(f"{name}: x" for name in ("Originate", "Hangup", "CoreStatus")),
                "CoreShowChannels: x",
            ],
            "Filter": success,
            "CoreStatus": lambda headers: [
                "Response: Success",
                "CoreStartupDate: 2026-03-01",
                "CoreStartupTime: 13:58:20",
            ],
            "Ping": success,
            "Originate": success,
            "Hangup": success,
        }

    def buildProtocol(self, addr: Any) -> "_Connection":
        return _Connection(self)

    def listen(self) -> int:
        """Start; the port."""
        from twisted.internet import reactor

        self._port = reactor.listenTCP(0, self, interface="127.0.0.1")  # type: ignore[attr-defined]  # the module
        return int(self._port.getHost().port)

    async def stop(self) -> None:
        await self._port.stopListening()
        for connection in self.connections:
            connection.transport.abortConnection()

    @property
    def last(self) -> "_Connection":
        return self.connections[-1]

    def named(self, action: str) -> list[Headers]:
        """The actions of this name, in order."""
        return [headers for headers in self.actions.seen if first(headers, "Action") == action]

    def until_action(self, action: str, at_least: int = 1) -> Deferred[Any]:
        return self.actions.until(lambda headers: first(headers, "Action") == action, at_least)


class _Connection(Protocol):
    def __init__(self, server: AmiServer) -> None:
        self._server = server
        self._rest = b""

    def connectionMade(self) -> None:
        self._server.connections.append(self)
        self.transport.write(self._server.banner)

    def connectionLost(self, reason: Any = None) -> None:
        self.reason = reason
        self._server.closed.add(self)

    def send(self, *lines: str) -> None:
        """One packet."""
        self.send_bytes(("\r\n".join(lines) + "\r\n\r\n").encode())

    def send_bytes(self, data: bytes) -> None:
        self.transport.write(data)

    def drop(self) -> None:
        """Break the connection, as a crash does."""
        self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        *packets, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for packet in packets:
            lines = packet.decode().split("\r\n")
            self._answer([tuple(line.split(": ", 1)) for line in lines])  # type: ignore[misc]  # two parts

    def _answer(self, headers: Headers) -> None:
        action, action_id = first(headers, "Action"), f"ActionID: {first(headers, 'ActionID')}"
        if first(headers, "Channel") == "Whipbird/sight":
            self._judge_sight(action_id)
            return
        if action == "CoreShowChannels" and action not in self._server.answers:
            self._list_channels(action_id)
        else:
            lines = self._server.answers.get(action, refuse("Invalid/unknown command"))(headers)
            if lines:
                self.send(lines[0], action_id, *lines[1:])
            if action == "Login" and lines[:1] == ["Response: Success"]:
                self._say_booted()
        self._server.actions.add(headers)

    def _judge_sight(self, action_id: str) -> None:
        """The impossible call of a login; no action that a test is interested in."""
        self.send("Response: Success", action_id, "Message: Originate successfully queued")
        if self._server.shows_calls:
            self.send("Event: OriginateResponse", action_id, "Response: Failure", "Reason: 0")

    def _say_booted(self) -> None:
        if self._server.uptime is not None:
            self.send("Event: FullyBooted", f"Uptime: {self._server.uptime}")

    def _list_channels(self, action_id: str) -> None:
        self.send("Response: Success", action_id, "EventList: start", "Message: will follow")
        for name in self._server.channels:
            self.send("Event: CoreShowChannel", action_id, "ChannelState: 6", f"Uniqueid: {name}")
        self.send("Event: CoreShowChannelsComplete", action_id, "EventList: Complete")
