"""How fast a list is imported, and what a journal entry costs.

`python -m bench.import_rows --rows 1000000` prints the time of an import beside that of the
sqlite3 shell's `.import` of the same file, the ratio (at most 6), the importing process's peak
of resident memory (at most 200 MB), and the processor time of a call in the journal (placed and
closed, at most 0.25 ms).
"""

import argparse
import io
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from core.operations.list_csv import import_csv
from core.people import SYSTEM
from core.store.database import open_database, upgrade
from core.store.journal import write_entries
from tests.support.store_site import closed, furnish, placed

#: Calls in one transaction of the journal, and how many are measured.
BATCH, CALLS = 50, 10_000
HEADER = "number,FIRST_NAME,LAST_NAME,CITY,LANGUAGE,CUSTOMER"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=1_000_000)
    rows = options.parse_args().rows
    with TemporaryDirectory(prefix="import-rows-") as name:
        folder = Path(name)
        file = write_file(folder / "numbers.csv", rows)
        shell_s = import_with_shell(file, folder / "shell.db")
        ours_s = import_with_whipbird(file, folder / "whipbird.db", rows)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        journal_ms = measure_journal(folder / "journal.db")
    print(f"rows                  {rows}")
    print(f"sqlite3 .import       {shell_s:.2f} s")
    print(f"import_csv            {ours_s:.2f} s")
    print(f"ratio                 {ours_s / shell_s:.2f} (at most 6)")
    print(f"peak resident memory  {peak_mb:.0f} MB (at most 200)")
    print(f"journal, a call       {journal_ms:.3f} ms of processor time (at most 0.25)")


def write_file(path: Path, rows: int) -> Path:
    """Numbers in no order, as in real lists, with five attributes each, some beyond ASCII."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{HEADER}\n")
        for i in range(rows):
            number = i * 6_364_136 % 10_000_019
            file.write(f"+1555{number:08},Zoë {i % 977},Lund-{i % 463},Århus {i % 89},en,{i:08}\n")
    return path


def import_with_shell(file: Path, database: Path) -> float:
    """Seconds of wall-clock time."""
    begin = time.perf_counter()
    subprocess.run(["sqlite3", database, f".import --csv {file} number"], check=True)
    return time.perf_counter() - begin


def import_with_whipbird(file: Path, database: Path, rows: int) -> float:
    """Seconds of wall-clock time, into a database with its schema and indexes."""
    engine = open_database(f"sqlite:///{database}")
    upgrade(engine)
    begin = time.perf_counter()
    now = datetime.now(UTC)
    result = import_csv(engine, SYSTEM, file, "numbers", lambda _: None, io.StringIO(), now)
    spent = time.perf_counter() - begin
    engine.dispose()
    if result.accepted != rows:
        sys.exit(f"only {result.accepted} of {rows} rows were accepted")
    return spent


def measure_journal(database: Path) -> float:
    """Milliseconds of processor time for a call, placed and closed."""
    engine = open_database(f"sqlite:///{database}")
    upgrade(engine)
    spent = write_calls(engine)
    engine.dispose()
    return spent * 1000 / CALLS


def write_calls(engine: Engine) -> float:
    site = furnish(engine, records=CALLS)
    attempts = [site.attempt(i + 1, record=i) for i in range(CALLS)]
    begin = time.process_time()
    for start in range(0, CALLS, BATCH):
        batch = attempts[start : start + BATCH]
        for entries in ([placed(one) for one in batch], [closed(one) for one in batch]):
            with engine.begin() as conn:
                write_entries(conn, entries)
    return time.process_time() - begin


if __name__ == "__main__":
    main()
