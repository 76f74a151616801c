"""No query that runs while dialling reads a whole table: the databases explain themselves."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert, select, update

from core.errors import NotFound
from core.model import CallList, Campaign, ListPosition
from core.ports.commands import FetchBatch, RunProgressed
from core.rules.caps import KEPT
from core.rules.states import RunState
from core.store.ahead import gather, has_more, hold, release
from core.store.attempts import fetch_open_attempts, last_attempt_id
from core.store.audit import LogFilter, fetch_log
from core.store.automatic import add_automatic_record, hand_over, inherit
from core.store.blacklists import CHUNK, fetch_added_numbers, fetch_blacklist_entries
from core.store.campaign_heads import fetch_running_ids
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.hopper import fetch_batch
from core.store.journal import is_written, write_entries
from core.store.list_logs import fetch_newest_logs, find_list_log_id
from core.store.lists import fetch_list_by_name, fetch_records, insert_records, save_list
from core.store.logged_calls import describe_calls
from core.store.past_calls import (
    close_calls,
    fetch_past_calls,
    forget_old_calls,
    insert_calls,
)
from core.store.record_pages import fetch_newest_records, find_record_id
from core.store.reports import count_logs, fetch_logs, fetch_outcomes, fetch_stats, find_log_id
from core.store.rows import values_of
from core.store.run_overview import fetch_positions, fetch_runs_between, fetch_runs_of_ids
from core.store.run_shown import fetch_shown, save_shown
from core.store.runs import answer, fetch_asked, fetch_open_runs, fetch_outcome
from core.store.schema import (
    ahead_record,
    attempt,
    metadata,
    retry,
    run,
    run_command,
    run_list,
    waiting_record,
)
from core.store.secrets import find_session, find_token
from core.store.traces import (
    count_before,
    fetch_campaign_ids_of_list,
    fetch_record_attempts,
    fetch_record_logs,
    fetch_records_dialled,
    fetch_records_with_number,
    fetch_retry,
    fetch_waiting_due,
)
from core.store.users import fetch_user_by_name
from tests.support.store_site import NOW, Site, closed, furnish, placed, shown

ROWS = 10_000
DAY = timedelta(days=1)

Work = Callable[[Connection, Site], object]


def crowd(database: Engine) -> Site:
    """A site with so many rows in every table that reading one whole would show."""
    site = furnish(database, records=ROWS)
    old = {"campaign_id": site.campaign.id, "state": "COMPLETED", "started_at": NOW}
    with database.begin() as conn:
        conn.execute(insert(run), [{**old, "ended_at": NOW}] * ROWS)
        wish = {"campaign_id": site.campaign.id, "verb": "start", "asked_at": NOW}
        runs = conn.execute(select(run.c.id)).scalars()
        save_shown(conn, [shown(run_id) for run_id in runs])
        conn.execute(insert(run_command), [{**wish, "handled_at": NOW}] * ROWS)
        retries = [site.retry(record=i, due_s=i, priority=i % 3) for i in range(ROWS)]
        conn.execute(insert(retry), [values_of(one) for one in retries])
        attempts = [site.attempt(i + 1, record=i, attempt_no=9) for i in range(ROWS)]
        conn.execute(insert(attempt), [{"id": a.id, **values_of(a)} for a in attempts])
        ends = [site.attempt(i + 1 + ROWS, record=i, attempt_no=8) for i in range(ROWS)]
        write_entries(conn, [closed(one) for one in ends])
        insert_calls(conn, [*attempts, *ends])
        lists = [save_list(conn, CallList(name=f"other {i}")).id for i in range(100)]
        insert_records(conn, [(lists[i % 100], str(i), None) for i in range(ROWS)])
        refused = save_list(conn, CallList(name="refused")).id
        insert_records(conn, [(refused, str(i), None) for i in range(0, 5 * ROWS, 5)])
        idle = save_campaign(conn, Campaign(name="idle")).id
        waiting = [{"record_id": i, "campaign_id": idle, "due_at": NOW} for i in site.record_ids]
        conn.execute(insert(waiting_record), waiting)
        ahead = [{"list_id": site.call_list.id, "record_id": i} for i in site.record_ids]
        conn.execute(insert(ahead_record), ahead)
        for i in range(20):
            add_automatic_record(conn, site.campaign, str(i), {}, now=NOW)
        if conn.dialect.name != "sqlite":  # SQLite keeps no figures unless it is told to
            names = ", ".join(table.name for table in metadata.sorted_tables)
            conn.exec_driver_sql(f"ANALYZE TABLE {names}")
    return site


def read_batch(conn: Connection, site: Site) -> object:
    position = ListPosition(
        list_id=site.call_list.id, list_name="people", highwater=site.record_ids[ROWS // 2]
    )
    command = FetchBatch(run_id=site.run.id, limit=50, positions=(position,))
    return fetch_batch(conn, command, NOW + timedelta(seconds=20))


def read_again(conn: Connection, site: Site) -> object:
    position = ListPosition(list_id=site.call_list.id, list_name="people", round=1)
    command = FetchBatch(run_id=site.run.id, limit=50, positions=(position,))
    return fetch_batch(conn, command, NOW - timedelta(seconds=20))


def write_all(conn: Connection, site: Site) -> object:
    fresh = site.attempt(3 * ROWS, record=3, attempt_no=1)
    progress = RunProgressed(
        run_id=site.run.id,
        state=RunState.RUNNING,
        attempted=1,
        completed=1,
        ended_at=None,
        error="",
        positions=site.run.lists,
    )
    end = closed(fresh, retry=site.retry(record=3, attempt_no=2), outputs={"A": "b"})
    write_entries(conn, [placed(fresh)])
    write_entries(conn, [end, progress])
    return is_written(conn, end)


def count_calls(conn: Connection, site: Site) -> object:
    """A call counts, is over, and others are forgotten; then a full query's worth is looked up."""
    fresh = site.attempt(3 * ROWS, record=3, attempt_no=1)
    insert_calls(conn, [fresh])
    close_calls(conn, [closed(fresh, talk_ms=1), replace(closed(fresh), was_sent=False)])
    forget_old_calls(conn, NOW + KEPT + timedelta(seconds=1))
    return fetch_past_calls(conn, [str(100 + i) for i in range(CHUNK)], NOW - KEPT)


def look_up(
    conn: Connection, numbers: int, names: Sequence[str] = ("refused", "other 7")
) -> object:
    """As many numbers, some of them listed, in these lists: a big one and a small one."""
    lists = [fetch_list_by_name(conn, name).id for name in names]
    return fetch_blacklist_entries(conn, lists, [str(3 * i) for i in range(numbers)])


def read_numbers(conn: Connection, _site: Site) -> object:
    refused = fetch_list_by_name(conn, "refused").id
    last = fetch_records(conn, refused, after_id=0, limit=ROWS)[ROWS // 2].id
    return fetch_added_numbers(conn, refused, after_id=last, limit=50)


def count_first(conn: Connection, site: Site) -> object:
    position = ListPosition(
        list_id=site.call_list.id, list_name="people", highwater=site.record_ids[50]
    )
    [record] = fetch_records(conn, site.call_list.id, after_id=site.record_ids[89], limit=1)
    found = count_before(conn, [position], record)
    assert found == 39
    return found


def gather_nothing(conn: Connection, site: Site) -> object:
    """As it is at each beat, but for a few."""
    this = update(run_list).where(run_list.c.run_id == site.run.id)
    conn.execute(this.values(ahead_to=site.record_ids[-1]))
    return gather(conn, NOW)


QUERIES: dict[str, Work] = {
    "fetch_batch": read_batch,
    "fetch_batch of a list begun again": read_again,
    "write_entries": write_all,
    "fetch_records": lambda c, s: fetch_records(
        c, s.call_list.id, after_id=s.record_ids[9000], limit=50
    ),
    "one number's entries": lambda c, _s: look_up(c, 1),
    "many numbers' entries": lambda c, _s: look_up(c, CHUNK),
    "numbers added to a list": read_numbers,
    "calls that caps count": count_calls,
    "one number's calls": lambda c, _s: fetch_past_calls(c, ["107"], NOW - KEPT),
    "gather": lambda c, _s: gather(c, NOW),
    "gather nothing": gather_nothing,
    "has_more": lambda c, s: has_more(c, s.run.id),
    "hold": lambda c, s: hold(c, s.run.id + 1, s.call_list.id),
    "release": lambda c, s: release(c, s.run.id + 1, s.call_list.id, NOW),
    "hand_over": lambda c, _s: hand_over(c),
    "inherit": lambda c, s: inherit(c, s.campaign, s.run.id + 1),
    "fetch_asked": lambda c, _s: fetch_asked(c, 50),
    "answer": lambda c, _s: answer(c, 77, "OK", NOW),
    "fetch_outcome": lambda c, _s: fetch_outcome(c, fetch_asked_id(c)),
    "fetch_open_runs": lambda c, _s: fetch_open_runs(c),
    "fetch_open_runs of one": lambda c, s: fetch_open_runs(c, s.campaign.id),
    "save_shown": lambda c, s: save_shown(c, [shown(s.run.id)]),
    "fetch_shown": lambda c, s: fetch_shown(c, [s.run.id, s.run.id + 1]),
    "a number's records": lambda c, s: fetch_records_with_number(
        c, [s.call_list.id, s.call_list.id + 1], "107", 10
    ),
    "a list's campaigns": lambda c, s: fetch_campaign_ids_of_list(c, s.call_list.id),
    "a record's logs": lambda c, s: fetch_record_logs(c, [s.run.id, 7], s.record_ids[5], 10),
    "a record's attempts": lambda c, s: fetch_record_attempts(
        c, [s.run.id, 7], s.record_ids[5], 10
    ),
    "a record's retry": lambda c, s: fetch_retry(c, s.run.id, s.record_ids[5]),
    "records that were dialled": lambda c, _s: fetch_records_dialled(c, "107", 10),
    "a record that waits": lambda c, s: fetch_waiting_due(c, s.campaign.id, s.record_ids[5]),
    "records that come first": count_first,
    "last_attempt_id": lambda c, _s: last_attempt_id(c),
    "fetch_logs": lambda c, s: fetch_logs(c, s.run.id, after_id=ROWS + 9, limit=50),
    "count_logs": lambda c, s: count_logs(c, s.run.id + 1),
    "find_log_id": lambda c, s: find_log_id(c, s.run.id, 50),
    "newest records": lambda c, s: fetch_newest_records(
        c, s.call_list.id, before_id=s.record_ids[50], limit=20
    ),
    "find_record_id": lambda c, s: find_record_id(c, s.call_list.id, 50),
    "newest logs": lambda c, s: fetch_newest_logs(
        c, s.call_list.id + 1, before_id=ROWS + 50, limit=20
    ),
    "find_list_log_id": lambda c, s: find_list_log_id(c, s.call_list.id + 1, 50),
    "describe_calls": lambda c, s: describe_calls(
        c, fetch_logs(c, s.run.id, after_id=ROWS + 9, limit=50)
    ),
    "fetch_stats": lambda c, s: fetch_stats(c, s.run.id + 1),
    "fetch_running_ids": lambda c, _s: fetch_running_ids(c),
    "fetch_runs_between": lambda c, _s: fetch_runs_between(c, NOW - DAY, NOW - DAY / 2),
    "fetch_positions": lambda c, s: fetch_positions(c, [s.run.id, s.run.id + 1]),
    "fetch_runs_of_ids": lambda c, s: fetch_runs_of_ids(c, [s.run.id, s.run.id + 1]),
    "other run's outcomes": lambda c, s: fetch_outcomes(c, s.run.id + 1),
    "find_session": lambda c, _s: find_session(c, "secret"),
    "find_token": lambda c, _s: find_token(c, "secret"),
    "fetch_user_by_name": lambda c, _s: missing(c, "anna"),
    "fetch_log of one": lambda c, _s: fetch_log(c, LogFilter(who="anna"), 50),
    "fetch_log of an action": lambda c, _s: fetch_log(c, LogFilter(action="login"), 50),
    "other run's attempts": lambda c, s: fetch_open_attempts(c, s.run.id + 1),
}


def missing(conn: Connection, name: str) -> None:
    with suppress(NotFound):
        fetch_user_by_name(conn, name)


def fetch_asked_id(conn: Connection) -> int:
    return int(conn.exec_driver_sql("SELECT MAX(id) FROM run_command").scalar_one())


@contextmanager
def statements(conn: Connection) -> Iterator[list[tuple[str, Any]]]:
    """All that is executed meanwhile, each with the parameters of its first row."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, text: str, values: Any, _context: Any, many: bool) -> None:
        seen.append((text, values[0] if many else values))

    event.listen(conn, "before_cursor_execute", note)
    yield seen
    event.remove(conn, "before_cursor_execute", note)


def whole_tables(conn: Connection, statement: str, values: Any) -> list[str]:
    """What reads a table, or an index, from end to end, in the database's words."""
    if conn.dialect.name == "sqlite":
        rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [row.detail for row in rows if re.match(r"SCAN|SEARCH \w+ .*\(rowid>", row.detail)]
    plan = conn.exec_driver_sql(f"EXPLAIN FORMAT=JSON {statement}", values).scalar_one()
    return [
        json.dumps(table)
        for table in _tables(json.loads(plan))
        if table.get("access_type") in ("ALL", "index") and table.get("rows", 0) > ROWS / 10
    ]


def _tables(node: Any) -> Iterator[dict[str, Any]]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and "access_type" in node:
        yield node
    for child in children:
        yield from _tables(child)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def crowded(request: pytest.FixtureRequest) -> tuple[Engine, Site]:
    database: Engine = request.getfixturevalue(request.param)
    return database, crowd(database)


def test_no_dialling_query_reads_a_whole_table(crowded: tuple[Engine, Site]) -> None:
    database, site = crowded
    for name, work in QUERIES.items():
        with database.begin() as conn:
            with statements(conn) as seen:
                work(conn, site)
            assert seen, name
            found = {
                statement: scans
                for statement, values in seen
                if not statement.startswith("INSERT")
                and (scans := whole_tables(conn, statement, values))
            }
            assert found == {}, name
            conn.rollback()


def test_a_number_is_looked_up_by_its_indexes(crowded: tuple[Engine, Site]) -> None:
    database, _site = crowded
    with reading(database) as conn:
        for count, names in product((1, 10, CHUNK), (["refused"], ["refused", "other 7"])):
            with statements(conn) as seen:
                look_up(conn, count, names)
            statement, values = seen[-1]
            assert index_of(conn, statement, values) == "ix_record_list_id_number"
            with statements(conn) as seen:
                fetch_past_calls(conn, [str(100 + i) for i in range(count)], NOW - KEPT)
            [(statement, values)] = seen
            assert index_of(conn, statement, values) == "ix_past_call_number_placed_at"


@pytest.mark.mariadb
def test_a_list_is_read_on_by_all_columns_of_its_index(mariadb: Engine) -> None:
    """By the first alone, MariaDB would walk through all that was read before."""
    site = crowd(mariadb)
    with mariadb.begin() as conn:
        for read in (read_batch, read_numbers, lambda c, _s: gather(c, NOW)):
            with statements(conn) as seen:
                read(conn, site)
            statement, values = [one for one in seen if "FORCE INDEX" in one[0]][-1]
            plan = conn.exec_driver_sql(f"EXPLAIN FORMAT=JSON {statement}", values).scalar_one()
            [table] = _tables(json.loads(plan))
            assert table["access_type"] == "range"
            assert len(table["used_key_parts"]) == 2


def index_of(conn: Connection, statement: str, values: Any) -> str:
    """The index, by both its columns, from which a query reads its first table."""
    if conn.dialect.name == "sqlite":
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        step = plan.first()
        assert step is not None
        found = re.search(r"USING (?:COVERING )?INDEX (\w+) \(\w+=\? AND \w+[=>]\?\)", step.detail)
        return found[1] if found else str(step.detail)
    plan = conn.exec_driver_sql(f"EXPLAIN FORMAT=JSON {statement}", values).scalar_one()
    return str(next(_tables(json.loads(plan))).get("key"))


def test_a_query_without_an_index_would_be_noticed(crowded: tuple[Engine, Site]) -> None:
    database, _site = crowded
    with reading(database) as conn:
        statement = "SELECT * FROM record WHERE number = '107'"
        assert whole_tables(conn, statement, ())
