"""A run in a list of runs: manual 25.02, "Live Campaigns" and "Reports: runs in period"."""

import msgspec

from core.model import ListPosition, RunOverview
from web.compat.words import render_moment

_DAYS = ("Su", "Mo", "Tu", "We", "Th", "Fr", "Sa")


class RunRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A run; `hoppercampId` is its id. `list_pos` is how far the list that it reads has been
    read, a record's id. There are no predictive models."""

    name: str
    started_at: str
    campaign_id: int
    hoppercamp_id: int
    priority: int
    state: str
    n_calls_completed: int = msgspec.field(name="n_calls_completed")
    n_open_retries: int = msgspec.field(name="n_open_retries")
    n_calls_attempted: int = msgspec.field(name="n_calls_attempted")
    n_est_remaining_calls: int = msgspec.field(name="n_est_remaining_calls")
    seconds_since_started: int
    list_name: str
    list_pos: int
    time_dow: str
    time_start_hr: str
    time_end_hr: str
    predictive_model: str = "OFF"
    boost_factor: float
    dow_as_string: str


def run_row(run: RunOverview, position: ListPosition | None, running_s: float) -> RunRow:
    """The row of a run that has been going, or went, for so long."""
    period = run.active_period
    days = sorted(period.days)
    return RunRow(
        name=run.campaign,
        started_at=render_moment(run.started_at),
        campaign_id=run.campaign_id,
        hoppercamp_id=run.id,
        priority=run.priority,
        state=run.state,
        n_calls_completed=run.completed,
        n_open_retries=run.retries,
        n_calls_attempted=run.attempted,
        n_est_remaining_calls=run.cached + run.backlog,
        seconds_since_started=int(running_s),
        list_name=position.list_name if position else "#0",
        list_pos=position.highwater if position else 0,
        time_dow="".join(map(str, days)),
        time_start_hr=f"{period.start:%H%M%S}",
        time_end_hr=f"{period.end:%H%M%S}",
        boost_factor=run.boost_percent / 100,
        dow_as_string=" | ".join(_DAYS[day - 1] for day in days),
    )
