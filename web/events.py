"""The stream of events: what happens to calls and runs, to everybody who listens.

Each listener has a place in the ring of news and reads on from there, so that nothing is kept for
one that is slow; when the ring has gone past its place it is told to look at things anew. News are
rendered once, and put together once for all who want the same and have heard the same. One write
to a connection costs more than what is in it: the more listeners there are, the longer news are
gathered.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.web.http import Request

from core.operations.live import Sight
from core.ports.news import NewsSource, Told
from core.rules.news import TOPICS, Filter
from web import sse
from web.viewer import Audience, Look, Viewer

#: How long news are gathered, in seconds: at least, at most, and for each listener.
GATHER_S, LONGEST_S, EACH_S = 0.1, 1.0, 0.002
#: Most news of one write.
PORTION = 200

#: The event that tells a listener to look at everything anew.
RESET = "reset"


class Cause(StrEnum):
    """Why a listener is to look at everything anew; the values are on the wire."""

    #: It has heard nothing yet.
    BEGIN = "begin"
    #: The dialer was started anew since.
    RESTART = "restart"
    #: It has missed what is not kept any more.
    GAP = "gap"
    #: It may see more or less than before.
    ACCESS = "access"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lens:
    """What somebody wants of the news, and may see."""

    wanted: Filter
    sight: Sight

    def shows(self, told: Told) -> bool:
        news = told.news
        return news.campaign not in self.sight.hidden_campaigns and self.wanted.lets_through(news)


@dataclass(frozen=True, kw_only=True, slots=True)
class Portion:
    """Some news as they are written, and the number of the last that was looked at."""

    content: bytes
    last: int


class EventStream:
    """Hands the source's news to all listeners, at most `most` at once."""

    def __init__(self, source: NewsSource, reactor: IReactorTime, *, most: int) -> None:
        self._source = source
        self._reactor = reactor
        self._most = most
        self._listeners: Audience[Listener] = Audience(reactor, self._listen)
        self._pending: IDelayedCall | None = None
        self._sent_at = float("-inf")
        self._portions: dict[tuple[Lens, int], Portion | None] | None = None

    @property
    def is_full(self) -> bool:
        return len(self._listeners) >= self._most

    def attach(
        self, request: Request, wanted: Filter, sight: Sight, look: Look, heard: str
    ) -> Deferred[None]:
        """Stream to `request` what follows the event with the id `heard`, "" for none. The
        Deferred fires when the stream is to end."""
        listener = Listener(request, self, wanted, sight, look)
        ended = self._listeners.add(listener)
        request.write(sse.RETRY)
        listener.begin(heard)
        return ended

    def end(self) -> None:
        """All streams end, for the server stops."""
        self._listeners.end()

    def _listen(self) -> Callable[[], None]:
        return self._source.subscribe(self._heard)

    def _heard(self) -> None:
        if self._pending is None:
            gather_s = min(max(GATHER_S, EACH_S * len(self._listeners)), LONGEST_S)
            wait_s = self._sent_at + gather_s - self._reactor.seconds()
            self._pending = self._reactor.callLater(max(wait_s, 0), self._send)

    def _send(self) -> None:
        self._pending = None
        self._sent_at = self._reactor.seconds()
        self._portions = {}
        try:
            for listener in self._listeners:
                listener.has_room()
        finally:
            self._portions = None

    # What listeners ask

    @property
    def newest(self) -> int:
        return self._source.newest

    def key(self, number: int) -> str:
        """The id of an event."""
        return f"{self._source.epoch}-{number}"

    def find(self, key: str) -> int | Cause:
        """Where to read on after the event with this id, or why that cannot be."""
        if not key:
            return Cause.BEGIN
        epoch, _, number = key.rpartition("-")
        if epoch != self._source.epoch:
            return Cause.RESTART
        is_number = number.isascii() and number.isdigit() and len(number) < 16
        if not is_number or self._source.after(int(number), 0) is None:
            return Cause.GAP
        return int(number)

    def portion(self, lens: Lens, number: int) -> Portion | None:
        """What follows the news of this number, as somebody sees it; None if it is not kept."""
        if self._portions is None:
            return self._cut(lens, number)
        if (lens, number) not in self._portions:
            self._portions[lens, number] = self._cut(lens, number)
        return self._portions[lens, number]

    def _cut(self, lens: Lens, number: int) -> Portion | None:
        found = self._source.after(number, PORTION)
        if found is None:
            return None
        frames = [
            sse.numbered_frame(TOPICS[type(told.news)], self.key(told.number), told.text)
            for told in found
            if lens.shows(told)
        ]
        return Portion(content=b"".join(frames), last=found[-1].number if found else number)


class Listener(Viewer):
    """One client, and how far it has heard."""

    def __init__(
        self, request: Request, stream: EventStream, wanted: Filter, sight: Sight, look: Look
    ) -> None:
        super().__init__(request, sight, look)
        self._stream = stream
        self._lens = Lens(wanted=wanted, sight=sight)
        self._at = 0

    def begin(self, heard: str) -> None:
        found = self._stream.find(heard)
        if isinstance(found, Cause):
            self._reset(found)
        else:
            self._at = found
            self.has_room()

    def has_room(self) -> None:
        while self._at < self._stream.newest and not (self.is_paused or self.is_gone):
            portion = self._stream.portion(self._lens, self._at)
            if portion is None:
                self._reset(Cause.GAP)
                return
            self._at = portion.last
            if portion.content:
                self.request.write(portion.content)

    def sign_of_life(self) -> bytes:
        return sse.heartbeat(self._stream.key(self._at))

    def see(self, sight: Sight) -> None:
        super().see(sight)
        hidden = self._lens.sight.hidden_campaigns
        self._lens = Lens(wanted=self._lens.wanted, sight=sight)
        if sight.hidden_campaigns != hidden:
            self._reset(Cause.ACCESS)

    def _reset(self, cause: Cause) -> None:
        """From here on, everything is told again."""
        self._at = self._stream.newest
        line = json.dumps({"reason": cause}).encode()
        self.request.write(sse.numbered_frame(RESET, self._stream.key(self._at), line))
