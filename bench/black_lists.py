"""What a black list of ten million numbers adds to the reading of a batch.

`python -m bench.black_lists` fills a list in one statement, reads batches of a hundred records of a
campaign, and prints how long that takes and how long the check of their numbers (at most 10 % of it
is wanted), beside the same with a black list of a thousand numbers.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from core.engine.screening import screen_batch
from core.model import CallList, ListPosition, Screen
from core.ports.commands import FetchBatch
from core.store.database import open_database, reading, upgrade
from core.store.hopper import fetch_batch
from core.store.lists import save_list
from tests.support.mariadb import MariaDB, find_server

#: Records of a batch, and how many batches are read.
BATCH, BATCHES = 100, 300
PEOPLE = BATCH * BATCHES
#: Rows of one statement: the driver waits a minute for each.
PORTION = 1_000_000
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ATTRIBUTES = '{"NAME":"Anna","HH":"10","MM":"30","DOCTOR":"Nowak","LANGUAGE":"cs"}'

#: The numbers of the campaign, in no order, stand among the refused ones and are none of them.
PEOPLE_AT, REFUSED_AT = "CAST(MOD(i * 6364136, 10000000) AS INTEGER)", "i"
_FILL = {
    "sqlite": """WITH RECURSIVE n (i) AS
(VALUES ({first}) UNION ALL SELECT i + 1 FROM n WHERE i < {last})
INSERT INTO record (list_id, number, inputs)
SELECT {list_id}, '+4179' || (200000000 + {at}) || '{end}', {inputs} FROM n""",
    "mysql": """INSERT INTO record (list_id, number, inputs)
SELECT {list_id}, CONCAT('+4179', 200000000 + {at}, '{end}'), {inputs}
FROM (SELECT seq AS i FROM seq_{first}_to_{last}) AS n""",
}


def main(rows: int) -> None:
    with TemporaryDirectory(prefix="black-lists-") as folder:
        measure(open_database(f"sqlite:///{Path(folder)}/whipbird.db"), rows)
    if find_server() is not None:
        with mariadb() as engine:
            measure(engine, rows)


@contextmanager
def mariadb() -> Iterator[Engine]:
    server = MariaDB()
    engine = open_database(server.url)
    try:
        yield engine
    finally:
        engine.dispose()
        server.close()


def measure(engine: Engine, rows: int) -> None:
    """Print a line for a short and a line for a long black list."""
    upgrade(engine)
    people = fill(engine, "people", PEOPLE, at=PEOPLE_AT, end="1", inputs=f"'{ATTRIBUTES}'")
    for count in (1000, rows):
        refused = fill(engine, f"{count} refused", count, at=REFUSED_AT, end="0", inputs="NULL")
        read_ms, check_ms = read_batches(engine, people, refused)
        print(
            f"{engine.dialect.name:8} black list of {count:10,} numbers: a batch {read_ms:.2f} ms,"
            f" its check {check_ms:.2f} ms, {check_ms / read_ms:.0%} (at most 10 % is wanted)",
            flush=True,
        )
    engine.dispose()


def fill(engine: Engine, name: str, rows: int, **parts: str) -> int:
    """A list of so many rows; its id."""
    with engine.begin() as conn:
        list_id = save_list(conn, CallList(name=name)).id
    for first in range(0, rows, PORTION):
        last = min(first + PORTION, rows) - 1
        statement = _FILL[engine.dialect.name].format(
            list_id=list_id, first=first, last=last, **parts
        )
        with engine.begin() as conn:
            conn.exec_driver_sql(statement)
    return list_id


def read_batches(engine: Engine, people: int, refused: int) -> tuple[float, float]:
    """Medians in milliseconds: of reading a batch, and of its check."""
    screen = Screen(black_list_ids=(refused,), time_zone="UTC")
    position = ListPosition(list_id=people, list_name="people")
    reads, checks = [], []
    for _ in range(BATCHES):
        command = FetchBatch(run_id=1, limit=BATCH, positions=(position,), screen=screen)
        began = time.perf_counter()
        with reading(engine) as conn:
            batch = fetch_batch(conn, command, NOW)
            read = time.perf_counter()
            screened = screen_batch(conn, batch, screen, NOW)
            checked = time.perf_counter()
        reads.append(time.perf_counter() - began - (checked - read))
        checks.append(checked - read)
        [position] = screened.positions
    return statistics.median(reads) * 1000, statistics.median(checks) * 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
