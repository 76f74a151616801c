"""What people ask of runs, and what the database gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.model import Attempt, Campaign, EndPoint, HopperEntry, ListPosition, Run, Server, Trunk
from core.rules.caps import Cap
from core.rules.opening_hours import OpeningHours


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPlan:
    """All that the dialer needs to execute a run. `caps` are its campaign's and the site-wide
    ones; `record_count` is how many records its
    lists held when it was loaded, `retry_count` how many wait in its retry queue. If it
    `is_gathering`, more records of its lists are to come there."""

    run: Run
    campaign: Campaign
    servers: tuple[Server, ...]
    trunks: tuple[Trunk, ...]
    endpoints: tuple[EndPoint, ...]
    opening_hours: tuple[OpeningHours, ...] = ()
    caps: tuple[Cap, ...] = ()
    record_count: int = 0
    retry_count: int = 0
    is_gathering: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ServersLoaded:
    """The servers that are configured now."""

    servers: tuple[Server, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentCalls:
    """When a trunk placed the calls of its last period, in order, before a restart: its rate
    still counts them."""

    trunk: Trunk
    placed_at: tuple[datetime, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenCall:
    """An attempt of unknown fate from before a restart, with all it was made from. Its trunk
    and end-point may have left the campaign since. If it was transferred, `connected_at` tells
    when it was answered."""

    attempt: Attempt
    entry: HopperEntry
    trunk: Trunk
    endpoint: EndPoint
    connected_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLoaded:
    """A run is to be executed: a new one, or one found in the database when the dialer
    starts, with its calls of unknown fate and the count of those that are over, by state."""

    plan: RunPlan
    open_calls: tuple[OpenCall, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)


class RunVerb(StrEnum):
    """What a person may ask of a run that exists (manual, "A run's life-cycle")."""

    PAUSE = "pause"
    UNPAUSE = "unpause"
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReloaded:
    """The definition of a run's campaign is to be taken as it is now (manual, "Reload a
    campaign"). Where the run is stays as it is."""

    plan: RunPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class RunAsked:
    """Somebody asks something of a run."""

    run_id: int
    verb: RunVerb


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordsAdded:
    """So many records more than before wait in the run's retry queue for their first attempt."""

    run_id: int
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordsGathered:
    """So many records of the run's lists, which are not called in their order, wait in its retry
    queue now; if `is_more`, others are to come."""

    run_id: int
    count: int
    is_more: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ListsChanged:
    """The run's lists, in their order, as they now are in the database: one was added, paused,
    resumed or begun again. `record_count` is how many records the run has by now."""

    run_id: int
    lists: tuple[ListPosition, ...]
    record_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchFetched:
    """The answer to `FetchBatch`. `positions` say how far each list has now been read,
    `next_due_at` when the earliest retry that is not in `entries` comes due (None: there is
    none)."""

    run_id: int
    entries: tuple[HopperEntry, ...]
    positions: tuple[ListPosition, ...]
    next_due_at: datetime | None
