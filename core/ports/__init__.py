"""What the dialer needs of the world outside, as protocols; what crosses, as plain values.

`events` come in through the mailbox, `commands` go out. An implementation of `Pbx` reports
everything by posting events; none of its methods waits or raises for what the PBX does.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from core.model import Server
from core.ports.commands import HangUp, JournalEntry, Originate
from core.ports.events import Event

#: Hands an event to the mailbox. Callable from the reactor's thread only.
Post = Callable[[Event], None]


class Clock(Protocol):
    """Where `now` comes from: an aware UTC datetime."""

    def now(self) -> datetime: ...


class Pbx(Protocol):
    """One PBX, real or simulated.

    It posts `ServerUp` whenever it is (again) ready to take calls, `ServerDown` when it no
    longer is. A command given while the server is down is answered by
    `OriginateRefused(was_sent=False)` or ignored (`HangUp`). An Originate is never sent twice;
    `OriginateSent` says when it left. One that may lose what it is told posts `ChannelsListed`
    now and then.
    """

    def start(self) -> None:
        """Begin to connect, and go on for ever."""
        ...

    def originate(self, command: Originate) -> None: ...

    def hang_up(self, command: HangUp) -> None: ...

    def stop(self) -> Awaitable[None]:
        """Leave; calls that are up stay up on a real PBX."""
        ...


#: Makes the port of a server; the composition root knows which edge serves which type.
PbxFactory = Callable[[Server, Post], Pbx]


class Journal(Protocol):
    """Writes entries in the order they were given, many in one transaction.

    It posts `AttemptsCommitted` after each transaction that held attempts. While the
    database is away it keeps all entries and tries again: nothing is dropped. An entry that
    the database refuses for good is logged in full, and an attempt so refused is reported
    with `AttemptRefused`.
    """

    @property
    def backlog(self) -> int:
        """How many entries are not yet safe."""
        ...

    def append(self, entry: JournalEntry) -> None: ...

    def flush(self) -> None:
        """Begin to write what was appended."""
        ...

    def written(self) -> Awaitable[None]:
        """Done once all that was appended before is in the database."""
        ...

    def close(self) -> Awaitable[None]:
        """Write all that was appended, then stop."""
        ...
