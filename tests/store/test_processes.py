"""Several processes on one database, and what is left of one that is killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Select, select

from core.errors import AlreadyRunning
from core.store.lock import DialerLock, is_dialer_running
from core.store.runs import fetch_run
from core.store.schema import attempt, call_log, record, retry, run
from tests.support.journal_writer import BATCH
from tests.support.store_site import Site, furnish

ROOT = Path(__file__).parents[2]


@contextmanager
def process(module: str, database: Engine) -> Iterator["subprocess.Popen[str]"]:
    """A support module at work on the database."""
    url = database.url.render_as_string(hide_password=False)
    child = subprocess.Popen(
        [sys.executable, "-m", f"tests.support.{module}", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with child:
        yield child
        child.kill()


def says(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_a_second_dialer_is_refused_until_the_first_is_killed(database: Engine) -> None:
    assert not is_dialer_running(database)
    with process("lock_holder", database) as first:
        assert says(first) == "held"
        assert is_dialer_running(database)
        with process("lock_holder", database) as second:
            assert says(second).startswith("refused: another dialer works on this database")
        with pytest.raises(AlreadyRunning, match="stop it first"):
            DialerLock(database).acquire()
        first.kill()
        first.wait()
        with process("lock_holder", database) as third:
            assert says(third) == "held"


def test_a_released_lock_may_be_taken(database: Engine) -> None:
    lock = DialerLock(database)
    lock.acquire()
    assert is_dialer_running(database)
    lock.keep()
    lock.release()
    assert not is_dialer_running(database)
    lock.acquire()
    lock.release()


def killed_while_writing(database: Engine, lines: int) -> tuple[Site, int]:
    """A site whose dialer was killed after it said so many lines; how many records it said it
    had committed."""
    site = furnish(database, records=20_000)
    with process("journal_writer", database) as writer:
        assert says(writer) == "ready"
        for _ in range(lines):
            assert says(writer) == "committed"
        writer.kill()
        assert writer.stdout is not None
        committed = lines + len(writer.stdout.readlines())
    return site, committed * BATCH


def pairs(conn: Connection, query: Select[Any]) -> dict[int, Any]:
    return {row[0]: row[1] for row in conn.execute(query)}


@pytest.mark.parametrize("lines", [1, 7, 20])
def test_what_a_killed_dialer_committed_is_whole(database: Engine, lines: int) -> None:
    site, said = killed_while_writing(database, lines)
    with database.begin() as conn:
        conn.execute(select(run.c.id).with_for_update())  # a server may still be at its last one
        [position] = fetch_run(conn, site.run.id).lists
        open_ids = set(conn.execute(select(attempt.c.record_id)).scalars())
        closed = pairs(conn, select(call_log.c.record_id, call_log.c.id))
        retried = set(conn.execute(select(retry.c.record_id)).scalars())
        seen = select(record.c.id, record.c.outputs).where(record.c.outputs.is_not(None))
        outputs = pairs(conn, seen)
    done = site.record_ids.index(position.highwater) + 1
    assert done in (said, said + BATCH)
    assert done < len(site.record_ids)
    assert open_ids == set(site.record_ids[done - BATCH : done])
    assert set(closed) == set(site.record_ids[: done - BATCH])
    assert retried == {key for key, number in closed.items() if number % 2 == 0}
    assert outputs == {key: {"SEEN": str(number)} for key, number in closed.items()}
