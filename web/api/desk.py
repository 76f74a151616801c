"""Who is served at a time of those whose work is long."""

from dataclasses import dataclass, field

#: Most uploads that go on at a time: each keeps a thread busy.
AT_ONCE = 2


@dataclass(slots=True)
class Desk:
    """How many uploads may still begin, and the ids of those that go on in this process."""

    places: int = AT_ONCE
    running: set[int] = field(default_factory=set)
