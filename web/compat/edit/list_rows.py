"""`edit/list/record` and `edit/list/logs`: the numbers of a list, and the calls to them. There
may be millions: a page is found by where the one before ended."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from core.errors import InvalidValue, NotPossible
from core.model import CallList, Record
from core.operations import list_records
from core.operations.campaign_parts import Direction
from core.operations.list_records import Span
from web.compat.bookmarks import FRESH, Bookmark
from web.compat.details import Attribute
from web.compat.edit.given import Given, read_flag, show
from web.compat.edit.rows import ListRow, list_row
from web.compat.edit.things import Desk, Rows, Unordered
from web.compat.log_rows import log_row
from web.compat.words import render_attributes


class RecordRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    call_id: int
    number: str
    list_id: ListRow
    attributes: tuple[Attribute, ...]
    attributes_as_string: str


class Records(Unordered):
    """The numbers of a list, the newest first."""

    parent_field = ("listId", "listId")

    def page(self, desk: Desk) -> Rows:
        found = list_records.fetch_record_page(desk.engine, desk.actor, desk.parent_id, _span(desk))
        rows = [record_row(found.call_list, one) for one in found.records]
        last = found.records[-1].id if found.records else 0
        return _mark(desk, rows, last, list_records.count_list_records)

    def save(self, desk: Desk, given: Given) -> msgspec.Struct:
        engine, actor, parent = desk.engine, desk.actor, desk.parent_id
        key = given.key("callId")
        inputs, outputs = _read_attributes(given)
        if key is None:
            number = given.text("number")
            key = list_records.add_record(
                engine, actor, parent, number, inputs or {}, outputs or {}, desk.now
            )
        else:
            list_records.change_record(
                engine,
                actor,
                parent,
                key,
                desk.now,
                number=given.text("number") if given.has("number") else None,
                inputs=inputs,
                outputs=outputs,
            )
        one = Span(before_id=key + 1, limit=1)
        found = list_records.fetch_record_page(engine, actor, parent, one)
        return record_row(found.call_list, found.records[0])

    def delete(self, desk: Desk, given: Given) -> None:
        key = given.key("callId")
        if key is None:
            raise InvalidValue("callId", "", "the object needs its key")
        list_records.remove_record(desk.engine, desk.actor, desk.parent_id, key, desk.now)


class Logs(Unordered):
    """The calls to a list's numbers that are over, the newest first; nobody changes them."""

    parent_field = ("", "")
    tells_calls = True

    def page(self, desk: Desk) -> Rows:
        calls = list_records.fetch_list_calls(desk.engine, desk.actor, desk.parent_id, _span(desk))
        last = calls[-1].log.attempt.id if calls else 0
        return _mark(desk, [log_row(one) for one in calls], last, list_records.count_list_calls)

    def save(self, _desk: Desk, _given: Given) -> msgspec.Struct:
        raise NotPossible("calls that are over stay as they are")

    def delete(self, _desk: Desk, _given: Given) -> None:
        raise NotPossible("calls that are over stay as they are")

    def move(self, _desk: Desk, _given: Given, _direction: Direction) -> None:
        raise NotPossible("calls that are over stay as they are")


def record_row(call_list: CallList, record: Record) -> RecordRow:
    return RecordRow(
        call_id=record.id,
        number=record.number,
        list_id=list_row(call_list),
        attributes=tuple(
            Attribute(is_input=is_input, attr_name=name, attr_value=value)
            for is_input, attributes in ((True, record.inputs), (False, record.outputs))
            for name, value in attributes.items()
        ),
        attributes_as_string=render_attributes(record.inputs, record.outputs),
    )


def _span(desk: Desk) -> Span:
    return Span(
        text=desk.search,
        before_id=desk.mark.place if desk.mark else None,
        offset=desk.start,
        limit=desk.items,
    )


def _mark(desk: Desk, rows: Sequence[msgspec.Struct], last: int, count: Callable[..., int]) -> Rows:
    """The rows, with how many there are in all, and a bookmark behind the last of them."""
    total, counted_at = _total(desk, count)
    if not rows:
        return Rows(rows=rows, total=total)
    total = max(total, desk.start + len(rows))
    mark = Bookmark(place=last, total=total, counted_at=counted_at)
    return Rows(rows=rows, total=total, next_mark=mark)


def _total(desk: Desk, count: Callable[..., int]) -> tuple[int, datetime]:
    """Who reads on quickly is told the number that was counted before."""
    if desk.mark is not None and desk.now - desk.mark.counted_at < FRESH:
        return desk.mark.total, desk.mark.counted_at
    return count(desk.engine, desk.actor, desk.parent_id, desk.search), desk.now


def _read_attributes(given: Given) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    """What is known of the number, and what calls found out; None where nothing is said of
    attributes."""
    if not given.has("attributes"):
        return None, None
    found: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for one in given.objects("attributes"):
        is_input = not one.has("isInput") or read_flag("isInput", one.fields["isInput"])
        attributes = found[0 if is_input else 1]
        name = one.text("attrName")
        if name in attributes:
            raise InvalidValue("attrName", show(name), "it is there twice")
        attributes[name] = one.text("attrValue")
    return found


RECORDS = Records()
LOGS = Logs()
