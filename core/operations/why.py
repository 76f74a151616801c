"""Why a number was called or not, and when it will be: the trail it left, and what decides now.

A number is looked up as the main number of records. Further numbers of a record are shown with
its calls, and checked against black lists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Engine

from core.dialer.calendar import Calendar
from core.errors import InvalidValue, NotFound
from core.model import Campaign, Record, Run
from core.operations.permission import is_visible, require, require_visible, visible
from core.people import Actor
from core.rules.blacklists import CANCELLED, until
from core.rules.caps import KEPT, allows, counted_as
from core.rules.keys import Key
from core.rules.multinumbers import number_for, numbers_looked_up, numbers_of
from core.rules.numbers import parse_number
from core.rules.opening_hours import OpeningHours
from core.rules.reasons import Explanation, Listed, Reason, ReasonKind, Standing, explain
from core.rules.states import CallState, RunState
from core.store.automatic import fetch_owner_ids
from core.store.blacklists import fetch_black_list_users, fetch_records_of
from core.store.campaigns import fetch_campaign, fetch_campaign_by_name
from core.store.caps import fetch_caps_of
from core.store.database import reading
from core.store.lists import fetch_lists
from core.store.opening_hours import fetch_opening_hours
from core.store.past_calls import fetch_past_calls
from core.store.run_shown import fetch_shown
from core.store.traces import (
    count_before,
    fetch_campaign_ids_of_list,
    fetch_campaign_runs,
    fetch_record_attempts,
    fetch_record_logs,
    fetch_records_with_number,
    fetch_retry,
)

#: Most records of one number, runs of one campaign and calls of one record that are looked at.
RECORDS, RUNS, CALLS = 100, 50, 200
#: What a black list is called to those who may not see it.
UNSEEN = "…"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrailLine:
    """One call to the record. `state` is None while it is under way, and then nothing behind it
    is known. `next_retry_s` 0: none followed."""

    run_id: int
    retry_no: int
    number: str
    attempted_at: datetime
    state: CallState | None = None
    ext_status: str = ""
    reason: str = ""
    talk_ms: int = 0
    next_retry_s: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignStory:
    """The record in one campaign: how its newest run stands, what decides there, and all calls
    in its last runs, the newest first. Without a run there is no `run_id`. `verdict` is what the
    dialer last decided for an open run."""

    campaign: str
    time_zone: str
    run_id: int | None
    run_state: RunState | None
    verdict: str
    now: Explanation
    trail: tuple[TrailLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordStory:
    """A record with the number; `black_list_of` names the campaigns that keep off its list."""

    record_id: int
    list_name: str
    number: str
    further_numbers: tuple[str, ...]
    campaigns: tuple[CampaignStory, ...]
    black_list_of: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """All records with the number, in list order."""

    number: str
    at: datetime
    records: tuple[RecordStory, ...]


def tell(engine: Engine, actor: Actor, number: str, campaign: str, now: datetime) -> Story:
    """Everything about the number, in one campaign or, if that is empty, in all, as far as the
    actor may see campaigns and lists.

    InvalidValue of what is no number, NotFound of an unknown campaign or a number that is in no
    list. Needs REPORT.
    """
    require(actor, Key.REPORT)
    wanted = parse_number(number)
    with reading(engine) as conn:
        only = _find_campaign(conn, actor, campaign).id if campaign else None
        lists = {found.id: found.name for found in visible(actor, fetch_lists(conn))}
        records = fetch_records_with_number(conn, list(lists), wanted, RECORDS)
        if not records:
            raise NotFound("record", wanted)
        stories = tuple(_record(conn, actor, one, lists, only, now) for one in records)
    return Story(number=wanted, at=now, records=stories)


def _find_campaign(conn: Connection, actor: Actor, name: str) -> Campaign:
    found = fetch_campaign_by_name(conn, name)
    require_visible(actor, found, "campaign", name)
    return found


def _record(
    conn: Connection,
    actor: Actor,
    record: Record,
    lists: Mapping[int, str],
    only: int | None,
    now: datetime,
) -> RecordStory:
    ids = fetch_campaign_ids_of_list(conn, record.list_id)
    ids += fetch_owner_ids(conn, lists[record.list_id])
    campaigns = visible(actor, [fetch_campaign(conn, i) for i in ids if only in (None, i)])
    keepers = [name for name, _zone in fetch_black_list_users(conn, record.list_id)]
    main, *further = numbers_of(record.number, record.inputs)
    return RecordStory(
        record_id=record.id,
        list_name=lists[record.list_id],
        number=main,
        further_numbers=tuple(further),
        campaigns=tuple(_campaign(conn, one, record, lists, now) for one in campaigns),
        black_list_of=tuple(
            name for name in keepers if is_visible(actor, fetch_campaign_by_name(conn, name))
        ),
    )


def _campaign(
    conn: Connection, campaign: Campaign, record: Record, lists: Mapping[int, str], now: datetime
) -> CampaignStory:
    runs = fetch_campaign_runs(conn, campaign.id, RUNS)
    trail = _trail(conn, [run.id for run in runs], record.id)
    newest = runs[0] if runs else None
    standing = _standing(conn, campaign, newest, record, trail, lists, now)
    return CampaignStory(
        campaign=campaign.name,
        time_zone=campaign.time_zone,
        run_id=newest.id if newest else None,
        run_state=newest.state if newest else None,
        verdict=_verdict(conn, newest),
        now=explain(standing, now),
        trail=trail,
    )


def _verdict(conn: Connection, run: Run | None) -> str:
    if run is None or run.state.is_over:
        return ""
    shown = fetch_shown(conn, [run.id]).get(run.id)
    return shown.verdict if shown else ""


def _trail(conn: Connection, run_ids: Sequence[int], record_id: int) -> tuple[TrailLine, ...]:
    under_way = [
        TrailLine(
            run_id=attempt.run_id,
            retry_no=attempt.retry_no,
            number=attempt.number,
            attempted_at=attempt.requested_at,
        )
        for attempt in fetch_record_attempts(conn, run_ids, record_id, CALLS)
    ]
    over = [
        TrailLine(
            run_id=log.attempt.run_id,
            retry_no=log.attempt.retry_no,
            number=log.attempt.number,
            attempted_at=log.attempt.requested_at,
            state=log.state,
            ext_status=log.ext_status,
            reason=log.reason,
            talk_ms=log.talk_ms,
            next_retry_s=log.next_retry_s,
        )
        for log in fetch_record_logs(conn, run_ids, record_id, CALLS)
    ]
    return (*under_way, *over)


def _standing(
    conn: Connection,
    campaign: Campaign,
    run: Run | None,
    record: Record,
    trail: Sequence[TrailLine],
    lists: Mapping[int, str],
    now: datetime,
) -> Standing:
    hours = tuple(fetch_opening_hours(conn, i) for i in campaign.opening_hours_ids)
    calendar = _calendar(campaign, hours)
    is_automatic = campaign.id in fetch_owner_ids(conn, lists[record.list_id])
    mine = [line for line in trail if is_automatic or (run and line.run_id == run.id)]
    retry = fetch_retry(conn, run.id, record.id) if run else None
    return Standing(
        run_state=run.state if run else None,
        is_under_way=any(line.state is None for line in mine),
        last=next((line.state for line in mine if line.state), None),
        retry_at=retry.due_at if retry else None,
        is_listed=is_automatic or _is_read(run, record),
        before=_count_before(conn, run, record),
        listed=tuple(_listed(conn, campaign, record, lists)),
        hours=calendar.inspect(now),
        opens_at=calendar.opens_at,
        expires_at=record.expires_at,
        limits=tuple(_capped(conn, campaign, record, retry.retry_no if retry else 0, now)),
    )


def _calendar(campaign: Campaign, hours: Sequence[OpeningHours]) -> Calendar:
    try:
        return Calendar(campaign, hours)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidValue(
            "time zone",
            campaign.time_zone,
            f'this machine does not know it; campaign "{campaign.name}" needs another',
        ) from None


def _capped(
    conn: Connection, campaign: Campaign, record: Record, retry_no: int, now: datetime
) -> list[Reason]:
    """What caps say now against the number that the record's next call dials."""
    number = counted_as(number_for(retry_no, record.number, record.inputs))
    caps = fetch_caps_of(conn, campaign.cap_ids)
    past = fetch_past_calls(conn, [number], now - KEPT).get(number, [])
    refusal = allows(caps, [call for _id, call in past], now, ZoneInfo(campaign.time_zone))
    if refusal is None:
        return []
    return [Reason(kind=ReasonKind.LIMIT, text=refusal.reason, until=refusal.allowed_at)]


def _is_read(run: Run | None, record: Record) -> bool:
    """Is the record's list one of the run's?"""
    return run is not None and any(p.list_id == record.list_id for p in run.lists)


def _count_before(conn: Connection, run: Run | None, record: Record) -> int | None:
    """None if the run has read the record, or does not read its list."""
    if run is None:
        return None
    at = next((p for p in run.lists if p.list_id == record.list_id), None)
    if at is None or at.highwater >= record.id:
        return None
    return count_before(conn, run.lists, record)


def _listed(
    conn: Connection, campaign: Campaign, record: Record, lists: Mapping[int, str]
) -> list[Listed]:
    zone = ZoneInfo(campaign.time_zone)
    numbers = numbers_looked_up(
        record.number, record.inputs, every_one=campaign.checks_every_number
    )
    return [
        Listed(
            list_name=lists.get(list_id, UNSEEN),
            number=number,
            until=until(entry.inputs, zone),
            cancelled=entry.inputs.get(CANCELLED, "").strip(),
        )
        for number in numbers
        for list_id in campaign.black_list_ids
        for entry in fetch_records_of(conn, list_id, number)
    ]
