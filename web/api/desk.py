"""Who is served at a time of those whose work is long."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from web.api.problems import Refused

#: Most uploads, and most exports, that go on at a time: each keeps a thread busy.
AT_ONCE, EXPORTS = 2, 4


@dataclass(slots=True)
class Desk:
    """How many uploads and exports may still begin, and the ids of the uploads that go on in this
    process."""

    places: int = AT_ONCE
    exports: int = EXPORTS
    running: set[int] = field(default_factory=set)

    @contextmanager
    def uploading(self) -> Iterator[None]:
        """While an upload goes on; Refused if too many do."""
        if self.places == 0:
            raise _busy(f"{AT_ONCE} uploads")
        self.places -= 1
        try:
            yield
        finally:
            self.places += 1

    @contextmanager
    def exporting(self) -> Iterator[None]:
        """The same of an export."""
        if self.exports == 0:
            raise _busy(f"{EXPORTS} exports")
        self.exports -= 1
        try:
            yield
        finally:
            self.exports += 1


def _busy(what: str) -> Refused:
    text = f"{what} are under way; come back when one is over"
    return Refused(429, text, headers=(("Retry-After", "10"),))
