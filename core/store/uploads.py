"""Uploads in the database: what came for a list, and how far it came."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, delete, select

from core.errors import NotFound
from core.store.rows import save, values_of
from core.store.schema import upload

#: Most uploads of a list that are kept.
KEPT = 100


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was not taken; lines count from 1."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """How far an upload came. All before line `lines` + 1 is in the list, or was rejected;
    `skipped` are rows whose number was there already. `rejections` are the first of those that
    were rejected. One without `ended_at` goes on, or was cut off with the server itself; `reason`
    says why another ended early."""

    id: int = 0
    list_id: int
    begun_at: datetime
    begun_by: str
    ended_at: datetime | None = None
    is_complete: bool = False
    encoding: str = ""
    bytes: int = 0
    lines: int = 0
    accepted: int = 0
    skipped: int = 0
    rejected: int = 0
    rejections: tuple[Rejection, ...] = ()
    reason: str = ""


def save_upload(conn: Connection, value: Upload) -> Upload:
    """Insert (id 0) or update; the stored upload. Of each list the latest are kept."""
    columns = values_of(value) | {"rejections": msgspec.json.encode(value.rejections).decode()}
    stored = save(conn, upload, value, columns)
    if not value.id:
        _forget_old(conn, value.list_id)
    return stored


def _forget_old(conn: Connection, list_id: int) -> None:
    mine = select(upload.c.id).where(upload.c.list_id == list_id)
    oldest = conn.execute(mine.order_by(upload.c.id.desc()).limit(1).offset(KEPT)).scalar()
    if oldest is not None:
        conn.execute(delete(upload).where(upload.c.list_id == list_id, upload.c.id <= oldest))


def fetch_uploads(conn: Connection, list_id: int) -> list[Upload]:
    """Those of the list, the latest first."""
    query = select(upload).where(upload.c.list_id == list_id).order_by(upload.c.id.desc())
    return [_upload(row) for row in conn.execute(query.limit(KEPT)).mappings()]


def fetch_upload(conn: Connection, list_id: int, upload_id: int) -> Upload:
    """NotFound if the list has none of this id."""
    query = select(upload).where(upload.c.list_id == list_id, upload.c.id == upload_id)
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFound("upload", upload_id)
    return _upload(row)


def _upload(row: RowMapping) -> Upload:
    values: dict[str, Any] = {**row}
    values["rejections"] = msgspec.json.decode(values["rejections"], type=tuple[Rejection, ...])
    return Upload(**values)
