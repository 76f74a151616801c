"""Who is served at a time of those whose work is long."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from web.api.problems import Refused

#: Most uploads, and most exports, that go on at a time: each keeps a thread busy.
AT_ONCE, EXPORTS = 2, 4


class Places:
    """So many may work at a time, at what `what` names."""

    def __init__(self, count: int, what: str) -> None:
        self._free = count
        self._refusal = f"{count} {what} are under way; come back when one is over"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One of them, while the work goes on; Refused if there is none."""
        if self._free == 0:
            raise Refused(429, self._refusal, headers=(("Retry-After", "10"),))
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


@dataclass(slots=True)
class Desk:
    """The places of uploads and of exports, and the ids of the uploads that go on in this
    process."""

    uploads: Places = field(default_factory=lambda: Places(AT_ONCE, "uploads"))
    exports: Places = field(default_factory=lambda: Places(EXPORTS, "exports"))
    running: set[int] = field(default_factory=set)
