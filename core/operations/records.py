"""Lists and records one by one, with all that is known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from core.errors import InvalidValue, NotFound
from core.model import CallList, Record
from core.operations.lists import (
    Added,
    Duplicates,
    append_rows,
    check_list_name,
    find_list,
    zone_of_list,
)
from core.operations.permission import require, require_visible, visible
from core.people import Actor
from core.rules.attributes import check_attributes
from core.rules.keys import Key
from core.rules.numbers import parse_number
from core.rules.turns import parse_turn
from core.store.bulk import Row
from core.store.database import reading
from core.store.lists import count_records, fetch_lists, fetch_records
from core.store.types import render_attributes

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, kw_only=True, slots=True)
class ListView:
    """A list and how many records it has."""

    name: str
    records: int
    is_hidden: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRecord:
    """A record to be. What it says of its turn is as in a list's file (`core.rules.turns`);
    `priority` None and texts that are empty say nothing."""

    number: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    priority: int | None = None
    schedule: str = ""
    expires: str = ""


def view_lists(engine: Engine, actor: Actor, *, with_hidden: bool = False) -> list[ListView]:
    """The lists that the actor may see. Needs LIST."""
    require(actor, Key.LIST)
    with reading(engine) as conn:
        found = visible(actor, fetch_lists(conn))
        return [_view(conn, one) for one in found if with_hidden or not one.is_hidden]


def view_list(engine: Engine, actor: Actor, list_name: str) -> ListView:
    """NotFound. Needs LIST."""
    require(actor, Key.LIST)
    with reading(engine) as conn:
        return _view(conn, find_list(conn, actor, list_name))


def show_record(engine: Engine, actor: Actor, list_name: str, record_id: int) -> Record:
    """NotFound of the list, and of a record that is not in it. Needs LIST."""
    require(actor, Key.LIST)
    with reading(engine) as conn:
        found = find_list(conn, actor, list_name)
        for record in fetch_records(conn, found.id, after_id=record_id - 1, limit=1):
            if record.id == record_id:
                return record
    raise NotFound("record", record_id)


def add_records(
    engine: Engine,
    actor: Actor,
    list_name: str,
    records: Sequence[NewRecord],
    now: datetime,
    duplicates: Duplicates = Duplicates.ADD,
) -> Added:
    """Append records to the list, which is made if there is none: all of them, or none if one
    raises InvalidValue, which says where it stands. Moments are read in the zone of the campaigns
    that call the list. Needs LIST."""
    require(actor, Key.LIST)
    check_list_name(list_name)
    zone = _zone_of(engine, actor, list_name)
    rows = [_row(place, record, now, zone) for place, record in enumerate(records)]
    return append_rows(engine, actor, list_name, rows, (), now, duplicates)


def _row(place: int, record: NewRecord, now: datetime, zone: ZoneInfo) -> Row:
    try:
        check_attributes(record.attributes)
        turn = parse_turn(
            priority="" if record.priority is None else str(record.priority),
            schedule=record.schedule,
            expires=record.expires,
            now=now,
            zone=zone,
        )
        inputs = render_attributes(record.attributes) if record.attributes else None
        return parse_number(record.number), inputs, turn
    except InvalidValue as error:
        where = f"records[{place}].{error.field}"
        raise InvalidValue(where, error.value, error.expected) from None


def _zone_of(engine: Engine, actor: Actor, list_name: str) -> ZoneInfo:
    """A list that is not there yet is called by nobody."""
    with reading(engine) as conn:
        found = next((one for one in fetch_lists(conn) if one.name == list_name), None)
        if found is None:
            return _UTC
        require_visible(actor, found, "list", list_name)
        return zone_of_list(conn, found.id)


def _view(conn: Connection, found: CallList) -> ListView:
    return ListView(
        name=found.name, records=count_records(conn, found.id), is_hidden=found.is_hidden
    )
