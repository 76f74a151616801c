"""Lists and their records, and what black lists say of a number."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from core.operations import blacklists, records
from core.operations import list_records as single
from core.operations import lists as work
from core.operations.elements import fetch_named
from core.operations.site_file import Kind
from core.rules.keys import Key
from web.api.kinds import Attributes, Id, Name, Number, show
from web.api.operation import Ask, Tag
from web.api.paging import Page, Paged, cut, next_page, read_cursor

TAG = Tag(name="Lists", text="Lists of numbers, their records, and black lists.")

Text = Annotated[str, Meta(max_length=64)]


class ListShown(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    records: int
    is_hidden: bool


class RecordShown(msgspec.Struct, frozen=True, kw_only=True):
    """A number and what is known of it: `inputs` came with it, `outputs` calls found out. Of
    records that wait the lowest `priority` is called first, none before `not_before` or from
    `expires_at` on. One that `is_ahead` is not called in the order of its list. `fault` says why
    it cannot be called at all."""

    id: int
    number: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    priority: int
    not_before: datetime | None
    expires_at: datetime | None
    is_ahead: bool
    fault: str


class NewRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record to be. A `priority`, the lowest first, or a `schedule` has it called out of the
    order of its list; from `expires` on it is not called. Both are seconds from now, or a date
    such as 2026-03-18.10:00:00 by the clock of the campaigns that call the list."""

    number: Number
    attributes: Attributes = {}
    priority: Annotated[int, Meta(ge=-100, le=100)] | None = None
    schedule: Text = ""
    expires: Text = ""


class NewRecords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`duplicates` says what becomes of a number that the list has already."""

    records: Annotated[tuple[NewRecord, ...], Meta(min_length=1, max_length=10_000)]
    duplicates: work.Duplicates = work.Duplicates.ADD


class RecordsAdded(msgspec.Struct, frozen=True, kw_only=True):
    """`is_new` says that the list was made."""

    is_new: bool
    added: int
    skipped: int


class RecordChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be said of a record; what is left out stays. Attributes are replaced as a
    whole."""

    number: Number | None = None
    inputs: Attributes | None = None
    outputs: Attributes | None = None


class RecordsRemoved(msgspec.Struct, frozen=True, kw_only=True):
    removed: int


class Removal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: Annotated[
        tuple[Number, ...],
        Meta(min_length=1, max_length=500, description="The numbers that go; may be repeated."),
    ]


class ListQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    with_hidden: Annotated[bool, Meta(description="Those that are hidden too.")] = False


class Stowing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    new_name: Name


class ListStowed(msgspec.Struct, frozen=True, kw_only=True):
    """`campaigns` still use the list, under its new name."""

    name: str
    campaigns: tuple[str, ...]


class EntryQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: Number
    list_name: Annotated[str, Meta(max_length=190, description="On this list alone.")] = ""


class EntryShown(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a number on a black list; `campaigns` keep off the list. `until` is null of one
    that does not end; `cancelled` says why and when it was cancelled."""

    list: str
    record_id: int
    campaigns: tuple[str, ...]
    is_in_force: bool
    until: datetime | None
    cancelled: str
    inputs: Mapping[str, str]


class Cancellation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    numbers: Annotated[tuple[Number, ...], Meta(min_length=1, max_length=1000)]
    reason: Annotated[str, Meta(max_length=190)]


class EntriesCancelled(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries of the numbers there are, and how many were in force until now."""

    found: int
    updated: int


@TAG.get("/lists", needs=(Key.LIST,))
async def list_lists(ask: Ask, query: ListQuery) -> Page[ListShown]:
    """Lists by name, with the count of their records."""
    found = await ask.run(records.view_lists, with_hidden=query.with_hidden)
    shown = sorted((show(one, ListShown) for one in found), key=lambda one: one.name)
    return cut(ask.request, query, shown, lambda one: one.name)


@TAG.get("/lists/{list_name}", needs=(Key.LIST,))
async def show_list(ask: Ask, list_name: Name) -> ListShown:
    """A list."""
    return show(await ask.run(records.view_list, list_name), ListShown)


@TAG.post("/lists/{list_name}/stow", needs=(Key.LIST,))
async def stow_list(ask: Ask, list_name: Name, body: Stowing) -> ListStowed:
    """Rename a list and hide it, so that its name is free."""
    return show(await ask.run(work.stow_away, list_name, body.new_name, ask.now), ListStowed)


@TAG.get("/lists/{list_name}/records", needs=(Key.LIST,))
async def list_records(ask: Ask, list_name: Name, query: Paged) -> Page[RecordShown]:
    """The records of a list, in its order."""
    after_id = read_cursor(query, Id) or 0
    found = await ask.run(work.show_records, list_name, query.limit + 1, after_id)
    items = tuple(show(one, RecordShown) for one in found[: query.limit])
    has_more = len(found) > query.limit
    return Page(items=items, next=next_page(ask.request, items[-1].id) if has_more else None)


@TAG.get("/lists/{list_name}/records/{record_id}", needs=(Key.LIST,))
async def show_record(ask: Ask, list_name: Name, record_id: Id) -> RecordShown:
    """A record."""
    return show(await ask.run(records.show_record, list_name, record_id), RecordShown)


@TAG.patch("/lists/{list_name}/records/{record_id}", needs=(Key.LIST,), errors=(409,))
async def change_record(
    ask: Ask, list_name: Name, record_id: Id, body: RecordChange
) -> RecordShown:
    """Change a record.

    A running dialer that holds it already goes by this from its next attempt on."""
    found = await ask.run(fetch_named, Kind.LIST, list_name)
    await ask.run(
        single.change_record,
        found.id,
        record_id,
        ask.now,
        number=body.number,
        inputs=body.inputs,
        outputs=body.outputs,
    )
    return show(await ask.run(records.show_record, list_name, record_id), RecordShown)


@TAG.delete("/lists/{list_name}/records/{record_id}", needs=(Key.LIST,), errors=(409,))
async def remove_record(ask: Ask, list_name: Name, record_id: Id) -> None:
    """Take a record off its list.

    A call that is under way goes on; a retry that waits is not called."""
    found = await ask.run(fetch_named, Kind.LIST, list_name)
    await ask.run(single.remove_record, found.id, record_id, ask.now)


@TAG.post("/lists/{list_name}/records", needs=(Key.LIST,), most_bytes=8 * 1024 * 1024, time_s=60)
async def add_records(ask: Ask, list_name: Name, body: NewRecords) -> RecordsAdded:
    """Append records to a list, which is made if there is none: all of them, or none."""
    new = [
        records.NewRecord(
            number=one.number,
            attributes=one.attributes,
            priority=one.priority,
            schedule=one.schedule,
            expires=one.expires,
        )
        for one in body.records
    ]
    added = await ask.run(records.add_records, list_name, new, ask.now, body.duplicates)
    return show(added, RecordsAdded)


@TAG.delete("/lists/{list_name}/records", needs=(Key.LIST,))
async def remove_records(ask: Ask, list_name: Name, query: Removal) -> RecordsRemoved:
    """Take numbers off a list.

    A call that is under way goes on; a retry that waits is not called."""
    count = await ask.run(work.remove_numbers, list_name, query.number, ask.now)
    return RecordsRemoved(removed=count)


@TAG.get("/black-list-entries", needs=(Key.LIST,), errors=(404,))
async def list_black_list_entries(ask: Ask, query: EntryQuery) -> tuple[EntryShown, ...]:
    """What stands of a number on black lists."""
    only = query.list_name or None
    found = await ask.run(blacklists.find, query.number, ask.now, only)
    return tuple(show(one, EntryShown) for one in found)


@TAG.post("/lists/{list_name}/cancellations", needs=(Key.LIST,))
async def cancel_entries(ask: Ask, list_name: Name, body: Cancellation) -> EntriesCancelled:
    """Take numbers on a black list out of force.

    The entries stay, with the reason and the moment."""
    cancelled = await ask.run(blacklists.cancel, list_name, body.numbers, body.reason, ask.now)
    return show(cancelled, EntriesCancelled)


OPERATIONS = (
    list_lists,
    show_list,
    stow_list,
    list_records,
    show_record,
    change_record,
    remove_record,
    add_records,
    remove_records,
    list_black_list_entries,
    cancel_entries,
)
