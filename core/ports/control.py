"""What faces in the dialer's own process may ask of it beyond its snapshots."""

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class EngineState(StrEnum):
    """Whether calls are placed (manual, "Retrieving current engine state")."""

    #: Calls are placed.
    READY = "READY"
    #: No call is placed; those that are up are followed to their end.
    DOWN = "DOWN"
    #: A stop was asked and is under way.
    TERMINATION_REQD = "TERMINATION_REQD"


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineView:
    """The engine now. `uptime_s` is seconds since it last became READY; `sent` and `received`
    count the messages to and from PBXs since the process began."""

    state: EngineState
    uptime_s: float = 0.0
    sent: int = 0
    received: int = 0


class Control(Protocol):
    """Used from the reactor's thread only."""

    def engine(self) -> EngineView: ...

    def start(self) -> Awaitable[None]:
        """Place calls again; nothing if it does so already, or may not (another dialer has
        its database). Done once it does."""
        ...

    def stop(self) -> Awaitable[None]:
        """Place no more calls until `start`. What is up is followed to its end. Done once no
        more is placed."""
        ...

    def wake(self) -> Awaitable[None]:
        """Done once the dialer has taken up all that was asked of it in the database before;
        at once while it does not run."""
        ...
