"""From a row of the table `record` to a record.

A row that another program spoilt is a record with a fault: it must not hold up the others of
its batch.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Row, Text, select, type_coerce, update

from core.errors import InvalidValue, NotFound
from core.model import Record
from core.store.schema import record
from core.store.types import parse_attributes

#: What `make_record` needs of a row. Attributes stay as they are written: to read them here
#: would fail the whole query.
RECORD: tuple[Any, ...] = (
    record.c.id,
    record.c.list_id,
    record.c.number,
    record.c.priority,
    record.c.not_before,
    record.c.expires_at,
    record.c.is_ahead,
    type_coerce(record.c.inputs, Text).label("inputs"),
    type_coerce(record.c.outputs, Text).label("outputs"),
)


def fetch_record(conn: Connection, record_id: int, *, is_locked: bool = False) -> Record:
    """NotFound if there is none of this id. If it `is_locked`, nobody else may change it in
    this transaction's time."""
    query = select(*RECORD).where(record.c.id == record_id)
    row = conn.execute(query.with_for_update() if is_locked else query).first()
    if row is None:
        raise NotFound("record", record_id)
    return make_record(row)


def fetch_records_by_id(conn: Connection, record_ids: Collection[int]) -> dict[int, Record]:
    """The records that there are, by their ids."""
    rows = conn.execute(select(*RECORD).where(record.c.id.in_(record_ids)))
    return {row.id: make_record(row) for row in rows}


def update_record(conn: Connection, value: Record) -> None:
    """Replace the record's number and attributes."""
    columns = {"number": value.number, "inputs": value.inputs, "outputs": value.outputs}
    conn.execute(update(record).where(record.c.id == value.id).values(columns))


def save_outputs(conn: Connection, record_id: int, outputs: Mapping[str, str]) -> None:
    """Replace the record's output attributes."""
    conn.execute(update(record).where(record.c.id == record_id).values(outputs=outputs))


def make_record(row: Row[*tuple[Any, ...]]) -> Record:
    """The record; without attributes, and with a fault, if they cannot be read."""
    fault = ""
    try:
        inputs, outputs = parse_attributes(row.inputs), parse_attributes(row.outputs)
    except InvalidValue as error:
        inputs, outputs, fault = {}, {}, str(error)
    return Record(
        id=row.id,
        list_id=row.list_id,
        number=row.number,
        inputs=inputs,
        outputs=outputs,
        priority=row.priority,
        not_before=row.not_before,
        expires_at=row.expires_at,
        is_ahead=row.is_ahead,
        fault=fault,
    )
