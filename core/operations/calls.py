"""Records added to a campaign one by one.

Source: manual 25.02, "Add a call to a campaign".
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from core.errors import NotPossible, WhipbirdError
from core.model import Campaign, Pace, Run
from core.operations.permission import log_entry, require, require_visible
from core.people import Actor
from core.rules.attributes import check_attributes
from core.rules.keys import Key
from core.rules.numbers import parse_number
from core.rules.states import RunState
from core.rules.turns import check_priority, parse_span
from core.store.audit import write_log
from core.store.automatic import add_automatic_record, automatic_name
from core.store.campaigns import fetch_campaign_by_name
from core.store.runs import fetch_open_runs


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


@dataclass(frozen=True, kw_only=True, slots=True)
class CallWish:
    """A call that somebody wants, as `add_call` describes it."""

    campaign: str
    number: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    schedule: str = ""
    priority: int = 0
    expires: str = ""


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
    wish = CallWish(
        campaign=campaign_name,
        number=number,
        attributes=attributes,
        schedule=schedule,
        priority=priority,
        expires=expires,
    )
    [result] = add_calls(engine, actor, [wish], now)
    if isinstance(result, WhipbirdError):
        raise result
    return result


def add_calls(
    engine: Engine, actor: Actor, wishes: Sequence[CallWish], now: datetime
) -> list[AddedCall | WhipbirdError]:
    """Add all these calls in one transaction; of each, in order, what became of it: one that
    is wrong hinders no other. Needs CTRL_WBT."""
    require(actor, Key.CTRL_WBT)
    targets: dict[str, _Target] = {}
    results: list[AddedCall | WhipbirdError] = []
    with engine.begin() as conn:
        for wish in wishes:
            try:
                if wish.campaign not in targets:
                    targets[wish.campaign] = _find_target(conn, actor, wish.campaign)
                results.append(_add(conn, wish, targets[wish.campaign], now))
            except WhipbirdError as error:
                results.append(error)
        added = Counter(one.campaign for one in results if isinstance(one, AddedCall))
        for name, count in added.items():
            write_log(conn, log_entry(actor, now, "call.add", name, f"calls: {count}"))
    return results


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """A campaign that takes calls, and its open run."""

    campaign: Campaign
    run: Run | None


def _find_target(conn: Connection, actor: Actor, campaign_name: str) -> _Target:
    campaign = fetch_campaign_by_name(conn, campaign_name)
    require_visible(actor, campaign, "campaign", campaign_name)
    _check_pace(campaign)
    runs = fetch_open_runs(conn, campaign.id)
    return _Target(campaign=campaign, run=runs[0] if runs else None)


def _add(conn: Connection, wish: CallWish, target: _Target, now: datetime) -> AddedCall:
    """Nothing is written of a wish that is wrong."""
    number = parse_number(wish.number)
    check_attributes(wish.attributes)
    check_priority(wish.priority)
    zone = ZoneInfo(target.campaign.time_zone)
    not_before, expires_at = parse_span(wish.schedule, wish.expires, now, zone)
    due_at = not_before or now
    record = add_automatic_record(
        conn,
        target.campaign,
        number,
        wish.attributes,
        due_at=due_at,
        priority=wish.priority,
        expires_at=expires_at,
        now=now,
    )
    return AddedCall(
        record_id=record.id,
        campaign=target.campaign.name,
        list_name=automatic_name(target.campaign.name),
        number=number,
        due_at=due_at,
        expires_at=expires_at,
        priority=wish.priority,
        run_id=target.run.id if target.run else None,
        run_state=target.run.state if target.run else None,
    )


def _check_pace(campaign: Campaign) -> None:
    if campaign.pace is not Pace.RUNNABLE:
        raise NotPossible(
            f'campaign "{campaign.name}" is {campaign.pace}; only RUNNABLE ones take calls'
        )
