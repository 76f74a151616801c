"""The live page's event stream: each snapshot is rendered once and sent to everyone.

At most two updates a second leave. A viewer whose connection is full gets nothing until it
has room, and then only the newest: however slow it is, one frame waits for it. Viewers of
different keys see different things: a frame is rendered once for all who see the same.

Each event carries the HTML of one live part of the page, under the part's name. One more,
`runs`, says that runs have come, gone or changed state, so that the list of campaigns is worth
fetching again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.web.http import Request

from core.operations.live import Sight, narrow
from core.ports.snapshot import Snapshot, SnapshotSource
from web import sse
from web.viewer import Audience, Look, Viewer

#: Seconds between two updates, at least.
INTERVAL_S = 0.5

_RUNS_CHANGED = sse.frame("runs", "changed")


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
        self._viewers: Audience[_Browser] = Audience(reactor, self._listen)
        self._pending: IDelayedCall | None = None
        self._sent_at = float("-inf")

    def attach(self, request: Request, sight: Sight, look: Look) -> Deferred[None]:
        """Stream what `sight` shows to `request` until it ends, the newest snapshot first;
        `look` tells later what it shows then. The Deferred fires when the stream is to end."""
        viewer = _Browser(request, sight, look)
        ended = self._viewers.add(viewer)
        request.write(sse.RETRY)
        viewer.offer(self._frame(self._source.latest(), sight))
        return ended

    def end(self) -> None:
        """All streams end, for the server stops."""
        self._viewers.end()

    def _listen(self) -> Callable[[], None]:
        return self._source.subscribe(self._saw)

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
        for viewer in self._viewers:
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


class _Browser(Viewer):
    """One browser: at most one frame waits for it."""

    def __init__(self, request: Request, sight: Sight, look: Look) -> None:
        super().__init__(request, sight, look)
        self._waiting: Frame | None = None
        self._runs: tuple[object, ...] | None = None

    def offer(self, frame: Frame) -> None:
        """Send the frame now, or once there is room, unless a newer one comes first."""
        if self.is_gone:
            return
        if self.is_paused:
            self._waiting = frame
        else:
            self._write(frame)

    def has_room(self) -> None:
        frame, self._waiting = self._waiting, None
        if frame is not None:
            self.offer(frame)

    def sign_of_life(self) -> bytes:
        return sse.HEARTBEAT

    def _write(self, frame: Frame) -> None:
        have_changed = self._runs is not None and self._runs != frame.runs
        self._runs = frame.runs
        self.request.write(frame.content + _RUNS_CHANGED if have_changed else frame.content)
