"""The live page's event stream: each snapshot is rendered once and sent to everyone.

At most two updates a second leave. A viewer whose connection is full gets nothing until it
has room, and then only the newest: however slow it is, one frame waits for it. A viewer that
has no room for a minute is cut off; its browser comes back by itself.

Viewers of different keys see different things: a frame is rendered once for all who see the
same. Whether a viewer still may look, and at what, is asked again every minute.

Each event carries the HTML of one live part of the page, under the part's name. One more,
`runs`, says that runs have come, gone or changed state, so that the list of campaigns is worth
fetching again.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime, ITCPTransport
from twisted.internet.task import LoopingCall
from twisted.web.http import Request
from zope.interface import implementer

from core.operations.live import Sight, narrow
from core.ports.snapshot import Snapshot, SnapshotSource
from web.ui import sse

#: Seconds between two updates, at least.
INTERVAL_S = 0.5
#: Seconds between two signs of life.
HEARTBEAT_S = 15
#: Heartbeats between two questions whether a viewer still may look.
LOOK_BEATS = 4
#: A viewer that had no room at so many heartbeats in a row is cut off.
PATIENCE = 4

_RUNS_CHANGED = sse.frame("runs", "changed")
_RETRY = b"retry: 2000\n\n"

_log = logging.getLogger(__name__)


#: What a viewer may see now; None of one who may see nothing any more.
Look = Callable[[], Deferred[Sight | None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A rendered snapshot; `runs` tells whether its runs differ from another's."""

    content: bytes
    runs: tuple[object, ...]


class LiveStream:
    """Hands the source's snapshots to all viewers; listens only while there are any."""

    def __init__(
        self,
        source: SnapshotSource,
        reactor: IReactorTime,
        render: Callable[[Snapshot, Sight], Mapping[str, str]],
    ) -> None:
        self._source = source
        self._reactor = reactor
        self._render = render
        self._viewers: set[_Viewer] = set()
        self._pending: IDelayedCall | None = None
        self._sent_at = float("-inf")
        self._leave: Callable[[], None] = lambda: None
        self._heart = LoopingCall(self._beat)
        self._heart.clock = reactor

    def attach(self, request: Request, sight: Sight, look: Look) -> Deferred[None]:
        """Stream what `sight` shows to `request` until it ends, the newest snapshot first;
        `look` tells later what it shows then. The Deferred never fires by itself; it is there
        to be cancelled."""
        viewer = _Viewer(request, sight, look)
        request.notifyFinish().addBoth(lambda _: self._drop(viewer))
        self._viewers.add(viewer)
        if len(self._viewers) == 1:
            self._wake()
        request.write(_RETRY)
        viewer.offer(self._frame(self._source.latest(), sight))
        return Deferred()

    def _wake(self) -> None:
        self._leave = self._source.subscribe(self._saw)
        self._heart.start(HEARTBEAT_S, now=False).addErrback(self._heart_failed)

    def _drop(self, viewer: "_Viewer") -> None:
        viewer.stopProducing()
        self._viewers.discard(viewer)
        if not self._viewers:
            self._leave()
            self._heart.stop()

    def _saw(self, _snapshot: Snapshot) -> None:
        """There is a new snapshot. Rendering waits for the reactor's next turn at least, so
        that the publisher is neither delayed nor harmed by it."""
        if self._pending is None:
            wait = self._sent_at + INTERVAL_S - self._reactor.seconds()
            self._pending = self._reactor.callLater(max(wait, 0), self._send)

    def _send(self) -> None:
        self._pending = None
        self._sent_at = self._reactor.seconds()
        if not self._viewers:
            return
        snapshot, frames = self._source.latest(), dict[Sight, Frame]()
        for viewer in tuple(self._viewers):
            if viewer.sight not in frames:
                frames[viewer.sight] = self._frame(snapshot, viewer.sight)
            viewer.offer(frames[viewer.sight])

    def _frame(self, snapshot: Snapshot, sight: Sight) -> Frame:
        snapshot = narrow(snapshot, sight)
        parts = self._render(snapshot, sight).items()
        return Frame(
            content=b"".join(sse.frame(event, html) for event, html in parts),
            runs=tuple((run.run_id, run.state) for run in snapshot.runs),
        )

    def _beat(self) -> None:
        for viewer in tuple(self._viewers):
            viewer.beat()

    def _heart_failed(self, failure: object) -> None:
        _log.error("the live stream's heartbeat stopped: %s", failure)


def cut_off(request: Request) -> None:
    """End the request's connection at once; what is still to be sent is dropped."""
    cast(ITCPTransport, request.channel.transport).abortConnection()


@implementer(IPushProducer)
class _Viewer:
    """One browser: told by its connection when to hold back."""

    def __init__(self, request: Request, sight: Sight, look: Look) -> None:
        self.sight = sight
        self._request = request
        self._look = look
        self._beats = 0
        self._waiting: Frame | None = None
        self._runs: tuple[object, ...] | None = None
        self._is_paused = False
        self._is_gone = False
        self._missed_beats = 0
        request.registerProducer(self, True)

    def offer(self, frame: Frame) -> None:
        """Send the frame now, or once there is room, unless a newer one comes first."""
        if self._is_gone:
            return
        if self._is_paused:
            self._waiting = frame
        else:
            self._write(frame)

    def beat(self) -> None:
        self._beats += 1
        if self._beats % LOOK_BEATS == 0:
            self._look().addCallbacks(self._see, self._look_failed)
        if not self._is_paused:
            self._missed_beats = 0
            self._request.write(sse.HEARTBEAT)
            return
        self._missed_beats += 1
        if self._missed_beats >= PATIENCE:
            cut_off(self._request)

    def _see(self, sight: Sight | None) -> None:
        if sight is not None:
            self.sight = sight
        elif not self._is_gone:
            cut_off(self._request)

    def _look_failed(self, failure: object) -> None:
        """Without its database Whipbird cannot tell; the next look comes in a minute."""
        _log.warning("a viewer's keys could not be looked up: %s", failure)

    def pauseProducing(self) -> None:
        self._is_paused = True

    def resumeProducing(self) -> None:
        self._is_paused = False
        self._missed_beats = 0
        frame, self._waiting = self._waiting, None
        if frame is not None:
            self.offer(frame)

    def stopProducing(self) -> None:
        self._is_gone = True
        self._waiting = None

    def _write(self, frame: Frame) -> None:
        have_changed = self._runs is not None and self._runs != frame.runs
        self._runs = frame.runs
        self._request.write(frame.content + _RUNS_CHANGED if have_changed else frame.content)
