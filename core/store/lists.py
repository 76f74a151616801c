"""Lists and their records in the database."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select

from core.errors import NotFound
from core.model import CallList, Record
from core.store.records import RECORD, make_record
from core.store.rows import fields_of, save, use_index, values_of
from core.store.schema import call_list, record

#: Most lists shown at once.
LIMIT = 100_000

_INSERT = "INSERT INTO record (list_id, number, inputs) VALUES "
_PLACES = {"qmark": "(?, ?, ?)", "format": "(%s, %s, %s)", "pyformat": "(%s, %s, %s)"}


def fetch_lists(conn: Connection) -> list[CallList]:
    rows = conn.execute(select(call_list).order_by(call_list.c.id).limit(LIMIT)).mappings()
    return [make_list(row) for row in rows]


def fetch_list(conn: Connection, list_id: int) -> CallList:
    """NotFound if there is none of this id."""
    row = conn.execute(select(call_list).where(call_list.c.id == list_id)).mappings().first()
    if row is None:
        raise NotFound("list", list_id)
    return make_list(row)


def fetch_list_by_name(conn: Connection, name: str) -> CallList:
    """NotFound if there is none of this name."""
    row = conn.execute(select(call_list).where(call_list.c.name == name)).mappings().first()
    if row is None:
        raise NotFound("list", name)
    return make_list(row)


def make_list(row: RowMapping) -> CallList:
    return CallList(**fields_of(row))


def save_list(conn: Connection, value: CallList) -> CallList:
    """Insert (id 0) or update; the stored list."""
    return save(conn, call_list, value, values_of(value))


def lock_list(conn: Connection, list_id: int) -> bool:
    """Let nobody else append to the list in this transaction's time; False if there is none.

    A run reads a list by ids, so a record must not appear below one that was there before it.
    SQLite has one writer at a time anyway.
    """
    mine = select(call_list.c.id).where(call_list.c.id == list_id)
    return conn.execute(mine.with_for_update()).first() is not None


def insert_records(conn: Connection, rows: Sequence[tuple[int, str, str | None]]) -> None:
    """Append records, each (list id, number, input attributes as JSON or None), in order.

    This is the one hot path of an import: rows go to the driver as they are.
    """
    if rows:
        statement = _INSERT + _PLACES[conn.dialect.paramstyle]
        conn.exec_driver_sql(statement, list(rows))


def save_record(conn: Connection, value: Record) -> int:
    """Append one record; its id."""
    lock_list(conn, value.list_id)
    columns = values_of(value, without=("fault",))
    key = conn.execute(insert(record).values(columns)).inserted_primary_key
    assert key is not None
    return int(key[0])


def fetch_records(conn: Connection, list_id: int, *, after_id: int, limit: int) -> list[Record]:
    """The list's records in order, those with an id above `after_id`."""
    rows = conn.execute(_after(list_id, after_id).limit(limit))
    return [make_record(row) for row in rows]


def fetch_in_turn(conn: Connection, list_id: int, *, after_id: int, limit: int) -> list[Record]:
    """The same of those that are called in the order of the list."""
    query = _after(list_id, after_id).where(record.c.is_ahead.is_(False))
    return [make_record(row) for row in conn.execute(query.limit(limit))]


def _after(list_id: int, after_id: int) -> Select[*tuple[Any, ...]]:
    these = (record.c.list_id == list_id, record.c.id > after_id)
    query = select(*RECORD).where(*these).order_by(record.c.id)
    return use_index(query, record, "ix_record_list_id_id")


def fetch_numbers(conn: Connection, record_ids: Collection[int]) -> dict[int, str]:
    """The records' own numbers by their ids."""
    rows = conn.execute(select(record.c.id, record.c.number).where(record.c.id.in_(record_ids)))
    return {row.id: row.number for row in rows}


def count_records(conn: Connection, list_id: int, *, up_to: int | None = None) -> int:
    """How many records the list has, or only those with an id of at most `up_to`."""
    query = select(func.count()).select_from(record).where(record.c.list_id == list_id)
    if up_to is not None:
        query = query.where(record.c.id <= up_to)
    return conn.execute(query).scalar_one()
