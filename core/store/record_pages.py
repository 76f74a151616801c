"""Pages of a list's records, the newest first, found by key: what lies before is not read."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, func, or_, select, type_coerce

from core.model import Record
from core.store.records import RECORD, make_record
from core.store.rows import use_index
from core.store.schema import record

_INDEX = "ix_record_list_id_id"


def fetch_newest_records(
    conn: Connection, list_id: int, *, text: str = "", before_id: int | None = None, limit: int
) -> list[Record]:
    """The list's records with ids below `before_id`, the newest first. With a `text`, only those
    that have it in their number or attributes, whatever its case: all are looked at."""
    query = select(*RECORD).where(*_these(list_id, text)).order_by(record.c.id.desc())
    if before_id is not None:
        query = query.where(record.c.id < before_id)
    return [make_record(row) for row in conn.execute(_by_index(query).limit(limit))]


def find_record_id(conn: Connection, list_id: int, position: int, *, text: str = "") -> int:
    """The id of the record at this position, the newest being 0; 0 if there is none. Without a
    text only the index is read."""
    query = select(record.c.id).where(*_these(list_id, text)).order_by(record.c.id.desc())
    return conn.execute(_by_index(query).offset(position).limit(1)).scalar() or 0


def count_found(conn: Connection, list_id: int, *, text: str = "", most: int) -> int:
    """How many records there are, `most` if there are more."""
    some = _by_index(select(record.c.id).where(*_these(list_id, text))).limit(most).subquery()
    return conn.execute(select(func.count()).select_from(some)).scalar_one()


def _these(list_id: int, text: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [record.c.list_id == list_id]
    if text:
        columns = (type_coerce(record.c[name], Text) for name in ("inputs", "outputs"))
        texts = [column.icontains(text, autoescape=True) for column in columns]
        found.append(or_(record.c.number.contains(text, autoescape=True), *texts))
    return found


def _by_index(query: Select[Any]) -> Select[Any]:
    return use_index(query, record, _INDEX)
