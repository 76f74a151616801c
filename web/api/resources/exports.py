"""Everything at once: the records of a list, and calls that are over, as files.

They are read page by page, in threads, and only as fast as the client takes them. Each page is
read for whoever asks as they may be by then: a token that is revoked ends it.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import Engine

from core.model import LoggedCall, Record
from core.operations import list_export
from core.operations.found_calls import find_calls
from core.operations.list_export import Columns
from core.people import Actor
from core.rules.keys import Key
from web.api.identity import renewed
from web.api.kinds import Name
from web.api.operation import Ask, Streamed, Tag
from web.api.resources.calls import CallsWanted, filter_of, show_ended
from web.download import COLUMNS, CSV, Piece, cells, render_lines, send_file

TAG = Tag(
    name="Exports",
    text="Everything at once, as a file. CSV begins with a line that names the columns, and no "
    "cell of it is a formula; NDJSON is a JSON object a line.",
)

NDJSON = "application/x-ndjson"
#: Records and calls read at a time.
PAGE = 2000

K = TypeVar("K")
#: What follows behind a place (None is the beginning), written, and where it ends; None: that
#: was all.
Read = Callable[[Engine, Actor, int | None], tuple[bytes, int | None]]
Write = Callable[[Sequence[K]], bytes]


@TAG.get("/lists/{list_name}/records.csv", needs=(Key.LIST,), media=CSV, errors=(422,))
async def export_records_csv(ask: Ask, list_name: Name) -> Streamed:
    """All records of a list as CSV, as an upload takes it.

    The list is looked through before the first line is sent. Records that are added meanwhile are
    not in it; if one is changed so that there is no column for it, the file breaks off."""
    with ask.ground.desk.exports.taken():
        columns = await _look_over(ask, list_name)
        read = _records(list_name, columns, lambda some: columns.lines(some).encode())
        return await _send(ask, "records.csv", CSV, read, columns.header.encode())


@TAG.get("/lists/{list_name}/records.ndjson", needs=(Key.LIST,), media=NDJSON, errors=(422,))
async def export_records_ndjson(ask: Ask, list_name: Name) -> Streamed:
    """All records of a list as JSON lines, as an upload takes them.

    Records that are added meanwhile are not in it."""
    with ask.ground.desk.exports.taken():
        columns = await _look_over(ask, list_name)
        read = _records(list_name, columns, list_export.json_lines)
        return await _send(ask, "records.ndjson", NDJSON, read)


@TAG.get("/calls.csv", needs=(Key.REPORT,), media=CSV, errors=(404,))
async def export_calls_csv(ask: Ask, query: CallsWanted) -> Streamed:
    """All calls that are over and pass, as CSV, the newest first."""
    with ask.ground.desk.exports.taken():
        head = render_lines([("campaign", "run_id", *COLUMNS)])
        return await _send(ask, "calls.csv", CSV, _calls(query, _call_lines), head)


@TAG.get("/calls.ndjson", needs=(Key.REPORT,), media=NDJSON, errors=(404,))
async def export_calls_ndjson(ask: Ask, query: CallsWanted) -> Streamed:
    """All calls that are over and pass, as JSON lines, the newest first."""
    with ask.ground.desk.exports.taken():
        return await _send(ask, "calls.ndjson", NDJSON, _calls(query, _call_objects))


async def _look_over(ask: Ask, list_name: str) -> Columns:
    columns, has_more = Columns(), True
    while has_more:
        current = await renewed(ask)
        columns, has_more = await current.run(list_export.look_over, list_name, columns)
    await ask.run(list_export.note_export, list_name, ask.now)
    return columns


def _records(list_name: str, columns: Columns, write: Write[Record]) -> Read:
    def read(engine: Engine, actor: Actor, place: int | None) -> tuple[bytes, int | None]:
        found = list_export.read_on(engine, actor, list_name, place or 0, PAGE)
        records = [record for record in found if record.id <= columns.last_id]
        return write(records), records[-1].id if len(records) == PAGE else None

    return read


def _calls(query: CallsWanted, write: Write[LoggedCall]) -> Read:
    def read(engine: Engine, actor: Actor, place: int | None) -> tuple[bytes, int | None]:
        found = find_calls(engine, actor, filter_of(query), place, PAGE, depth=PAGE)
        return write(found.calls), found.next_before

    return read


def _call_lines(calls: Sequence[LoggedCall]) -> bytes:
    return render_lines(
        (
            call.campaign,
            str(call.log.attempt.run_id),
            *cells(call.log, call.list_name, "/".join(filter(None, (call.server, call.trunk)))),
        )
        for call in calls
    )


def _call_objects(calls: Sequence[LoggedCall]) -> bytes:
    return b"".join(msgspec.json.encode(show_ended(call)) + b"\n" for call in calls)


async def _send(ask: Ask, name: str, media: str, read: Read, head: bytes = b"") -> Streamed:
    async def piece(place: int | None, head: bytes = b"") -> Piece:
        current = await renewed(ask)
        content, end = await current.ground.queries.run(read, current.actor, place)
        return Piece(content=head + content, read_on=None if end is None else lambda: piece(end))

    first = await piece(None, head)
    ask.request.setHeader(b"Vary", b"Authorization, Cookie")  # type: ignore[no-untyped-call]  # Twisted
    await send_file(ask.request, name, media, first)
    return Streamed()


OPERATIONS = (
    export_records_csv,
    export_records_ndjson,
    export_calls_csv,
    export_calls_ndjson,
)
