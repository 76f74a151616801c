"""What a black list of ten million numbers adds to the reading of a batch.

`python -m bench.black_lists` fills a list in one statement, has the dialer's filter read it while
something like ticks goes on, reads batches of a hundred records of a campaign, and prints how long
all that takes: the check of a batch's numbers (at most 10 % of its reading is wanted), beside the
same with a black list of a thousand numbers and with a filter that is still empty.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater, react

from core.engine.filters import Filters
from core.engine.screening import screen_batch
from core.engine.threads import DatabaseThreads
from core.model import CallList, ListPosition, Screen
from core.ports.commands import FetchBatch
from core.store.database import open_database, reading, upgrade
from core.store.hopper import fetch_batch
from core.store.lists import save_list
from tests.support.mariadb import MariaDB, find_server

#: Records of a batch, and how many batches are read.
BATCH, BATCHES = 100, 300
PEOPLE = BATCH * BATCHES
#: Ticks that are timed at least, how far apart they are, and what each does.
TICKS, TICK_S, WORK = 300, 0.01, 10_000
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


async def main(reactor: Any, rows: int) -> None:
    threads = DatabaseThreads(reactor)
    threads.start()
    try:
        with TemporaryDirectory(prefix="black-lists-") as folder:
            engine = open_database(f"sqlite:///{Path(folder)}/whipbird.db")
            await measure(engine, rows, threads, reactor)
        if find_server() is not None:
            with mariadb() as engine:
                await measure(engine, rows, threads, reactor)
    finally:
        threads.stop()


@contextmanager
def mariadb() -> Iterator[Engine]:
    server = MariaDB()
    engine = open_database(server.url)
    try:
        yield engine
    finally:
        engine.dispose()
        server.close()


async def measure(engine: Engine, rows: int, threads: DatabaseThreads, reactor: Any) -> None:
    """Print a line for a short and a line for a long black list, and what reading that took."""
    upgrade(engine)
    kind = engine.dialect.name
    people = fill(engine, "people", PEOPLE, at=PEOPLE_AT, end="1", inputs=f"'{ATTRIBUTES}'")
    for count in (1000, rows):
        refused = fill(engine, f"{count} refused", count, at=REFUSED_AT, end="0", inputs="NULL")
        filters = Filters(engine, threads, reactor)
        print_batches(kind, count, "the database", read_batches(engine, people, refused, filters))
        before_ms = await ticks_until(reactor, TICKS)
        filters.keep({refused})
        began_s = time.perf_counter()
        during_ms = await ticks_until(reactor, TICKS, filters)
        took_s = time.perf_counter() - began_s
        print_batches(kind, count, "its filter", read_batches(engine, people, refused, filters))
        if count == rows:
            print(
                f"{kind:8} read into memory in {took_s:.1f} s, meanwhile"
                f" {_spread(during_ms)}; before {_spread(before_ms)}",
                flush=True,
            )
        filters.stop()
    engine.dispose()


def print_batches(kind: str, count: int, way: str, times: list[tuple[float, float]]) -> None:
    reads, checks = zip(*times, strict=True)
    read_ms, check_ms = statistics.median(reads), statistics.median(checks)
    print(
        f"{kind:8} black list of {count:10,} numbers, asked in {way:12}: a batch {read_ms:.2f} ms,"
        f" its check {check_ms:.2f} ms, {check_ms / read_ms:.0%} (at most 10 % is wanted),"
        f" {sum(checks) / sum(reads):.0%} of all time",
        flush=True,
    )


def _spread(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"{len(times)} ticks: median {cuts[49]:.2f} ms, 95 % {cuts[94]:.2f}, 99 % {cuts[98]:.2f}"


async def ticks_until(reactor: Any, least: int, filters: Filters | None = None) -> list[float]:
    """For every tick, in milliseconds, how long after its moment it was done; at least so many,
    and until the filters are whole."""
    times: list[float] = []
    while len(times) < least or (filters is not None and not filters.is_whole):
        due_s = time.perf_counter() + TICK_S
        await deferLater(reactor, TICK_S)
        work()
        times.append((time.perf_counter() - due_s) * 1000)
    return times


def work() -> None:
    """About a millisecond of Python, like a tick in which ten calls end."""
    for i in range(WORK):
        str(i)


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


def read_batches(
    engine: Engine, people: int, refused: int, filters: Filters
) -> list[tuple[float, float]]:
    """In milliseconds, of each batch: its reading, and its check."""
    screen = Screen(black_list_ids=(refused,), time_zone="UTC")
    position = ListPosition(list_id=people, list_name="people")
    times = []
    for _ in range(BATCHES):
        command = FetchBatch(run_id=1, limit=BATCH, positions=(position,), screen=screen)
        began = time.perf_counter()
        with reading(engine) as conn:
            batch = fetch_batch(conn, command, NOW)
            read = time.perf_counter()
            screened = screen_batch(conn, batch, screen, NOW, filters)
            checked = time.perf_counter()
        reading_s = time.perf_counter() - began - (checked - read)
        times.append((reading_s * 1000, (checked - read) * 1000))
        [position] = screened.positions
    return times


if __name__ == "__main__":
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    react(lambda reactor: Deferred.fromCoroutine(main(reactor, rows)))
