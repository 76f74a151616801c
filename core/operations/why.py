"""Why a number was called or not, and when it will be: the trail it left, and what decides now.

A number is looked up as the main number of records and as a further one: where it was dialled
within the time that caps look back, by the index of these calls, and otherwise in the newest
SEARCHED records. Where a record stands is in `standing`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.errors import NotFound
from core.model import Campaign, Record, Run
from core.operations.permission import is_visible, require, require_visible, visible
from core.operations.standing import stand
from core.people import Actor
from core.rules.caps import counted_as
from core.rules.keys import Key
from core.rules.multinumbers import numbers_of
from core.rules.numbers import parse_number
from core.rules.reasons import Explanation, explain
from core.rules.states import CallState, RunState
from core.store.automatic import fetch_owner_ids
from core.store.blacklists import fetch_black_list_users
from core.store.campaigns import fetch_campaign, fetch_campaign_by_name
from core.store.database import reading
from core.store.lists import fetch_lists
from core.store.run_shown import fetch_shown
from core.store.traces import (
    fetch_campaign_ids_of_list,
    fetch_campaign_runs,
    fetch_record_attempts,
    fetch_record_logs,
    fetch_records_dialled,
    fetch_records_with_further,
    fetch_records_with_number,
)

#: Most records of one number, runs of one campaign and calls of one record that are looked at.
RECORDS, RUNS, CALLS = 100, 50, 200
#: How many of the newest records are searched for further numbers.
SEARCHED = 500_000


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
        records = _find_records(conn, list(lists), wanted)
        if not records:
            raise NotFound("record", wanted)
        stories = tuple(_record(conn, actor, one, lists, only, now) for one in records)
    return Story(number=wanted, at=now, records=stories)


def _find_records(conn: Connection, list_ids: Sequence[int], number: str) -> list[Record]:
    found = fetch_records_with_number(conn, list_ids, number, RECORDS)
    found += fetch_records_dialled(conn, counted_as(number), RECORDS)
    found += fetch_records_with_further(conn, number, newest=SEARCHED, limit=RECORDS)
    mine = {
        one.id: one
        for one in found
        if one.list_id in list_ids and number in numbers_of(one.number, one.inputs)
    }
    return [mine[key] for key in sorted(mine)][:RECORDS]


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
    is_automatic = campaign.id in fetch_owner_ids(conn, lists[record.list_id])
    mine = [line for line in trail if is_automatic or (newest and line.run_id == newest.id)]
    standing = stand(
        conn,
        campaign,
        newest,
        record,
        now,
        lists=lists,
        is_automatic=is_automatic,
        is_under_way=any(line.state is None for line in mine),
        last=next((line.state for line in mine if line.state), None),
    )
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
