"""A run: one execution of a campaign."""

from dataclasses import dataclass
from datetime import datetime

from core.rules.active_period import ActivePeriod
from core.rules.stamps import Stamp
from core.rules.states import RunState


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPosition:
    """How far a run has come in one of its lists: every record up to `highwater`
    (a record id, 0 at the start) has been attempted or is waiting for a retry. A paused list is
    not read on. `round` counts how often it was begun again."""

    list_id: int
    list_name: str
    highwater: int = 0
    is_complete: bool = False
    is_paused: bool = False
    round: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One execution of a campaign. `attempted` counts calls placed, `completed` the
    records that will not be tried again, `added` those that came one by one, not by a list.
    `boost_percent` is kept for queue end-points, whose free channels it will multiply."""

    id: int = 0
    campaign_id: int
    state: RunState = RunState.RUNNABLE
    started_at: datetime
    ended_at: datetime | None = None
    attempted: int = 0
    completed: int = 0
    added: int = 0
    error: str = ""
    boost_percent: int = 100
    lists: tuple[ListPosition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOverview:
    """A run and the campaign it is of, whose key protects it. `cached`, `backlog` and `retries`
    are as the dialer last showed them, 0 if it never did."""

    id: int
    campaign_id: int
    campaign: str
    priority: int
    active_period: ActivePeriod
    state: RunState
    started_at: datetime
    ended_at: datetime | None
    attempted: int
    completed: int
    boost_percent: int
    cached: int
    backlog: int
    retries: int
    security_key: str
    stamp: Stamp
