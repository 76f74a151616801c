"""Appending very many records to a list: long transactions, and room for the index."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from core.store.lists import insert_records, lock_list

#: Records of one transaction. Numbers come in no order, so each transaction writes most pages
#: of their index once: few long ones cost less than many short ones. A dialer on the same
#: SQLite file waits for its turn meanwhile, for well under a second.
COMMIT_ROWS = 100_000

#: What SQLite is given while it appends, and what it has otherwise.
_ROOM = ("PRAGMA cache_size=-98304", "PRAGMA wal_autocheckpoint=50000")
_USUAL = ("PRAGMA cache_size=-2000", "PRAGMA wal_autocheckpoint=1000")

Append = Callable[[Sequence[tuple[str, str | None]]], None]


@contextmanager
def appending(engine: Engine, list_id: int) -> Iterator[Append]:
    """A function that appends records, each (number, input attributes as JSON or None), to the
    list. What it was given is in the database when the block ends, or is left with an error:
    then all but the last transaction."""
    with engine.connect() as conn:
        _set(conn, _ROOM)
        waiting = 0

        def append(rows: Sequence[tuple[str, str | None]]) -> None:
            nonlocal waiting
            if not waiting:
                lock_list(conn, list_id)
            insert_records(conn, [(list_id, number, inputs) for number, inputs in rows])
            waiting += len(rows)
            if waiting >= COMMIT_ROWS:
                conn.commit()
                waiting = 0

        try:
            yield append
            conn.commit()
        finally:
            conn.rollback()
            _set(conn, _USUAL)


def _set(conn: Connection, pragmas: Sequence[str]) -> None:
    if conn.dialect.name == "sqlite":
        for pragma in pragmas:
            conn.connection.cursor().execute(pragma)
