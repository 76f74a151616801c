"""A request's body as it comes, for what is too long to be kept.

The connection is read only while somebody waits for more, so a client that sends faster than
its words are worked on is held back by TCP itself. A client that is waited for has its deadline.
"""

from typing import Protocol

from twisted.internet.defer import Deferred, fail, succeed

from core.errors import WhipbirdError


class BodyLost(WhipbirdError):
    """The client left before its body was complete."""

    def __init__(self) -> None:
        super().__init__("the connection ended before the body did")


class Tap(Protocol):
    """Where a body comes from."""

    def hold_body(self) -> None:
        """Read no more for now."""
        ...

    def take_body(self, size: int) -> None:
        """Read on; the client has time for so many bytes."""
        ...


class Body:
    """What a client sends; `size` is how much came so far, in bytes."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._kept = bytearray()
        self._wanted = 0
        self._reader: Deferred[bytes] | None = None
        self._is_lost = False
        self.is_over = False
        self.size = 0
        tap.hold_body()

    def read(self, size: int) -> Deferred[bytes]:
        """At least the next `size` bytes, or all that are left; b"" when there are none. BodyLost
        if they never come. One reads at a time."""
        if self._is_lost:
            return fail(BodyLost())
        if self.is_over or len(self._kept) >= size:
            return succeed(self._take())
        self._wanted = size
        self._reader = Deferred()
        self._tap.take_body(size)
        return self._reader

    def feed(self, data: bytes) -> None:
        """More of it came."""
        self._kept += data
        self.size += len(data)
        if len(self._kept) >= self._wanted:
            self._give()

    def end(self) -> None:
        """All of it came."""
        self.is_over = True
        self._give()

    def lose(self) -> None:
        """No more will come."""
        if self.is_over or self._is_lost:
            return
        self._is_lost = True
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.errback(BodyLost())

    def _give(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            self._tap.hold_body()
            reader.callback(self._take())

    def _take(self) -> bytes:
        taken = bytes(self._kept)
        self._kept.clear()
        return taken
