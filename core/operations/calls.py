"""Records added to a campaign one by one.

Source: manual 25.02, "Add a call to a campaign".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from core.errors import InvalidValue, NotPossible
from core.model import Campaign, Pace
from core.operations.permission import log_entry, require, require_visible
from core.people import Actor
from core.rules.attributes import check_attributes
from core.rules.keys import Key
from core.rules.numbers import parse_number
from core.rules.schedule import parse_not_after, parse_not_before
from core.rules.states import RunState
from core.store.audit import write_log
from core.store.automatic import add_automatic_record, automatic_name
from core.store.campaigns import fetch_campaign_by_name
from core.store.runs import fetch_open_runs

#: The priorities that a record may have: the lowest is called first.
PRIORITIES = range(-100, 101)


@dataclass(frozen=True, kw_only=True, slots=True)
class AddedCall:
    """A record that a campaign will call. `run_id` and `run_state` are those of the open run
    that takes it up; without one it waits for the next. Moments are UTC."""

    record_id: int
    campaign: str
    list_name: str
    number: str
    due_at: datetime
    expires_at: datetime | None
    priority: int
    run_id: int | None
    run_state: RunState | None


def add_call(
    engine: Engine,
    actor: Actor,
    campaign_name: str,
    number: str,
    now: datetime,
    *,
    attributes: Mapping[str, str],
    schedule: str = "",
    priority: int = 0,
    expires: str = "",
) -> AddedCall:
    """Have the campaign call `number`, from the moment `schedule` on and not after `expires`.
    Needs CTRL_WBT.

    Both are seconds from now or a date in the campaign's time zone (`core.rules.schedule`), or
    empty. The same number added twice is called twice. InvalidValue, NotFound of the campaign,
    NotPossible of one that may not be run.
    """
    require(actor, Key.CTRL_WBT)
    found = parse_number(number)
    check_attributes(attributes)
    if priority not in PRIORITIES:
        raise InvalidValue("priority", priority, f"from {PRIORITIES[0]} to {PRIORITIES[-1]}")
    with engine.begin() as conn:
        campaign = fetch_campaign_by_name(conn, campaign_name)
        require_visible(actor, campaign, "campaign", campaign_name)
        _check_pace(campaign)
        due_at, expires_at = _read_moments(campaign, schedule, expires, now)
        record = add_automatic_record(
            conn,
            campaign,
            found,
            attributes,
            due_at=due_at,
            priority=priority,
            expires_at=expires_at,
            now=now,
        )
        write_log(conn, log_entry(actor, now, "call.add", campaign.name))
        runs = fetch_open_runs(conn, campaign.id)
    return AddedCall(
        record_id=record.id,
        campaign=campaign.name,
        list_name=automatic_name(campaign.name),
        number=found,
        due_at=due_at,
        expires_at=expires_at,
        priority=priority,
        run_id=runs[0].id if runs else None,
        run_state=runs[0].state if runs else None,
    )


def _check_pace(campaign: Campaign) -> None:
    if campaign.pace is not Pace.RUNNABLE:
        raise NotPossible(
            f'campaign "{campaign.name}" is {campaign.pace}; only RUNNABLE ones take calls'
        )


def _read_moments(
    campaign: Campaign, schedule: str, expires: str, now: datetime
) -> tuple[datetime, datetime | None]:
    zone = ZoneInfo(campaign.time_zone)
    due_at = parse_not_before(schedule, now, zone) if schedule else now
    expires_at = parse_not_after(expires, now, zone) if expires else None
    if expires_at is not None and expires_at <= due_at:
        expected = "it must be later than the moment that the call is scheduled for"
        raise InvalidValue("expires", expires, expected)
    return due_at, expires_at
