"""From dataclasses to rows and back, where columns and fields have the same names."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import Column, Connection, RowMapping, Select, Table, delete, insert, update

from core.errors import NotFound
from core.rules.stamps import Stamp

#: The columns that keep an element's stamp.
STAMP = tuple(field.name for field in fields(Stamp))


class Stored(Protocol):
    """A dataclass with a key; 0 is "not stored yet"."""

    @property
    def id(self) -> int: ...


S = TypeVar("S", bound=Stored)


def values_of(value: Any, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Column names to values, without the key and what `without` names; a stamp's fields are
    columns of their own."""
    kind: Any = type(value)
    columns = {name: getattr(value, name) for name in _names_of(kind, without)}
    stamp = getattr(value, "stamp", None)
    return columns | (values_of(stamp) if isinstance(stamp, Stamp) else {})


@cache
def _names_of(kind: Any, without: tuple[str, ...]) -> tuple[str, ...]:
    """Every row that is written asks this."""
    left_out = {"id", "stamp", *without}
    return tuple(field.name for field in fields(kind) if field.name not in left_out)


def fields_of(row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    """A stamped row's columns as field names to values."""
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    stamp = Stamp(**{name: values.pop(name) for name in STAMP})
    return values | {"stamp": stamp}


def save(conn: Connection, table: Table, value: S, columns: dict[str, Any]) -> S:
    """Insert (id 0) or update the row; the value with its id. NotFound if there is no such
    row to update."""
    if value.id:
        found = conn.execute(update(table).where(table.c.id == value.id).values(columns))
        if not found.rowcount:
            raise NotFound(table.name.replace("_", "-"), value.id)
        return value
    key = conn.execute(insert(table).values(columns)).inserted_primary_key
    assert key is not None
    return replace(value, id=key[0])  # type: ignore[type-var]  # a Stored is a dataclass


def use_index(
    query: Select[*tuple[Any, ...]], table: Table, index: str
) -> Select[*tuple[Any, ...]]:
    """The query, for which MariaDB uses all columns of this index: left to itself, it takes the
    first alone, and walks through a list from its beginning up to where it is to be read on."""
    for dialect in ("mysql", "mariadb"):
        query = query.with_hint(table, f"FORCE INDEX ({index})", dialect)
    return query


def replace_parts(
    conn: Connection, owner: Column[int], key: int, rows: Iterable[dict[str, Any]]
) -> None:
    """Make `rows` all that the table of the column `owner` has for the owner with this key.
    The rows need not name it."""
    conn.execute(delete(owner.table).where(owner == key))
    if full := [{owner.name: key, **row} for row in rows]:
        conn.execute(insert(owner.table), full)
