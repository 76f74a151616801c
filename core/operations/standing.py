"""Where a record stands in a campaign: all that `core.rules.reasons` needs to say why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from core.dialer.calendar import Calendar
from core.dialer.recipients import Recipients
from core.errors import InvalidValue
from core.model import Campaign, ListPosition, Record, Retry, Run
from core.rules.blacklists import CANCELLED, until
from core.rules.caps import KEPT, allows, counted_as
from core.rules.multinumbers import number_for, numbers_of
from core.rules.opening_hours import OpeningHours
from core.rules.reasons import Listed, Person, Reason, ReasonKind, Standing
from core.rules.states import CallState
from core.store.ahead import HELD
from core.store.blacklists import fetch_records_of
from core.store.caps import fetch_caps_of
from core.store.opening_hours import fetch_opening_hours
from core.store.past_calls import fetch_past_calls
from core.store.traces import count_before, fetch_retry, fetch_waiting_due

#: What a black list is called to those who may not see it.
UNSEEN = "…"


def stand(
    conn: Connection,
    campaign: Campaign,
    run: Run | None,
    record: Record,
    now: datetime,
    *,
    lists: Mapping[int, str],
    is_automatic: bool,
    is_under_way: bool,
    last: CallState | None,
) -> Standing:
    """The record in the campaign, whose newest run is `run`. `lists` names those that may be
    seen; `is_automatic` tells that the record was added to the campaign one by one. InvalidValue
    of a time zone that this machine does not know."""
    hours = tuple(fetch_opening_hours(conn, i) for i in campaign.opening_hours_ids)
    calendar = _calendar(campaign, hours)
    retry = fetch_retry(conn, run.id, record.id) if run else None
    if run is not None and run.state.is_over and not (is_automatic and _is_uncalled(retry)):
        retry = None
    due_at = retry.due_at if retry else None
    retry_no = retry.retry_no if retry else 0
    position = _find_position(run, record)
    before = _count_before(conn, run, position, record)
    return Standing(
        run_state=run.state if run else None,
        is_under_way=is_under_way,
        last=last,
        retry_at=due_at or fetch_waiting_due(conn, campaign.id, record.id),
        is_held=_is_held(position, before, due_at),
        is_listed=is_automatic or position is not None,
        before=before,
        listed=tuple(_listed(conn, campaign, record, lists)),
        hours=calendar.inspect(now),
        opens_at=calendar.opens_at,
        person=_person(campaign, record, retry_no),
        expires_at=record.expires_at,
        limits=tuple(_capped(conn, campaign, record, retry_no, now)),
    )


def _is_uncalled(retry: Retry | None) -> bool:
    """Does it wait for its first call, which another run may make?"""
    return retry is not None and retry.attempt_no == 0


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


def _person(campaign: Campaign, record: Record, retry_no: int) -> Person | None:
    hours = campaign.recipient_hours
    if hours is None:
        return None
    # The package takes a while to import: only who asks waits for it.
    from core.rules.recipient_zones import zones_of

    recipients = Recipients(campaign, hours)
    number = number_for(retry_no, record.number, record.inputs)
    zones = zones_of(hours, number, record.inputs)
    return Person(zones=zones, opens_at=lambda moment: recipients.opens_at(zones, moment))


def _find_position(run: Run | None, record: Record) -> ListPosition | None:
    """How far the run has come in the record's list; None if it does not call that."""
    positions = run.lists if run else ()
    return next((p for p in positions if p.list_id == record.list_id), None)


def _count_before(
    conn: Connection, run: Run | None, position: ListPosition | None, record: Record
) -> int | None:
    """None if the run has read the record, or does not read its list."""
    if run is None or position is None or position.highwater >= record.id:
        return None
    return count_before(conn, run.lists, record)


def _is_held(position: ListPosition | None, before: int | None, due_at: datetime | None) -> bool:
    """Does its list, which is paused, keep the record from being called?"""
    if position is None or not position.is_paused:
        return False
    return due_at == HELD or (due_at is None and before is not None)


def _listed(
    conn: Connection, campaign: Campaign, record: Record, lists: Mapping[int, str]
) -> list[Listed]:
    zone = ZoneInfo(campaign.time_zone)
    numbers = numbers_of(record.number, record.inputs, every_one=campaign.checks_every_number)
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
