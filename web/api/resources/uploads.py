"""Very many records at once, and how far they came."""

import logging
from typing import Annotated

import msgspec
from msgspec import Meta

from core.errors import WhipbirdError
from core.operations import uploads as work
from core.operations.lists import Duplicates
from core.operations.upload_rows import Format
from core.rules.keys import Key
from core.store.uploads import Rejection, Upload
from web.api.identity import renewed
from web.api.kinds import Id, Moment, Name
from web.api.operation import Ask, Tag
from web.api.paging import Page, Paged, cut
from web.body import Body

TAG = Tag(name="Uploads", text="Records by the million, read as they come.")

#: How much is read before it is written, in bytes, and the longest upload.
PIECE, LONGEST = 512 * 1024, 4 * 1024**3

_log = logging.getLogger(__name__)


class UploadShown(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload came: `lines` of it were read, each of which is in the list, was there
    already (`skipped`), was rejected, or is empty. `rejections` are the first hundred of those.
    `state` is `running`, `complete` or `broken`; `reason` says why one broke off, if that is
    known."""

    id: int
    state: str
    begun_at: Moment
    begun_by: str
    ended_at: Moment | None
    encoding: str
    bytes: int
    lines: int
    accepted: int
    skipped: int
    rejected: int
    rejections: tuple[Rejection, ...]
    reason: str


class UploadQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    duplicates: Annotated[
        Duplicates, Meta(description="What becomes of a number that the list has already.")
    ] = Duplicates.ADD
    time_zone: Annotated[
        str,
        Meta(
            max_length=64,
            description="Where moments in it are local time, as Europe/Zurich; empty: where the "
            "campaigns are that call the list.",
        ),
    ] = ""


@TAG.post(
    "/lists/{list_name}/records:bulk",
    needs=(Key.LIST,),
    takes=tuple(Format),
    most_bytes=LONGEST,
    time_s=None,
)
async def upload_records(ask: Ask, list_name: Name, query: UploadQuery, body: Body) -> UploadShown:
    """Append records to a list, however many.

    The body is CSV, as `whipbird list import` reads it, or a JSON object a line with the fields
    of a new record. It is read only as fast as it is written, and what was written stays if the
    connection breaks off: the list's uploads say how far it came. The list is made if there is
    none.
    """
    with ask.ground.desk.uploads.taken():
        declared = (ask.request.getHeader("content-type") or "").partition(";")[0]
        form = Format(declared.strip().lower())
        under_way = await ask.run(
            work.begin_upload, list_name, form, ask.now, query.duplicates, query.time_zone
        )
        return await _take(ask, under_way, body)


@TAG.get("/lists/{list_name}/uploads", needs=(Key.LIST,))
async def list_uploads(ask: Ask, list_name: Name, query: Paged) -> Page[UploadShown]:
    """The latest hundred uploads to a list, the oldest of them first."""
    found = await ask.run(work.show_uploads, list_name)
    shown = [_show(ask, one) for one in reversed(found)]
    return cut(ask.request, query, shown, lambda one: f"{one.id:020}")


@TAG.get("/lists/{list_name}/uploads/{upload_id}", needs=(Key.LIST,))
async def show_upload(ask: Ask, list_name: Name, upload_id: Id) -> UploadShown:
    """How far an upload came."""
    return _show(ask, await ask.run(work.find_upload, list_name, upload_id))


async def _take(ask: Ask, under_way: work.Uploading, body: Body) -> UploadShown:
    running, key = ask.ground.desk.running, under_way.upload.id
    running.add(key)
    try:
        while piece := await body.read(PIECE):
            await (await renewed(ask)).run(work.append_piece, under_way, piece)
        return _show(ask, await ask.run(work.finish_upload, under_way, ask.now))
    except Exception as error:
        reason = str(error) if isinstance(error, WhipbirdError) else "it failed; see the log"
        await _give_up(ask, under_way, reason)
        raise
    finally:
        running.discard(key)


async def _give_up(ask: Ask, under_way: work.Uploading, reason: str) -> None:
    """Say so, if the database still takes it; the first error matters more than a second."""
    try:
        await ask.run(work.break_off, under_way, reason, ask.now)
    except Exception:
        _log.exception("upload %d broke off, and could not say so", under_way.upload.id)


def _show(ask: Ask, upload: Upload) -> UploadShown:
    is_running = upload.ended_at is None and upload.id in ask.ground.desk.running
    state = "complete" if upload.is_complete else "running" if is_running else "broken"
    values = {
        name: getattr(upload, name) for name in UploadShown.__struct_fields__ if name != "state"
    }
    return UploadShown(state=state, **values)


OPERATIONS = (upload_records, list_uploads, show_upload)
