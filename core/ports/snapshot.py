"""What the dialer shows of itself, and who hands it out.

A snapshot is taken by the engine after a tick and shared by every reader: nothing in it
changes. Faces show it; they never ask the dialer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.model import ListPosition
from core.rules.decisions import Decision
from core.rules.figures import Figures
from core.rules.states import CallState, RunState

#: Most calls a snapshot carries, the newest first.
MAX_CALLS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerView:
    """A PBX; `reason` is a sentence for people, empty while the server is up."""

    name: str
    is_up: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """A run that is open, or was a moment ago.

    `hopper`, `live_calls` and `retries` are counts of now; `figures` is what follows from them,
    and `high_water` how far the list it reads is in the hopper, None before the first record.
    `verdict` says why calls were or were not placed, `decisions` what was decided over the last
    30 s (manual, "Understanding WombatDialer decisions"). `outcomes` counts ended calls by state.
    """

    run_id: int
    campaign: str
    started_at: datetime
    state: RunState
    priority: int
    attempted: int
    completed: int
    hopper: int = 0
    live_calls: int = 0
    retries: int = 0
    figures: Figures
    high_water: ListPosition | None = None
    verdict: str = ""
    decisions: tuple[Decision, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallView:
    """A call under way, or just ended; `connected_at` is None until it is answered."""

    attempt_id: int
    run_id: int
    campaign: str
    number: str
    state: CallState
    trunk: str
    endpoint: str
    retry_no: int
    requested_at: datetime
    connected_at: datetime | None = None
    ext_status: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The dialer at `taken_at`. `calls` holds at most MAX_CALLS, the newest first;
    `live_total` counts all calls that are up. `uptime_s` is seconds since the start.
    `database_reason` is what the database says, empty while it does its work."""

    taken_at: datetime
    uptime_s: float = 0.0
    servers: tuple[ServerView, ...] = ()
    runs: tuple[RunView, ...] = ()
    calls: tuple[CallView, ...] = ()
    placed_last_minute: int = 0
    live_total: int = 0
    database_reason: str = ""


class SnapshotSource(Protocol):
    """Where faces get snapshots. Used from the reactor's thread only."""

    def latest(self) -> Snapshot:
        """The newest snapshot; before the first tick, an empty one."""
        ...

    def subscribe(self, callback: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call `callback` with every new snapshot until the returned function is called."""
        ...
