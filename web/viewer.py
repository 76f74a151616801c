"""Who looks on for long: connections that stay open and are written to as things happen.

However slow a viewer is, what waits for it is bounded by who writes to it; one that has no room
for a minute is cut off, and comes back by itself. Whether a viewer still may look, and at what,
is asked again every minute.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer, IReactorTime, ITCPTransport
from twisted.internet.task import LoopingCall
from twisted.web.http import Request
from zope.interface import implementer

from core.operations.live import Sight

#: Seconds between two signs of life.
HEARTBEAT_S = 15
#: Heartbeats between two questions whether a viewer still may look.
LOOK_BEATS = 4
#: A viewer that had no room at so many heartbeats in a row is cut off.
PATIENCE = 4

#: What a viewer may see now; None of one who may see nothing any more.
Look = Callable[[], Deferred[Sight | None]]

_log = logging.getLogger(__name__)


def cut_off(request: Request) -> None:
    """End the request's connection at once; what is still to be sent is dropped."""
    cast(ITCPTransport, request.channel.transport).abortConnection()


@implementer(IPushProducer)
class Viewer:
    """One connection: told by its transport when to hold back. `over` fires when the stream is
    to end."""

    def __init__(self, request: Request, sight: Sight, look: Look) -> None:
        self.request = request
        self.sight = sight
        self.over: Deferred[None] = Deferred()
        self.is_paused = False
        self.is_gone = False
        self._look = look
        self._beats = 0
        self._missed_beats = 0
        request.registerProducer(self, True)

    def has_room(self) -> None:
        """Write what waits; asked whenever there is room again."""
        raise NotImplementedError

    def sign_of_life(self) -> bytes:
        raise NotImplementedError

    def see(self, sight: Sight) -> None:
        """From now on the viewer sees this."""
        self.sight = sight

    def beat(self) -> None:
        self._beats += 1
        if self._beats % LOOK_BEATS == 0:
            self._look().addCallbacks(self._looked, self._look_failed)
        if not self.is_paused:
            self._missed_beats = 0
            self.request.write(self.sign_of_life())
            return
        self._missed_beats += 1
        if self._missed_beats >= PATIENCE:
            cut_off(self.request)

    def _looked(self, sight: Sight | None) -> None:
        if self.is_gone:
            return
        if sight is None:
            cut_off(self.request)
        elif sight != self.sight:
            self.see(sight)

    def _look_failed(self, failure: object) -> None:
        """Without its database Whipbird cannot tell; the next look comes in a minute."""
        _log.warning("a viewer's keys could not be looked up: %s", failure)

    def pauseProducing(self) -> None:
        self.is_paused = True

    def resumeProducing(self) -> None:
        self.is_paused = False
        self._missed_beats = 0
        if not self.is_gone:
            self.has_room()

    def stopProducing(self) -> None:
        self.is_gone = True

    def end(self) -> None:
        """The stream ends cleanly, and its connection with it."""
        self.request.channel.persistent = False
        if not self.over.called:
            self.over.callback(None)


V = TypeVar("V", bound=Viewer)


class Audience(Generic[V]):
    """All viewers of a stream. There is a source and a heartbeat only while there are any:
    `listen` begins to listen and returns what ends it."""

    def __init__(self, reactor: IReactorTime, listen: Callable[[], Callable[[], None]]) -> None:
        self._listen = listen
        self._viewers: set[V] = set()
        self._leave: Callable[[], None] = lambda: None
        self._heart = LoopingCall(self._beat)
        self._heart.clock = reactor

    def __len__(self) -> int:
        return len(self._viewers)

    def __iter__(self) -> Iterator[V]:
        """Those of now, whoever comes and goes meanwhile."""
        return iter(tuple(self._viewers))

    def add(self, viewer: V) -> Deferred[None]:
        """Until its request is over. The Deferred fires when the stream ends, and is there to be
        cancelled."""
        viewer.request.notifyFinish().addBoth(lambda _: self._drop(viewer))
        self._viewers.add(viewer)
        if len(self._viewers) == 1:
            self._leave = self._listen()
            self._heart.start(HEARTBEAT_S, now=False).addErrback(self._heart_failed)
        return viewer.over

    def _drop(self, viewer: V) -> None:
        viewer.stopProducing()
        self._viewers.discard(viewer)
        if not self._viewers:
            self._leave()
            self._heart.stop()

    def end(self) -> None:
        """All streams end."""
        for viewer in self:
            viewer.end()

    def _beat(self) -> None:
        for viewer in self:
            viewer.beat()

    def _heart_failed(self, failure: object) -> None:
        _log.error("a stream's heartbeat stopped: %s", failure)
