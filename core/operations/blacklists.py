"""What a person may see and do with a number that stands on black lists.

Source: manual 25.02, "Cancel numbers from a blacklist". An entry is not removed but marked, so
that it can still be told why a number was or was not called.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from core.model import CallList, Record
from core.operations.permission import log_entry, require, require_visible, visible
from core.operations.unseen import hidden_campaigns
from core.people import Actor
from core.rules.attributes import check_value
from core.rules.blacklists import CANCELLED, FOREVER, render_cancellation, until
from core.rules.keys import Key
from core.rules.numbers import parse_number
from core.store.audit import write_log
from core.store.blacklists import (
    fetch_black_list_ids,
    fetch_black_list_users,
    fetch_records_of,
    save_inputs,
)
from core.store.database import reading
from core.store.lists import fetch_list_by_name, fetch_lists, lock_list

_UTC = "UTC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancelled:
    """How many entries of the numbers the list holds, and how many of them were in force and
    are cancelled now."""

    found: int
    updated: int


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryView:
    """One entry of a number on a black list.

    `campaigns` keep off the list, as far as the actor may see them. `until` is when the entry ends
    (UTC), for the campaign that keeps off longest; None if it never does, or is cancelled.
    `cancelled` is why and when, as it was written; empty if it was not.
    """

    list: str
    record_id: int
    campaigns: tuple[str, ...]
    is_in_force: bool
    until: datetime | None
    cancelled: str
    inputs: Mapping[str, str]


def cancel(
    engine: Engine,
    actor: Actor,
    list_name: str,
    numbers: Sequence[str],
    reason: str,
    now: datetime,
) -> Cancelled:
    """Take every entry that the list holds of these numbers out of force, with the reason and
    the time; those that were cancelled already or have ended stay as they are.

    Dates are local time of the campaigns that keep off the list; UTC unless they agree.
    NotFound of an unknown list, InvalidValue of a number or a reason that is none. Needs LIST.
    """
    require(actor, Key.LIST)
    wanted = dict.fromkeys(parse_number(number) for number in numbers)
    with engine.begin() as conn:
        found = fetch_list_by_name(conn, list_name)
        require_visible(actor, found, "list", list_name)
        lock_list(conn, found.id)
        zones = _zones(zone for _name, zone in fetch_black_list_users(conn, found.id))
        note = render_cancellation(reason, now, _common(zones))
        check_value(CANCELLED, note)
        records = [one for number in wanted for one in fetch_records_of(conn, found.id, number)]
        changed = {
            record.id: {**record.inputs, CANCELLED: note}
            for record in records
            if _is_in_force(record.inputs, now, zones)
        }
        save_inputs(conn, changed)
        detail = f"{len(changed)} of {len(records)} entries: {reason}"
        write_log(conn, log_entry(actor, now, "blacklist.cancel", list_name, detail))
    return Cancelled(found=len(records), updated=len(changed))


def find(
    engine: Engine, actor: Actor, number: str, now: datetime, list_name: str | None = None
) -> list[EntryView]:
    """The entries of the number on this list, or on every list that a campaign keeps off and
    the actor may see. NotFound of an unknown list, InvalidValue of what is no number. Needs
    LIST."""
    require(actor, Key.LIST)
    wanted = parse_number(number)
    with reading(engine) as conn:
        if list_name is not None:
            lists = [fetch_list_by_name(conn, list_name)]
            require_visible(actor, lists[0], "list", list_name)
        else:
            keys = set(fetch_black_list_ids(conn))
            lists = [one for one in visible(actor, fetch_lists(conn)) if one.id in keys]
        hidden = hidden_campaigns(conn, actor)
        return [view for one in lists for view in _entries(conn, one, wanted, now, hidden)]


def _entries(
    conn: Connection, call_list: CallList, number: str, now: datetime, hidden: Collection[str]
) -> Iterable[EntryView]:
    users = fetch_black_list_users(conn, call_list.id)
    zones = _zones(zone for _name, zone in users)
    names = tuple(name for name, _zone in users if name not in hidden)
    for record in fetch_records_of(conn, call_list.id, number):
        yield _view(call_list, record, names, zones, now)


def _view(
    call_list: CallList,
    record: Record,
    campaigns: tuple[str, ...],
    zones: Sequence[ZoneInfo],
    now: datetime,
) -> EntryView:
    ends = _ends(record.inputs, zones)
    end = max(ends, default=FOREVER)
    return EntryView(
        list=call_list.name,
        record_id=record.id,
        campaigns=campaigns,
        is_in_force=_is_in_force(record.inputs, now, zones),
        until=None if end == FOREVER else end,
        cancelled=record.inputs.get(CANCELLED, "").strip(),
        inputs=record.inputs,
    )


def _ends(inputs: Mapping[str, str], zones: Sequence[ZoneInfo]) -> list[datetime]:
    """When the entry ends, for each zone; nothing if it is cancelled."""
    ends = (until(inputs, zone) for zone in zones)
    return [end for end in ends if end is not None]


def _is_in_force(inputs: Mapping[str, str], now: datetime, zones: Sequence[ZoneInfo]) -> bool:
    return any(now < end for end in _ends(inputs, zones))


def _zones(names: Iterable[str]) -> list[ZoneInfo]:
    """Each zone once; a list that no campaign keeps off is read in UTC."""
    return [ZoneInfo(name) for name in dict.fromkeys(names)] or [ZoneInfo(_UTC)]


def _common(zones: Sequence[ZoneInfo]) -> ZoneInfo:
    return zones[0] if len(zones) == 1 else ZoneInfo(_UTC)
