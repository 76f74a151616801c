"""Rows that come over the network for a list, piece by piece.

Each piece is in the list, and in what the upload says of itself, in one transaction: wherever it
breaks off, it says how far it came.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.operations.list_file import Block
from core.operations.lists import (
    Duplicates,
    check_list_name,
    find_list,
    find_zone,
    open_list,
    put,
    zone_of_list,
)
from core.operations.permission import log_entry, require
from core.operations.upload_rows import Format, RowReader, make_reader
from core.people import Actor
from core.rules.keys import Key
from core.store.audit import write_log
from core.store.bulk import Appender
from core.store.database import reading
from core.store.uploads import Rejection, Upload, fetch_upload, fetch_uploads, save_upload

#: Most rejections that are told one by one, and how many characters of each reason.
SHOWN, REASON = 100, 200


@dataclass(slots=True, kw_only=True)
class Uploading:
    """An upload under way: what is known of it, and what reads it on."""

    list_name: str
    upload: Upload
    reader: RowReader
    duplicates: Duplicates


def begin_upload(
    engine: Engine,
    actor: Actor,
    list_name: str,
    form: Format,
    now: datetime,
    duplicates: Duplicates = Duplicates.ADD,
    time_zone: str = "",
) -> Uploading:
    """An upload to the list, which is made if there is none. Moments in it are read by the clock of
    `time_zone`, an IANA name, or, if that is empty, of the campaigns that call the list.
    InvalidValue of a zone that is none. Needs LIST."""
    require(actor, Key.LIST)
    check_list_name(list_name)
    wanted = find_zone(time_zone) if time_zone else None
    list_id, _is_new = open_list(engine, actor, list_name, now)
    with engine.begin() as conn:
        zone = wanted or zone_of_list(conn, list_id)
        new = Upload(list_id=list_id, begun_at=now, begun_by=actor.name)
        upload = save_upload(conn, new)
    reader = make_reader(form, now=now, zone=zone)
    return Uploading(list_name=list_name, upload=upload, reader=reader, duplicates=duplicates)


def append_piece(engine: Engine, actor: Actor, under_way: Uploading, data: bytes) -> None:
    """Append the rows that these bytes complete. InvalidConfiguration of a header that is wrong:
    nothing was appended then. Needs LIST, as all that follows."""
    require(actor, Key.LIST)
    block = under_way.reader.read(data)
    with engine.begin() as conn:
        upload = _write(conn, under_way, block, len(data))
    under_way.upload = upload


def finish_upload(engine: Engine, actor: Actor, under_way: Uploading, now: datetime) -> Upload:
    """All of it came."""
    require(actor, Key.LIST)
    block = under_way.reader.read_rest()
    with engine.begin() as conn:
        written = _write(conn, under_way, block, 0)
        ended = replace(written, ended_at=now, is_complete=True)
        under_way.upload = _end(conn, actor, under_way.list_name, ended)
    return ended


def break_off(
    engine: Engine, actor: Actor, under_way: Uploading, reason: str, now: datetime
) -> None:
    """The rest will not come; what was appended stays."""
    require(actor, Key.LIST)
    with engine.begin() as conn:
        ended = replace(under_way.upload, ended_at=now, reason=reason[:REASON])
        under_way.upload = _end(conn, actor, under_way.list_name, ended)


def _write(conn: Connection, under_way: Uploading, block: Block, size: int) -> Upload:
    before, reader = under_way.upload, under_way.reader
    appender = Appender(conn, before.list_id, commit_rows=None)
    skipped = put(appender, block.accepted, under_way.duplicates)
    room = SHOWN - len(before.rejections)
    told = (Rejection(line=row.line, reason=_clean(row.reason)) for row in block.rejected[:room])
    after = replace(
        before,
        encoding=reader.encoding,
        bytes=before.bytes + size,
        lines=reader.line - 1,
        accepted=before.accepted + len(block.accepted) - skipped,
        skipped=before.skipped + skipped,
        rejected=before.rejected + len(block.rejected),
        rejections=(*before.rejections, *told),
    )
    return save_upload(conn, after)


def _end(conn: Connection, actor: Actor, list_name: str, ended: Upload) -> Upload:
    counts = {name: getattr(ended, name) for name in ("accepted", "skipped", "rejected")}
    words = (f"{count} rows {what}" for what, count in counts.items() if count)
    detail = ", ".join(filter(None, (f"upload {ended.id}", *words, ended.reason)))
    at = ended.ended_at or ended.begun_at
    write_log(conn, log_entry(actor, at, "list.upload", list_name, detail))
    return save_upload(conn, ended)


def show_uploads(engine: Engine, actor: Actor, list_name: str) -> list[Upload]:
    """The latest uploads to the list, the last one first. NotFound. Needs LIST."""
    require(actor, Key.LIST)
    with reading(engine) as conn:
        return fetch_uploads(conn, find_list(conn, actor, list_name).id)


def find_upload(engine: Engine, actor: Actor, list_name: str, upload_id: int) -> Upload:
    """NotFound of the list, or of an upload to it. Needs LIST."""
    require(actor, Key.LIST)
    with reading(engine) as conn:
        return fetch_upload(conn, find_list(conn, actor, list_name).id, upload_id)


def _clean(reason: str) -> str:
    """Bytes that could not be read are shown as question marks."""
    return reason[:REASON].encode("utf-8", "replace").decode()
