"""What is old is forgotten, a few rows at a time, and nothing else is."""

from datetime import timedelta

from sqlalchemy import Connection, Engine, insert, update

from core.people import Face, LogEntry
from core.store.audit import LogFilter, fetch_log, write_log
from core.store.database import reading
from core.store.outbox import fetch_letters
from core.store.retention import forget_dead_letters, forget_lines
from core.store.schema import outbox
from tests.store.test_indexes import ROWS, statements, whole_tables
from tests.support.store_site import NOW, furnish

DAY = timedelta(days=1)


def line(days_ago: int) -> LogEntry:
    return LogEntry(
        at=NOW - days_ago * DAY,
        who="anna",
        face=Face.WEB,
        address="",
        action="login",
        subject=str(days_ago),
    )


def letters(conn: Connection, campaign_id: int, count: int, *, dead: bool = True) -> None:
    """One that was given up each day, the last today."""
    rows = [
        {
            "campaign_id": campaign_id,
            "url": "http://crm.example",
            "body": str(days_ago),
            "due_at": NOW - days_ago * DAY,
            "created_at": NOW - days_ago * DAY,
            "dead": dead,
        }
        for days_ago in range(count)
    ]
    conn.execute(insert(outbox), rows)


def test_the_oldest_lines_go_first_and_younger_ones_stay(database: Engine) -> None:
    with database.begin() as conn:
        write_log(conn, *(line(days_ago) for days_ago in (3, 400, 401, 402, 500)))
        before = NOW - 400 * DAY
        assert forget_lines(conn, before, 2) == 2
        found = [one.subject for one in fetch_log(conn, LogFilter(), 9)]
        assert sorted(found) == ["3", "400", "401"]
        assert [forget_lines(conn, before, 2) for _ in range(2)] == [1, 0]
        assert [one.subject for one in fetch_log(conn, LogFilter(), 9)] == ["400", "3"]


def test_letters_that_were_given_up_long_ago_go_and_waiting_ones_stay(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        letters(conn, site.campaign.id, 5)
        letters(conn, site.campaign.id, 5, dead=False)
        before = NOW - 2 * DAY
        assert [forget_dead_letters(conn, before, 1) for _ in range(3)] == [1, 1, 0]
        assert sorted(one.body for one in fetch_letters(conn, dead=True, limit=9)) == list("012")
        assert len(fetch_letters(conn, dead=False, limit=9)) == 5


def test_neither_reads_a_whole_table(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_log(conn, *(line(i) for i in range(ROWS)))
        letters(conn, site.campaign.id, ROWS, dead=False)
        conn.execute(update(outbox).where(outbox.c.id <= 5).values(dead=True))
        if conn.dialect.name != "sqlite":
            conn.exec_driver_sql("ANALYZE TABLE audit_log, outbox")
    with reading(database) as conn:
        with statements(conn) as seen:
            forget_lines(conn, NOW - (ROWS - 10) * DAY, 100)
            forget_dead_letters(conn, NOW - DAY, 100)
        selects = [one for one in seen if one[0].startswith("SELECT")]
        assert len(selects) == 2
        assert [whole_tables(conn, text, values) for text, values in selects] == [[], []]
        conn.rollback()
