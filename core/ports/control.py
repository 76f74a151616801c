"""What faces in the dialer's own process may ask of it beyond its snapshots."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ParamSpec, Protocol, TypeVar

from core.model import Server
from core.ports.events import Reported
from core.ports.timings import Step, Timing
from core.rules.states import CallState

P = ParamSpec("P")
T = TypeVar("T")


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


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveCall:
    """A call under way, with the names of all that it uses. `outputs` are the record's output
    attributes as the call leaves them, None while it did not touch them; `channel` is the PBX's
    name for it, once it dials."""

    attempt_id: int
    run_id: int
    campaign_id: int
    campaign: str
    run_started_at: datetime
    number: str
    retry_no: int
    server: str
    trunk: str
    trunk_capacity: int
    endpoint: str
    channel_id: str
    state: CallState
    channel: str = ""
    ext_status: str = ""
    outputs: Mapping[str, str] | None = None
    requested_at: datetime
    connected_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerTraffic:
    """A PBX, and how many messages went to it and came from it since the process began."""

    server: Server
    is_up: bool
    sent: int
    received: int


class Control(Protocol):
    """Used from the reactor's thread only."""

    def engine(self) -> EngineView: ...

    def traffic(self) -> Sequence[ServerTraffic]: ...

    def timings(self) -> Mapping[Step, Timing]: ...

    def find_call(self, key: int | str) -> LiveCall | None:
        """The live call with this attempt id, or with this channel id (Asterisk's Uniqueid)."""
        ...

    def calls(self) -> Sequence[LiveCall]:
        """All live calls, the oldest first."""
        ...

    def count_states(self) -> Mapping[int, Mapping[CallState, int]]:
        """How many live calls each run has in each state."""
        ...

    def report(self, report: Reported) -> Awaitable[bool]:
        """Done once the dialer has received what is said of a live call; False, and nothing
        done, if it is none."""
        ...

    def written(self) -> Awaitable[None]:
        """Done once all that was decided before is in the database."""
        ...

    def start(self) -> Awaitable[None]:
        """Place calls again; nothing if it does so already, or may not (another dialer has
        its database). Done once it does."""
        ...

    def stop(self) -> Awaitable[None]:
        """Place no more calls until `start`. What is up is followed to its end. Done once no
        more is placed."""
        ...

    def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Run work on the database in the dialer's own order of writing: it waits for no lock
        of the dialer's, and the dialer for none of its. It should be short."""
        ...

    def wake(self) -> Awaitable[None]:
        """Done once the dialer has taken up all that was asked of it in the database before;
        at once while it does not run."""
        ...
