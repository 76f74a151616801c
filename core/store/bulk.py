"""Appending very many records to a list: long transactions, and room for the index."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select

from core.rules.turns import Turn
from core.store.ahead import insert_with_turns
from core.store.lists import insert_records, lock_list
from core.store.schema import record

#: Records of one transaction. Numbers come in no order, so each transaction writes most pages
#: of their index once: few long ones cost less than many short ones. A dialer on the same
#: SQLite file waits for its turn meanwhile, for well under a second.
COMMIT_ROWS = 100_000
#: Most numbers of one query.
CHUNK = 500

#: What SQLite is given while it appends, and what it has otherwise.
_ROOM = ("PRAGMA cache_size=-98304", "PRAGMA wal_autocheckpoint=50000")
_USUAL = ("PRAGMA cache_size=-2000", "PRAGMA wal_autocheckpoint=1000")

#: A record to be: number, input attributes as JSON (None: none), and when it is called, unless
#: that is in the order of its list.
Row = tuple[str, str | None, Turn | None]


class Appender:
    """Appends records to a list, `commit_rows` in one transaction; None: all of them, and whoever
    gave `conn` commits."""

    def __init__(
        self, conn: Connection, list_id: int, *, commit_rows: int | None = COMMIT_ROWS
    ) -> None:
        self._conn = conn
        self._list_id = list_id
        self._commit_rows = commit_rows
        self._waiting = 0

    def append(self, rows: Sequence[Row]) -> int:
        """Append the rows; how many were left out, which is none."""
        self._lock()
        self._insert(rows)
        return 0

    def append_new(self, rows: Sequence[Row]) -> int:
        """Append those whose number is not in the list yet, whatever its attributes; how many
        were left out. Of several rows with one number the first counts."""
        self._lock()
        known = self._find({row[0] for row in rows})
        new = dict[str, Row]()
        for row in rows:
            if row[0] not in known:
                new.setdefault(row[0], row)
        self._insert(list(new.values()))
        return len(rows) - len(new)

    def _find(self, numbers: set[str]) -> set[str]:
        wanted, known = sorted(numbers), set[str]()
        for start in range(0, len(wanted), CHUNK):
            some = wanted[start : start + CHUNK]
            query = select(record.c.number).where(
                record.c.list_id == self._list_id, record.c.number.in_(some)
            )
            known.update(self._conn.execute(query).scalars())
        return known

    def _lock(self) -> None:
        if not self._waiting:
            lock_list(self._conn, self._list_id)

    def _insert(self, rows: Sequence[Row]) -> None:
        if any(turn for _number, _inputs, turn in rows):
            insert_with_turns(self._conn, self._list_id, rows)
        else:
            plain = [(self._list_id, number, inputs) for number, inputs, _turn in rows]
            insert_records(self._conn, plain)
        self._waiting += len(rows)
        if self._commit_rows is not None and self._waiting >= self._commit_rows:
            self._conn.commit()
            self._waiting = 0


@contextmanager
def appending(engine: Engine, list_id: int) -> Iterator[Appender]:
    """What appends to the list. What it was given is in the database when the block ends, or
    is left with an error: then all but the last transaction."""
    with engine.connect() as conn:
        _set(conn, _ROOM)
        try:
            yield Appender(conn, list_id)
            conn.commit()
        finally:
            conn.rollback()
            _set(conn, _USUAL)


def _set(conn: Connection, pragmas: Sequence[str]) -> None:
    if conn.dialect.name == "sqlite":
        for pragma in pragmas:
            conn.connection.cursor().execute(pragma)
