"""The opening-hours inspector: whether calls may be placed at a moment, why, and until when.

Source: manual 25.02, "Opening Hours Inspector". A campaign is inspected with its active period
and all its opening hours, in their order; opening hours by themselves without an active period.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from core.errors import InvalidValue
from core.model import Campaign
from core.operations import site_values
from core.operations.campaigns import campaigns
from core.operations.permission import require, require_visible, visible
from core.people import Actor
from core.rules.active_period import EVERY_MOMENT, ActivePeriod
from core.rules.hours import Span, Verdict, inspect, next_change, spans
from core.rules.keys import Key
from core.rules.moments import parse_moment
from core.rules.opening_hours import OpeningHours
from core.store.campaigns import fetch_campaign_by_name
from core.store.database import reading
from core.store.opening_hours import (
    fetch_all_opening_hours,
    fetch_opening_hours,
    fetch_opening_hours_by_name,
)

#: Days that the inspector shows, from the one asked for.
DAYS = 7
#: The zone of opening hours that are inspected without a campaign, unless another is named.
DEFAULT_ZONE = "UTC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A local day; its spans follow each other, in UTC. A day may have 23 or 25 hours."""

    date: date
    spans: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What holds at `at` (UTC) by the clock of `time_zone`. `changes_at` is when calls may be
    placed, or no longer, for the first time after it; None if not within 400 days."""

    of: str
    at: datetime
    time_zone: str
    is_open: bool
    verdict: Verdict
    changes_at: datetime | None
    week: tuple[Day, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rules:
    of: str
    zone: ZoneInfo
    period: ActivePeriod
    hours: tuple[OpeningHours, ...]


def inspect_hours(
    engine: Engine, actor: Actor, name: str, when: str, zone: str, now: datetime
) -> Inspection:
    """Inspect the opening hours `name` by the clock of `zone`, UTC if that is empty.

    `when` is a moment as people write it, now if it is empty. InvalidValue of either, NotFound
    of the opening hours. Needs RT.
    """
    require(actor, Key.RT)
    with reading(engine) as conn:
        hours = fetch_opening_hours_by_name(conn, name)
        require_visible(actor, hours, "set of opening hours", name)
    rules = _Rules(
        of=name, zone=_parse_zone(zone or DEFAULT_ZONE), period=EVERY_MOMENT, hours=(hours,)
    )
    return _inspect(rules, when, rules.zone, now)


def inspect_campaign(
    engine: Engine, actor: Actor, name: str, when: str, zone: str, now: datetime
) -> Inspection:
    """Inspect the campaign `name` by its own clock; `zone` is only the one that `when` is
    written in, the campaign's if it is empty. Errors as in `inspect_hours`. Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        campaign = fetch_campaign_by_name(conn, name)
        require_visible(actor, campaign, "campaign", name)
        rules = _rules_of(conn, campaign)
    return _inspect(rules, when, _parse_zone(zone) if zone else rules.zone, now)


@dataclass(frozen=True, kw_only=True, slots=True)
class HoursChoices:
    """The names of what can be inspected, in order."""

    campaigns: tuple[str, ...]
    opening_hours: tuple[str, ...]


def fetch_choices(engine: Engine, actor: Actor) -> HoursChoices:
    """Of what the actor may see, all campaigns and opening hours but hidden ones. Needs RT."""
    require(actor, Key.RT)
    with reading(engine) as conn:
        known = visible(actor, fetch_all_opening_hours(conn))
        hours = [found for found in known if not found.is_hidden]
    return HoursChoices(
        campaigns=tuple(view.name for view in campaigns(engine, actor)),
        opening_hours=tuple(sorted((found.name for found in hours), key=str.casefold)),
    )


def _rules_of(conn: Connection, campaign: Campaign) -> _Rules:
    return _Rules(
        of=campaign.name,
        zone=_parse_zone(campaign.time_zone),
        period=campaign.active_period,
        hours=tuple(fetch_opening_hours(conn, i) for i in campaign.opening_hours_ids),
    )


def _parse_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(site_values.time_zone(name))
    except InvalidValue as error:
        raise InvalidValue("time zone", name, error.expected) from None


def _inspect(rules: _Rules, when: str, zone: ZoneInfo, now: datetime) -> Inspection:
    at = parse_moment(when, zone, field="at") if when else now.replace(microsecond=0)
    verdict = inspect(at, rules.zone, rules.period, rules.hours)
    return Inspection(
        of=rules.of,
        at=at,
        time_zone=rules.zone.key,
        is_open=verdict.is_open,
        verdict=verdict,
        changes_at=next_change(at, rules.zone, rules.period, rules.hours),
        week=tuple(_days(rules, at)),
    )


def _days(rules: _Rules, at: datetime) -> Iterator[Day]:
    first = at.astimezone(rules.zone).date()
    for day in (first + timedelta(days=n) for n in range(DAYS)):
        start, end = (
            datetime.combine(midnight, time.min, rules.zone)
            for midnight in (day, day + timedelta(days=1))
        )
        yield Day(date=day, spans=tuple(spans(start, end, rules.zone, rules.period, rules.hours)))
